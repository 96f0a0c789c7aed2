# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`--split-input-file` and `--verify-diagnostics`: the idioms of LLVM's tests. Pure text.

A payload is split at lines `// -----`. Expectations are comments:

    // expected-error@+1 {{text}}          the next line has an error that contains the text
    // expected-note-re@above {{a {{[0-9]+}} b}}   parts in double braces are regular expressions
    // expected-remark {{text}}            this line; also -warning, @below, @-2, @unknown

Source of the format: MLIR's SourceMgrDiagnosticVerifierHandler.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lighthouse_build.errors import Diagnostic, SourceLocation
from lighthouse_build.frozen import frozen

__all__ = ["MARKER", "Part", "split", "unmet"]

MARKER = "// -----"
_EXPECTED = re.compile(
    r"expected-(?P<severity>error|note|remark|warning)(?P<regex>-re)? *"
    r"(?:@(?P<where>[+-]\d+|above|below|unknown))? *\{\{(?P<text>.*)\}\}\s*$"
)


@frozen
class Part:
    """A part of a payload and the number of lines before it in the file."""

    text: str
    offset: int


def split(text: str) -> list[Part]:
    """The parts of `text` between lines that are `MARKER`."""
    parts: list[Part] = []
    lines: list[str] = []
    offset = 0
    for number, line in enumerate(text.splitlines(keepends=True), start=1):
        if line.strip() == MARKER:
            parts.append(Part("".join(lines), offset))
            lines, offset = [], number
        else:
            lines.append(line)
    return [*parts, Part("".join(lines), offset)]


@dataclass
class _Expectation:
    severity: str
    line: int | None  # in the file; None for any place
    text: str
    pattern: re.Pattern[str]
    location: SourceLocation
    met: bool = False

    def accepts(self, diagnostic: Diagnostic) -> bool:
        line = diagnostic.location.line if diagnostic.location else 0
        same = diagnostic.severity in (self.severity, "")
        return same and (self.line is None or line == self.line) and bool(self.pattern.search(diagnostic.message))


def _pattern(text: str, is_regex: bool) -> re.Pattern[str]:
    if not is_regex:
        return re.compile(re.escape(text))
    pieces = re.split(r"\{\{(.*?)\}\}", text)
    return re.compile("".join(piece if i % 2 else re.escape(piece) for i, piece in enumerate(pieces)))


def _expectations(part: Part, file: str) -> list[_Expectation]:
    found = []
    lines = part.text.splitlines()
    for number, line in enumerate(lines, start=1):
        match = _EXPECTED.search(line)
        if not match:
            continue
        where, at = match["where"], number
        if where == "above":
            at = _without_expectation(lines, number, -1)
        elif where == "below":
            at = _without_expectation(lines, number, 1)
        elif where and where != "unknown":
            at = number + int(where)
        location = SourceLocation(file, part.offset + number, match.start() + 1)
        pattern = _pattern(match["text"], bool(match["regex"]))
        target = None if where == "unknown" else part.offset + at
        found.append(_Expectation(match["severity"], target, match["text"], pattern, location))
    return found


def _without_expectation(lines: Sequence[str], number: int, step: int) -> int:
    """The nearest line above or below that holds no expectation itself."""
    number += step
    while 0 < number <= len(lines) and _EXPECTED.search(lines[number - 1]):
        number += step
    return number


def _flatten(diagnostics: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    for diagnostic in diagnostics:
        yield diagnostic
        yield from _flatten(diagnostic.notes)


def unmet(part: Part, file: str, diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Compare what `part` of `file` expects with what was reported, whose lines count from the file's first.

    Returns:
        One error for each expectation that nothing met and each diagnostic that nothing expected; notes may go
        unexpected.
    """
    expectations = _expectations(part, file)
    wrong = []
    for diagnostic in _flatten(diagnostics):
        match = next((e for e in expectations if not e.met and e.accepts(diagnostic)), None)
        if match:
            match.met = True
        elif diagnostic.severity != "note":
            severity = diagnostic.severity or "diagnostic"
            wrong.append(Diagnostic(f"unexpected {severity}: {diagnostic.message}", diagnostic.location))
    for e in expectations:
        if not e.met:
            wrong.append(Diagnostic(f'expected {e.severity} "{e.text}" was not produced', e.location))
    return wrong
