# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Resolved stages as arguments of a tool: their steps read off the text, without MLIR."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence

from lighthouse_build.errors import InputError, SourceLocation
from lighthouse_build.frozen import frozen
from lighthouse_build.stage_file import PASSES, PYTHON, SCHEDULE, TOOL_SCHEDULE, ResolvedStage, Step, entry_name

__all__ = ["ToolStep", "check_path", "command", "pipeline", "steps_of"]

# The printer of MLIR puts each step on such a line, and nothing else: what is nested is indented further.
_HOLDER = re.compile(r"^  module @step\d+(?: attributes \{(?P<attributes>.*)\})? \{$", re.MULTILINE)
_STRING = r'"((?:[^"\\]|\\.)*)"'
_PIPELINE = re.compile(rf"\blh\.pass_pipeline = {_STRING}")
_TOOL_SCHEDULE = re.compile(rf"\blh\.tool_schedule = \{{entry = {_STRING}, text = {_STRING}\}}")
_ESCAPE = re.compile(r'\\([0-9A-Fa-f]{2}|[\\"nt])')


@frozen
class ToolStep:
    """A step of a resolved stage as a tool needs it.

    Attributes:
        stage, step: whose it is.
        index: of the step in the stage.
        passes: pass pipeline of `builtin.module`, without the anchor; of a pass step.
        entry: the named sequence to start at; of a schedule.
        text: the schedule, if it is one that only the tool reads.
    """

    stage: ResolvedStage
    step: Step
    index: int
    passes: str = ""
    entry: str = ""
    text: str = ""


def steps_of(stage: ResolvedStage) -> list[ToolStep]:
    """The steps of `stage`, in order.

    Raises:
        InputError: the stage is damaged, or a step runs Python.
    """
    holders = [found["attributes"] or "" for found in _HOLDER.finditer(stage.body)]
    if len(holders) != len(stage.steps):
        msg = "the text of the stage does not agree with its manifest; resolve it again"
        raise InputError(msg, SourceLocation(stage.path or stage.name))
    return [_read(stage, step, index, text) for index, (step, text) in enumerate(zip(stage.steps, holders))]


def _read(stage: ResolvedStage, step: Step, index: int, attributes: str) -> ToolStep:
    found = None
    if step.kind == SCHEDULE:
        return ToolStep(stage, step, index, entry=entry_name(index))
    if step.kind == PASSES:
        found = _PIPELINE.search(attributes)
        if found:
            text = _unescape(found[1])
            return ToolStep(stage, step, index, passes=text.removeprefix("builtin.module(").removesuffix(")"))
    elif step.kind == TOOL_SCHEDULE:
        found = _TOOL_SCHEDULE.search(attributes)
        if found:
            return ToolStep(stage, step, index, entry=_unescape(found[1]), text=_unescape(found[2]))
    elif step.kind == PYTHON:
        msg = (
            f"the stage '{stage.name}' cannot be applied by a tool: its step '{step.name}' runs Python on the payload; "
            "leave TOOL out, or write the step as a schedule"
        )
        raise InputError(msg, SourceLocation(stage.path) if stage.path else None)
    msg = f"the step '{step.name}' of the stage is damaged; resolve it again"
    raise InputError(msg, SourceLocation(stage.path or stage.name))


def _unescape(text: str) -> str:
    """The value of a string attribute, from what MLIR prints between the quotes."""
    plain = {b"n": b"\n", b"t": b"\t", b"\\": b"\\", b'"': b'"'}

    def character(found: re.Match[bytes]) -> bytes:
        return plain.get(found[1]) or bytes([int(found[1], 16)])

    return re.sub(_ESCAPE.pattern.encode(), character, text.encode()).decode(errors="replace")


def pipeline(steps: Sequence[ToolStep], library: str) -> str:
    """The pass pipeline that applies `steps` in one process.

    Args:
        steps: in order.
        library: path of the file with all their schedules; unused without one.
    """
    passes = [step.passes if not step.entry else f"transform-interpreter{{entry-point={step.entry}}}" for step in steps]
    if any(step.entry for step in steps):
        passes.insert(0, f"transform-preload-library{{transform-library-paths={library}}}")
    return f"builtin.module({','.join(passes)})"


def check_path(path: str, remedy: str) -> None:
    """Refuse a path that an option of a pass cannot hold. Raises InputError with `remedy`."""
    found = re.search(r"[\s,{}\"'()]", path)
    if found:
        raise InputError(f"the path '{path}' holds a '{found[0]}', which options of passes cannot; {remedy}")


def command(tool: str, inputs: Sequence[str], stages: Sequence[ResolvedStage]) -> str:
    """`--print-tool-command`: what to type to apply `stages`, read from files, in one process of `tool`.

    Raises:
        InputError: it takes more than one process, or Python.
    """
    steps = [step for stage in stages for step in steps_of(stage)]
    for step in steps:
        if step.text:
            msg = f"the step '{step.step.name}' wants a process of its own; apply the stage with lh-opt --tool={tool}"
            raise InputError(msg, SourceLocation(step.stage.path))
    libraries = {step.stage.path for step in steps if step.entry}
    if len(libraries) > 1:
        msg = "several stages with schedules do not go into one command; resolve them to one with --emit=stage first"
        raise InputError(msg)
    library = os.path.abspath(libraries.pop()) if libraries else ""
    check_path(library, "copy the stage elsewhere")
    return shlex.join([tool, *(inputs or ["payload.mlir"]), f"--pass-pipeline={pipeline(steps, library)}"])
