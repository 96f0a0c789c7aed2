# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the shipped generators of schedules share: the frame of a schedule, how operations are found, common steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from lighthouse_build import Target
from mlir import ir
from mlir.dialects import transform
from mlir.dialects.transform import debug, loop, memref, structured, tensor, vector

__all__ = [
    "BITS",
    "MOST_DIMENSIONS",
    "Schedule",
    "attempt",
    "check_sizes",
    "each",
    "fuse_producers",
    "lanes",
    "mark_results",
    "match",
    "new_schedule",
    "on_tensors",
    "patterns",
    "peel",
    "row_length",
    "simplify",
    "tell_of_memrefs",
    "vector_cleanup",
]

# Schedules that depend on the width of elements tell two kinds apart: these, and all others.
BITS = (64, 32)

# Schedules for any number of dimensions have a part for each number up to this.
MOST_DIMENSIONS = 6


class Schedule:
    """A schedule in the making.

    Attributes:
        module: what the generator returns.
        root: handle of the payload.
    """

    def __init__(self, module: ir.Module, root: ir.Value) -> None:
        self.module = module
        self.root = root
        self._matchers = 0

    def functions(self) -> ir.Value:
        """All functions of the payload."""
        return match(self.root, "func.func")

    @contextmanager
    def each_structured(
        self,
        iterators: Sequence[str] | int,
        *,
        ops: Sequence[str] = (),
        mark: str = "",
        bits: int = 0,
        only_tensors: bool = False,
    ) -> Iterator[ir.Value]:
        """A loop over the structured operations of the payload that are all of this; gives the handle of one.

        Args:
            iterators: `parallel` or `reduction`, outermost first; or how many there are at least, of any kind.
            ops: their names; any if empty.
            mark: a unit attribute that they have.
            bits: 64: elements of their first result have so many; 0: it is all the same; any other: they have not.
            only_tensors: leave out those on memrefs.
        """
        any_op = transform.AnyOpType.get()
        collected = self._collect(iterators, ops, bits)
        with each(on_tensors(collected) if only_tensors else collected) as found:
            if mark:
                marks = ir.DictAttr.get({mark: ir.UnitAttr.get()})
                with each(structured.structured_match(any_op, found, op_attrs=marks)) as marked:
                    yield marked
            else:
                yield found

    def tell_of_memrefs(self, iterators: Sequence[str], ops: Sequence[str] = ()) -> None:
        """A remark at each of the operations that `each_structured` leaves out with `only_tensors`."""
        tell_of_memrefs(
            self._collect(iterators, ops, 0), "blocked and vectorized, others become plain loops; write it on tensors"
        )

    def _collect(self, iterators: Sequence[str] | int, ops: Sequence[str], bits: int) -> ir.Value:
        """What `each_structured` goes through, before marks count."""
        names = f"transform.match.operation_name %op [{', '.join(map(_quote, ops))}] : !transform.any_op" if ops else ""
        equal = "eq" if bits == 64 else "ne"
        width = f"""
          %init = transform.match.structured.init %s[0] : (!transform.any_op) -> !transform.any_value
          %width = transform.match.structured.elemental_bitwidth %init
              : (!transform.any_value) -> !transform.param<i64>
          %sixtyfour = transform.param.constant 64 : i64 -> !transform.param<i64>
          transform.match.param.cmpi {equal} %width, %sixtyfour : !transform.param<i64>"""
        least = isinstance(iterators, int)
        kinds = () if isinstance(iterators, int) else iterators
        count = iterators if isinstance(iterators, int) else len(iterators)
        dims = "\n".join(
            f"transform.match.structured.dim %s[{dim}] {{{kind}}} : !transform.any_op" for dim, kind in enumerate(kinds)
        )
        # These operations have no Python class.
        name = f"__is_wanted_{self._matchers}"
        self._matchers += 1
        matcher = f"""
          module attributes {{transform.with_named_sequence}} {{
            transform.named_sequence @{name}(%op: !transform.any_op {{transform.readonly}}) -> !transform.any_op {{
              {names}
              transform.match.structured %op : !transform.any_op {{
              ^bb0(%s: !transform.any_op):
                %rank = transform.match.structured.rank %s : (!transform.any_op) -> !transform.param<i64>
                %wanted = transform.param.constant {count} : i64 -> !transform.param<i64>
                transform.match.param.cmpi {"ge" if least else "eq"} %rank, %wanted : !transform.param<i64>
                {dims}
                {width if bits else ""}
                transform.match.structured.yield
              }}
              transform.yield %op : !transform.any_op
            }}
          }}"""
        parsed = ir.Module.parse(matcher)
        parsed.body.operations[0].clone(ip=ir.InsertionPoint(self.module.body))
        return transform.CollectMatchingOp([transform.AnyOpType.get()], self.root, name).results[0]


@contextmanager
def new_schedule() -> Iterator[Schedule]:
    """A schedule to which the body of the `with` statement adds operations."""
    any_op = transform.AnyOpType.get()
    module = ir.Module.create()
    module.operation.attributes["transform.with_named_sequence"] = ir.UnitAttr.get()
    with ir.InsertionPoint(module.body):
        readonly = {"transform.readonly": ir.UnitAttr.get()}
        main = transform.named_sequence("__transform_main", [any_op], [], arg_attrs=[readonly])
    with ir.InsertionPoint(main.body):
        yield Schedule(module, main.bodyTarget)
        transform.yield_()


@contextmanager
def each(handle: ir.Value) -> Iterator[ir.Value]:
    """A loop over what `handle` stands for; gives the handle of one. Many operations take just one at a time."""
    loop = transform.ForeachOp([], [handle])
    with ir.InsertionPoint(loop.body):
        yield loop.body.arguments[0]
        transform.yield_()


