# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Translation: a payload in the LLVM dialect to LLVM IR text."""

from __future__ import annotations

from lighthouse_build.application import context as mlir
from lighthouse_build.errors import Diagnostic, LoweringError

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["check_lowered", "translate"]

# Dialects that translate to LLVM IR by themselves. MLIR ends the process on any other.
_TRANSLATABLE = frozenset({"llvm", "omp", "x86", "x86vector", "amx", "arm_neon", "arm_sve", "arm_sme", "nvvm", "rocdl"})


def _operations(operation: Any) -> Iterator[Any]:
    for region in operation.regions:
        for block in region.blocks:
            for op in block.operations:
                yield op.operation
                yield from _operations(op.operation)


def check_lowered(module: Any, diagnostics: mlir.Diagnostics) -> None:
    """Refuse a payload that is not all LLVM dialect, before the translation that would end the process.

    Raises:
        LoweringError: names the operations that are left over, most frequent first, and where they are.
    """
    left: dict[str, int] = {}
    first: dict[str, Any] = {}
    for op in _operations(module.operation):
        if op.name == "llvm.func" and _has_scalable_in_struct(str(op.attributes["function_type"])):
            name = op.attributes["sym_name"].value
            msg = (
                f"'@{name}' returns scalable vectors among several results, which have no layout in memory; return one"
            )
            raise LoweringError(msg, diagnostics.location(op.location))
        if op.name.partition(".")[0] not in _TRANSLATABLE:
            left[op.name] = left.get(op.name, 0) + 1
            first.setdefault(op.name, op.location)
    if not left:
        return
    most = sorted(left.items(), key=lambda item: -item[1])[:8]
    names = ", ".join(f"'{name}' ({count})" if count > 1 else f"'{name}'" for name, count in most)
    more = f" and {len(left) - 8} more" if len(left) > 8 else ""
    notes = [Diagnostic(f"'{n}' is here", diagnostics.location(at), "note") for n, at in list(first.items())[:3]]
    on_tensors = any(name.startswith(("tensor.", "bufferization.")) for name in left)
    remedy = "bufferize.yaml before lower-to-llvm.yaml" if on_tensors else "lower-to-llvm.yaml"
    msg = f"the payload is not lowered to the LLVM dialect: {names}{more} left over; add {remedy}"
    raise LoweringError(msg, notes=notes)


def _has_scalable_in_struct(type: str) -> bool:
    """Whether translation would end the process on `type`."""
    return "vector<[" in type.partition("struct<")[2]


def translate(module: Any, diagnostics: mlir.Diagnostics) -> str:
    """The LLVM IR text of `module`, which is lowered, as the bindings' LLVM prints it. Raises LoweringError."""
    with mlir.reporting(diagnostics, "the payload cannot be translated to LLVM IR", LoweringError):
        return mlir.load().translate_module_to_llvmir(module.operation)
