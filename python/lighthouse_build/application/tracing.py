# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Following a step that failed: what entered it, and which transform operation or pass ran last.

A step that kills the process, or fails without naming a place, is run once more, in another child process, with a
`Tracer`. The tracer saves what entered the step, then lets MLIR say what it begins: `transform.print` before every
operation of the schedule, IR printing before every pass. Both are written as they happen, to a pipe that outlives the
child; `Trace` reads it. Nothing of this costs a job that succeeds.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from lighthouse_build import stage_file
from lighthouse_build.application import context as mlir
from lighthouse_build.errors import Diagnostic, SourceLocation
from lighthouse_build.stage_file import SCHEDULE, ResolvedStage, Step

__all__ = ["PAYLOAD", "STAGE", "Trace", "Tracer"]

PAYLOAD = "payload.mlir"  # in a reproducer's directory
STAGE = "stage.stage.mlir"
_MARK = "lh-trace "
_DIAGNOSTIC = "lh-diagnostic "
_PASS = re.compile(r"// -----// IR Dump Before (\w+)(?:: ([\w-]+)| \(([\w-]+)\))?")
_SYMBOL = re.compile(r"^\s*([\w.]+) (?:[\w ]*)(@[\w.$-]+)")
_LAST_WORDS = re.compile(r"(LLVM ERROR: .*|.*Assertion [`'].*' failed\.?.*|UNREACHABLE executed.*)")


class Tracer:
    """In the child: follows the step `number` (from 1) of a job, or none (0).

    Args:
        number: of the step among all that the job applies.
        pipe: the writing end of a `Trace`.
        directory: where to save what entered the step, or with no step, the job; or None.
    """

    def __init__(self, number: int, pipe: int, directory: str | None) -> None:
        self.number = number
        self.pipe = pipe
        self.directory = directory
        self._count = 0
        self._active = False
        self._saving = False

    def resolved(self, stages: Sequence[ResolvedStage]) -> None:
        """The job has its stages."""
        for index, stage in enumerate(stages) if self.number == 0 else ():
            self._save(f"{index}.{STAGE}", stage.to_text())

    def generated(self, payload: Any) -> None:
        """The job has generated its payload."""
        if self.number == 0:
            self._save(PAYLOAD, _text(payload))

    def observe(self, found: Diagnostic) -> None:
        """MLIR has reported something."""
        if self._saving:
            return
        at = found.location or SourceLocation("")
        record = [found.severity, found.message, at.file, at.line, at.column]
        os.write(self.pipe, f"\n{_DIAGNOSTIC}{json.dumps(record)}\n".encode())

    def before(self, stage: ResolvedStage, step: Step, index: int, payload: Any) -> None:
        """A step begins."""
        self._count += 1
        self._active = self._count == self.number
        if self._active:
            self._saving = True
            self._save(PAYLOAD, _text(payload))
            if self.directory:
                self._save(STAGE, _reduced(stage, step, index, payload.context).to_text())
            self._saving = False
            os.dup2(self.pipe, 1)
            os.dup2(self.pipe, 2)

    def passes(self, manager: Any) -> None:
        """The passes of `manager` are about to run."""
        if self._active:
            manager.enable_ir_printing(
                print_before_all=True, print_after_all=False, large_elements_limit=1, large_resource_limit=1
            )

    def schedule(self, schedule: Any, diagnostics: mlir.Diagnostics) -> None:
        """The module `schedule` is about to be interpreted."""
        if self._active:
            _mark_operations(schedule, diagnostics)

    def _save(self, name: str, text: str) -> None:
        if self.directory:
            with open(os.path.join(self.directory, name), "w", encoding="utf-8") as stream:
                stream.write(text)


def _text(module: Any) -> str:
    return str(module.operation.get_asm()).rstrip("\n") + "\n"


def _reduced(stage: ResolvedStage, step: Step, index: int, context: Any) -> ResolvedStage:
    """`stage` without its other steps."""
    ir = mlir.load().ir
    module = ir.Operation.parse(stage.body, context=context)
    for at, nested in enumerate(list(module.regions[0].blocks[0].operations)):
        if at != index:
            nested.operation.erase()
            continue
        nested.operation.attributes["sym_name"] = ir.StringAttr.get("step0", context)
        for op in nested.operation.regions[0].blocks[0].operations if step.kind == SCHEDULE else ():
            if "sym_name" in op.attributes and op.attributes["sym_name"].value == stage_file.entry_name(index):
                op.attributes["sym_name"] = ir.StringAttr.get(stage_file.entry_name(0), context)
    return ResolvedStage((step,), str(module), stage.name, requires=stage.requires)


