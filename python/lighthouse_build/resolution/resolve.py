# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From specs to resolved stages: expand pipelines, read schedules, run generators, build the artefact.

Two steps. `plan` is text and files: it expands YAML into a flat list of passes, schedules, generators and resolved
stages. `resolve` turns a plan into one resolved stage; it loads MLIR, in a context of its own, only if the plan is
more than passes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lighthouse_build import stage_file
from lighthouse_build.errors import InputError, SourceLocation, did_you_mean
from lighthouse_build.language import spec as language
from lighthouse_build.language.pipeline_file import read_pipeline
from lighthouse_build.resolution.dependencies import Dependencies
from lighthouse_build.resolution.search import SearchPath
from lighthouse_build.stage_file import PASSES, SCHEDULE, ResolvedStage, Step

if TYPE_CHECKING:
    from lighthouse_build.resolution.parameters import Constant

__all__ = ["PlannedStep", "Planner", "read_resolved", "resolve", "runs_python"]

_MAIN = "__transform_main"
_WITH_SEQUENCES = "transform.with_named_sequence"
_READONLY = "transform.readonly"


@dataclass(frozen=True)
class PlannedStep:
    """One step: its spec, the absolute path of its file ('' for passes), and where it was named."""

    spec: language.PassPipeline | language.Schedule | language.Generator | language.Resolved
    path: str
    location: SourceLocation


@dataclass
class Planner:
    """Expands specs. `dependencies` collects what was read on the way."""

    search: SearchPath
    dependencies: Dependencies
    _including: list[str] = field(default_factory=list)

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
        if isinstance(spec, language.StageClass):
            msg = "stage classes are not supported by this version; write a generator that returns a schedule"
            raise InputError(msg, location)
        return [PlannedStep(spec, path, location)]

    def _expand(self, spec: language.Pipeline, path: str, location: SourceLocation) -> list[PlannedStep]:
        if path in self._including:
            chain = [*self._including[self._including.index(path) :], path]
            msg = "the pipeline includes itself: " + " -> ".join(map(os.path.basename, chain))
            raise InputError(msg, location)
        if len(self._including) > 50:
            raise InputError("pipelines include each other more than 50 deep", location)
        self._including.append(path)
        steps = []
        for item in read_pipeline(read_text(path, location), path, spec.variables, location):
            steps += self.plan(item.spec, os.path.dirname(path), item.location)
        self._including.pop()
        return steps


def read_text(path: str, location: SourceLocation | None = None) -> str:
    """The UTF-8 text of `path`. Raises InputError, at `location` if the file cannot be read."""
    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except OSError as error:
        raise InputError(f"cannot read '{path}': {error.strerror}", location) from None
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        raise InputError("the file is not UTF-8 text", SourceLocation(path, line, column, "")) from None


def runs_python(steps: Sequence[PlannedStep]) -> bool:
    """Whether resolving `steps` runs user code, which wants a fixed hash seed."""
    return any(isinstance(step.spec, language.Generator) for step in steps)


def read_resolved(path: str) -> ResolvedStage:
    """Read a resolved stage and its sidecar."""
    sidecar = path + stage_file.SIDECAR_SUFFIX
    located = read_text(sidecar) if os.path.isfile(sidecar) else None
    return ResolvedStage.from_text(read_text(path), path, located)


def resolve(
    steps: Sequence[PlannedStep], name: str, dependencies: Dependencies, python_path: Sequence[str] = ()
) -> ResolvedStage:
    """Resolve `steps` to one stage called `name`.

    Args:
        steps: a plan.
        name: what messages call the stage.
        dependencies: collects what generators read and import.
        python_path: directories that generators may import from, besides their own.

    Raises:
        InputError: at the place of the schedule, generator or spec that is wrong.
    """
    passes = [(s.spec.anchored, s.spec.text, s.location) for s in steps if isinstance(s.spec, language.PassPipeline)]
    if len(passes) == len(steps):
        return stage_file.passes_only(passes, name)
    return _Builder(name, dependencies, python_path).build(steps)


