# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From specs to a flat list of steps: finds files and expands pipelines. Text and files; no MLIR."""

from __future__ import annotations

import os

from lighthouse_build import limits, stage_file
from lighthouse_build.errors import InputError, SourceLocation
from lighthouse_build.frozen import frozen
from lighthouse_build.language import spec as language
from lighthouse_build.resolution.dependencies import Dependencies
from lighthouse_build.resolution.search import SearchPath
from lighthouse_build.stage_file import PYTHON, SCHEDULE, ResolvedStage

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    import ast
    from collections.abc import Sequence

    from lighthouse_build.prefix_map import PrefixMap

__all__ = [
    "PlannedStep",
    "Planner",
    "asks_for_target",
    "python_steps",
    "read_resolved",
    "read_steps",
    "read_text",
    "runs_python",
]

_MAX_ITEMS = 2000  # of all pipeline files of one spec together


@frozen
class PlannedStep:
    """One step: its spec, the absolute path of its file ('' for passes), and where it was named.

    A schedule may come as `text` instead of a file.
    """

    spec: language.PassPipeline | language.Schedule | language.Generator | language.StageClass | language.Resolved
    path: str
    location: SourceLocation
    text: str = ""


class Planner:
    """Expands specs. `dependencies` collects what was read on the way."""

    def __init__(self, search: SearchPath, dependencies: Dependencies) -> None:
        self.search = search
        self.dependencies = dependencies
        self._including: list[str] = []
        self._planned = 0

    def plan(self, spec: language.Spec, base: str, location: SourceLocation) -> list[PlannedStep]:
        """The steps of `spec`, which a file in the directory `base` names at `location`.

        Raises:
            InputError: a file that does not exist, a bad pipeline file, an include cycle.
        """
        if isinstance(spec, language.PassPipeline):
            return [PlannedStep(spec, "", location)]
        path = self.search.find(spec.path, base, location, self.dependencies)
        if isinstance(spec, language.Pipeline):
            return self._expand(spec, path, location)
        return [PlannedStep(spec, path, location)]

    def _expand(self, spec: language.Pipeline, path: str, location: SourceLocation) -> list[PlannedStep]:
        from lighthouse_build.language.pipeline_file import read_pipeline  # needs YAML

        if path in self._including:
            chain = [*self._including[self._including.index(path) :], path]
            msg = "the pipeline includes itself: " + " -> ".join(map(os.path.basename, chain))
            raise InputError(msg, location)
        if len(self._including) > 50:
            raise InputError("pipelines include each other more than 50 deep", location)
        self._including.append(path)
        steps: list[PlannedStep] = []
        for item in read_pipeline(read_text(path, location), path, spec.variables, location):
            self._planned += 1
            if self._planned > _MAX_ITEMS:
                # Files that each include the next one twice grow by powers of two.
                raise InputError(f"the pipelines expand to more than {_MAX_ITEMS} items", item.location)
            steps += self.plan(item.spec, os.path.dirname(path), item.location)
        self._including.pop()
        return steps


def read_text(path: str, location: SourceLocation | None = None) -> str:
    """The UTF-8 text of `path`. Raises InputError, at `location` if the file cannot be read."""
    data = limits.read_file(path, location)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        raise InputError("the file is not UTF-8 text", SourceLocation(path, line, column, "")) from None


def runs_python(steps: Sequence[PlannedStep]) -> bool:
    """Whether resolving or applying `steps` runs user code, which wants a fixed hash seed."""

    def runs(step: PlannedStep) -> bool:
        if isinstance(step.spec, language.Resolved):
            stage = read_steps(step.path)
            return bool(stage.requires) or any(known.kind == PYTHON for known in stage.steps)
        return isinstance(step.spec, (language.Generator, language.StageClass))

    return any(map(runs, steps))


def applies_schedules(steps: Sequence[PlannedStep]) -> bool:
    """Whether there is a schedule in the resolved stages among `steps`."""
    stages = [read_steps(step.path) for step in steps if isinstance(step.spec, language.Resolved)]
    return any(known.kind == SCHEDULE for stage in stages for known in stage.steps)


def asks_for_target(steps: Sequence[PlannedStep]) -> bool:
    """Whether a generator among `steps` takes the target, so that the plan must be resolved once a target.

    Read off the text, without running it, since builds ask at configure time. A function that is not defined in its
    file counts as asking. A Python step does not: it gets the target when it is applied.
    """

    import ast
    import re

    def asks(step: PlannedStep) -> bool:
        if not isinstance(step.spec, language.Generator):
            return False
        arguments = _arguments(step, step.spec.function)
        if arguments is None:
            return True
        annotations = [ast.unparse(a.annotation) for a in arguments if a.annotation]
        return any(re.search(r"\bTarget\b", annotation) for annotation in annotations)

    return any(map(asks, steps))


def python_steps(steps: Sequence[PlannedStep]) -> list[tuple[str, str]]:
    """The steps that run Python when they are applied, and why, as far as the text tells: builds ask at configure
    time."""
    found = []
    for step in steps:
        name = language.describe(step.spec)
        if isinstance(step.spec, language.StageClass):
            found.append((name, f"'{step.spec.name}' is a stage class"))
        elif isinstance(step.spec, language.Resolved):
            known = read_steps(step.path).steps
            found += [(s.name, "it runs Python on the payload") for s in known if s.kind == PYTHON]
        elif isinstance(step.spec, language.Generator):
            arguments = _arguments(step, step.spec.function) or []
            if any(a.arg == "payload" for a in arguments):
                found.append((name, f"'{step.spec.function}' takes the payload"))
    return found


def _arguments(step: PlannedStep, function: str) -> list[ast.arg] | None:
    """The parameters of a function of a Python file, read off its text; None if it is not defined there."""
    import ast

    try:
        tree = ast.parse(limits.read_file(step.path, step.location))  # bytes: Python knows its encoding
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last two: nested too deeply for it
        return []  # resolving it will tell
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return None


def read_steps(path: str) -> ResolvedStage:
    """Read a resolved stage without the places of what is in it."""
    return ResolvedStage.from_text(read_text(path), path)


def read_resolved(path: str, prefix_map: PrefixMap | None = None) -> ResolvedStage:
    """Read a resolved stage and its sidecar, whose names are those of `prefix_map`, or else of the build tree."""
    sidecar = path + stage_file.SIDECAR_SUFFIX
    if not os.path.isfile(sidecar):
        return read_steps(path)
    from lighthouse_build.prefix_map import of_build_tree

    names = (prefix_map or of_build_tree(path)).with_package()
    return ResolvedStage.from_text(read_text(path), path, read_text(sidecar), names.real)