def _mark_operations(schedule: Any, diagnostics: mlir.Diagnostics) -> None:
    """Let every operation of `schedule` be announced before it is applied."""
    matchers = set()
    for op in _walk(schedule):
        for name in ("matchers", "matcher"):
            if op.name in ("transform.foreach_match", "transform.collect_matching") and name in op.attributes:
                matchers |= set(re.findall(r"@([\w.$-]+)", str(op.attributes[name])))
    for op in schedule.regions[0].blocks[0].operations:
        # A matcher may hold nothing that is no match operation.
        if "sym_name" in op.attributes and op.attributes["sym_name"].value not in matchers:
            for inner in _walk(op.operation):
                _announce(inner, diagnostics)


def _announce(operation: Any, diagnostics: mlir.Diagnostics) -> None:
    ir = mlir.load().ir
    siblings = [op.name for op in operation.block.operations] if operation.name != "transform.yield" else []
    # Only a sequence ends so; a list of patterns, for one, has no order.
    if not siblings or siblings[-1] != "transform.yield":
        return
    at = diagnostics.location(operation.location)
    record: list[Any] = [operation.name, at.file, at.line, at.column] if at else [operation.name, "", 0, 0]
    for note in diagnostics.resolved_as(operation.location):
        if note.location and note.location.text is None:  # else it stands in no file
            record += [note.message, note.location.file, note.location.line, note.location.column]
    flags = dict.fromkeys(("skip_regions", "assume_verified", "use_local_scope"), ir.UnitAttr.get(operation.context))
    ir.Operation.create(
        "transform.print",
        attributes={"name": ir.StringAttr.get(_MARK + json.dumps(record), operation.context), **flags},
        loc=operation.location,
        ip=ir.InsertionPoint(operation),
    )


def _walk(operation: Any) -> Iterator[Any]:
    """The operations in `operation`, itself excluded. (`Operation.walk` would import the whole of the bindings.)"""
    for region in operation.regions:
        for block in region.blocks:
            for op in list(block.operations):
                yield op.operation
                yield from _walk(op.operation)


class Trace:
    """In the parent: what the child of a `Tracer` says.

    Attributes:
        pipe: the writing end, for the tracer.
        operation: the transform operation that began last, or "".
        location: of it.
        notes: on it.
        pass_name: the pass that began last, or "".
        pass_symbol: what it ran on, as "func.func @f", or "".
        diagnostics: MLIR's, in order.
        last_words: of LLVM, before it ends the process.
    """

    def __init__(self) -> None:
        reader, self.pipe = os.pipe()
        self.operation = self.pass_name = self.pass_symbol = ""
        self.location: SourceLocation | None = None
        self.notes: list[Diagnostic] = []
        self.diagnostics: list[Diagnostic] = []
        self.last_words: list[str] = []
        self._lines_of_pass = 0
        self._thread = threading.Thread(target=self._read, args=(reader,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """The child has ended: read the rest."""
        os.close(self.pipe)
        self._thread.join(5)  # what the child has left running may hold the other end for ever

    def _read(self, reader: int) -> None:
        with os.fdopen(reader, "rb") as stream:
            for line in stream:
                self._line(line[:8192].decode(errors="replace").rstrip("\n"))

    def _line(self, line: str) -> None:
        if line.startswith("[[[ IR printer: " + _MARK):
            record = json.JSONDecoder().raw_decode(line[len("[[[ IR printer: " + _MARK) :])[0]
            self.operation = record[0]
            self.location = SourceLocation(*record[1:4]) if record[2] else None
            self.notes = [Diagnostic(record[4], SourceLocation(*record[5:8]), "note")] if record[4:] else []
        elif line.startswith("// -----// IR Dump Before"):
            found = _PASS.match(line)
            self.pass_name = (found[2] or found[3] or found[1]) if found else ""
            self.pass_symbol, self._lines_of_pass = "", 8
        elif line.startswith(_DIAGNOSTIC):
            severity, message, *at = json.loads(line[len(_DIAGNOSTIC) :])
            self.diagnostics.append(Diagnostic(message, SourceLocation(*at) if at[0] else None, severity))
        elif self._lines_of_pass:
            # Aliases stand before the operation.
            self._lines_of_pass -= 1
            symbol = _SYMBOL.match(line)
            if symbol or not line.startswith("#"):
                self._lines_of_pass = 0
                self.pass_symbol = f"{symbol[1]} {symbol[2]}" if symbol else ""
        else:
            words = _LAST_WORDS.search(line)
            if words:
                self.last_words.append(words[1])