@contextmanager
def attempt(handle: ir.Value) -> Iterator[ir.Value]:
    """A part of a schedule that ends, without an error, where something cannot be done to `handle`."""
    suppress = transform.FailurePropagationMode.Suppress
    sequence = transform.SequenceOp(suppress, [], handle)
    with ir.InsertionPoint(sequence.body):
        yield sequence.bodyTarget
        transform.yield_()


def on_tensors(ops: ir.Value) -> ir.Value:
    """Those of the structured operations `ops` that are not on memrefs: they have results."""
    results = transform.get_result(transform.AnyValueType.get(), ops, [], is_all=True)
    return transform.merge_handles([transform.get_defining_op(transform.AnyOpType.get(), results)], deduplicate=True)


def tell_of_memrefs(ops: ir.Value, what: str) -> None:
    """A remark at each of the structured operations `ops` that is on memrefs: `what` is done on tensors alone."""
    i64 = ir.IntegerType.get_signless(64)
    number = transform.ParamType.get(i64)
    with each(ops) as found, attempt(found) as op:
        # This ends where something fails; what surrounds it would go on.
        inner = transform.SequenceOp(transform.FailurePropagationMode.Propagate, [], op)
        with ir.InsertionPoint(inner.body):
            results = transform.get_result(transform.AnyValueType.get(), op, [], is_all=True)
            count = transform.NumAssociationsOp(number, results).num
            none = transform.ParamConstantOp(number, ir.IntegerAttr.get(i64, 0)).param
            transform.MatchParamCmpIOp(count, none, transform.MatchCmpIPredicate.eq)
            debug.emit_remark_at(op, f"this is on memrefs and left as it is: only operations on tensors are {what}")
            transform.yield_()


def match(target: ir.Value, *ops: str) -> ir.Value:
    """All operations with one of these names in `target`, which is one operation; itself included."""
    return structured.structured_match(transform.AnyOpType.get(), target, ops=list(ops))


def fuse_producers(producers: Sequence[ir.Value], loop_handle: ir.Value) -> list[ir.Value]:
    """Compute in a loop what it uses of `producers`, one after the other; returns these as they are in the loop."""
    fused = []
    for producer in producers:
        # A producer that is asked for its shape would be fused whole.
        patterns(loop_handle, memref.apply_patterns_memref_resolve_ranked_shaped_type_result_dims)
        op = structured.FuseIntoContainingOp(producer, loop_handle)
        fused.append(op.fused_op)
        loop_handle = op.new_containing_op
    return fused


def mark_results(functions: ir.Value) -> None:
    """Give the operations that compute what functions return, or hand to out-parameters, the attribute `lh.result`."""
    any_op, any_value = transform.AnyOpType.get(), transform.AnyValueType.get()

    def mark(values: ir.Value) -> None:
        transform.annotate(transform.get_defining_op(any_op, values), "lh.result")

    with each(functions) as function:
        with each(match(function, "func.return")) as end:
            mark(transform.get_operand(any_value, end, [], is_all=True))
        with each(match(function, "bufferization.materialize_in_destination")) as end:
            mark(transform.get_operand(any_value, end, [0]))


def patterns(target: ir.Value, *names: Callable[[], object]) -> None:
    """Applies patterns greedily, together, to the functions or loops `target`."""
    with ir.InsertionPoint(transform.apply_patterns(target).patterns):
        for name in names:
            name()


def simplify(target: ir.Value) -> None:
    """Canonicalizes `target` and removes what is computed twice."""
    patterns(target, transform.apply_patterns_canonicalization)
    transform.apply_cse(target)


def vector_cleanup(function: ir.Value) -> None:
    """Bring what structured operations became when they were vectorized to contractions and plain transfers."""
    patterns(
        function,
        # Masks become operands: what is folded into the region of a vector.mask makes it invalid.
        vector.apply_patterns_vector_lower_masked_transfers,
        vector.apply_patterns_vector_reduction_to_contract,
        vector.apply_patterns_vector_transfer_permutation_patterns,
    )
    # Only now: a contraction absorbs transposes, but not once they are mixed with casts.
    patterns(
        function,
        vector.apply_patterns_vector_cast_away_vector_leading_one_dim,
        tensor.apply_patterns_tensor_fold_tensor_subset_ops_into_vector_transfers,
        transform.apply_patterns_canonicalization,
    )


def lanes(target: Target, bits: int) -> int:
    """How many elements of so many bits a vector register of the target holds."""
    return target.vector_bits // bits


def row_length(length: int | None, target: Target) -> int:
    """How many elements of a row are computed at a time, `length` if given: those of two registers, 32 bits each."""
    return 2 * lanes(target, 32) if length is None else check_sizes("length", [length])[0]


def peel(loop_handle: ir.Value) -> ir.Value:
    """Give the last, smaller iteration of an scf.for loop code of its own, if there may be one; returns the others."""
    any_op = transform.AnyOpType.get()
    return loop.LoopPeelOp(
        any_op, any_op, transform.cast(transform.OperationType.get("scf.for"), loop_handle)
    ).peeled_loop


def check_sizes(option: str, sizes: object, count: int | None = None, least: int = 1) -> list[int]:
    """`sizes` as a list. Raises ValueError unless it is one of `count` integers, `least` or greater."""
    if not isinstance(sizes, (list, tuple)) or not all(type(size) is int and size >= least for size in sizes):
        raise ValueError(f"{option} are integers, {least} or greater, not {sizes!r}")
    if count is not None and len(sizes) != count:
        raise ValueError(f"{option} are {count} integers, not {sizes!r}")
    return list(sizes)


def _quote(name: str) -> str:
    return f'"{name}"'