class _Builder:
    """Builds the module of a resolved stage in a context of its own."""

    def __init__(self, name: str, dependencies: Dependencies, python_path: Sequence[str]) -> None:
        from lighthouse_build.application import context as mlir  # loads the bindings

        self.mlir = mlir
        self.ir = mlir.load().ir
        self.name = name
        self.dependencies = dependencies
        self.python_path = list(python_path)
        self.steps: list[Step] = []
        self.requires: list[str] = []

    def build(self, steps: Sequence[PlannedStep]) -> ResolvedStage:
        ir = self.ir
        with self.mlir.context() as context, ir.Location.unknown(), self.mlir.load().generic_operations():
            self.context = context
            self.diagnostics = self.mlir.Diagnostics(context)
            self.outer = ir.Module.create()
            self.outer.operation.attributes["lh.stage"] = ir.UnitAttr.get()
            for step in steps:
                self._step(step)
            body = str(self.outer)
            located = self.outer.operation.get_asm(enable_debug_info=True)
        locations = _locations(body, located, str(self.mlir.load().provider.root))
        return ResolvedStage(tuple(self.steps), body, self.name, locations, tuple(self.requires))

    def _step(self, step: PlannedStep) -> None:
        spec = step.spec
        if isinstance(spec, language.PassPipeline):
            self._passes(spec.anchored, spec.text, step.location)
            return
        if isinstance(spec, language.Resolved):
            self._resolved(step)
            return
        if isinstance(spec, language.Schedule):
            module = self.mlir.parse_file(step.path, "schedule", self.diagnostics, self.context)
        else:
            module = self._generate(spec, step)
        self._schedule(module, spec, step)

    def _passes(self, pipeline: str, name: str, location: SourceLocation) -> None:
        ir = self.ir
        with ir.InsertionPoint(self.outer.body), ir.Location.file(location.file, location.line, location.column):
            nested = ir.Operation.create("builtin.module", regions=1)
        nested.regions[0].blocks.append()
        nested.attributes["sym_name"] = ir.StringAttr.get(f"step{len(self.steps)}")
        nested.attributes["lh.pass_pipeline"] = ir.StringAttr.get(pipeline)
        self.steps.append(Step(PASSES, name))

    def _resolved(self, step: PlannedStep) -> None:
        """Take over the steps of a stage that was resolved before."""
        ir = self.ir
        stage = read_resolved(step.path)
        self.requires += [r for r in stage.requires if r not in self.requires]
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

    def _generate(self, spec: language.Generator, step: PlannedStep) -> Any:
        """Run a generator; its module lives in our context."""
        from lighthouse_build.resolution import generators

        self.dependencies.ignore(str(self.mlir.load().provider.root))
        directories = [*generators.import_directories(step.path), *self.python_path]
        with (
            self.mlir.user_operations(),
            generators.user_code(directories),
            self.dependencies.recording(),
            self.mlir.recorded_locations(),
        ):
            module = generators.load(step.path, step.location)
            function = generators.lookup(module, spec.function, step.path, step.location)
            try:
                result = generators.call(function, spec.options, spec.function, step.location)
            except InputError as error:
                d = error.diagnostic
                raise InputError(d.message, d.location, d.notes, self.diagnostics.take()) from None
        what = f"'{spec.function}' in '{step.path}'"
        operation = getattr(result, "operation", None)
        if not isinstance(operation, self.ir.Operation) or operation.name != "builtin.module":
            returned = "None" if result is None else f"an object of type '{type(result).__name__}'"
            raise InputError(f"{what} returned {returned}; it must return an mlir.ir.Module", step.location)
        if operation.context is not self.context and operation.context != self.context:
            msg = f"{what} returned a module of another context; build it in the ambient one"
            raise InputError(msg, step.location)
        return result

    def _schedule(self, module: Any, spec: language.Schedule | language.Generator, step: PlannedStep) -> None:
        from lighthouse_build.resolution.parameters import Parameters

        ir = self.ir
        operation = module.operation
        name = language.describe(spec)
        if _WITH_SEQUENCES not in operation.attributes:
            msg = f"the schedule '{name}' lacks the module attribute '{_WITH_SEQUENCES}'"
            raise InputError(msg, step.location)
        message = f"the schedule '{name}' does not verify"
        self.mlir.verify(operation, message, InputError, self.diagnostics, step.location)
        index = len(self.steps)
        copy = operation.clone(ip=ir.InsertionPoint(self.outer.body))
        copy.attributes["sym_name"] = ir.StringAttr.get(f"step{index}")
        sequence = self._choose(copy, spec.sequence, name, step.location)
        constants = Parameters(ir, copy, sequence, name, step.location).bind(spec.params)
        copy.regions[0].blocks[0].append(self._entry(sequence, index, constants))
        self.mlir.verify(
            copy, f"'{name}' does not verify with its parameters", InputError, self.diagnostics, step.location
        )
        self.steps.append(Step(SCHEDULE, name))

    def _choose(self, module: Any, wanted: str | None, name: str, location: SourceLocation) -> Any:
        """The sequence to apply: the one asked for, `@__transform_main`, or the only one."""
        sequences = {
            op.attributes["sym_name"].value: op
            for op in module.regions[0].blocks[0].operations
            if op.operation.name == "transform.named_sequence" and len(op.operation.regions[0].blocks) > 0
        }
        listed = ", ".join(f"@{n}" for n in sequences) or "none"
        if wanted is not None:
            if wanted not in sequences:
                hint = did_you_mean(wanted, list(sequences)) or f"; it has {listed}"
                raise InputError(f"no sequence '@{wanted}' in the schedule '{name}'{hint}", location)
            sequence = sequences[wanted]
        elif _MAIN in sequences:
            sequence = sequences[_MAIN]
        elif len(sequences) == 1:
            sequence = next(iter(sequences.values()))
        else:
            msg = f"the schedule '{name}' has no '@{_MAIN}'; name the sequence to apply in brackets: {listed}"
            raise InputError(msg, location)
        if len(sequence.operation.regions[0].blocks[0].arguments) == 0:
            symbol = sequence.attributes["sym_name"].value
            msg = f"sequence '@{symbol}' of '{name}' takes no argument; it must take the payload's root"
            raise InputError(msg, location)
        return sequence.operation

    def _entry(self, sequence: Any, index: int, constants: Sequence[Constant]) -> Any:
        """The entry wrapper: takes the root alone, binds `constants` to the other arguments, includes `sequence`."""
        ir = self.ir
        root = sequence.regions[0].blocks[0].arguments[0].type
        effect = "consumed"
        if "arg_attrs" in sequence.attributes and _READONLY in ir.DictAttr(sequence.attributes["arg_attrs"][0]):
            effect = "readonly"
        results = ", ".join(str(t) for t in ir.FunctionType(sequence.attributes["function_type"].value).results)
        types = ", ".join([str(root), *(constant.type for constant in constants)])
        lines, operands = [], ["%root"]
        for number, constant in enumerate(constants):
            parts = []
            for position, attribute in enumerate(constant.attributes):
                parts.append(f"%c{number}_{position}")
                lines.append(f"{parts[-1]} = transform.param.constant {attribute} -> {constant.type}")
            if len(parts) > 1:
                lines.append(f"%c{number} = transform.merge_handles {', '.join(parts)} : {constant.type}")
            operands.append(f"%c{number}" if len(parts) > 1 else parts[0])
        symbol = "@" + str(sequence.attributes["sym_name"])
        bound = f"%results:{results.count('!')} = " if results else ""
        arguments = ", ".join(f"%a{i}: {t} {{transform.readonly}}" for i, t in enumerate(types.split(", ")))
        arguments = arguments.replace("readonly", effect, 1)
        text = f"""module attributes {{transform.with_named_sequence}} {{
          transform.named_sequence @{stage_file.entry_name(index)}(%root: {root} {{transform.{effect}}}) {{
            {" ".join(lines)}
            {bound}transform.include {symbol} failures(propagate) ({", ".join(operands)}) : ({types}) -> ({results})
            transform.yield
          }}
          transform.named_sequence private {symbol}({arguments}){f" -> ({results})" if results else ""}
        }}"""
        # Parsed beside a declaration of the sequence, then taken out: an include wants its target there.
        wrapper = ir.Module.parse(text, self.context)
        entry = wrapper.body.operations[0].operation
        entry.detach_from_parent()
        return entry


