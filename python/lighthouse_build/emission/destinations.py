# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Gives the functions that C calls the signature that C wants, while they still compute on tensors.

A function that returns a tensor of static shape gets a buffer to write it to instead:

    func.func @f(%a: tensor<8xf32>) -> tensor<8xf32>
    func.func @f(%a: tensor<8xf32>, %r: memref<8xf32>)        // bufferization.materialize_in_destination … in %r

by way of the buffer's tensor, so that empty-tensor elimination and bufferisation compute the result where the caller
wants it, through any loops that tiling has made in between. It is done on tensors because it cannot be done well on
buffers: there the pass that promotes results to arguments (`buffer-results-to-out-params`) takes dynamic shapes too,
whose size the caller cannot know, fails where those are called, leaves declarations as they were, and crashes on a
value that is returned twice.

A result that is computed in a writable argument stays there. A result of dynamic shape stays a result; where there are
several, none may share a buffer with another, because the caller will free each.
"""

from __future__ import annotations

from lighthouse_build.emission.c_types import split_function_type
from lighthouse_build.frozen import frozen

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

__all__ = [
    "ARGUMENT",
    "RESULT",
    "WRITABLE",
    "Boundary",
    "Symbol",
    "array_of",
    "attributes_of",
    "given",
    "known",
    "operations",
    "set_attributes",
]

ARGUMENT = "lh.arg"
RESULT = "lh.res"
WRITABLE = "bufferization.writable"
_ACCESS = "bufferization.access"
_SIGNATURE = ("function_type", "arg_attrs", "res_attrs")
_BRANCHING = ("scf.if", "scf.index_switch", "scf.while", "scf.execute_region")
_ALIGNMENT = 64  # bytes; what one-shot-bufferize gives its buffers
# Attributes that many operations have, and that refer to nothing.
_WITHOUT_SYMBOLS = frozenset(
    "fastmath function_type indexing_maps iterator_types operandSegmentSizes overflowFlags predicate static_offsets "
    "static_sizes static_strides sym_name sym_visibility".split()
)


@frozen
class _Results:
    """What becomes of a function's results: out-parameters, arguments that hold them (result to argument), the rest."""

    out: tuple[int, ...]
    in_place: dict[int, int]
    kept: tuple[int, ...]


@frozen
class _Type:
    """The type of a function.

    Attributes:
        arguments, results: their types.
        printed_arguments, printed_results: the same as text.
        plain: those of the results that are plain tensors.
        kept: what becomes of the results if all stay.
    """

    arguments: list[Any]
    results: list[Any]
    printed_arguments: list[str]
    printed_results: list[str]
    plain: frozenset[int]
    kept: _Results


@frozen
class _Origin:
    """Arguments and operations that a value is computed from, and whether branches are among them."""

    arguments: set[int]
    operations: set[Any]
    has_branches: bool

    def is_tied_to(self, other: _Origin) -> bool:
        """Whether the values may be the same where they come from branches."""
        are_apart = self.operations.isdisjoint(other.operations) and self.arguments.isdisjoint(other.arguments)
        return (self.has_branches or other.has_branches) and not are_apart


class Symbol:
    """What stands at the top of a module under a name, with what is asked of it again and again.

    Attributes:
        op: the operation.
        kind: its name, such as `llvm.func`.
        attributes: those of the operation.
        name: what it is called; when that is changed, the operation learns of it later.
        has_body: whether it has blocks.
    """

    def __init__(self, op: Any) -> None:
        self.op = op
        self.kind: str = op.name
        self.attributes = op.attributes
        self.name: str = self.attributes["sym_name"].value
        regions = op.regions
        self.has_body = len(regions) > 0 and len(regions[0].blocks) > 0


