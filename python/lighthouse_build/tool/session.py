# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A payload through a tool: read, stages applied, and where it went wrong.

The steps of resolved stages are one pass pipeline in one process. A schedule that only the tool reads has a process of
its own; the payload goes from one to the next as text. When a process fails, its steps are run again one by one: MLIR
does not say which one it was.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Sequence

from lighthouse_build.errors import CrashError, Diagnostic, InputError, LighthouseError, LoweringError, SourceLocation
from lighthouse_build.frozen import replace
from lighthouse_build.stage_file import ResolvedStage
from lighthouse_build.tool import check, messages
from lighthouse_build.tool.command import ToolStep, check_path, pipeline, steps_of
from lighthouse_build.tool.program import Outcome, Tool

__all__ = ["Session"]

# As text that another version of MLIR reads, with the places that errors name.
_CROSSING = ("--mlir-print-op-generic", "--mlir-print-debuginfo")
_QUIET = "--mlir-print-op-on-diagnostic=false"


class Session:
    """A tool at work.

    Args:
        tool: the tool.
        directory: for what goes through it.
        options: for each of its runs.
        progress: told what is done, in words.
        bindings: names the bindings and their version, for errors.
    """

    def __init__(
        self,
        tool: Tool,
        directory: str,
        options: Sequence[str],
        progress: Callable[[str], None],
        bindings: Callable[[], str],
    ) -> None:
        check_path(directory, "set TMPDIR")
        self._directory = directory
        self.tool = tool
        self.reported: list[Diagnostic] = []  # warnings and remarks
        self._options = (_QUIET, *options)
        self._progress = progress
        self._bindings = bindings
        self._names: dict[str, str] = {}
        self._libraries: dict[str, ResolvedStage] = {}
        self._numbers = itertools.count()

    def file(self, name: str, text: str | bytes, extension: str = ".mlir") -> str:
        """A file with `text`, which messages call `name`."""
        path = os.path.join(self._directory, f"{next(self._numbers)}{extension}")
        with open(path, "wb") as stream:
            stream.write(text if isinstance(text, bytes) else text.encode())
        self._names[path] = name
        return path

    def read(self, path: str) -> bytes:
        """The payload in the file `path`, in MLIR's generic form.

        Raises:
            InputError: the tool cannot read it.
        """
        self._progress(f"the parser of the tool '{self.tool.name}' on '{self._names.get(path, path)}'")
        outcome = self._run([path, *_CROSSING])
        if outcome.status:
            raise self._unreadable(path, outcome)
        return self._done(outcome)

    def apply(self, path: str, stages: Sequence[ResolvedStage], output: Sequence[str] | None = None) -> bytes:
        """Apply `stages` to the payload in the file `path`.

        Args:
            path: of the payload.
            stages: in order.
            output: options for how the result is printed; by default so that another version of MLIR reads it.

        Returns:
            The payload that it became, as text.

        Raises:
            InputError: a stage that the tool cannot apply; a payload that it cannot read.
            LoweringError: a step failed.
            CrashError: the tool died.
        """
        groups = _groups([step for stage in stages for step in steps_of(stage)])
        output = _CROSSING if output is None else output
        text = b""
        for number, steps in enumerate(groups):
            last = number == len(groups) - 1
            self._progress(f"{_list(steps)} in the tool '{self.tool.name}'")
            library, found = self._library(steps)
            outcome = self._run_steps(path, found, library, output if last else ("--mlir-print-debuginfo",))
            if outcome.status:
                raise self._explain(path, found, library, outcome)
            text = self._done(outcome)
            if not last:
                path = self.file("<payload>", text)
        return text

    def skew(self, writer: str, reader: str, what: str, error: LighthouseError | None = None) -> InputError:
        """The error for a text that one version of MLIR wrote and another cannot read.

        Args:
            writer, reader: with their versions.
            what: the text.
            error: what the reader says.
        """
        said = f": {error.message}" if error else ""
        msg = (
            f"{what}, written by {writer}, cannot be read by {reader}{said}; they are of different versions of MLIR: "
            "leave out what the other does not know, or use bindings and a tool of one version"
        )
        return InputError(msg, causes=error.causes if error else ())

    # Running

    def _run(self, arguments: Sequence[str]) -> Outcome:
        return self.tool.run([*arguments, *self._options])

    def _run_steps(self, path: str, steps: Sequence[ToolStep], library: str, output: Sequence[str]) -> Outcome:
        return self._run([path, f"--pass-pipeline={pipeline(steps, library)}", *output])

    def _done(self, outcome: Outcome) -> bytes:
        self.reported += messages.diagnostics(outcome.messages, self._place)
        return outcome.output

    def _library(self, steps: Sequence[ToolStep]) -> tuple[str, Sequence[ToolStep]]:
        """A file with the schedules of `steps`, and the steps as they are found in it."""
        scheduled = [step for step in steps if step.entry]
        if not scheduled:
            return "", steps
        if scheduled[0].text:
            return self.file(scheduled[0].step.name, scheduled[0].text), steps
        stages = list({id(step.stage): step.stage for step in scheduled}.values())
        stage = stages[0]
        if len(stages) > 1:
            # Their names clash.
            from lighthouse_build.resolution.resolve import merge

            known = [step for stage in stages for step in steps_of(stage)]
            stage = merge(stages, "the stages")
            entries = {(id(old.stage), old.index): new.entry for old, new in zip(known, steps_of(stage))}
            steps = [replace(s, entry=entries[id(s.stage), s.index]) if s.entry else s for s in steps]
        path = self.file(stage.name, stage.body)
        self._libraries[path] = stage
        return path, steps

    # What went wrong

    def _place(self, at: SourceLocation) -> SourceLocation | None:
        """What the user calls a place in a file of ours."""
        stage = self._libraries.get(at.file)
        if stage is not None:
            own = SourceLocation(stage.path, at.line + 1, at.column) if stage.path else None
            return stage.locations.get(at.line, own)
        if at.file in self._names:
            return SourceLocation(self._names[at.file]) if at.line else None
        return at if at.line else SourceLocation(at.file)

    def _explain(self, path: str, steps: Sequence[ToolStep], library: str, outcome: Outcome) -> LighthouseError:
        """The error for a process that failed: finds the step."""
        parsed = self._run([path])
        if parsed.status:
            return self._unreadable(path, parsed)
        if len(steps) > 1:
            for step in steps:
                self._progress(f"{_list([step])} in the tool '{self.tool.name}'")
                alone = self._run_steps(path, [step], library, ("--mlir-print-debuginfo",))
                if alone.status:
                    return self._blame([step], library, alone)
                path = self.file("<payload>", alone.output)
        return self._blame(steps, library, outcome)

    def _blame(self, steps: Sequence[ToolStep], library: str, outcome: Outcome) -> LighthouseError:
        what = _list(steps)
        if outcome.status < 0:
            return self._crash(what, outcome)
        if any(step.entry for step in steps):
            read = self._run([library])
            if read.status:
                return self._unreadable_schedule(steps, library, read)
        said = messages.diagnostics(outcome.messages, self._place)
        if not any(d.location for d in said):
            return check.refuse_pipeline(self.tool, outcome, what, check.place(steps[0]))
        return LoweringError(f"{what} failed in the tool {self.tool}", causes=said)

    def _crash(self, doing: str, outcome: Outcome) -> CrashError:
        """The error for a tool that died."""
        how = f"the tool {self.tool} {messages.how_it_died(outcome.status)}"
        why = messages.explain_abort(outcome.messages)
        notes = [Diagnostic(why, None, "note")] if why else []
        said = messages.diagnostics(outcome.messages, self._place)
        error = CrashError(f"{how} while running {doing}", None, notes, said)
        error.how, error.doing = how, doing
        return error

    def _unreadable_schedule(self, steps: Sequence[ToolStep], library: str, outcome: Outcome) -> LighthouseError:
        error = self._refusal(outcome)
        if library not in self._libraries:
            return InputError(f"the tool {self.tool} cannot read the schedule: {error.message}", error.location)
        return self.skew(self._bindings(), f"the tool {self.tool}", f"the schedule of {_list(steps)}", error)

    def _unreadable(self, path: str, outcome: Outcome) -> LighthouseError:
        """The error for a payload that the tool does not parse."""
        error = self._refusal(outcome)
        if self._names.get(path) == "<payload>":
            return self.skew(self._bindings(), f"the tool {self.tool}", "the payload", error)
        if outcome.status < 0:
            return self._crash("its parser", outcome)
        return InputError(
            f"the tool {self.tool} cannot read the payload: {error.message}", error.location, error.diagnostic.notes
        )

    def _refusal(self, outcome: Outcome) -> InputError:
        """What the tool says of a text that it cannot read."""
        found = messages.diagnostics(outcome.messages, self._place)
        first = next((d for d in found if d.severity == "error"), None)
        if first is None:
            return InputError(f"exit status {outcome.status}: {outcome.messages.strip()[:400]}")
        return InputError(first.message, first.location, first.notes)


def _groups(steps: Sequence[ToolStep]) -> list[list[ToolStep]]:
    """What goes into one process each."""
    groups: list[list[ToolStep]] = []
    for step in steps:
        if groups and not step.text and not groups[-1][0].text:
            groups[-1].append(step)
        else:
            groups.append([step])
    return groups or [[]]


def _list(steps: Sequence[ToolStep]) -> str:
    """How messages name steps: a single one, or the stages that they belong to."""
    from lighthouse_build.application.apply import describe

    if len(steps) == 1:
        return describe(steps[0].stage, steps[0].step)
    names = dict.fromkeys(step.stage.name for step in steps)
    return "stages " + ", ".join(f"'{name}'" for name in names) if len(names) != 1 else f"stage '{next(iter(names))}'"
