# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The edge protocol: how outputs reach the disk, so that an incremental build equals a clean one.

1. `Edge` takes a lock (a killed build tool leaves its driver running, which must not overwrite newer outputs) and makes
   a probe file, whose modification time says when the inputs began to be read.
2. The job reads its inputs and returns bytes; nothing is written meanwhile.
3. `Edge.commit` writes every output beside its place, then renames: all or none. An output whose bytes are the same
   stays untouched, so that nothing that depends on it is built again. What was written, depfile and stamp included,
   gets a time just before the probe's: an input that is edited while the job runs is then newer, and is built again
   next time. If one was, outputs that stay untouched get that time, too: before version 1.12, Ninja notes the newest
   input at the end of a job that has left an output alone, and takes the edit for built.
4. A driver whose build tool was killed may write outputs after the next build has looked at them. If they are already
   what that build would write, and older than an edit, it would take them for written by its own job and out of date.
   So the lock file says while outputs are being written, and after a job during which an input was edited, that they
   may be news to the next build, whose driver renews them.

So it is with a stamp, which Make needs, or without one where the build tool looks at outputs again, as Ninja does. A
command typed by hand has neither: its outputs are simply written, all or none.

A job may be part of a larger one that the build knows as one (`batch.py`): its outputs get the time of the whole, which
alone the build tool compares with the inputs; its stamp is a record of its own inputs.
"""

from __future__ import annotations

import os

from lighthouse_build.errors import InputError, SourceLocation

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import TracebackType

    from typing_extensions import Self

__all__ = ["Edge", "depfile_text", "was_edited"]


_PIECE = 1 << 18  # bytes that are compared together


class Edge:
    """One run of the driver as the build sees it; a context manager that cleans up what it made."""

    def __init__(
        self,
        outputs: Iterable[str],
        stamp: str | None = None,
        depfile: str | None = None,
        *,
        if_changed: bool = False,
        prefixes: Sequence[tuple[str, str]] = (),
        omitted: Iterable[str] = (),
        whole: Edge | None = None,
    ) -> None:
        """Args:
        if_changed: leave outputs that are the same untouched; as with a stamp.
        prefixes, omitted: of the depfile: directories, and what is written for them there; inputs to leave out.
        whole: what this run is a part of.
        """
        self.outputs = list(outputs)
        self.stamp = stamp
        self.depfile = depfile
        self.prefixes = prefixes
        self.omitted = frozenset(omitted)
        # What lock and probe are named after; nothing for a command typed by hand.
        self._notes = (stamp or depfile or next(iter(self.outputs), None)) if stamp or if_changed else None
        self._whole = whole
        self._lock: int | None = None
        self._is_news = False  # what is there may have been written since the build tool has looked
        self._time: int | None = None  # of what is written
        self.began = 0  # when the inputs began to be read, as the file system tells the time, in nanoseconds
        self._temporaries: dict[str, str] = {}

    def __enter__(self) -> Self:
        for path in self._all():
            directory = os.path.dirname(path) or "."
            if self._notes:
                _make_directory(directory, path)
            if os.path.isdir(path):
                raise InputError(f"cannot write '{path}': it is a directory", SourceLocation(path))
            if not os.path.isdir(directory):
                raise InputError(f"cannot write '{path}': the directory '{directory}' does not exist")
            if not os.access(path if os.path.exists(path) else directory, os.W_OK):
                raise InputError(f"cannot write '{path}': permission denied", SourceLocation(path))
        if self._notes:
            self._lock = _lock(self._notes + ".lock")
            self._is_news = self._lock is not None and os.fstat(self._lock).st_size > 0
            self.began = _now(self._notes + ".probe")
            # A little before: an input that is edited after it was read may be of the same tick of the clock.
            self._time = self._whole._time if self._whole else self.began - 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for temporary in self._temporaries.values():
            if os.path.lexists(temporary):
                os.unlink(temporary)
        if error is not None:
            self.fail()
        if self._lock is not None:
            os.close(self._lock)

    def _all(self) -> list[str]:
        return [*self.outputs, *filter(None, (self.stamp, self.depfile))]

    def commit(
        self,
        contents: Mapping[str, bytes | memoryview],
        inputs: Iterable[str],
        name: Callable[[bytes | memoryview, str], bool] = lambda data, path: False,
        record: Callable[[], bytes] | None = None,
    ) -> bool:
        """Write `contents` (path to bytes), the depfile that names `inputs`, and the stamp; whether what stays the same
        got another time.

        `name(data, path)` makes data that is a file without a name the file `path`; it returns whether it was one.
        `record()`, called when the outputs are there, is what the stamp of a part of another run holds.

        Raises:
            InputError: an output cannot be written; then none has changed.
        """
        files = dict(contents)
        inputs = list(inputs)
        if self._notes:
            files = {path: data for path, data in files.items() if not _holds(path, data)}
        if self.depfile:
            # Ninja wants the first output of the rule.
            target = self.stamp or next(iter(self.outputs), self.depfile)
            named = [path for path in inputs if path not in self.omitted]
            files[self.depfile] = os.fsencode(depfile_text(target, named, self.prefixes))
        if self.stamp and not record:
            files[self.stamp] = b""
        for path, data in files.items():
            self._write_beside(path, data, name)
        self.announce()
        if record and self.stamp:
            _remove(self.stamp)  # it is of other outputs
        # The stamp comes last: a build that is killed here has no stamp for what it did not finish.
        for path, data in files.items():
            if path in self._temporaries:
                _renamed(self._temporaries.pop(path), path)
            else:
                _write_to_device(path, data)
        if record and self.stamp:
            self._write_beside(self.stamp, record(), name)
            _renamed(self._temporaries.pop(self.stamp), self.stamp)
        # The very last, so that little time is left in which an edit could escape.
        if self._time is None or self._whole:
            return False
        edited = any(was_edited(path, self.began) for path in inputs)
        if edited or self._is_news:
            for path in {*self.outputs, *contents} - files.keys():
                _date_back(path, self._time)
        if self._lock is not None and not edited:
            os.ftruncate(self._lock, 0)
        return edited or self._is_news

    def announce(self) -> None:
        """Say that outputs are about to be written."""
        if self._lock is not None and not self._whole:
            try:
                os.pwrite(self._lock, b"1", 0)
            except OSError as error:
                raise InputError(f"cannot write '{self._notes}.lock': {error.strerror}") from None

    def fail(self) -> None:
        """Say that it is done without success, which makes the build tool look again at what was written."""
        if self._lock is not None:
            os.ftruncate(self._lock, 0)

    def _write_beside(
        self, link: str, data: bytes | memoryview, name: Callable[[bytes | memoryview, str], bool]
    ) -> None:
        if os.path.isdir(link):  # since the job began
            raise InputError(f"cannot write '{link}': it is a directory", SourceLocation(link))
        if os.path.exists(link) and not os.path.isfile(link):
            return  # a device or a pipe has no beside
        # What a symbolic link stands for is written, not the link.
        path = os.path.realpath(link)
        # Under the lock one name will do, and what a killed driver has left there is not left for ever.
        own = "" if self._lock is not None else f".{os.getpid()}"
        temporary = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}{own}.tmp")
        self._temporaries[link] = temporary
        try:
            if not name(data, temporary):
                with open(temporary, "wb") as stream:
                    stream.write(data)
            if self._time is not None:
                os.utime(temporary, ns=(self._time, self._time))
        except OSError as error:
            raise InputError(f"cannot write '{link}': {error.strerror}", SourceLocation(link)) from None


def _write_to_device(path: str, data: bytes | memoryview) -> None:
    try:
        with open(path, "wb") as stream:
            stream.write(data)
    except OSError as error:
        raise InputError(f"cannot write '{path}': {error.strerror}", SourceLocation(path)) from None


def _renamed(temporary: str, path: str) -> None:
    try:
        os.replace(temporary, os.path.realpath(path))
    except OSError as error:
        raise InputError(f"cannot write '{path}': {error.strerror}", SourceLocation(path)) from None


def was_edited(path: str, since: int) -> bool:
    """Whether `path` may have been edited at the time `since`, in nanoseconds, or later."""
    try:
        status = os.stat(path)
    except OSError:
        return False  # what is gone is built again by any build tool
    # Not a file with a time in the future, nor one that only got other permissions or links.
    return status.st_ctime_ns >= since and status.st_mtime_ns >= since


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputError(f"cannot write '{path}': {error.strerror}", SourceLocation(path)) from None


def _date_back(path: str, time: int) -> None:
    try:
        os.utime(path, ns=(time, time))
    except OSError as error:
        raise InputError(f"cannot write '{path}': {error.strerror}", SourceLocation(path)) from None


def _make_directory(directory: str, path: str) -> None:
    try:
        os.makedirs(directory, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write '{path}': {error.strerror}: '{directory}'") from None


def _lock(path: str) -> int | None:
    """Wait for and take the lock file `path`; the system lets go of it however the process ends."""
    try:
        import fcntl
    except ImportError:  # no such locks on this system; builds there lose only the protection from killed builds
        return None
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as error:
        raise InputError(f"cannot lock '{path}': {error.strerror}") from None
    return descriptor


def _now(probe: str) -> int:
    """The present as the file system tells it, in nanoseconds: the clock of the inputs' times."""
    try:
        with open(probe, "wb"):
            pass
        # A file that existed keeps its time when nothing is written to it.
        os.utime(probe)
        time = os.stat(probe).st_mtime_ns
        os.unlink(probe)
    except OSError as error:
        raise InputError(f"cannot write '{probe}': {error.strerror}") from None
    return time


