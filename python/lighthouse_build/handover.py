# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Large results of a job, on their way from the child process to the parent.

Through the pipe each would be copied some ten times: decoded, encoded, marshalled, cut up, joined. Here the child
writes them to a file without a name that both processes have, MLIR's printer directly, and the parent maps it. What is
small takes the pipe with everything else, and where the system has no such files, so does what is large.
"""

from __future__ import annotations

import mmap
import os

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    # Data, or in the place of what is kept its offset and size: plain, as what passes through the pipe must be.
    Data = bytes | bytearray | tuple[int, int]

__all__ = ["Handover"]

_LEAST = 1 << 16  # bytes: what a pipe holds
_TAIL = 1 << 12  # bytes at the end of a text that may be line breaks


class Handover:
    """A file that parent and child share. Made before the fork."""

    def __init__(self) -> None:
        self._memory = os.memfd_create("lh-opt-result") if hasattr(os, "memfd_create") else -1
        self._path = f"/proc/self/fd/{self._memory}"

    @property
    def descriptor(self) -> int:
        """The file; negative when there is none."""
        return self._memory

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
            return (0, text_size + 1)
        data = os.pread(self._memory, text_size + 1, 0)
        os.ftruncate(self._memory, 0)
        return data

    def keep(self, data: Data) -> Data:
        """In the child: `data`, kept if that is worth it and has not been done."""
        if isinstance(data, tuple):
            return data
        if self._memory < 0 or len(data) < _LEAST:
            return bytes(data)
        start = os.lseek(self._memory, 0, os.SEEK_END)
        view = memoryview(data)
        while view:
            view = view[os.write(self._memory, view) :]
        return (start, len(data))

    def taken(self, contents: Mapping[str, Data]) -> dict[str, bytes | memoryview]:
        """In the parent: `contents` with the data itself wherever the child has kept some."""
        if not any(isinstance(data, tuple) for data in contents.values()):
            return {path: bytes(data) for path, data in contents.items() if not isinstance(data, tuple)}
        with memoryview(mmap.mmap(self._memory, 0, access=mmap.ACCESS_READ)) as whole:
            return {
                path: whole[data[0] : sum(data)] if isinstance(data, tuple) else bytes(data)
                for path, data in contents.items()
            }
