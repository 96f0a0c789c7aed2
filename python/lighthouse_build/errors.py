# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Errors as interface: what went wrong, where, and how it prints.

Every mistake that a user can make is raised as a `LighthouseError` and printed by `render` in clang's format,
`file:line:col: error: what; fix`, with the source line and a caret where the position is known. Anything else that
reaches the top of the driver is a bug of the driver and says so. Knows nothing of MLIR and writes nothing itself.
"""

from __future__ import annotations

import os
import sys

from lighthouse_build.frozen import field, frozen

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, TextIO

__all__ = [
    "COMMAND_LINE",
    "Colour",
    "CrashError",
    "Diagnostic",
    "ExitCode",
    "InputError",
    "LighthouseError",
    "LoweringError",
    "Printer",
    "SourceLocation",
    "UnplacedError",
    "UsageError",
    "did_you_mean",
    "printable",
    "render",
    "render_diagnostic",
    "similar",
]


COMMAND_LINE = "<command line>"  # the file of places in arguments

_MAX_PART = 1000  # characters of a line of a message that are shown at each end


class ExitCode:
    """What the exit status of `lh-opt` says."""

    SUCCESS = 0
    LOWERING = 1  # a stage, the verifier or the code generator refused the payload
    USAGE = 2  # the command line is wrong
    INPUT = 3  # a payload, stage or generator is missing or wrong
    CRASH = 4  # MLIR or LLVM died, or ran out of time
    INTERNAL = 70  # a bug of the driver (EX_SOFTWARE of sysexits.h)


@frozen
class SourceLocation:
    """A place in a file. `line` and `column` count from 1; 0 means unknown. `text` is the source when it is no file."""

    file: str
    line: int = 0
    column: int = 0
    text: str | None = field(default=None, compare=False)

    def __str__(self) -> str:
        parts = [self.file]
        if self.line:
            parts.append(str(self.line))
            if self.column:
                parts.append(str(self.column))
        return ":".join(parts)

    def source_line(self) -> str | None:
        """The text of the line, or None when it cannot be had."""
        if self.line <= 0:
            return None
        try:
            if self.text is not None:
                lines = self.text.splitlines()
            elif not os.path.isfile(self.file):
                return None  # a location in IR names anything: a pipe would block, a device never end
            else:
                # A bound, so that a broken location in a huge file costs little.
                with open(self.file, encoding="utf-8", errors="replace") as stream:
                    lines = stream.read(64 << 20).splitlines()
        except OSError:
            return None
        return lines[self.line - 1] if self.line <= len(lines) else None


@frozen
class Diagnostic:
    """One message with its place; `severity` is `error`, `warning`, `remark` or `note`."""

    message: str
    location: SourceLocation | None = None
    severity: str = "error"
    notes: tuple[Diagnostic, ...] = ()


class LighthouseError(Exception):
    """Base of all errors that are the user's to mend.

    Args:
        message: what is wrong and, after a semicolon, the fix if it is known; one sentence, no full stop.
        location: where, if there is a place.
        notes: further places or facts, printed under the error.
        causes: diagnostics of a tool (MLIR's, say) that come before the error itself.
    """

    exit_code = ExitCode.INPUT

    def __init__(
        self,
        message: str,
        location: SourceLocation | None = None,
        notes: Sequence[Diagnostic] = (),
        causes: Sequence[Diagnostic] = (),
    ) -> None:
        super().__init__(message)
        self.diagnostic = Diagnostic(message, location, "error", tuple(notes))
        self.causes = tuple(causes)
        self.step = 0  # of the job, from 1: the step that was running

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors cross from the child process to the driver.
        d = self.diagnostic
        return type(self), (d.message, d.location, d.notes, self.causes)

    @property
    def message(self) -> str:
        return self.diagnostic.message

    @property
    def location(self) -> SourceLocation | None:
        return self.diagnostic.location


class UsageError(LighthouseError):
    """The command line is wrong."""

    exit_code = ExitCode.USAGE


class InputError(LighthouseError):
    """A payload, stage file, generator or installed package is missing or wrong."""

    exit_code = ExitCode.INPUT


class LoweringError(LighthouseError):
    """The inputs are well-formed, but a stage, the verifier or the code generator refused them."""

    exit_code = ExitCode.LOWERING


class UnplacedError(LoweringError):
    """A schedule failed, and nothing that MLIR said lies in the schedule."""


class CrashError(LighthouseError):
    """The process that did the work died by a signal or ran out of time.

    Attributes:
        how: "died by SIGSEGV".
        doing: what ran, as `Progress` has it; may be empty.
        expired: whether it ran out of time.
        frames: lines of the user's Python that were running, innermost first.
    """

    exit_code = ExitCode.CRASH
    how = ""
    doing = ""
    expired = False
    frames: tuple[Diagnostic, ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return (*super().__reduce__(), {"how": self.how, "doing": self.doing})


@frozen
class Colour:
    """Escape sequences for a terminal; all empty when the stream is none."""

    bold: str = ""
    error: str = ""
    warning: str = ""
    remark: str = ""
    note: str = ""
    caret: str = ""
    reset: str = ""

    @classmethod
    def for_terminal(cls, is_terminal: bool) -> Colour:
        """Clang's colours, unless the stream is no terminal, or a dumb one, or NO_COLOR (no-color.org) is set."""
        if not is_terminal or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
            return cls()
        bold = "\033[1m"
        return cls(bold, "\033[1;31m", "\033[1;35m", "\033[1;34m", "\033[1;36m", "\033[1;32m", "\033[0m")


def printable(text: str) -> str:
    """`text` with control characters written out, so that a name cannot drive the user's terminal. What is printable
    and line breaks and tabs stay."""
    return "".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text)


