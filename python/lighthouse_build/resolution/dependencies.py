# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What influenced an output: the inputs of a job. What user code reads is noticed by `recording.py`.

Every dependency is of one of `KINDS`, which says how it was found. The test of incremental builds proves that it would
notice if one kind were not found: the environment variable `LH_TEST_BLIND_TO`, a list with commas, makes the driver
blind to kinds. It is for that test alone.
"""

from __future__ import annotations

import os

from lighthouse_build.errors import UsageError

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from lighthouse_build.resolution.recording import Recording

__all__ = ["KINDS", "Dependencies"]

KINDS = (
    "bindings",  # the files that stand for the MLIR bindings
    "declared",  # by `depends_on`
    "driver",  # its own sources, or what --driver-identity names
    "generators",  # a Python file that a spec names
    "imports",  # a module that user code imports, with what it imports
    "libraries",  # a library that user code loads, or a file that it maps
    "listings",  # a directory that user code lists
    "natives",  # a file that MLIR opens itself: an option of a pass names it
    "opens",  # a file that user code opens
    "payload",
    "pipelines",  # a YAML file that a spec names or a pipeline includes
    "programs",  # a program that user code starts
    "schedules",  # an MLIR file that a spec names
    "searched",  # a directory that a spec or an import was looked for in
    "stats",  # a path that user code looks at, but does not open
    "stages",  # a resolved stage that is applied
    "tool",  # what is given with --tool: its identity, or itself and its shared libraries
)


# What stage files end in that the list of a directory names, and what builds write there themselves.
_LISTED = (".py", ".mlir", ".yaml", ".yml")
_UNLISTED = ".stage.mlir"


class Dependencies:
    """The inputs of one job: absolute paths of files and directories."""

    def __init__(self, listings: Iterable[str] = ()) -> None:
        """Args:
        listings: files that name a directory in the first line, and then the stage files and modules in it. Where these
            were looked for in the directory, such a file counts, and not the directory, which a build in it changes.
        """
        self._listings = {os.path.realpath(_first_line(file)): file for file in listings if os.path.isfile(file)}
        self._paths: dict[str, bool] = {}  # to whether it was only searched
        self._directories: set[str] = set()  # that were looked at, and neither listed nor opened
        self._watched: list[str] = []
        self._ignored: tuple[str, ...] = ()
        self._blind_to = _blind_to()

    def add(self, path: str, kind: str, *, searched: bool = False) -> None:
        """Count the file or directory `path`.

        Args:
            path: what does not exist was looked for in its nearest existing ancestor.
            kind: of `KINDS`.
            searched: only because something was looked for in it; so is everything of the kind "searched".
        """
        assert kind in KINDS, kind
        if not self.sees(kind):
            return
        searched = searched or kind == "searched"
        path = os.path.abspath(path)
        while not os.path.exists(path):
            path, searched = os.path.dirname(path), True
        self._paths[path] = self._paths.get(path, True) and searched

    def looked_for(self, path: str) -> None:
        """Count that the stage file `path`, which is not there, was looked for: it could appear."""
        listed = path.endswith(_LISTED) and not path.endswith(_UNLISTED)
        self._searched(os.path.dirname(path) or ".", listed=listed)

    def _searched(self, directory: str, *, listed: bool) -> None:
        if listed and self._listings:
            directory = self._listings.get(os.path.realpath(directory), directory)
        self.add(directory, "searched")

    def sees(self, kind: str) -> bool:
        """Whether dependencies of `kind` count: all do, but for the test of this."""
        return kind not in self._blind_to

    def ignore(self, root: str) -> None:
        """Leave out what lies under `root`: it is counted in another way."""
        self._ignored += (os.path.join(os.path.abspath(root), ""),)

    def ignores(self, path: str) -> bool:
        """Whether `path` lies under an ignored root."""
        return os.path.join(path, "").startswith(self._ignored)

    def paths(self, *, searched: bool = True) -> list[str]:
        """All of them, sorted; without `searched`, not those that something was only looked for in."""
        found = {path for path, only_searched in self._paths.items() if searched or not only_searched}
        return sorted(found | self._bare_directories(found))

    def _bare_directories(self, found: set[str]) -> set[str]:
        """Directories that were only looked at. Not their time says something, but their absence, which the absence of
        an input in `found` that one holds says, too."""
        above: set[str] = set()
        for path in found if self._directories else ():
            for parent in (os.path.dirname(path), os.path.dirname(os.path.realpath(path))):
                while parent not in above:
                    above.add(parent)
                    parent = os.path.dirname(parent)
        return self._directories - above

    def watching(self) -> _Exchange:
        """A context manager: lists what is recorded while it is open, also what was known before."""

        def exchange(watched: list[str]) -> list[str]:
            previous, self._watched = self._watched, watched
            return previous

        return _Exchange(exchange, [])

    def reuse(self, files: Iterable[str]) -> None:
        """Count `files` as imported: what they held is in memory from before."""
        for path in files:
            self.saw(os.path.abspath(path), "imports")

    def recording(self, known: frozenset[str] | None = None) -> Recording:
        """A context manager: while it is open, what user code reads is added; `known` as of `Recording`."""
        from lighthouse_build.resolution.recording import Recording

        return Recording(self, known)

    def saw(self, path: str, kind: str) -> None:
        """Count the absolute `path`, which user code has used."""
        if kind == "stats" and os.path.isdir(path):
            if self.sees(kind):
                self._directories.add(path)
            return
        if kind == "searched":
            self._searched(path, listed=True)
        else:
            self.add(path, kind)
        if kind in ("imports", "opens"):
            self._watched.append(path)


class _Exchange:
    """While it is open, `value` is in place of another. Without `contextlib`, which most jobs do not need here."""

    def __init__(self, exchange: Callable[[Any], Any], value: Any) -> None:
        self._exchange = exchange
        self._value = value

    def __enter__(self) -> Any:
        self._previous = self._exchange(self._value)
        return self._value

    def __exit__(self, *error: object) -> None:
        self._exchange(self._previous)


def _first_line(path: str) -> str:
    with open(path, encoding="utf-8") as stream:
        return stream.readline().rstrip("\n")


def _blind_to() -> frozenset[str]:
    kinds = frozenset(filter(None, os.environ.get("LH_TEST_BLIND_TO", "").split(",")))
    unknown = sorted(kinds.difference(KINDS))
    if unknown:
        known = ", ".join(KINDS)
        raise UsageError(f"LH_TEST_BLIND_TO: no kind of dependency is called {unknown[0]!r}; there are {known}")
    return kinds
