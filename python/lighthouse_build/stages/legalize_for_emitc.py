# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What MLIR's conversion to EmitC does not take, in operations that it does.

Takes: loops on buffers of static shape: scf, memref, arith, math, func (after `linalg-to-loops.yaml`).
Guarantees: buffers of up to `stack_bytes` bytes, 65536 by default, are local variables; greater ones stay on the heap.
  Buffers and constants ask for no alignment. Copies are loops, so that views of their operands fold into loads and
  stores. Constants of `index` are 64-bit integers. Least and greatest, absolute values and wide products are
  comparisons, selections and products of twice the width (zeros are equal, whatever their sign), or functions of the
  C library.
Leaves: the same dialects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mlir import ir

__all__ = ["LegalizeForEmitC"]

_BITS = {"f16": 16, "bf16": 16, "f32": 32, "f64": 64, "index": 64}
# Predicates of arith.cmpi.
_SLT, _SGT, _ULT, _UGT = 2, 4, 6, 8
_LEAST_OR_GREATEST = {"arith.minsi": _SLT, "arith.maxsi": _SGT, "arith.minui": _ULT, "arith.maxui": _UGT}
# Predicates of arith.cmpf: less or greater, or one of both is no number.
_ULT_F, _UGT_F, _UNO = 11, 9, 14
_WITH_NAN = {"arith.minimumf": _ULT_F, "arith.maximumf": _UGT_F}
# Functions of the C library; for f32 they end in f. In the default mode of rounding `nearbyint` rounds to even.
_LIBRARY = {"arith.minnumf": "fmin", "arith.maxnumf": "fmax", "math.roundeven": "nearbyint"}


class LegalizeForEmitC:
    """The stage.

    Args:
        stack_bytes: the greatest buffer that becomes a local variable, in bytes.
    """

    def __init__(self, stack_bytes: int = 65536) -> None:
        self._stack_bytes = stack_bytes
        self._rewrites: dict[str, Callable[[Any], None]] = {
            "memref.alloc": self._alloc,
            "memref.alloca": _drop_alignment,
            "memref.global": _global,
            "memref.get_global": _get_global,
            "memref.copy": _copy,
            "arith.mulsi_extended": _wide_product,
            "arith.mului_extended": _wide_product,
            "math.absi": _absolute,
            **dict.fromkeys(_WITH_NAN, _least_or_greatest_or_nan),
            **dict.fromkeys(_LIBRARY, _call_library),
            **dict.fromkeys(_LEAST_OR_GREATEST, _least_or_greatest),
        }

    def apply(self, module: ir.Module) -> None:
        # None of them erases another.
        for op in [op for op in _operations(module.operation) if op.name in self._rewrites]:
            with ir.InsertionPoint(op), op.location:
                self._rewrites[op.name](op)

    def _alloc(self, op: ir.Operation) -> None:
        _drop_alignment(op)
        type = ir.MemRefType(op.results[0].type)
        size = _bytes(type)
        uses = [use.owner.operation for use in op.results[0].uses]
        freed = [user for user in uses if user.name == "memref.dealloc"]
        # One that is not freed here is freed elsewhere, or returned.
        if size is None or size > self._stack_bytes or len(freed) != 1:
            return
        freed[0].erase()
        local = _create("memref.alloca", [type], [], {"operandSegmentSizes": _segments(0, 0)})
        _replace(op, local)


def _operations(operation: ir.Operation) -> Iterator[ir.Operation]:
    for region in operation.regions:
        for block in region.blocks:
            for op in block.operations:
                yield op.operation
                yield from _operations(op.operation)


def _create(
    name: str,
    results: Sequence[Any],
    operands: Sequence[Any],
    attributes: dict[str, Any] | None = None,
    regions: int = 0,
) -> ir.Operation:
    return ir.Operation.create(
        name, results=list(results), operands=list(operands), attributes=attributes or {}, regions=regions
    )


def _value(name: str, type: Any, /, *operands: Any, **attributes: Any) -> Any:
    """The result, of `type`, of a new operation."""
    return _create(name, [type], operands, attributes).results[0]


def _replace(op: ir.Operation, *by: Any) -> None:
    """Put the results of one operation, or values, in the place of `op`'s."""
    values = list(by[0].results) if len(by) == 1 and isinstance(by[0], ir.Operation) else by
    for old, new in zip(op.results, values):
        old.replace_all_uses_with(new)
    op.erase()


def _segments(*sizes: int) -> Any:
    return ir.DenseI32ArrayAttr.get(list(sizes))


def _bytes(type: ir.MemRefType) -> int | None:
    """How large a buffer is, or None when its size or its elements are not known."""
    element = str(type.element_type)
    bits = _BITS.get(element, int(element[1:]) if element[0] == "i" and element[1:].isdigit() else 0)
    if not bits or not type.has_static_shape:
        return None
    size = max(bits, 8) // 8
    for extent in type.shape:
        size *= extent
    return size


def _drop_alignment(op: ir.Operation) -> None:
    if "alignment" in op.attributes:
        del op.attributes["alignment"]


# Constants.


def _global(op: ir.Operation) -> None:
    _drop_alignment(op)
    type = ir.MemRefType(op.attributes["type"].value)
    if isinstance(type.element_type, ir.IndexType) and isinstance(op.attributes["initial_value"], ir.DenseElementsAttr):
        i64 = ir.IntegerType.get_signless(64)
        tensor = ir.RankedTensorType.get(type.shape, i64)
        contents = memoryview(op.attributes["initial_value"]).tobytes()
        op.attributes["initial_value"] = ir.DenseElementsAttr.get(contents, type=tensor)
        op.attributes["type"] = ir.TypeAttr.get(ir.MemRefType.get(type.shape, i64))


