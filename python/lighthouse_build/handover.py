# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Large results of a job, on their way from the child process to the parent.

Through the pipe each would be copied some ten times: decoded, encoded, marshalled, cut up, joined. Here the child
writes them to a file without a name that both processes have, and the parent maps it. What is small takes the pipe with
everything else, and where the system has no such files, so does what is large.

There are two such files. That in memory takes what MLIR's printer writes, which ends the process when a disk is full.
That on the output's disk takes the first large result besides: the parent has but to give it a name.
"""

from __future__ import annotations

import mmap
import os

from lighthouse_build.errors import InputError, SourceLocation

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    # Data, or in the place of what is kept its file, offset and size: plain, as what passes through the pipe must be.
    Data = bytes | bytearray | tuple[int, int, int]
    Piece = bytes | bytearray | memoryview

__all__ = ["Handover"]

_LEAST = 1 << 16  # bytes: what a pipe holds
_TAIL = 1 << 12  # bytes at the end of a text that may be line breaks


class Handover:
    """What parent and child share. Made before the fork."""

    def __init__(self, output: str = "") -> None:
        """
        Args:
            output: the file that a large result will likely become, if any.
        """
        self._memory = os.memfd_create("lh-opt-result") if hasattr(os, "memfd_create") else -1
        self._path = f"/proc/self/fd/{self._memory}"
        self._output = output
        self._disk = _nameless(os.path.dirname(os.path.realpath(output))) if output else -1
        self._on_disk: memoryview | None = None  # what `taken` returned of that file

    @property
    def descriptors(self) -> list[int]:
        """The files."""
        return [file for file in (self._memory, self._disk) if file >= 0]

    @property
    def takes_text(self) -> bool:
        """Whether `printed` can be called: once, before anything is kept, since who opens the file empties it."""
        return self._memory >= 0 and os.path.exists(self._path) and not os.fstat(self._memory).st_size

    def printed(self, write: Callable[[str], None]) -> Data:
        """In the child: the text that `write` writes to the file that it is given the path of, and one line break."""
        write(self._path)
        size = os.fstat(self._memory).st_size
        tail = os.pread(self._memory, _TAIL, max(0, size - _TAIL))
        text_size = size - len(tail) + len(tail.rstrip(b"\n"))
        if size != text_size + 1:
            os.ftruncate(self._memory, text_size)
            os.pwrite(self._memory, b"\n", text_size)
        if text_size >= _LEAST:
            return (self._memory, 0, text_size + 1)
        data = os.pread(self._memory, text_size + 1, 0)
        os.ftruncate(self._memory, 0)
        return data

    def keep(self, data: Data | Iterable[Piece]) -> Data:
        """In the child: `data`, kept if that is worth it and has not been done; pieces of data are.

        Raises:
            InputError: there is no place left for it.
        """
        if isinstance(data, tuple):
            return data
        if isinstance(data, (bytes, bytearray)):
            if len(data) < _LEAST:
                return bytes(data)
            data = (data,)
        file = self._disk if self._disk >= 0 and not os.fstat(self._disk).st_size else self._memory
        if file < 0:
            return b"".join(data)
        start = os.lseek(file, 0, os.SEEK_END)
        try:
            for piece in data:
                view = memoryview(piece)
                while view:
                    view = view[os.write(file, view) :]
        except OSError as error:
            raise _no_place(self._output, error) from None
        return (file, start, os.lseek(file, 0, os.SEEK_END) - start)

    def taken(self, contents: Mapping[str, Data]) -> dict[str, bytes | memoryview]:
        """In the parent: `contents` with the data itself wherever the child has kept some."""
        kept = {data[0] for data in contents.values() if isinstance(data, tuple)}
        mapped = {file: memoryview(mmap.mmap(file, 0, access=mmap.ACCESS_READ)) for file in kept}
        self._on_disk = mapped.get(self._disk)
        return {path: self._found(data, mapped) for path, data in contents.items()}

    def _found(self, data: Data, mapped: Mapping[int, memoryview]) -> bytes | memoryview:
        if not isinstance(data, tuple):
            return bytes(data)
        file, start, size = data
        return mapped[file] if file == self._disk else mapped[file][start : start + size]

    def name(self, data: bytes | memoryview, path: str) -> bool:
        """In the parent: make `data` the file `path`, if it is one that only lacks a name; whether it was."""
        if data is not self._on_disk:
            return False
        self._on_disk = None  # a second name would be the same file
        try:
            if os.path.lexists(path):
                os.unlink(path)
            # Without a directory Python does not follow the link that stands for the file.
            os.link(f"/proc/self/fd/{self._disk}", path, src_dir_fd=self._disk, follow_symlinks=True)
        except OSError:
            return False
        return True


def _no_place(output: str, error: OSError) -> InputError:
    if not output:
        return InputError(f"cannot hand over what was made: {error.strerror}")
    return InputError(f"cannot write '{output}': {error.strerror}", SourceLocation(output))


def _nameless(directory: str) -> int:
    """A file in `directory` that has no name yet, or -1: many file systems have none."""
    try:
        return os.open(directory, os.O_TMPFILE | os.O_RDWR, 0o666) if hasattr(os, "O_TMPFILE") else -1
    except OSError:
        return -1
