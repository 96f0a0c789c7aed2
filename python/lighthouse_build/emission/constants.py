# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Large constants as bytes, so that LLVM IR text holds them as one string.

As a list of numbers, a constant of 16 MiB takes LLVM half a minute to print and as long to read; as bytes, a second.
Pointers are opaque, so nobody else sees the type of a global.
"""

from __future__ import annotations

from lighthouse_build.application import context as mlir

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from typing import Any

__all__ = ["pack"]

_LEAST = 4096  # bytes; smaller ones stay readable
_ALIGNMENT = 16  # bytes; where the global says none, that of the largest scalar or vector it was likely made for
_BIG_ENDIAN = ("s390x", "powerpc-", "powerpc64-", "ppc-", "ppc64-", "mips-", "mips64-", "sparc", "aarch64_be", "armeb")
_FORMATS = frozenset("fdbBhHiIlLqQ")  # of Python buffers; not bits, not 16-bit floats, which have no buffer


def pack(module: Any, triple: str) -> None:
    """Give large constant globals of `module`, in the LLVM dialect, the type of an array of bytes; in place.

    Args:
        module: the payload.
        triple: what code is generated for; nothing is done for big-endian processors.
    """
    if triple.startswith(_BIG_ENDIAN):
        return
    ir = mlir.load().ir
    byte = ir.IntegerType.get_signless(8)
    for op in module.operation.regions[0].blocks[0].operations:
        data = op.operation
        if data.name != "llvm.mlir.global" or "value" not in data.attributes:
            continue
        content = _bytes(ir, data.attributes["value"])
        if content is None or len(content) < _LEAST:
            continue
        data.attributes["value"] = ir.DenseElementsAttr.get(content, type=ir.RankedTensorType.get([len(content)], byte))
        data.attributes["global_type"] = ir.TypeAttr.get(ir.Type.parse(f"!llvm.array<{len(content)} x i8>"))
        if "alignment" not in data.attributes:
            i64 = ir.IntegerType.get_signless(64)
            data.attributes["alignment"] = ir.IntegerAttr.get(i64, _ALIGNMENT)


def _bytes(ir: Any, value: Any) -> memoryview | bytes | None:
    """The contents of a dense constant, little-endian, or None for others."""
    if not isinstance(value, (ir.DenseFPElementsAttr, ir.DenseIntElementsAttr)):
        return None
    try:
        view = memoryview(value)
    except (BufferError, TypeError, ValueError):
        return None  # a type that Python has no buffers of
    if view.format not in _FORMATS:
        return None
    # A splat may be a view of one element.
    return view.cast("B") if view.c_contiguous else view.tobytes()
