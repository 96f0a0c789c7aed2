# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a tool prints to standard error, as diagnostics."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Sequence

from lighthouse_build.errors import Diagnostic, SourceLocation
from lighthouse_build.frozen import replace

__all__ = ["diagnostics", "explain_abort", "how_it_died", "unknown_pass"]

_HEAD = re.compile(
    r"^(?P<file>[^\n]*?):(?P<line>\d+)(?::(?P<column>\d+))?: (?P<severity>error|warning|remark|note): (?P<message>.*)$"
)
_CARET = re.compile(r"^\s*~*\^~*\s*$")
_MAX_LINES = 16
_NOWHERE = ("<unknown>", "MLIR Textual PassPipeline Parser")
_UNKNOWN_PASS = re.compile(r"'([^'\n]*)' does not refer to a registered pass")
_LATE_DIALECT = re.compile(r"Loading a dialect \(([^)\n]*)\) while in a multi-threaded execution context")


def diagnostics(text: str, place: Callable[[SourceLocation], SourceLocation | None]) -> list[Diagnostic]:
    """The diagnostics in `text`, notes below what they belong to.

    Args:
        text: what a tool wrote.
        place: what the user calls a place.
    """
    found: list[Diagnostic] = []
    for head, rest in _blocks(text.splitlines()):
        lines = [head["message"], *rest][:_MAX_LINES]
        # The message of a pipeline is itself one with a place, which is none of a file.
        inner = _HEAD.match(lines[0])
        if inner:
            lines[0] = inner["message"]
        message = "\n".join(line for line in lines if line.strip()).strip()
        location = None
        if head["file"] not in _NOWHERE:
            location = place(SourceLocation(head["file"], int(head["line"]), int(head["column"] or 0)))
        if head["severity"] == "note" and found:
            found[-1] = replace(found[-1], notes=(*found[-1].notes, Diagnostic(message, location, "note")))
        else:
            found.append(Diagnostic(message, location, head["severity"]))
    return found


def _blocks(lines: Sequence[str]) -> list[tuple[re.Match[str], list[str]]]:
    """The heads of diagnostics, and the lines after each that belong to its message: not the source and the caret."""
    blocks: list[tuple[re.Match[str], list[str]]] = []
    for line in lines:
        head = _HEAD.match(line)
        if head:
            blocks.append((head, []))
        elif blocks:
            if _CARET.match(line) and blocks[-1][1]:
                blocks[-1][1].pop()
            else:
                blocks[-1][1].append(line)
    return blocks


def unknown_pass(text: str) -> str:
    """The pass that the tool does not have, or the empty string."""
    found = _UNKNOWN_PASS.search(text)
    return found[1] if found else ""


def how_it_died(status: int) -> str:
    """ "died by SIGSEGV" for the status of a process that did."""
    try:
        return f"died by {signal.Signals(-status).name}"
    except ValueError:
        return f"died by signal {-status}"


def explain_abort(text: str) -> str:
    """What an abort with this last message means, and the remedy; empty for one that is not known."""
    found = _LATE_DIALECT.search(text)
    if not found:
        return ""
    return (
        f"it loaded the dialect '{found[1]}' while passes ran, which LLVM builds with assertions refuse: let the pass "
        "name the dialect in getDependentDialects(), or the transform operation's extension in "
        "declareGeneratedDialect(); a pass that a schedule runs by transform.apply_registered_pass can be a step of "
        "its own instead"
    )
