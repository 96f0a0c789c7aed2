# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where a spec stands that a build handed over on the command line.

CMake tells a function which file calls it, not on which line. So a build passes the file and the call
(`--declared-by='CMakeLists.txt:lh_lower(mlp)'`), and only when an error is to be printed is the file read and the call,
and the spec in it, looked for. What is not found, because a macro or a variable wrote it, is placed less exactly; the
text of the spec is then shown beneath. A mistake in another argument, such as the name of a class, has the place of the
call, and so has a job that died or ran out of time, unless it was at a place of its own: then a note says which call.

A stage that nobody declared is a pass to CMake, so the error is one about passes. Where the file declares a stage of
nearly that name, a note says so.
"""

from __future__ import annotations

import re

from lighthouse_build.errors import COMMAND_LINE, CrashError, Diagnostic, LighthouseError, SourceLocation, UsageError
from lighthouse_build.frozen import replace

__all__ = ["place"]


def place(error: LighthouseError, declared_by: str) -> None:
    """Move what `error` says of the command line to the declaration that wrote it, and give it a place if it has none.

    Args:
        declared_by: `FILE:function(name)`.
    """
    file, _, call = declared_by.rpartition(":")
    try:
        with open(file, encoding="utf-8", errors="replace") as stream:
            source = stream.read()
    except OSError:
        source = ""
    if isinstance(error, (UsageError, CrashError)):
        at, _ = _find(SourceLocation(COMMAND_LINE), file, call, source)
        if error.location is None:
            error.diagnostic = replace(error.diagnostic, location=at)
        elif isinstance(error, CrashError):
            notes = (*error.diagnostic.notes, Diagnostic(f"in {call}", at, "note"))
            error.diagnostic = replace(error.diagnostic, notes=notes)
    error.diagnostic = _moved(error.diagnostic, file, call, source)
    error.causes = tuple(_moved(cause, file, call, source) for cause in error.causes)


def _moved(diagnostic: Diagnostic, file: str, call: str, source: str) -> Diagnostic:
    location, notes = diagnostic.location, [_moved(note, file, call, source) for note in diagnostic.notes]
    if location and location.file == COMMAND_LINE:
        declared, exact = _find(location, file, call, source)
        if not exact:
            notes.append(Diagnostic(f"in {call}, which stands for this spec", location, "note"))
        # A pass that there is may fail under any name.
        if "not refer to a registered pass" in diagnostic.message:
            notes.extend(_similar_stages(location.text or "", file, source))
        location = declared
    return replace(diagnostic, location=location, notes=tuple(notes))


def _find(location: SourceLocation, file: str, call: str, source: str) -> tuple[SourceLocation, bool]:
    """The place in `file`, and whether it is that of the very character."""
    function, _, name = call.rstrip(")").partition("(")
    found = re.search(rf'\b{function}\s*\(\s*"?{re.escape(name)}(?![\w.+-])', source, re.IGNORECASE)
    if not found:
        return SourceLocation(file), False
    spec = location.text or ""
    # A call ends before the next one at the latest.
    end = re.compile(r"^\s*\w+\s*\(", re.MULTILINE).search(source, found.end())
    offset = source.find(spec, found.end(), end.start() if end else len(source)) if spec else -1
    exact = offset >= 0
    offset = offset + location.column - 1 if exact else found.start()
    return _location(file, source, offset), exact


def _location(file: str, source: str, offset: int) -> SourceLocation:
    return SourceLocation(file, source.count("\n", 0, offset) + 1, offset - source.rfind("\n", 0, offset))


def _similar_stages(spec: str, file: str, source: str) -> list[Diagnostic]:
    """A note on the stage of `source` that `spec` may have meant."""
    from difflib import get_close_matches

    stages = {found[1]: found for found in re.finditer(r'^\s*lh_add_stage\s*\(\s*"?([\w.+-]+)', source, re.I | re.M)}
    return [
        Diagnostic(
            f"did you mean the stage '{name}', declared here?", _location(file, source, stages[name].start(1)), "note"
        )
        for name in get_close_matches(spec, stages, n=1)
    ]
