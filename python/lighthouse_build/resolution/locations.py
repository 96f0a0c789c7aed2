# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where the lines of a resolved stage came from, for the sidecar: read off the text with debug information."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from lighthouse_build.errors import SourceLocation

__all__ = ["line_locations"]

_ALIAS = re.compile(r"(#loc\d*) = loc\((.*)\)$")
_TRAILING = re.compile(r" loc\((.*)\)$")
_PLACE = re.compile(r'(?P<alias>#loc\d*)|"(?P<file>(?:[^"\\]|\\.)*)":(?P<line>\d+):(?P<column>\d+)')


def line_locations(
    body: str, located: str, ignored: str, makers: Mapping[int, SourceLocation] | None = None
) -> dict[int, SourceLocation]:
    """Which line of `body` came from where.

    Args:
        body: the module as text.
        located: the same with debug information: a location ends each line, aliases stand on lines of their own.
        ignored: the directory of the bindings; a frame in there is not the user's.
        makers: index of a step to the function that made it: the place of what has none, because the function has
            parsed it from a text.
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
    _place_entries(marked, places)
    maker = None
    for number, line in enumerate(marked, start=1):
        step = _STEP.match(line)
        maker = (makers or {}).get(int(step[1])) if step else maker
        if maker and number not in places:
            places[number] = maker
    return places


_STEP = re.compile(r"  module @step(\d+) ")


_ENTRY = re.compile(r" transform.named_sequence @__lh_step\d+\(")


def _place_entries(lines: Sequence[str], places: dict[int, SourceLocation]) -> None:
    """Give the lines of entries, which nobody wrote, the place of the sequence that they include."""
    for start, line in enumerate(lines, start=1):
        if not _ENTRY.search(line):
            continue
        closing = " " * (len(line) - len(line.lstrip())) + "}"
        end = next((n for n in range(start, len(lines)) if lines[n].startswith(closing)), start)
        included = re.search(r" transform\.include (@\S+) ", "\n".join(lines[start:end]))
        head = f" {included[1]}(" if included else "\0"
        named = [n for n in range(1, start) if "transform.named_sequence" in lines[n - 1] and head in lines[n - 1]]
        if named and named[-1] in places:
            places.update({n: places[named[-1]] for n in range(start, end + 2) if n not in places})


def _opening_line(lines: Sequence[str], closing: int) -> int:
    """The line (from 1) of the operation whose last region ends in line `closing`."""
    indentation = len(lines[closing - 1]) - len(lines[closing - 1].lstrip())
    for number in range(closing - 1, 0, -1):
        text = lines[number - 1]
        if len(text) - len(text.lstrip()) == indentation and not text.lstrip().startswith(("}", "^")):
            return number
    return closing
