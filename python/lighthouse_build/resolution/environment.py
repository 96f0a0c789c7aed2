# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The environment variables that user code sees: those that the command line pins.

A build cannot notice that a variable has changed. So all others are absent, and a file of the project that asks for one
gets a warning that says how to pass it. What a program or a library needs to run at all stays there for those, and
libraries may look for variables as they like.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

from lighthouse_build import errors
from lighthouse_build.errors import Diagnostic, SourceLocation

__all__ = ["scrub", "watched"]

_NEEDED = ("PATH", "TMPDIR", "LD_LIBRARY_PATH")

_unpinned: dict[str, str] | None = None  # what stays for others; None while nothing is scrubbed
_told: set[tuple[str, int, str]] = set()


def scrub(pinned: Mapping[str, str]) -> None:
    """Leave user code only the variables in `pinned`, and programs those that they need."""
    global _unpinned
    _unpinned = {name: os.environ[name] for name in _NEEDED if name in os.environ and name not in pinned}
    os.environ.clear()
    os.environ.update({**_unpinned, **pinned})


@contextmanager
def watched(is_installed: Callable[[str], bool]) -> Iterator[None]:
    """While this runs, files of the project do not see what is not pinned, and are warned.

    Nothing happens if `scrub` never ran.

    Args:
        is_installed: whether a file is not of the project.
    """
    unpinned = _unpinned
    if unpinned is None:
        yield
        return
    kind = type(os.environ)
    look_up, iterate = kind.__getitem__, kind.__iter__

    def of_project(frame: FrameType | None) -> bool:
        return frame is not None and not is_installed(frame.f_code.co_filename)

    def is_absent(environ: Any, key: Any) -> bool:
        try:
            return unpinned.get(os.fsdecode(key)) == os.fsdecode(look_up(environ, key))
        except KeyError:
            return True

    def look_up_watched(environ: Any, key: Any) -> Any:
        frame = _asking_frame()
        if of_project(frame) and is_absent(environ, key):
            _warn(os.fsdecode(key), frame)
            raise KeyError(key)
        return look_up(environ, key)

    def iterate_watched(environ: Any) -> Iterator[Any]:
        keys = list(iterate(environ))
        return iter([key for key in keys if not is_absent(environ, key)] if of_project(_asking_frame()) else keys)

    kind.__getitem__, kind.__iter__ = look_up_watched, iterate_watched  # type: ignore[method-assign]
    try:
        yield
    finally:
        kind.__getitem__, kind.__iter__ = look_up, iterate  # type: ignore[method-assign]


def _asking_frame() -> FrameType | None:
    """The frame that asks `os.environ`, or None if that is the interpreter's own."""
    frame: FrameType | None = sys._getframe(2)
    # `get`, `getenv`, `in` and `copy` come through these.
    while frame and frame.f_globals.get("__name__") in ("os", "collections.abc"):
        frame = frame.f_back
    return None if frame is None or frame.f_code.co_filename.startswith("<") else frame


def _warn(name: str, frame: FrameType | None) -> None:
    assert frame
    path, line = frame.f_code.co_filename, frame.f_lineno
    if (path, line, name) in _told:
        return
    _told.add((path, line, name))
    message = (
        f"the environment variable '{name}' is not visible here; "
        f"pass it with 'ENVIRONMENT {name}' of lh_add_stage() (--environment={name}=<value> of lh-opt)"
    )
    colour = errors.Colour.for_terminal(sys.stderr.isatty())
    print(errors.render_diagnostic(Diagnostic(message, SourceLocation(path, line), "warning"), colour), file=sys.stderr)