def _get_global(op: ir.Operation) -> None:
    """Loads from constants of `index`, which are 64-bit integers now. Other uses are left for MLIR to refuse."""
    type = ir.MemRefType(op.results[0].type)
    if not isinstance(type.element_type, ir.IndexType):
        return
    i64 = ir.IntegerType.get_signless(64)
    constant = _value(op.name, ir.MemRefType.get(type.shape, i64), name=op.attributes["name"])
    loads = [use.owner.operation for use in op.results[0].uses]
    for load in loads:
        if load.name == "memref.load":
            with ir.InsertionPoint(load), load.location:
                value = _value("memref.load", i64, constant, *list(load.operands)[1:])
                _replace(load, _value("arith.index_cast", ir.IndexType.get(), value))
    if not list(op.results[0].uses):
        op.erase()


# Copies.


def _copy(op: ir.Operation) -> None:
    source, target = op.operands
    type = ir.MemRefType(target.type)
    if not type.has_static_shape:
        return
    index = ir.IndexType.get()
    bound = {n: _value("arith.constant", index, value=ir.IntegerAttr.get(index, n)) for n in {0, 1, *type.shape}}
    indices = []
    innermost = None
    for extent in type.shape:
        loop = _create("scf.for", [], [bound[0], bound[extent], bound[1]], regions=1)
        block = loop.regions[0].blocks.append(index)
        with ir.InsertionPoint(block):
            end = _create("scf.yield", [], [])
        indices.append(block.arguments[0])
        innermost = ir.InsertionPoint(end)
        innermost.__enter__()
    value = _value("memref.load", type.element_type, source, *indices)
    _create("memref.store", [], [value, target, *indices])
    for _ in indices:
        ir.InsertionPoint.current.__exit__(None, None, None)
    op.erase()


# Arithmetic.


def _compare(predicate: int, left: Any, right: Any) -> Any:
    i1, i64 = ir.IntegerType.get_signless(1), ir.IntegerType.get_signless(64)
    return _value("arith.cmpi", i1, left, right, predicate=ir.IntegerAttr.get(i64, predicate))


def _least_or_greatest(op: ir.Operation) -> None:
    left, right = op.operands
    is_left = _compare(_LEAST_OR_GREATEST[op.name], left, right)
    _replace(op, _value("arith.select", left.type, is_left, left, right))


def _absolute(op: ir.Operation) -> None:
    value = op.operands[0]
    zero = _value("arith.constant", value.type, value=ir.IntegerAttr.get(value.type, 0))
    negated = _value("arith.subi", value.type, zero, value)
    _replace(op, _value("arith.select", value.type, _compare(_SLT, value, zero), negated, value))


def _wide_product(op: ir.Operation) -> None:
    narrow = op.operands[0].type
    width = narrow.width if isinstance(narrow, ir.IntegerType) else 64
    if width > 32:
        return  # there is no portable integer of twice the width
    wide = ir.IntegerType.get_signless(2 * width)
    signed = op.name == "arith.mulsi_extended"
    extend = "arith.extsi" if signed else "arith.extui"
    left, right = (_value(extend, wide, operand) for operand in op.operands)
    product = _value("arith.muli", wide, left, right)
    shift = _value("arith.constant", wide, value=ir.IntegerAttr.get(wide, width))
    high = _value("arith.shrsi" if signed else "arith.shrui", wide, product, shift)
    _replace(op, _value("arith.trunci", narrow, product), _value("arith.trunci", narrow, high))


def _least_or_greatest_or_nan(op: ir.Operation) -> None:
    left, right = op.operands
    is_left = _compare_floats(_WITH_NAN[op.name], left, right)
    number = _value("arith.select", left.type, is_left, left, right)
    _replace(op, _value("arith.select", left.type, _compare_floats(_UNO, right, right), right, number))


def _compare_floats(predicate: int, left: Any, right: Any) -> Any:
    i1, i64 = ir.IntegerType.get_signless(1), ir.IntegerType.get_signless(64)
    fast = ir.Attribute.parse("#arith.fastmath<none>")
    return _value("arith.cmpf", i1, left, right, predicate=ir.IntegerAttr.get(i64, predicate), fastmath=fast)


def _call_library(op: ir.Operation) -> None:
    type = op.results[0].type
    suffix = {"f32": "f", "f64": ""}.get(str(type))
    if suffix is None:
        return
    name = _LIBRARY[op.name] + suffix
    module = op
    while module.parent is not None:
        module = module.parent
    block = module.regions[0].blocks[0]
    if not any(_symbol(other) == name for other in block.operations):
        with ir.InsertionPoint.at_block_begin(block):
            function = ir.FunctionType.get([operand.type for operand in op.operands], [type])
            names = {"sym_name": ir.StringAttr.get(name), "sym_visibility": ir.StringAttr.get("private")}
            _create("func.func", [], [], {**names, "function_type": ir.TypeAttr.get(function)}, regions=1)
    _replace(op, _value("func.call", type, *op.operands, callee=ir.FlatSymbolRefAttr.get(name)))


def _symbol(op: Any) -> str | None:
    attributes = op.operation.attributes
    return attributes["sym_name"].value if "sym_name" in attributes else None