def _holds(path: str, data: bytes | memoryview) -> bool:
    try:
        if os.stat(path).st_size != len(data):
            return False
        with open(path, "rb") as stream:
            # In pieces that stay in the processor's cache; views would be compared item by item.
            return all(stream.read(_PIECE) == bytes(data[i : i + _PIECE]) for i in range(0, len(data), _PIECE))
    except OSError:
        return False


def depfile_text(target: str, inputs: Iterable[str], prefixes: Sequence[tuple[str, str]] = ()) -> str:
    """A depfile in the syntax of Make, as Ninja and CMake read it.

    Args:
        prefixes: directories, and what is written for each in the names of what is in it; the first that fits counts.
            So names are those that the build tool has, and the depfiles of two build trees the same.
    """
    names = (_without_prefix(path, prefixes) for path in (target, *inputs))
    lines = [f"{_escape(next(names))}:", *(f"  {_escape(name)}" for name in names)]
    return " \\\n".join(lines) + "\n"


def _without_prefix(path: str, prefixes: Sequence[tuple[str, str]]) -> str:
    for old, new in prefixes:
        inside = os.path.join(old, "")
        if path.startswith(inside) and path != inside:
            return os.path.normpath(os.path.join(new, path[len(inside) :]))
    return path


def _escape(path: str) -> str:
    return path.replace("$", "$$").replace("#", "\\#").replace(" ", "\\ ")
