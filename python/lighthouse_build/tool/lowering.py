# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Lowering with a tool: what the bindings still do around it.

Code needs the C interface, which the bindings mark on the payload before the first stage and read back after the last.
So the payload goes tool, bindings, tool, bindings; each time as text in MLIR's generic form, which versions of MLIR
agree on best, and which the bindings read although they do not know the operations. Without code it only goes through
the tool.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from lighthouse_build.command_line import CODE, CPP, Request
from lighthouse_build.errors import Diagnostic, InputError
from lighthouse_build.payload import Payload
from lighthouse_build.stage_file import ResolvedStage
from lighthouse_build.tool.session import Session

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from lighthouse_build.handover import Data

__all__ = ["bindings_version", "lower"]

_RESULT = "<what the tool made>"


def lower(
    session: Session,
    payload: Payload,
    stages: Sequence[ResolvedStage],
    request: Request,
    generate: Callable[[Payload, Any, Any], Any],
    emit_code: Callable[[Any, Any, Any], dict[str, Data]],
) -> tuple[dict[str, Data], list[Diagnostic]]:
    """Apply `stages` to `payload` with a tool.

    Args:
        session: of the tool.
        payload: a file, a text, or a generator.
        stages: in order.
        request: what to write.
        generate: makes the module of a generated payload; takes diagnostics and context, too.
        emit_code: what is to be written of a module in the LLVM dialect, or EmitC, by what was marked, and diagnostics.

    Returns:
        What is to be written, and the warnings and remarks.

    Raises:
        InputError: a payload or stage that the tool cannot read, or a result that the bindings cannot read.
        LoweringError: a step failed, or the code generator refused the result.
        CrashError: the tool died.
    """
    path = _source(session, payload, generate)
    prints = {e.path: _printing(e.kind, request) for e in request.emissions if e.kind in ("mlir", "bytecode")}
    code = bool(request.kinds & (CODE | {CPP, "interface", "header"}))
    if not code and len(prints) == 1:
        (output,) = prints.items()
        return {output[0]: session.apply(path, stages, output[1])}, session.reported
    signatures = None
    if code:
        path, signatures = _mark(session, path, payload.name, is_cpp=CPP in request.kinds)
    result = session.apply(path, stages)
    contents: dict[str, Data] = {}
    if prints:
        made = session.file(_RESULT, result)
        contents.update({name: session.apply(made, [], options) for name, options in prints.items()})
    found: list[Diagnostic] = []
    if code:
        contents.update(_emit(session, result, signatures, emit_code, found))
    return contents, [*session.reported, *found]


def bindings_version() -> str:
    """The bindings with the version of their LLVM, as errors name them."""
    import io

    from lighthouse_build.application import context

    ir = context.load().ir
    # Nothing but the header of bytecode tells which MLIR wrote it.
    stream = io.BytesIO()
    with ir.Context(), ir.Location.unknown():
        ir.Module.create().operation.write_bytecode(stream)
    data = stream.getvalue()
    found = re.match(rb"ML\xefR.+?MLIR([\w.]+)\0", data, re.DOTALL)
    version = found[1].decode() if found else "of unknown version"
    return f"the bindings {context.load().provider} (LLVM {version})"


def _source(session: Session, payload: Payload, generate: Callable[[Payload, Any, Any], Any]) -> str:
    """A file that the tool can read."""
    if payload.generator is None:
        return payload.path or session.file(payload.name, payload.text)
    from lighthouse_build.application import context

    ir = context.load().ir
    with context.context() as ctx, ir.Location.unknown(), context.load().generic_operations():
        module = generate(payload, context.Diagnostics(ctx), ctx)
        return session.file("<payload>", _text(module))


def _text(module: Any) -> str:
    text: str = module.operation.get_asm(enable_debug_info=True, print_generic_op_form=True)
    return text + "\n"


def _printing(kind: str, request: Request) -> tuple[str, ...]:
    """Options of the tool for an output."""
    if kind == "bytecode":
        return ("--emit-bytecode",)
    wanted = {
        "--mlir-print-op-generic": request.generic,
        "--mlir-print-debuginfo": request.debug_info,
        "--mlir-print-local-scope": request.local_scope,
    }
    return tuple(option for option, given in wanted.items() if given)


def _mark(session: Session, path: str, name: str, *, is_cpp: bool) -> tuple[str, Any]:
    """The payload with the C interface, or its models, marked, as a file for the tool; and what was marked."""
    from lighthouse_build.application import context
    from lighthouse_build.emission import c_interface, emitc

    text = session.read(path)
    with context.context() as ctx, context.load().ir.Location.unknown(), context.load().generic_operations():
        module = _parse(session, text, "the payload", ctx, context.Diagnostics(ctx))
        signatures = emitc.mark(module, name) if is_cpp else c_interface.mark(module, name)
        return session.file("<payload>", _text(module)), signatures


def _emit(
    session: Session,
    text: bytes,
    signatures: Any,
    emit_code: Callable[[Any, Any, Any], dict[str, Data]],
    found: list[Diagnostic],
) -> dict[str, Data]:
    from lighthouse_build.application import context

    with context.context() as ctx, context.load().ir.Location.unknown(), context.load().generic_operations():
        diagnostics = context.Diagnostics(ctx)
        module = _parse(session, text, "the lowered payload", ctx, diagnostics)
        contents = emit_code(module, signatures, diagnostics)
        found += diagnostics.take()
        return contents


def _parse(session: Session, text: bytes, what: str, context: Any, diagnostics: Any) -> Any:
    """A text of the tool, read by the bindings; operations that they do not know are let through."""
    from lighthouse_build.application.context import parse_payload

    context.allow_unregistered_dialects = True
    try:
        return parse_payload(Payload("<payload>", text=text), diagnostics, context)
    except InputError as error:
        raise session.skew(f"the tool {session.tool}", bindings_version(), what, error) from None
