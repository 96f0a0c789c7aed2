# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The library API: a pipeline of stages, applied to modules in memory.

    from lighthouse_build import Pipeline
    from mlir import ir

    with ir.Context():
        module = ir.Module.parse(text)
        Pipeline("tile.py{sizes=[8,32]}", "canonicalize", include=["schedules"]).apply(module)

Stages are what `lh-opt --stage` takes, and do the same: they are resolved to the same text and applied from it. It all
happens in this process, so MLIR's crashes are the caller's; errors are the exceptions of `lighthouse_build.errors`.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lighthouse_build.errors import SourceLocation
from lighthouse_build.language.spec import Resolved, Schedule, file_head, format_spec, parse_spec
from lighthouse_build.resolution.dependencies import Dependencies
from lighthouse_build.resolution.plan import PlannedStep, Planner, read_resolved
from lighthouse_build.resolution.search import SearchPath
from lighthouse_build.stage_file import ResolvedStage

if TYPE_CHECKING:
    from lighthouse_build.application.context import Diagnostics
    from lighthouse_build.errors import Diagnostic
    from lighthouse_build.resolution.python_step import UserPython
    from lighthouse_build.target import Target

__all__ = ["Pipeline"]


class Pipeline:
    """Stages, in order.

    Args:
        stages: specs of the stage language; paths of stage files; schedules as `mlir.ir.Module`; resolved stages.
        include: directories to look for stage files in, after the working directory and before the shipped stages.
        python_path: directories that generators may import from, besides their own.
        target: what generators that ask are told; by default the baseline CPU of this machine's architecture.

    Raises:
        InputError: a spec that is not of the language, a file that does not exist.
    """

    def __init__(
        self,
        *stages: str | os.PathLike[str] | ResolvedStage | Any,
        include: Sequence[str | os.PathLike[str]] = (),
        python_path: Sequence[str | os.PathLike[str]] = (),
        target: Target | None = None,
    ) -> None:
        self._given_target = target
        self._python_path = tuple(os.fspath(p) for p in python_path)
        self._dependencies = Dependencies()
        search = SearchPath(tuple(os.fspath(p) for p in include), self._python_path)
        planner = Planner(search, self._dependencies)
        self._plans = [_plan(stage, planner) for stage in stages]
        self._resolved: list[ResolvedStage] | None = None
        #: Warnings and remarks of the last `apply`.
        self.diagnostics: list[Diagnostic] = []

    def resolve(self) -> list[ResolvedStage]:
        """The stages, resolved: each generator runs once, however often the pipeline is applied.

        Raises:
            InputError: at the place of what is wrong.
        """
        from lighthouse_build.resolution.resolve import resolve

        if self._resolved is None:
            python = self._user_python()
            self._resolved = [
                plan if isinstance(plan, ResolvedStage) else resolve(plan, name, python) for name, plan in self._plans
            ]
        return self._resolved

    def apply(self, module: Any) -> Any:
        """Apply the stages to `module`, an `mlir.ir.Module`.

        Returns:
            The module that it became: `module` itself, changed in place, unless a stage class put another in its place.

        Raises:
            InputError: at the place of what is wrong with a stage.
            LoweringError: a stage failed or left invalid IR; `causes` are MLIR's diagnostics.
        """
        from lighthouse_build.application import apply, context

        stages = self.resolve()
        ir = context.load().ir
        with module.context, ir.Location.unknown(), context.load().generic_operations():
            diagnostics: Diagnostics = context.Diagnostics(module.context)
            try:
                return apply.apply_stages(module, stages, diagnostics, apply.Hooks(python=self._user_python()))
            finally:
                self.diagnostics = diagnostics.take()
                diagnostics.detach()

    def inputs(self) -> list[str]:
        """The files that the pipeline was made from so far, for who tracks dependencies."""
        return self._dependencies.paths()

    def _user_python(self) -> UserPython:
        from lighthouse_build.resolution.python_step import UserPython

        return UserPython(self._dependencies, self._python_path, self._target, os.getcwd())

    @functools.cache  # noqa: B019 (a pipeline is small, and lives as long as its target)
    def _target(self) -> Target:
        if self._given_target is not None:
            return self._given_target
        from lighthouse_build.emission.codegen import resolve_target

        return resolve_target(None, None, ())


def _plan(stage: Any, planner: Planner) -> tuple[str, list[PlannedStep] | ResolvedStage]:
    """The name and the plan of one stage as given."""
    if isinstance(stage, ResolvedStage):
        return stage.name, stage
    if not isinstance(stage, (str, os.PathLike)):
        name = "<module>"
        operation = getattr(stage, "operation", None)
        if operation is None:
            msg = f"a stage is a spec, a path, a module or a resolved stage, not a {type(stage).__name__}"
            raise TypeError(msg)
        return name, [PlannedStep(Schedule(name), "", SourceLocation(name), str(operation))]
    text = format_spec(_of_path(Path(stage))) if isinstance(stage, os.PathLike) else stage
    spec = parse_spec(text, lambda offset: SourceLocation("<stage>", 1, offset + 1, text))
    plan = planner.plan(spec, ".", SourceLocation("<stage>", 1, 1, text))
    if isinstance(spec, Resolved):
        return text, read_resolved(plan[0].path)
    return text, plan


def _of_path(path: Path) -> Any:
    text = os.fspath(path)
    if not file_head(text):
        msg = f"'{text}' is no stage file; expected .mlir, .py or .yaml"
        raise ValueError(msg)
    # The constructor of the kind that the extension says, with nothing after it.
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return parse_spec(quoted, lambda offset: SourceLocation(text))
