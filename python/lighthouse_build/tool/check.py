# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks of a stage by the tool that is to apply it: what the bindings do for any other stage."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lighthouse_build.errors import Diagnostic, InputError, SourceLocation
from lighthouse_build.stage_file import PASSES, ResolvedStage
from lighthouse_build.tool import messages
from lighthouse_build.tool.command import ToolStep, steps_of
from lighthouse_build.tool.program import PATIENCE, Outcome, Tool

__all__ = ["check_embedded", "check_pipelines", "place", "read_schedule", "refuse_pipeline"]

_QUIET = "--mlir-print-op-on-diagnostic=false"
_SEQUENCE = re.compile(r'"transform\.named_sequence"\(\) <\{[^\n]*?\bsym_name = "((?:[^"\\]|\\.)*)"')
_MAIN = "__transform_main"
# A pipeline that is refused before it runs is reported without a place.
_REFUSED = re.compile(r"^<unknown>:0: error: |^[^\n:]+: for the --?[^\n]+ option: ", re.MULTILINE)


def read_schedule(tool: Tool, path: str, wanted: str | None, name: str, location: SourceLocation) -> tuple[str, str]:
    """A schedule that only `tool` reads: the sequence to apply, and the text as the tool prints it.

    Args:
        tool: parses and verifies it.
        path: of the schedule.
        wanted: the sequence; by default `__transform_main`, else the only one.
        name: of the schedule in messages.
        location: where it was named.

    Raises:
        InputError: the tool refuses the schedule, or it has no such sequence.
    """
    parsed = tool.run([path, _QUIET])
    generic = tool.run([path, _QUIET, "--mlir-print-op-generic"]) if parsed.status == 0 else parsed
    if generic.status != 0:
        found = messages.diagnostics(parsed.messages, lambda at: at)
        first = next((d for d in found if d.severity == "error"), Diagnostic(_last_line(parsed)))
        msg = f"{tool} cannot read the schedule '{name}': {first.message}"
        raise InputError(msg, first.location or location, first.notes)
    sequences = _SEQUENCE.findall(generic.output.decode(errors="replace"))
    if wanted is None and _MAIN in sequences:
        wanted = _MAIN
    if wanted is None and len(sequences) == 1:
        wanted = sequences[0]
    if wanted is None or wanted not in sequences:
        known = ", ".join(f"'{s}'" for s in sequences) or "none"
        problem = f"has no named sequence '{wanted}'" if wanted else "has several named sequences; name one"
        raise InputError(f"the schedule '{name}' {problem}; the sequences are {known}", location)
    return wanted, parsed.output.decode(errors="replace")


def check_embedded(tool: Tool, stage: ResolvedStage, writer: str) -> None:
    """Refuse a stage, read from a file, that a compiler with the dialects, passes and MLIR of `tool` could not apply.

    Args:
        tool: the tool.
        stage: the stage.
        writer: what has written its text, for errors.

    Raises:
        InputError: the tool does not parse the stage, or lacks a pass of it.
    """
    parsed = tool.run([stage.path, _QUIET], patience=PATIENCE)
    if parsed.status:
        found = messages.diagnostics(parsed.messages, lambda at: stage.locations.get(at.line - 1, at))
        first = next((d for d in found if d.severity == "error"), Diagnostic(_last_line(parsed)))
        msg = f"the stage, written by {writer}, cannot be read by {tool}: {first.message}"
        raise InputError(msg, first.location, first.notes)
    check_pipelines(tool, stage)


def check_pipelines(tool: Tool, stage: ResolvedStage) -> None:
    """Refuse a stage with passes or options that `tool` does not have.

    Raises:
        InputError: at the place of the pass.
    """
    steps = [step for step in steps_of(stage) if step.step.kind == PASSES]
    if not steps or _try(tool, [step.passes for step in steps]).status == 0:
        return
    for step in steps:
        outcome = _try(tool, [step.passes])
        if outcome.status and _REFUSED.search(outcome.messages):
            raise refuse_pipeline(tool, outcome, f"the step '{step.step.name}'", place(step))


def refuse_pipeline(tool: Tool, outcome: Outcome, what: str, location: SourceLocation | None) -> InputError:
    """The error for a pipeline that `tool` refuses to run."""
    unknown = messages.unknown_pass(outcome.messages)
    if unknown.startswith("transform-"):
        msg = f"{tool} has no pass '{unknown}', which applies schedules; register it, as registerAllPasses() does"
        return InputError(msg, location)
    if unknown:
        msg = f"{tool} has no pass '{unknown}', which {what} needs; register it in the tool, or name another"
        return InputError(msg, location)
    lines = [line.strip() for line in outcome.messages.splitlines() if line.strip()]
    details = ": ".join(re.sub(r"^<unknown>:0: error: ?|<Pass-Options-Parser>: ", "", line) for line in lines[:3])
    return InputError(f"{tool} refuses {what}: {details.strip(': ')}", location)


def _try(tool: Tool, pipelines: Sequence[str]) -> Outcome:
    """Pipelines on an empty module, where every pass has nothing to do."""
    arguments = ["-", _QUIET, f"--pass-pipeline=builtin.module({','.join(pipelines)})"]
    return tool.run(arguments, text="module {}\n", patience=PATIENCE)


def place(step: ToolStep) -> SourceLocation | None:
    """Where the spec of a step stands, if it is known."""
    heads = [n for n, line in enumerate(step.stage.body.splitlines(), 1) if line.startswith("  module @step")]
    return step.stage.locations.get(heads[step.index])


def _last_line(outcome: Outcome) -> str:
    lines = outcome.messages.split("\n")
    said = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return said or (messages.how_it_died(outcome.status) if outcome.status < 0 else f"exit status {outcome.status}")