def _shortened(message: str) -> str:
    """`message` without the middle of lines that quote something huge."""
    lines = message.split("\n")
    return "\n".join(
        line if len(line) <= 2 * _MAX_PART else f"{line[:_MAX_PART]}…{line[-_MAX_PART:]}" for line in lines
    )


def render_diagnostic(diagnostic: Diagnostic, colour: Colour, program: str = "lh-opt", indent: str = "") -> str:
    """`diagnostic` in clang's format, its source line and caret, and its notes indented under it."""
    # A line break in a file's name would begin what looks like another diagnostic.
    place = printable(f"{diagnostic.location}" if diagnostic.location else program).replace("\n", "\\n")
    tint = getattr(colour, diagnostic.severity, "")
    message = _shortened(printable(diagnostic.message)).replace("\n", "\n" + indent + "  ")
    head = f"{indent}{colour.bold}{place}: {tint}{diagnostic.severity}: {colour.reset}"
    lines = [f"{head}{colour.bold}{message}{colour.reset}"]
    source = diagnostic.location.source_line() if diagnostic.location else None
    if diagnostic.location and source is not None:
        column = diagnostic.location.column
        if len(source) > 400:  # a dense constant on one line: show the neighbourhood only
            start = max(0, column - 100)
            source, column = source[start : start + 200], column - start
        lines.append(f"{indent}{printable(source)}")
        if column:
            # Tabs stay tabs, so that the caret stands under its character.
            pad = "".join("\t" if c == "\t" else " " for c in source[: column - 1])
            lines.append(f"{indent}{pad}{colour.caret}^{colour.reset}")
    for note in diagnostic.notes:
        lines.append(render_diagnostic(note, colour, program, indent + "  "))
    return "\n".join(lines)


def render(error: LighthouseError, colour: Colour, program: str = "lh-opt") -> str:
    """What is printed for `error`: its causes, each once, then itself."""
    diagnostics = dict.fromkeys((*error.causes, error.diagnostic))
    return "\n".join(render_diagnostic(d, colour, program) for d in diagnostics)


def _record(diagnostic: Diagnostic) -> dict[str, Any]:
    """`diagnostic` as JSON has it; docs/diagnostics.md describes the format."""
    at = diagnostic.location
    place = {"file": at.file, "line": at.line, "column": at.column} if at else {"file": None, "line": 0, "column": 0}
    notes = [_record(note) for note in diagnostic.notes]
    return {"severity": diagnostic.severity or "note", "message": diagnostic.message, **place, "notes": notes}


class Printer:
    """Prints diagnostics to a stream, in clang's format or as one JSON object a line.

    Args:
        as_json: which of the two.
        stream: by default standard error as it is at each call.
    """

    def __init__(self, as_json: bool = False, stream: TextIO | None = None) -> None:
        self.as_json = as_json
        self._stream = stream

    @property
    def stream(self) -> TextIO:
        return self._stream or sys.stderr

    def show(self, *diagnostics: Diagnostic) -> None:
        """Print `diagnostics`; the same once."""
        for diagnostic in dict.fromkeys(diagnostics):
            if self.as_json:
                self._line(_record(diagnostic))
            else:
                print(render_diagnostic(diagnostic, Colour.for_terminal(self.stream.isatty())), file=self.stream)
        self.stream.flush()

    def error(self, error: LighthouseError) -> None:
        """Print `error` and what caused it."""
        self.show(*error.causes, error.diagnostic)

    def text(self, text: str) -> None:
        """Print what MLIR or user code wrote by itself."""
        if self.as_json and text:
            self._line(
                {"severity": "output", "message": text.rstrip("\n"), "file": None, "line": 0, "column": 0, "notes": []}
            )
        else:
            self.stream.write(printable(text))
        self.stream.flush()

    def _line(self, record: Mapping[str, Any]) -> None:
        import json  # only who asks for it pays for it

        print(json.dumps(record), file=self.stream)


def did_you_mean(name: str, candidates: Sequence[str]) -> str:
    """`; did you mean 'x'?` when one of `candidates` is close to `name`, else the empty string."""
    best = max(candidates, key=lambda candidate: _similarity(name, candidate), default="")
    return f"; did you mean '{best}'?" if similar(name, best) else ""


def similar(name: str, other: str) -> bool:
    """Whether one of two names may be meant by the other."""
    return _similarity(name, other) > _SIMILAR


_SIMILAR = 0.65


def _similarity(one: str, other: str) -> float:
    """Which part of two names are characters that both have in the same order; 1 for equal ones.

    As `difflib` has it, whose import alone takes as long as Python's start.
    """
    common = [0] * (len(other) + 1)  # of the characters so far, and as many of `other`
    for a in one:
        before = 0
        for position, b in enumerate(other, start=1):
            above = common[position]
            common[position] = before + 1 if a == b else max(above, common[position - 1])
            before = above
    return 2 * common[-1] / (len(one) + len(other)) if one or other else 1.0