_ALIAS = re.compile(r"(#loc\d*) = loc\((.*)\)$")
_TRAILING = re.compile(r" loc\((.*)\)$")
_PLACE = re.compile(r'(?P<alias>#loc\d*)|"(?P<file>(?:[^"\\]|\\.)*)":(?P<line>\d+):(?P<column>\d+)')


def _locations(body: str, located: str, ignored: str) -> dict[int, SourceLocation]:
    """Which line of `body` came from where.

    Args:
        body: the module as text.
        located: the same with debug information: a location ends each line, aliases stand on lines of their own.
        ignored: the directory of the bindings; a frame in there is not the user's.
    """
    aliases = {}
    marked = []
    for line in located.splitlines():
        alias = _ALIAS.match(line)
        if alias:
            aliases[alias[1]] = alias[2]
        else:
            marked.append(line)
    if len(marked) != len(body.splitlines()):  # no map is better than a wrong one
        return {}

    def first(text: str, depth: int = 0) -> SourceLocation | None:
        for found in _PLACE.finditer(text):
            place = None
            if found["alias"]:
                place = first(aliases.get(found["alias"], ""), depth + 1) if depth < 50 else None
            elif found["file"] != "-" and not found["file"].startswith(ignored):
                python = found["file"].endswith(".py")  # counts columns from 0
                place = SourceLocation(found["file"], int(found["line"]), int(found["column"]) + python)
            if place:
                return place
        return None

    places = {}
    for number, line in enumerate(marked, start=1):
        trailing = _TRAILING.search(line)
        place = first(trailing[1]) if trailing else None
        if place:
            # The location of an operation with regions stands at their end, the operation where the indentation is
            # the same.
            places[_opening_line(marked, number) if line.lstrip().startswith("}") else number] = place
    return places


def _opening_line(lines: Sequence[str], closing: int) -> int:
    """The line (from 1) of the operation whose last region ends in line `closing`."""
    indentation = len(lines[closing - 1]) - len(lines[closing - 1].lstrip())
    for number in range(closing - 1, 0, -1):
        text = lines[number - 1]
        if len(text) - len(text.lstrip()) == indentation and not text.lstrip().startswith(("}", "^")):
            return number
    return closing
