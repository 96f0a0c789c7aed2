# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Resolution proper: from a plan to one resolved stage. Reads schedules, runs generators, builds the artefact.

MLIR is loaded, in a context of its own, only if the plan is more than passes.
"""

from __future__ import annotations

import sys

from lighthouse_build import stage_file
from lighthouse_build.errors import Diagnostic, InputError, SourceLocation
from lighthouse_build.language import spec as language
from lighthouse_build.resolution.plan import PlannedStep, read_resolved
from lighthouse_build.scopes import contextmanager
from lighthouse_build.stage_file import PASSES, PYTHON, SCHEDULE, TOOL_SCHEDULE, ResolvedStage, Step

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from lighthouse_build.prefix_map import PrefixMap
    from lighthouse_build.resolution.python_step import UserPython
    from lighthouse_build.tool.program import Tool

__all__ = ["merge", "requirements", "resolve"]


def resolve(
    steps: Sequence[PlannedStep],
    name: str,
    python: UserPython | None,
    remark: Callable[[Diagnostic], None] = lambda _: None,
    tool: Tool | None = None,
    prefix_map: PrefixMap | None = None,
) -> ResolvedStage:
    """Resolve `steps` to one stage.

    Args:
        steps: a plan.
        name: what messages call the stage.
        python: how user code runs; may be None for a plan that has none.
        remark: takes what should be told, but is no error.
        tool: what reads the `.mlir` schedules, in place of the bindings.
        prefix_map: names in sidecars of resolved stages among `steps`.

    Raises:
        InputError: at the place of the schedule, generator or spec that is wrong.
    """
    passes = [(s.spec.anchored, s.spec.text, s.location) for s in steps if isinstance(s.spec, language.PassPipeline)]
    if len(passes) == len(steps):
        return stage_file.passes_only(passes, name)
    return _Builder(name, python, remark, tool, prefix_map).build(steps)


def merge(stages: Sequence[ResolvedStage], name: str) -> ResolvedStage:
    """One stage of the steps of several, numbered through.

    Raises:
        InputError: a stage that these bindings cannot read.
    """
    return _Builder(name, None, lambda _: None).merge(stages)


class _Builder:
    """Builds the module of a resolved stage in a context of its own."""

    def __init__(
        self,
        name: str,
        python: UserPython | None,
        remark: Callable[[Diagnostic], None],
        tool: Tool | None = None,
        prefix_map: PrefixMap | None = None,
    ) -> None:
        from lighthouse_build.application import context as mlir  # loads the bindings

        self.mlir = mlir
        self.ir = mlir.load().ir
        self.name = name
        self.python = python
        self.remark = remark
        self.tool = tool
        self.prefix_map = prefix_map
        self.steps: list[Step] = []
        self.requires: list[str] = []
        self.generators: dict[int, SourceLocation] = {}  # step to the function that made it

    def build(self, steps: Sequence[PlannedStep]) -> ResolvedStage:
        def add() -> None:
            for step in steps:
                self._step(step)

        return self._build(add)

    def merge(self, stages: Sequence[ResolvedStage]) -> ResolvedStage:
        def add() -> None:
            for stage in stages:
                self._take_over(stage)

        return self._build(add)

    def _build(self, add: Callable[[], None]) -> ResolvedStage:
        ir = self.ir
        with self.mlir.context() as context, ir.Location.unknown(), self.mlir.load().generic_operations():
            self.context = context
            self.diagnostics = self.mlir.Diagnostics(context)
            self.outer = ir.Module.create()
            self.outer.operation.attributes["lh.stage"] = ir.UnitAttr.get()
            add()
            body = str(self.outer)
            located = self.outer.operation.get_asm(enable_debug_info=True)
        from lighthouse_build.resolution.locations import line_locations

        locations = line_locations(body, located, str(self.mlir.load().provider.root), self.generators)
        locations = {line: self.diagnostics.origin(at) for line, at in locations.items()}
        return ResolvedStage(tuple(self.steps), body, self.name, locations, tuple(self.requires))

    def _step(self, step: PlannedStep) -> None:
        spec = step.spec
        if isinstance(spec, language.PassPipeline):
            holder = self._holder(step.location)
            holder.attributes["lh.pass_pipeline"] = self.ir.StringAttr.get(spec.anchored)
            self.steps.append(Step(PASSES, spec.text))
        elif isinstance(spec, language.Resolved):
            self._take_over(read_resolved(step.path, self.prefix_map))
        elif isinstance(spec, language.Schedule) and self.tool is not None and not step.text:
            self._tool_schedule(spec, step)
        elif isinstance(spec, language.Schedule):
            if step.text:
                module = self.ir.Module.parse(step.text, self.context)
            else:
                module = self.mlir.parse_file(step.path, "schedule", self.diagnostics, self.context)
            self._check(module, spec, step)
            self._schedule(module, spec, step)
        else:
            self._python(spec, step)

    def _holder(self, location: SourceLocation) -> Any:
        """An empty module for a step that is an attribute."""
        ir = self.ir
        with ir.InsertionPoint(self.outer.body), ir.Location.file(location.file, location.line, location.column):
            holder = ir.Operation.create("builtin.module", regions=1)
        holder.regions[0].blocks.append()
        holder.attributes["sym_name"] = ir.StringAttr.get(f"step{len(self.steps)}")
        return holder

    def _tool_schedule(self, spec: language.Schedule, step: PlannedStep) -> None:
        """Keep a schedule that only the tool can read: as text, the way the tool prints it."""
        from lighthouse_build.tool.check import read_schedule

        assert self.tool is not None
        name = language.describe(spec)
        if spec.params:
            msg = f"'{name}' takes no parameters: {self.tool} gets it unparsed; write the values into it"
            raise InputError(msg, step.location)
        entry, text = read_schedule(self.tool, step.path, spec.sequence, name, step.location)
        string = self.ir.StringAttr.get
        holder = self._holder(step.location)
        holder.attributes["lh.tool_schedule"] = self.ir.DictAttr.get({"entry": string(entry), "text": string(text)})
        self.steps.append(Step(TOOL_SCHEDULE, name))

    def _take_over(self, stage: ResolvedStage) -> None:
        """Take over the steps of a stage that was resolved before."""
        ir = self.ir
        self._require(stage.requires)
        with requirements(stage, self.python, self.diagnostics):
            module = self.mlir.parse_stage(stage, self.diagnostics, self.context)
        for index, (nested, known) in enumerate(zip(list(module.regions[0].blocks[0].operations), stage.steps)):
            copy = nested.operation.clone(ip=ir.InsertionPoint(self.outer.body))
            copy.attributes["sym_name"] = ir.StringAttr.get(f"step{len(self.steps)}")
            if known.kind == SCHEDULE:
                entry = ir.StringAttr.get(stage_file.entry_name(len(self.steps)))
                self._symbol(copy, stage_file.entry_name(index)).attributes["sym_name"] = entry
            self.steps.append(known)

    def _symbol(self, module: Any, name: str) -> Any:
        for op in module.regions[0].blocks[0].operations:
            if "sym_name" in op.attributes and op.attributes["sym_name"].value == name:
                return op
        msg = f"the stage has no symbol '@{name}'; resolve it again"
        raise InputError(msg, SourceLocation(self.name))

    def _require(self, names: Sequence[str]) -> None:
        self.requires += [name for name in names if name not in self.requires]

    def _schedule(self, module: Any, spec: language.Schedule | language.Generator, step: PlannedStep) -> None:
        from lighthouse_build.resolution import schedules

        schedules.nest(module.operation, self.outer.body, len(self.steps), spec, step.location, self.diagnostics)
        self.steps.append(Step(SCHEDULE, language.describe(spec)))

    def _check(self, module: Any, spec: language.Schedule | language.Generator, step: PlannedStep) -> Diagnostic | None:
        """What is wrong with a schedule that can be applied, but not be written as text. Raises InputError."""
        from lighthouse_build.resolution import schedules

        return schedules.check(module.operation, language.describe(spec), step.location, self.diagnostics)

    def _python(self, spec: language.Generator | language.StageClass, step: PlannedStep) -> None:
        """Run a generator now, or keep as a Python step what can only run on a payload."""
        from lighthouse_build.resolution import generators, python_dialects, python_step

        assert self.python is not None
        python = self.python
        importable = [*python.python_path, *sys.path]  # for every stage, unlike the file's own directory
        with python.running(step.path, self.diagnostics), python.dependencies.watching() as sources:
            module = generators.load(step.path, step.location)
            is_class = isinstance(spec, language.StageClass)
            name = spec.name if isinstance(spec, language.StageClass) else spec.function
            kind = "class" if is_class else "function"
            function = generators.lookup(module, name, step.path, step.location, kind)
            if isinstance(spec, language.StageClass) or python_step.wants_payload(function):
                hidden = [*python_step.target_parameters(function), *([] if is_class else [python_step.PAYLOAD])]
                options = {**spec.options, **dict.fromkeys(hidden)}
                generators.check_options(function, options, name, step.location, hidden=hidden)
            else:
                self.generators[len(self.steps)] = generators.place_of(function) or SourceLocation(step.path)
                result = python.call(function, spec.options, name, step.location)
                what = f"'{name}' in '{step.path}'"
                schedule = python_step.checked_module(result, self.context, what, step.location)
                python_dialects.refuse_late(schedule.operation, name, step.location)
                fault = self._check(schedule, spec, step)
                if fault is None:
                    self._require(python_dialects.required_by(schedule.operation, importable, python.root))
                    self._schedule(schedule, spec, step)
                    return
                self._tell(spec, step, fault)
        kept = python_step.PythonStep.of(spec, step.path, python, sources)
        holder = self._holder(step.location)
        holder.attributes["lh.python"] = self.ir.DictAttr.get(kept.to_attributes(self.ir))
        self.steps.append(Step(PYTHON, language.describe(spec)))

    def _tell(self, spec: language.Generator, step: PlannedStep, fault: Diagnostic) -> None:
        name = language.describe(spec)
        msg = (
            f"the schedule '{name}' does not verify, so it cannot be written as text; "
            "its generator runs again for each payload"
        )
        why = Diagnostic(fault.message, fault.location, "note", fault.notes)
        self.remark(Diagnostic(msg, step.location, "remark", (why,)))


@contextmanager
def requirements(stage: ResolvedStage, python: UserPython | None, diagnostics: Any) -> Iterator[None]:
    """While this runs, the current context has the dialects that `stage` requires, and their code what it needs.

    Raises:
        InputError: they cannot be loaded, or `python` is None.
    """
    if not stage.requires:
        yield
        return
    if python is None:
        msg = f"the stage needs dialects defined in Python ({', '.join(stage.requires)}), which are not allowed here"
        raise InputError(msg, SourceLocation(stage.name))
    with python.requiring(stage, diagnostics):
        yield