class Boundary:
    """Rewrites signatures of one module.

    Args:
        ir: the IR module of the bindings.
        module: the payload; rewritten in place.
    """

    def __init__(self, ir: Any, module: Any) -> None:
        self._ir = ir
        self._module = module
        # What was found before, by function type, by its text, and by all that a rewritten signature depends on:
        # most functions of a payload are like others.
        self._types: dict[Any, _Type] = {}
        self._tags: dict[str, Any] = {}
        self._rewritten: dict[Any, tuple[Any, Any, Any]] = {}
        self._seen: dict[Any, dict[str, Any]] = {}
        for dialect in ("bufferization", "memref", "tensor", "arith"):
            module.context.get_dialect_descriptor(dialect)  # loads it, which a generic operation does not

    def give_destinations(self, functions: Sequence[Symbol]) -> None:
        """Rewrite `functions`, definitions or declarations, and their calls; tag arguments and results."""
        types = [self._type(function.op) for function in functions]
        addressed, calls = self._uses() if any(type.plain for type in types) else (set(), [])
        plans = {}
        for function, type in zip(functions, types):
            may_change = type.plain and function.name not in addressed
            plan = self._plan(function.op, type) if may_change else type.kept
            if plan.out or plan.in_place:
                plans[function.name] = (function.op, plan)
            self._rewrite(function, type, plan)
        for call in calls if plans else ():
            callee = call.attributes["callee"].value
            if callee in plans:
                self._rewrite_call(call, *plans[callee])

    def _uses(self) -> tuple[set[str], list[Any]]:
        """Functions that are not only called, whose type must stay; and all calls."""
        names: set[str] = set()
        calls: list[Any] = []
        without: set[Any] = set()  # attributes in which there was no symbol
        for op in operations(self._module.operation):
            if op.name == "func.call":
                calls.append(op)
                continue
            attributes = op.attributes
            for entry in attributes if len(attributes) else ():
                key = entry if isinstance(entry, str) else entry.name
                attribute = None if key in _WITHOUT_SYMBOLS else known(attributes, key)
                if attribute is not None and attribute not in without:
                    found = set(self._symbols(attribute))
                    names |= found
                    if not found:
                        without.add(attribute)
        return names, calls

    def _symbols(self, attribute: Any) -> Iterator[str]:
        ir = self._ir
        if isinstance(attribute, ir.FlatSymbolRefAttr):
            yield attribute.value
        elif isinstance(attribute, ir.SymbolRefAttr):
            yield from attribute.value
        elif isinstance(attribute, ir.ArrayAttr):
            for index in range(len(attribute)):
                yield from self._symbols(known(attribute, index))
        elif isinstance(attribute, ir.DictAttr):
            for named in attribute:
                yield from self._symbols(known(attribute, named.name))

    def _plan(self, function: Any, type: _Type) -> _Results:
        out: list[int] = []
        kept: list[int] = []
        in_place: dict[int, int] = {}
        for index, result in enumerate(type.results):
            held_in = self._held_in(function, index) if index in type.plain else None
            if held_in is not None and held_in not in in_place.values() and type.arguments[held_in] == result:
                in_place[index] = held_in
            elif index in type.plain and result.has_static_shape:
                out.append(index)
            else:
                kept.append(index)
        return _Results(tuple(out), in_place, tuple(kept))

    def _is_plain_tensor(self, type: Any) -> bool:
        return isinstance(type, self._ir.RankedTensorType) and type.encoding is None

    def _held_in(self, function: Any, result: int) -> int | None:
        """The writable argument that result `result` is computed in, by the destinations on the way."""
        found = {self._origin(function, back.operands[result]) for back in _returns(function)}
        if len(found) != 1:
            return None
        (origin,) = found
        if origin is None:
            return None
        attributes = attributes_of(self._ir, function, "arg_attrs", origin + 1, self._seen)
        writable = attributes[origin].get(WRITABLE)
        return origin if writable is not None and writable.value else None

    def _origin(self, function: Any, value: Any) -> int | None:
        while True:
            value = value.maybe_downcast()
            if isinstance(value, self._ir.BlockArgument):
                is_own = value.owner == function.regions[0].blocks[0]
                return value.arg_number if is_own else None
            destination = _destination(value.owner, value.result_number)
            if destination is None:
                return None
            value = destination

    def _rewrite(self, function: Symbol, type: _Type, plan: _Results) -> None:
        attributes = function.attributes
        parts = [given(attributes, name) for name in _SIGNATURE]
        key = (*parts, function.has_body, plan.out, tuple(plan.in_place.items()))
        if function.has_body:
            self._rewrite_body(function.op, type.results, plan)
        rewritten = self._rewritten.get(key)
        if rewritten is None:
            rewritten = self._rewritten[key] = self._rewritten_signature(function, type, plan)
        for name, old, new in zip(_SIGNATURE, parts, rewritten):
            if new is not None:
                attributes[name] = new
            elif old is not None:
                del attributes[name]

    def _rewritten_signature(self, function: Symbol, type: _Type, plan: _Results) -> tuple[Any, Any, Any]:
        """What becomes of the attributes that make a signature, in the order of `_SIGNATURE`."""
        ir = self._ir
        arguments, results = type.arguments[:], type.results
        arg_attrs = attributes_of(ir, function.op, "arg_attrs", len(arguments), self._seen)
        res_attrs = attributes_of(ir, function.op, "res_attrs", len(results), self._seen)
        for index, (argument, printed) in enumerate(zip(arguments, type.printed_arguments)):
            arg_attrs[index][ARGUMENT] = self._tag(index, printed)
            if isinstance(argument, (ir.RankedTensorType, ir.UnrankedTensorType)):
                # Tensors are values: nobody writes to them, neither we to our caller's nor what we call to ours.
                is_ours = function.has_body
                default = (WRITABLE, ir.BoolAttr.get(False)) if is_ours else (_ACCESS, ir.StringAttr.get("read"))
                arg_attrs[index].setdefault(*default)
        for index, printed in enumerate(type.printed_results):
            res_attrs[index][RESULT] = self._tag(index, printed)
        for index, place in plan.in_place.items():
            arguments[place] = self._buffer(results[index])
            arg_attrs[place][RESULT] = res_attrs[index][RESULT]
            # Of no meaning on a memref; the tag says the same from here on.
            del arg_attrs[place][WRITABLE]
        arguments += [self._buffer(results[index]) for index in plan.out]
        arg_attrs += [{RESULT: res_attrs[index][RESULT]} for index in plan.out]
        new = ir.TypeAttr.get(ir.FunctionType.get(arguments, [results[index] for index in plan.kept]))
        kept = [res_attrs[index] for index in plan.kept]
        return new, array_of(ir, arg_attrs), array_of(ir, kept)

    def _rewrite_body(self, function: Any, results: Sequence[Any], plan: _Results) -> None:
        tensors_kept = [index for index in plan.kept if isinstance(results[index], self._ir.RankedTensorType)]
        if not (plan.out or plan.in_place or tensors_kept[1:]):
            return
        entry = function.regions[0].blocks[0]
        returns = _returns(function)
        concerned = range(len(results)) if plan.in_place or len(plan.out) > 1 else ()
        behind = [{i: self._behind(function, back.operands[i]) for i in concerned} for back in returns]
        destinations = {}
        tensors = {}
        for result, argument in plan.in_place.items():
            destination = entry.arguments[argument]
            destination.set_type(self._buffer(results[result]))
            with self._ir.InsertionPoint.at_block_begin(entry):
                tensor = self._to_tensor(destination, results[result], function.location)
            destination.replace_all_uses_except(tensor, tensor.owner.operation)
            tensors[result] = tensor
            destinations[result] = destination
        for result in plan.out:
            destination = entry.add_argument(self._buffer(results[result]), function.location)
            with self._ir.InsertionPoint.at_block_begin(entry):
                tensors[result] = self._to_tensor(destination, results[result], function.location)
            destinations[result] = destination
        for back, origins in zip(returns, behind):
            values = dict(enumerate(back.operands))
            written = set(plan.in_place.values())
            with self._ir.InsertionPoint(back):
                # What is computed from an argument is read before that is overwritten: no tensor tells of that write.
                early = [result for result in plan.kept if written and origins[result].arguments & written]
                order, cyclic = _order(plan.in_place, {r: origin.arguments for r, origin in origins.items()})
                has_branches = len(function.regions[0].blocks) > 1
                early += order if has_branches else cyclic[1:]
                for result in early:
                    values[result] = self._saved(values[result], back.location)
                # What another result is computed from comes before that.
                first = sorted(plan.out, key=lambda r: len(origins[r].operations)) if origins else plan.out
                for result in (*first, *order):
                    value = values[result]
                    others = [origin for other, origin in origins.items() if other != result]
                    is_simple = not has_branches and not any(origins[result].is_tied_to(other) for other in others)
                    if value != tensors[result] and result not in early and is_simple:
                        # By way of the tensor: what is computed in the destination early must not overwrite what is
                        # still read, nor be overwritten. With several results of branches, bufferisation would find
                        # conflicts that are none.
                        value = self._placed(value, tensors[result], back.location)
                    self._materialize(value, destinations[result], back.location)
                self._make_distinct([result for result in plan.kept if result not in early], values, back.location)
                kept = [values[result] for result in plan.kept]
                self._ir.Operation.create("func.return", operands=kept, loc=back.location)
            back.erase()

    def _behind(self, function: Any, value: Any) -> _Origin:
        """What `value` may be computed from."""
        entry = function.regions[0].blocks[0]
        arguments: set[int] = set()
        seen: set[Any] = set()
        todo = [value]
        while todo:
            value = todo.pop().maybe_downcast()
            if isinstance(value, self._ir.BlockArgument):
                if value.owner == entry:
                    arguments.add(value.arg_number)
                    continue
                op = value.owner.owner.operation
                if op == function:  # of a branch
                    arguments.update(range(len(entry.arguments)))
                    continue
            else:
                op = value.owner.operation
            if op not in seen:
                seen.add(op)
                todo += op.operands
                for inner in operations(op):
                    todo += inner.operands
        return _Origin(arguments, seen, any(op.name in _BRANCHING for op in seen))

    def _saved(self, tensor: Any, location: Any) -> Any:
        """The value that `tensor` has here, in a buffer of its own."""
        if not self._is_plain_tensor(tensor.type):
            return self._copy(tensor, location) if isinstance(tensor.type, self._ir.RankedTensorType) else tensor
        buffer = self._allocate(tensor.type, location, like=tensor)
        self._materialize(tensor, buffer, location)
        return self._to_tensor(buffer, tensor.type, location)

    def _make_distinct(self, results: list[int], values: dict[int, Any], location: Any) -> None:
        """Copy all tensors but the first of the `values` of `results`.

        Values that differ here may still be merged into one, which is then returned twice and freed twice.
        """
        tensors = [result for result in results if isinstance(values[result].type, self._ir.RankedTensorType)]
        for result in tensors[1:]:
            values[result] = self._copy(values[result], location)

    def _rewrite_call(self, call: Any, function: Any, plan: _Results) -> None:
        ir = self._ir
        operands = list(call.operands)
        results: list[Any] = [None] * len(call.results)
        buffers = {}
        with ir.InsertionPoint(call):
            for result, argument in plan.in_place.items():
                buffers[result] = self._allocate(call.results[result].type, call.location, like=operands[argument])
                self._materialize(operands[argument], buffers[result], call.location)
                operands[argument] = buffers[result]
            for result in plan.out:
                buffers[result] = self._allocate(call.results[result].type, call.location)
                operands.append(buffers[result])
            types = self._type(function).results
            attributes = {"callee": call.attributes["callee"]}
            new = ir.Operation.create("func.call", types, operands, attributes, loc=call.location)
            for result, buffer in buffers.items():
                results[result] = self._to_tensor(buffer, call.results[result].type, call.location)
            for position, result in enumerate(plan.kept):
                results[result] = new.results[position]
        for old, value in zip(call.results, results):
            old.replace_all_uses_with(value)
        call.erase()

    # Single operations.

    def _allocate(self, type: Any, location: Any, like: Any = None) -> Any:
        ir = self._ir
        sizes = [self._dim(like, i, location) for i in range(type.rank) if type.is_dynamic_dim(i)]
        attributes = {
            "operandSegmentSizes": ir.DenseI32ArrayAttr.get([len(sizes), 0]),
            "alignment": ir.IntegerAttr.get(ir.IntegerType.get_signless(64), _ALIGNMENT),
        }
        return ir.Operation.create("memref.alloc", [self._buffer(type)], sizes, attributes, loc=location).result

    def _dim(self, tensor: Any, dimension: int, location: Any) -> Any:
        ir = self._ir
        index = ir.IndexType.get()
        attributes = {"value": ir.IntegerAttr.get(index, dimension)}
        constant = ir.Operation.create("arith.constant", [index], attributes=attributes, loc=location).result
        return ir.Operation.create("tensor.dim", [index], [tensor, constant], loc=location).result

    def _to_tensor(self, buffer: Any, type: Any, location: Any) -> Any:
        unit = self._ir.UnitAttr.get()
        attributes = {"restrict": unit, "writable": unit}
        return self._ir.Operation.create("bufferization.to_tensor", [type], [buffer], attributes, loc=location).result

    def _materialize(self, tensor: Any, buffer: Any, location: Any) -> None:
        name = "bufferization.materialize_in_destination"
        self._ir.Operation.create(name, [], [tensor, buffer], {"writable": self._ir.UnitAttr.get()}, loc=location)

    def _placed(self, tensor: Any, destination: Any, location: Any) -> Any:
        name = "bufferization.materialize_in_destination"
        return self._ir.Operation.create(name, [tensor.type], [tensor, destination], loc=location).result

    def _copy(self, tensor: Any, location: Any) -> Any:
        name = "bufferization.alloc_tensor"
        attributes = {"operandSegmentSizes": self._ir.DenseI32ArrayAttr.get([0, 1, 0])}
        return self._ir.Operation.create(name, [tensor.type], [tensor], attributes, loc=location).result

    def _buffer(self, type: Any) -> Any:
        return self._ir.MemRefType.get(list(type.shape), type.element_type)

    def _tag(self, index: int, printed: str) -> Any:
        tag = f"{index}:{printed}"
        if tag not in self._tags:
            self._tags[tag] = self._ir.StringAttr.get(tag)
        return self._tags[tag]

    def _type(self, function: Any) -> _Type:
        type = function.attributes["function_type"]
        found = self._types.get(type)
        if found is None:
            # Read from the text, because the lists of `FunctionType` make the bindings import the modules of all
            # dialects, which takes longer than all else that is done here.
            printed = split_function_type(str(type.value))
            arguments, results = [[self._ir.Type.parse(text) for text in texts] for texts in printed]
            plain = frozenset([index for index, result in enumerate(results) if self._is_plain_tensor(result)])
            kept = _Results((), {}, tuple(range(len(results))))
            found = self._types[type] = _Type(arguments, results, *printed, plain, kept)
        return found


