# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Notices what user code reads while it runs. Loaded by jobs that run user code only.

* An audit hook is told of each file that Python opens and each directory that it lists, however the code does it
  (`open`, `pathlib`, `json`, `numpy.load`, an import), of extension modules and libraries that it loads, and of
  programs that it starts.
* No event tells that a path is only looked at (`os.stat`, `Path.exists`, `os.access`, `os.readlink`): those functions
  are wrapped meanwhile. So is the one with which the bindings read a file.
* Afterwards, modules that were loaded before, with the bindings, are added, and libraries that were mapped.

What a C extension opens and closes, and what another process reads, stays unseen: `depends_on` declares it, and a
program that is started without such a declaration gets a warning. Files that the code makes itself are no inputs.
"""

from __future__ import annotations

import _thread
import functools
import importlib.util
import os
import re
import shutil
import sys
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from lighthouse_build import errors
from lighthouse_build.errors import Diagnostic, SourceLocation

if TYPE_CHECKING:
    from types import FrameType

    from typing_extensions import Self

    from lighthouse_build.resolution.dependencies import Dependencies

__all__ = ["Recording", "depends_on", "paused"]

_IMPORT_SYSTEM = "<frozen importlib._bootstrap_external>"
_STARTS_PROGRAM = ("os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "subprocess.Popen")
_DECLARE = "lighthouse_build.depends_on(path)"
_LOOKS = ("access", "lstat", "readlink", "stat", "statvfs")

_PACKAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")
_SHIPPED = os.path.join(_PACKAGE, "stages", "")

_current: Recording | None = None
_local = _thread._local()  # of each thread: whether this module is at work in it
_hooked = False


class Recording:
    """A context manager: while it is open, what user code reads is added to `dependencies`.

    Args:
        dependencies: what collects it.
        known: names of modules that are no inputs; by default all that are loaded when it opens.
    """

    def __init__(self, dependencies: Dependencies, known: frozenset[str] | None = None) -> None:
        self._dependencies = dependencies
        self._known = known
        self._own: set[str] = set()
        self._programs: list[Diagnostic] = []
        self._declared = False
        self._system = tuple(os.path.join(root, "") for root in sorted(_system_roots()))
        self._installed = tuple(os.path.join(root, "") for root in sorted(_installed_roots()))

    def __enter__(self) -> Self:
        global _current, _hooked
        if not _hooked:
            sys.addaudithook(_hook)
            _hooked = True
        self._loaded = frozenset(sys.modules)
        self._mapped = set(_mapped_files())
        self._restore = [_replace(*replacement) for replacement in _replacements()]
        self._previous, _current = _current, self
        return self

    def __exit__(self, *error: object) -> None:
        global _current
        _current = self._previous
        for restore in self._restore:
            restore()
        for name in set(sys.modules).difference(self._loaded if self._known is None else self._known):
            path = getattr(sys.modules[name], "__file__", None)
            if isinstance(path, str) and os.path.isfile(path):
                self.saw(path, "imports")
                if hasattr(sys.modules[name], "__path__"):  # another kind of `__init__` would win
                    self.saw(os.path.dirname(path), "searched")
        for path in set(_mapped_files()) - self._mapped:
            self.saw(path, "libraries")
        if self._programs and not self._declared:
            colour = errors.Colour.for_terminal(sys.stderr.isatty())
            for diagnostic in dict.fromkeys(self._programs):
                print(errors.render_diagnostic(diagnostic, colour), file=sys.stderr)

    def saw(self, path: Any, kind: str, directory: int | None = None) -> None:
        """Count `path`, relative to the open `directory` if that is given, unless it is no input."""
        if isinstance(path, int) or path is None:
            return
        try:
            text = os.fsdecode(path)
            if directory is not None:
                text = os.path.join(os.readlink(f"/proc/self/fd/{directory}"), text)
            text = os.path.abspath(text)
        except (OSError, TypeError, ValueError):
            return
        if text.endswith(".pyc"):
            with suppress(ValueError):  # a module without a source
                text = importlib.util.source_from_cache(text)
        if self._is_input(text) and not (kind == "stats" and self._holds_interpreter(text)):
            self._dependencies.saw(text, kind)

    def made(self, path: Any) -> None:
        """Know that the code itself has made `path`."""
        with suppress(TypeError, ValueError):
            self._own.add(os.path.abspath(os.fsdecode(path)))

    def started(self, event: str, args: tuple[Any, ...]) -> None:
        """Know that a program was started, whose inputs nobody sees."""
        command = args[0] if args else ""
        if event == "subprocess.Popen" and not command:
            command = args[1] if isinstance(args[1], (str, bytes)) else next(iter(args[1]), "")
        name = os.fsdecode(command) if isinstance(command, (str, bytes, os.PathLike)) else ""
        if event in ("os.system", "subprocess.Popen"):
            name = name.strip().split(" ")[0]
        found = shutil.which(name) if name else None
        if found:
            self.saw(found, "programs")
        frame = _frame_outside((*self._system, *self._installed, _PACKAGE))
        if frame:
            what = f"the program '{os.path.basename(name)}'" if name else "a process"
            message = f"{what} is started here, and what it reads is not noticed; declare that with {_DECLARE}"
            self._programs.append(Diagnostic(message, SourceLocation(*frame), "warning"))

    def declare(self, path: str | os.PathLike[str]) -> None:
        """As `depends_on`."""
        self._declared = True
        with _Quiet():
            self._dependencies.add(os.fspath(path), "declared")

    def _is_input(self, path: str) -> bool:
        if path.startswith(_PACKAGE) and not path.startswith(_SHIPPED):
            return False  # the driver's own
        inside = os.path.join(path, "")
        if inside.startswith(self._system) and not inside.startswith(self._installed):
            return False
        if self._dependencies.ignores(path):
            return False
        while self._own and path != os.path.dirname(path):
            if path in self._own:
                return False
            path = os.path.dirname(path)
        return True

    def _holds_interpreter(self, path: str) -> bool:
        """Whether the interpreter's own library lies in the directory `path`, which is then there in every run. Modules
        that look for libraries ask for each directory down to it."""
        inside = os.path.join(path, "")
        return any(root.startswith(inside) for root in self._system)


class _Quiet:
    """While it is open, what this thread does is not recorded."""

    def __enter__(self) -> None:
        self._was = getattr(_local, "quiet", False)
        _local.quiet = True

    def __exit__(self, *error: object) -> None:
        _local.quiet = self._was


def paused() -> _Quiet:
    """A context manager: while it is open, nothing is recorded, since the driver itself is at work."""
    return _Quiet()


def _recording() -> Recording | None:
    return None if getattr(_local, "quiet", False) else _current


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if _current is None or getattr(_local, "quiet", False):
        return
    recording = _current
    with _Quiet():
        if event == "open":
            path, _, flags = args
            if not isinstance(flags, int):
                flags = 0
            if flags & (os.O_EXCL | os.O_TRUNC):
                recording.made(path)
            elif (flags & os.O_ACCMODE) != os.O_WRONLY:
                recording.saw(path, "imports" if _importing() else "opens")
        elif event in ("os.listdir", "os.scandir"):
            # The import system lists a directory to find a module in it.
            path = args[0] if args[0] is not None else os.curdir
            recording.saw(path, "searched" if _importing() else "listings")
        elif event == "import":
            recording.saw(args[1], "imports")  # the file of an extension module
        elif event == "ctypes.dlopen":
            if args[0] and os.path.dirname(os.fsdecode(args[0])):
                recording.saw(args[0], "libraries")
        elif event == "sqlite3.connect":
            database = os.fsdecode(args[0])
            if database.startswith("file:"):
                database = re.sub(
                    r"%([0-9a-fA-F]{2})", lambda code: chr(int(code[1], 16)), database[5:].partition("?")[0]
                )
            if os.path.isfile(database):
                recording.saw(database, "opens")
        elif event == "os.mkdir":
            recording.made(args[0])
        elif event in ("os.link", "os.rename", "os.symlink"):
            recording.made(args[1])
        elif event in _STARTS_PROGRAM:
            recording.started(event, args)


def _importing() -> bool:
    """Whether what the audit hook is told of is done by the import system."""
    return sys._getframe(2).f_code.co_filename == _IMPORT_SYSTEM


def _frame_outside(roots: tuple[str, ...]) -> tuple[str, int] | None:
    """File and line of the innermost code that runs and lies outside of `roots`, or None."""
    frame: FrameType | None = sys._getframe(1)
    while frame:
        path = frame.f_code.co_filename
        if not path.startswith("<") and not os.path.abspath(path).startswith(roots):
            return path, frame.f_lineno
        frame = frame.f_back
    return None


def _replacements() -> Iterator[tuple[Any, str, Any]]:
    """What is wrapped while user code runs: an object, an attribute, the wrapper."""
    for name in _LOOKS:
        if hasattr(os, name):
            yield os, name, _looking(getattr(os, name))
    yield os, "open", _opening(os.open)
    yield os, "scandir", _scanning(os.scandir)
    if sys.version_info < (3, 11):  # binds the functions early
        import pathlib

        accessor: Any = pathlib._NormalAccessor  # type: ignore[attr-defined]
        for name in ("readlink", "stat"):
            yield accessor, name, staticmethod(_looking(getattr(os, name)))
        yield accessor, "scandir", staticmethod(_scanning(os.scandir))
    for name, module in list(sys.modules.items()):
        if name.endswith("._mlir_libs._mlir.ir"):
            yield module.Module, "parseFile", staticmethod(_parsing(module.Module.parseFile))


def _replace(owner: Any, name: str, wrapper: Any) -> Callable[[], None]:
    """Set an attribute; the function that undoes it."""
    original = owner.__dict__[name]
    setattr(owner, name, wrapper)
    for known in (os.supports_dir_fd, os.supports_effective_ids, os.supports_fd, os.supports_follow_symlinks):
        if owner is os and original in known:
            known.add(wrapper)
    return functools.partial(setattr, owner, name, original)


def _looking(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def look(path: Any, *args: Any, **keywords: Any) -> Any:
        recording = _recording()
        if recording:
            with _Quiet():
                recording.saw(path, "stats", keywords.get("dir_fd"))
        return original(path, *args, **keywords)

    return look


def _opening(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def opening(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        recording = _recording()
        if recording is None or dir_fd is None:
            return original(path, flags, mode, dir_fd=dir_fd)  # type: ignore[no-any-return]
        with _Quiet():  # the event does not tell the directory
            if (flags & os.O_ACCMODE) != os.O_WRONLY and not flags & (os.O_EXCL | os.O_TRUNC):
                recording.saw(path, "opens", dir_fd)
            return original(path, flags, mode, dir_fd=dir_fd)  # type: ignore[no-any-return]

    return opening


def _parsing(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def parse(path: Any, context: Any = None) -> Any:
        recording = _recording()
        if recording:
            with _Quiet():
                recording.saw(path, "opens")
        return original(path, context)

    return parse


def _scanning(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def scan(path: Any = None) -> Any:
        entries = original(path)
        return _Entries(entries, path if isinstance(path, int) else None) if _recording() else entries

    return scan


class _Entries:
    """What `os.scandir` returns."""

    def __init__(self, entries: Any, directory: int | None) -> None:
        self._entries = entries
        self._directory = directory

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> _Entry:
        return _Entry(next(self._entries), self._directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self._entries.close()


class _Entry(os.PathLike[Any]):
    """An `os.DirEntry` that tells when it is asked more than its directory says."""

    def __init__(self, entry: Any, directory: int | None) -> None:
        self._entry = entry
        self._directory = directory

    def __getattr__(self, name: str) -> Any:
        return getattr(self._entry, name)

    def __fspath__(self) -> Any:
        return self._entry.path

    def __repr__(self) -> str:
        return repr(self._entry)

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        self._look()
        result: os.stat_result = self._entry.stat(follow_symlinks=follow_symlinks)
        return result

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return self._is("is_dir", follow_symlinks)

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        return self._is("is_file", follow_symlinks)

    def _is(self, question: str, follow_symlinks: bool) -> bool:
        if follow_symlinks and self._entry.is_symlink():
            self._look()
        return bool(getattr(self._entry, question)(follow_symlinks=follow_symlinks))

    def _look(self) -> None:
        recording = _recording()
        if recording:
            with _Quiet():
                recording.saw(self._entry.path, "stats", self._directory)


def _mapped_files() -> Iterator[str]:
    """The files that are mapped into memory: libraries above all."""
    try:
        with _Quiet(), open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as stream:
            for line in stream:
                fields = line.rstrip("\n").split(None, 5)
                if len(fields) == 6 and fields[5].startswith("/") and not fields[5].endswith(" (deleted)"):
                    yield fields[5]
    except OSError:
        return  # not Linux


def _system_roots() -> set[str]:
    """Directories whose files are not inputs of the project: the interpreter's own library, the kernel's tables."""
    paths = sysconfig.get_paths()
    roots = {paths["stdlib"], paths["platstdlib"], os.path.dirname(os.__file__), "/proc", "/dev", "/sys"}
    return roots | {os.path.realpath(root) for root in roots}


def _installed_roots() -> set[str]:
    """Directories of installed packages, which may lie inside of the interpreter's own library."""
    paths = sysconfig.get_paths()
    roots = {paths["purelib"], paths["platlib"]}
    roots |= {p for p in sys.path if os.path.basename(p) in ("site-packages", "dist-packages")}
    return roots | {os.path.realpath(root) for root in roots}


def depends_on(path: str | os.PathLike[str]) -> None:
    """Declare that what is generated depends on `path`, a file or directory, where no hook can see it.

    For instance a file that a C extension or another program opens. Relative paths start at the working directory.
    Outside of a build, nothing happens.
    """
    if _current is not None:
        _current.declare(path)
