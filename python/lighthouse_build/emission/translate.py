# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Translation: a payload in the LLVM dialect to LLVM IR text."""

from __future__ import annotations

from lighthouse_build.application import context as mlir
from lighthouse_build.errors import Diagnostic, LoweringError

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from typing import Any

__all__ = ["check_lowered", "has_globals", "translate"]

# Dialects that translate to LLVM IR by themselves. MLIR ends the process on any other.
_TRANSLATABLE = frozenset({"llvm", "omp", "x86", "x86vector", "amx", "arm_neon", "arm_sve", "arm_sme", "nvvm", "rocdl"})

# Most operations of lowered code: they hold no others, and refer to no symbols. A constant may.
_PLAIN = frozenset(
    f"llvm.{name}"
    for name in """
    add alloca and ashr bitcast br cond_br extractelement extractvalue fadd fcmp fdiv fmul fneg fpext fptosi fptoui
    fptrunc freeze fsub getelementptr icmp insertelement insertvalue inttoptr load lshr mlir.poison
    mlir.undef mlir.zero mul or ptrtoint return sdiv select sext shl shufflevector sitofp srem store sub switch trunc
    udiv uitofp unreachable urem xor zext
    """.split()
)


# Others that hold none, but may refer to symbols.
_LEAVES = frozenset({"llvm.call", "llvm.mlir.addressof", "llvm.mlir.constant"})


def _find(operation: Any, found: list[tuple[str, Any]]) -> None:
    """Add all operations under `operation` but plain ones to `found`, each with its name."""
    for region in operation.regions:
        for block in region.blocks:
            for view in block.operations:
                name = view.name
                if name not in _PLAIN:
                    op = view.operation
                    found.append((name, op))
                    if name not in _LEAVES:
                        _find(op, found)


def check_lowered(module: Any, diagnostics: mlir.Diagnostics) -> list[Any]:
    """Refuse a payload that is not all LLVM dialect, before the translation that would end the process.

    Returns:
        The operations that may refer to symbols, in order, which `c_interface.finish` need not look for then: to walk
        over a payload takes longer than to translate it.

    Raises:
        LoweringError: names the operations that are left over, most frequent first, and where they are.
    """
    left: dict[str, int] = {}
    first: dict[str, Any] = {}
    found: list[tuple[str, Any]] = []
    _find(module.operation, found)
    types: dict[Any, bool] = {}  # of functions, and whether there is something wrong with one
    for name, op in found:
        type = op.attributes["function_type"] if name == "llvm.func" else None
        if type is not None and type not in types:
            types[type] = _has_scalable_in_struct(str(type))
        if type is not None and types[type]:
            function = op.attributes["sym_name"].value
            what = "scalable vectors among several results, which have no layout in memory; return one"
            msg = f"'@{function}' returns {what}"
            raise LoweringError(msg, diagnostics.location(op.location))
        if name.partition(".")[0] not in _TRANSLATABLE:
            left[name] = left.get(name, 0) + 1
            first.setdefault(name, op.location)
    if not left:
        return [op for _, op in found]
    most = sorted(left.items(), key=lambda item: -item[1])[:8]
    names = ", ".join(f"'{name}' ({count})" if count > 1 else f"'{name}'" for name, count in most)
    more = f" and {len(left) - 8} more" if len(left) > 8 else ""
    notes = [Diagnostic(f"'{n}' is here", diagnostics.location(at), "note") for n, at in list(first.items())[:3]]
    on_tensors = any(name.startswith(("tensor.", "bufferization.")) for name in left)
    remedy = "bufferize.yaml before lower-to-llvm.yaml" if on_tensors else "lower-to-llvm.yaml"
    if "func.func" in left and not on_tensors:
        signature = next(str(op.attributes["function_type"]) for name, op in found if name == "func.func")
        remedy += f"; if that has run, a type in {signature} has no equal in LLVM"
    msg = f"the payload is not lowered to the LLVM dialect: {names}{more} left over; add {remedy}"
    raise LoweringError(msg, notes=notes)


def _has_scalable_in_struct(type: str) -> bool:
    """Whether translation would end the process on `type`."""
    return "vector<[" in type.partition("struct<")[2]


def has_globals(module: Any) -> bool:
    """Whether there may be a constant to be taken out before `translate`."""
    return any(view.operation.name == "llvm.mlir.global" for view in module.operation.regions[0].blocks[0].operations)


def translate(module: Any, diagnostics: mlir.Diagnostics) -> str:
    """The LLVM IR text of `module`, which is lowered, as the bindings' LLVM prints it. Raises LoweringError."""
    with mlir.reporting(diagnostics, "the payload cannot be translated to LLVM IR", LoweringError):
        return mlir.load().translate_module_to_llvmir(module.operation)