def _order(in_place: dict[int, int], reads: dict[int, set[int]]) -> tuple[list[int], list[int]]:
    """The results `in_place` (result to argument), each before those that overwrite what it `reads`.

    Where there is no such order, as when two arguments change places, the second list has the last results, of which
    all but one must be read before.
    """
    left = dict(in_place)
    order: list[int] = []
    while left:
        free = [r for r in left if not any(left[r] in reads[other] for other in left if other != r)]
        if not free:
            return [*order, *left], list(left)
        order += free
        left = {result: argument for result, argument in left.items() if result not in free}
    return order, []


def operations(root: Any) -> Iterator[Any]:
    """All operations under `root`, in order (`Operation.walk` would load far more of the bindings)."""
    for region in root.regions:
        for block in region.blocks:
            for op in block.operations:
                operation = op.operation
                yield operation
                yield from operations(operation)


def known(attributes: Any, key: str | int) -> Any:
    """`attributes[key]`, or None where the bindings have no class for it: they fail on dense complex numbers."""
    try:
        return attributes[key]
    except TypeError:
        return None


def given(attributes: Any, key: str) -> Any:
    """`attributes[key]`, or None if there is none of that name."""
    return attributes[key] if key in attributes else None  # noqa: SIM401 (older bindings have no `get`)


