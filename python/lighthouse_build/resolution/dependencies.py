# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What influenced an output: every file read and every directory searched while user code runs.

Python tells an audit hook of each file it opens and each directory it lists, however the code does it (`open`,
`pathlib`, `json`, `numpy.load`, an import). The interpreter's own library is left out, and the bindings count once,
by one file. What no event shows is declared with `depends_on`.

Every dependency is of one of `KINDS`, which says how it was found. The test of incremental builds proves that it would
notice if one kind were not found: the environment variable `LH_TEST_BLIND_TO`, a list with commas, makes the driver
blind to kinds. It is for that test alone.
"""

from __future__ import annotations

import os
import sys

from lighthouse_build.errors import UsageError

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

__all__ = ["KINDS", "Dependencies", "depends_on"]

KINDS = (
    "bindings",  # the files that stand for the MLIR bindings
    "declared",  # by `depends_on`
    "driver",  # its own sources
    "generators",  # a Python file that a spec names
    "imports",  # a module that user code imports, with what it imports
    "listings",  # a directory that user code lists
    "opens",  # a file that user code opens
    "payload",
    "pipelines",  # a YAML file that a spec names or a pipeline includes
    "schedules",  # an MLIR file that a spec names
    "searched",  # a directory that a spec or an import was looked for in
    "stages",  # a resolved stage that is applied
)

_recording: Dependencies | None = None
_hooked = False


class Dependencies:
    """The inputs of one job: absolute paths of files and directories."""

    def __init__(self) -> None:
        self._paths: dict[str, bool] = {}  # to whether it was only searched
        self._watched: list[str] = []
        self._ignored: tuple[str, ...] = ()
        self._system: tuple[str, ...] = ()
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

    def sees(self, kind: str) -> bool:
        """Whether dependencies of `kind` count: all do, but for the test of this."""
        return kind not in self._blind_to

    def ignore(self, root: str) -> None:
        """Leave out what lies under `root`: it is counted in another way."""
        self._ignored += (os.path.join(os.path.abspath(root), ""),)

    def paths(self, *, searched: bool = True) -> list[str]:
        """All of them, sorted; without `searched`, not those that something was only looked for in."""
        return sorted(path for path, only_searched in self._paths.items() if searched or not only_searched)

    def watching(self) -> _Exchange:
        """A context manager: lists what is recorded while it is open, also what was known before."""

        def exchange(watched: list[str]) -> list[str]:
            previous, self._watched = self._watched, watched
            return previous

        return _Exchange(exchange, [])

    def reuse(self, files: Iterable[str]) -> None:
        """Count `files` as imported: what they held is in memory from before."""
        for path in files:
            self._saw(path, "imports")

    def paused(self) -> _Exchange:
        """A context manager: while it is open, nothing is added, since the driver itself is at work."""
        return _Exchange(_record_for, None)

    def recording(self) -> _Exchange:
        """A context manager: while it is open, what Python opens for reading and lists is added."""
        self._system = self._system or tuple(os.path.join(root, "") for root in _system_roots())
        _install_hook()
        return _Exchange(_record_for, self)

    def _saw(self, path: Any, kind: str) -> None:
        if isinstance(path, int) or path is None:
            return
        try:
            text = os.path.abspath(os.fsdecode(path))
        except (TypeError, ValueError):
            return
        if not os.path.join(text, "").startswith(self._ignored + self._system) and not text.endswith(".pyc"):
            self.add(text, kind)
            self._watched.append(text)


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


def _record_for(dependencies: Dependencies | None) -> Dependencies | None:
    """Let `dependencies` have what the hook sees; who had it before."""
    global _recording
    previous, _recording = _recording, dependencies
    return previous


def _blind_to() -> frozenset[str]:
    kinds = frozenset(filter(None, os.environ.get("LH_TEST_BLIND_TO", "").split(",")))
    unknown = sorted(kinds.difference(KINDS))
    if unknown:
        known = ", ".join(KINDS)
        raise UsageError(f"LH_TEST_BLIND_TO: no kind of dependency is called {unknown[0]!r}; there are {known}")
    return kinds


def _system_roots() -> set[str]:
    """Directories whose files are not inputs of the project: the interpreter's own library, the kernel's tables."""
    import sysconfig

    paths = sysconfig.get_paths()
    roots = {paths["stdlib"], paths["platstdlib"], os.path.dirname(os.__file__), "/proc", "/dev", "/sys"}
    roots |= {os.path.realpath(root) for root in roots}
    return roots


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if _recording is None:
        return
    if event == "open":
        path, _, flags = args
        if not isinstance(flags, int) or not _only_writes(flags):
            _recording._saw(path, "imports" if _importing() else "opens")
    elif event in ("os.listdir", "os.scandir"):
        # The import system lists a directory to find a module in it.
        _recording._saw(args[0] if args[0] is not None else ".", "searched" if _importing() else "listings")


def _importing() -> bool:
    """Whether what the audit hook is told of is done by the import system."""
    return sys._getframe(2).f_code.co_filename == "<frozen importlib._bootstrap_external>"


def _only_writes(flags: int) -> bool:
    """Whether a file opened with `flags` says nothing: it is written, or new and empty, as temporary files are."""
    return (flags & os.O_ACCMODE) == os.O_WRONLY or bool(flags & (os.O_EXCL | os.O_TRUNC))


def _install_hook() -> None:
    global _hooked
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked = True


def depends_on(path: str | os.PathLike[str]) -> None:
    """Declare that what is generated depends on `path`, a file or directory, where no hook can see it.

    For instance a file that a C extension opens. Relative paths start at the working directory. Outside of a build,
    nothing happens.
    """
    if _recording is not None:
        _recording.add(os.fspath(path), "declared")
