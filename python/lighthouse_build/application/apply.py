# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Applying resolved stages to a payload, step by step.

A step is a pass pipeline, a transform schedule or Python. The payload is verified after each: the interpreter does not
do that by itself.
"""

from __future__ import annotations

import os
import sys

from lighthouse_build import stage_file
from lighthouse_build.application import context as mlir
from lighthouse_build.errors import (
    Diagnostic,
    InputError,
    LoweringError,
    SourceLocation,
    UnplacedError,
    did_you_mean,
    printable,
)
from lighthouse_build.frozen import frozen
from lighthouse_build.resolution.search import SHIPPED
from lighthouse_build.scopes import contextmanager
from lighthouse_build.stage_file import PASSES, PYTHON, ResolvedStage, Step
from lighthouse_build.standard_error import Capture

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from lighthouse_build.application.tracing import Tracer
    from lighthouse_build.resolution.python_step import UserPython

    # (stage, step, index of the step in its stage, payload)
    Hook = Callable[[ResolvedStage, Step, int, Any], None]

__all__ = ["Hooks", "apply_stages", "describe", "known_passes", "parse_pipeline", "pass_options", "shorten"]


@frozen
class Hooks:
    """What happens around each step.

    Attributes:
        before, after: called around each step; progress, timing and IR printing hang here.
        standard_error: catches what the interpreter prints.
        verify_passes: verify after every pass of a pipeline, too.
        python: how Python steps run; without it they are refused.
        tracer: follows a step that failed before.
        payload: what messages call the payload.
    """

    before: Sequence[Hook] = ()
    after: Sequence[Hook] = ()
    standard_error: Capture | None = None
    verify_passes: bool = True
    python: UserPython | None = None
    tracer: Tracer | None = None
    payload: str = ""

    @property
    def on_payload(self) -> str:
        return f" on '{self.payload}'" if self.payload else ""


def apply_stages(payload: Any, stages: Sequence[ResolvedStage], diagnostics: mlir.Diagnostics, hooks: Hooks) -> Any:
    """Apply `stages` in order to the module `payload`, in place; the module that it became.

    Raises:
        InputError: a stage that these bindings cannot read.
        LoweringError: a step that failed or left invalid IR; names stage and step.
    """
    for stage in stages:
        with _requirements(stage, diagnostics, hooks):
            payload = _apply_stage(payload, stage, diagnostics, hooks)
    return payload


def _apply_stage(payload: Any, stage: ResolvedStage, diagnostics: mlir.Diagnostics, hooks: Hooks) -> Any:
    known = diagnostics.take()
    module = mlir.parse_stage(stage, diagnostics, payload.operation.context)
    if stage.path:
        diagnostics.take()  # warnings of a stage in a file were told when it was resolved
    diagnostics.found[:0] = known
    nested = list(module.regions[0].blocks[0].operations)
    for index, (step, holder) in enumerate(zip(stage.steps, nested)):
        for hook in hooks.before:
            hook(stage, step, index, payload)
        payload = _apply(payload, stage, step, index, holder.operation, diagnostics, hooks)
        for hook in hooks.after:
            hook(stage, step, index, payload)
    return payload


@contextmanager
def _requirements(stage: ResolvedStage, diagnostics: mlir.Diagnostics, hooks: Hooks) -> Iterator[None]:
    if not stage.requires:
        yield
        return
    from lighthouse_build.resolution.resolve import requirements

    with requirements(stage, hooks.python, diagnostics):
        yield


def describe(stage: ResolvedStage, step: Step) -> str:
    """How messages name a step: short when the stage is that one step."""
    if len(stage.steps) == 1 and stage.name == step.name:
        return f"stage '{shorten(step.name)}'"
    return f"stage '{shorten(stage.name)}', step '{shorten(step.name)}'"


def shorten(name: str) -> str:
    """`name`, or the ends of it when it is a pipeline of many passes."""
    return name if len(name) <= 80 else f"{name[:38]}…{name[-38:]}"


def _apply(
    payload: Any,
    stage: ResolvedStage,
    step: Step,
    index: int,
    holder: Any,
    diagnostics: mlir.Diagnostics,
    hooks: Hooks,
) -> Any:
    what = describe(stage, step)
    if step.kind == PYTHON:
        payload = _apply_python(payload, holder, what, diagnostics, hooks)
        mlir.verify(payload.operation, f"{what} left invalid IR{hooks.on_payload}", LoweringError, diagnostics)
        return payload
    operation = payload.operation
    if step.kind == PASSES:
        with mlir.reporting(diagnostics, f"{what} failed{hooks.on_payload}", LoweringError):
            pipeline = holder.attributes["lh.pass_pipeline"].value
            location = diagnostics.location(holder.location)
            manager = parse_pipeline(pipeline, operation.context, location, hooks.standard_error)
            manager.enable_verifier(hooks.verify_passes)
            if hooks.tracer:
                hooks.tracer.passes(manager)
            manager.run(operation)
    else:
        _interpret(operation, _entry(holder, index, stage), holder, what, diagnostics, hooks)
    mlir.verify(operation, f"{what} left invalid IR{hooks.on_payload}", LoweringError, diagnostics)
    return payload


def _interpret(payload: Any, entry: Any, schedule: Any, what: str, diagnostics: mlir.Diagnostics, hooks: Hooks) -> None:
    """Apply the sequence `entry` of `schedule`."""
    if hooks.tracer:
        hooks.tracer.schedule(schedule, diagnostics)
    diagnostics.in_stage = False
    try:
        with (
            mlir.reporting(diagnostics, f"{what} failed{hooks.on_payload}", LoweringError),
            _printed(hooks.standard_error, diagnostics),
        ):
            mlir.load().apply_named_sequence(payload, entry, schedule)
    except LoweringError as error:
        if diagnostics.in_stage or error.location:  # the latter of an operation that Python implements
            raise
        raise UnplacedError(error.message, causes=error.causes) from None


def _apply_python(payload: Any, holder: Any, what: str, diagnostics: mlir.Diagnostics, hooks: Hooks) -> Any:
    # The one place where resolution is called from here: a Python step is resolved while it is applied.
    from lighthouse_build.resolution.python_step import PythonStep

    if hooks.python is None:
        msg = f"{what} runs Python, which this use of the stage does not allow"
        raise InputError(msg)
    step = PythonStep.from_attributes(holder.attributes["lh.python"])

    def interpret(entry: Any, schedule: Any) -> None:
        _interpret(payload.operation, entry, schedule, what, diagnostics, hooks)

    replaced = step.apply(payload, hooks.python, diagnostics, what, interpret)
    return payload if replaced is None else replaced


@contextmanager
def _printed(standard_error: Capture | None, diagnostics: mlir.Diagnostics) -> Iterator[None]:
    """Take remarks and warnings of the interpreter, which it prints instead of reporting them, as diagnostics."""
    if standard_error is None:
        yield
        return
    caught: list[str] = []
    try:
        with standard_error.catching(caught):
            yield
    finally:
        for text in caught:
            sys.stderr.write(printable(diagnostics.printed(text)))


def parse_pipeline(
    pipeline: str, context: Any, location: SourceLocation | None, standard_error: Capture | None = None
) -> Any:
    """The pass manager of `pipeline`, which is anchored on `builtin.module`.

    Args:
        pipeline: in MLIR's syntax.
        context: of MLIR.
        location: where it stands.
        standard_error: catches what MLIR prints: what is wrong with the value of an option it says there alone.

    Raises:
        InputError: at `location`, for an unknown pass, an option that is unknown or has a bad value, or a pass that is
            nested wrongly.
    """
    printed: list[str] = []
    try:
        if standard_error is None:
            return mlir.load().passmanager.PassManager.parse(pipeline, context)
        with standard_error.catching(printed):
            manager = mlir.load().passmanager.PassManager.parse(pipeline, context)
        sys.stderr.write(printable("".join(printed)))
        return manager
    except ValueError as error:
        import re

        # What is wrong stands in the text alone, after the name of MLIR's parser and before a picture of the pipeline.
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        found = re.search(r"error: (.*)", lines[0]) if lines else None
        if found:
            message = found[1]
            unknown = re.match(r"'(.*)' does not refer to a registered pass", message)
            if unknown:
                message += _stage_file_like(unknown[1]) or did_you_mean(unknown[1], known_passes())
        else:
            message = ": ".join(line.removeprefix("<Pass-Options-Parser>: ") for line in reversed(lines))
            option = re.search(r"with options `[^`]*`: no such option (\S+)$", message)
            owner = re.findall(r"failed to add `([^`]*)` with options", message)
            if option and owner:
                message = f"'{owner[-1]}' has no option '{option[1]}'"
                message += did_you_mean(option[1], list(pass_options(owner[-1], context)))
        said = [line.lstrip(": ") for text in printed for line in text.splitlines()]
        notes = [Diagnostic(line, location, "note") for line in said if line]
        raise InputError(f"not a pass pipeline: {message or pipeline}", location, notes) from None


def _stage_file_like(name: str) -> str:
    """A hint at the shipped stage that `name` may mean: in CMake, a stage that is not declared is taken for a pass."""
    file = name.replace("_", "-") + ".yaml"
    return f"; did you mean '{file}'?" if os.path.isfile(os.path.join(SHIPPED, file)) else ""


def pass_options(name: str, context: Any) -> dict[str, str]:
    """The options of the pass `name` and their defaults; without lists that are empty, which MLIR does not print."""
    import re

    text = str(mlir.load().passmanager.PassManager.parse(f"any({name})", context))
    found = re.fullmatch(rf"any\({re.escape(name)}\{{(.*)\}}\)", text)
    return dict(re.findall(r"([\w-]+)=(\S*)", found[1])) if found else {}


def known_passes() -> list[str]:
    """The names of passes and pipelines that the bindings have, as far as they are known; see `pass_names.txt`."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pass_names.txt")
    with open(path, encoding="utf-8") as stream:
        names = [line.strip() for line in stream if line.strip() and not line.startswith("#")]
    with mlir.context() as context:
        return [name for name in names if _has_pass(name, context)]


def _has_pass(name: str, context: Any) -> bool:
    try:
        mlir.load().passmanager.PassManager.parse(f"any({name})", context)
    except ValueError as error:
        return "does not refer to a registered pass" not in str(error)
    return True


def _entry(holder: Any, index: int, stage: ResolvedStage) -> Any:
    name = stage_file.entry_name(index)
    for op in holder.regions[0].blocks[0].operations:
        if "sym_name" in op.attributes and op.attributes["sym_name"].value == name:
            return op.operation
    raise LoweringError(f"the resolved stage has no '@{name}'; resolve it again", SourceLocation(stage.name))