def attributes_of(
    ir: Any, function: Any, name: str, count: int, seen: dict[Any, dict[str, Any]] | None = None
) -> list[dict[str, Any]]:
    """The attributes of each argument (`arg_attrs`) or result (`res_attrs`) of `function` as dictionaries.

    Args:
        ir: the IR module of the bindings.
        function: the function.
        name: of the attribute.
        count: how many there are if the function does not have it.
        seen: what was found for the same context before, which is then not looked into again: most functions of a
            payload are like others.
    """
    attributes = function.attributes
    if name not in attributes:
        return [{} for _ in range(count)]
    seen = {} if seen is None else seen
    found = []
    for entry in attributes[name]:
        if entry not in seen:
            # `item.attr` would import the modules of all dialects.
            seen[entry] = {item.name: known(entry, item.name) for item in entry}
        found.append(seen[entry].copy())
    return found


def set_attributes(ir: Any, function: Any, name: str, attributes: Sequence[dict[str, Any]]) -> None:
    """Set what `attributes_of` reads."""
    array = array_of(ir, attributes)
    if array is not None:
        function.attributes[name] = array
    elif name in function.attributes:
        del function.attributes[name]


def array_of(ir: Any, attributes: Sequence[dict[str, Any]]) -> Any:
    """`attributes`, as those of all arguments or results, in one attribute; None if there are none."""
    return ir.ArrayAttr.get([ir.DictAttr.get(entry) for entry in attributes]) if any(attributes) else None


def _returns(function: Any) -> list[Any]:
    """The ends of blocks that are returns."""
    ends = [block.operations[-1].operation for block in function.regions[0].blocks if len(block.operations)]
    return [op for op in ends if op.name == "func.return"]


def _destination(op: Any, result: int) -> Any:
    """The operand that `op` computes its result `result` in, or None if it has none or that is not known."""
    name, operands = op.name, op.operands
    if name in ("tensor.cast", "bufferization.materialize_in_destination"):
        return operands[0 if name == "tensor.cast" else 1]
    if name in ("tensor.insert_slice", "tensor.insert", "vector.transfer_write"):
        return operands[1]
    if name == "scf.for":
        return operands[3 + result]
    if name == "scf.forall" or (name.startswith("linalg.") and name not in ("linalg.pack", "linalg.unpack")):
        return operands[len(operands) - len(op.results) + result]  # destinations come last
    return None
