# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Catches what C++ code writes to standard error, so that it can be told as diagnostics, without losing it in a
crash."""

from __future__ import annotations

import os
import sys

from lighthouse_build.scopes import contextmanager

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Capture"]


class Capture:
    """A place for standard error that parent and child share. Made before the fork."""

    def __init__(self) -> None:
        # Without such memory nothing is caught: what is written goes straight through.
        self._memory = -1
        if hasattr(os, "memfd_create"):
            try:
                self._memory = os.memfd_create("lh-opt-stderr")
            except OSError:  # no more files
                return

    @property
    def descriptor(self) -> int:
        """The file; negative when there is none."""
        return self._memory

    def redirect(self) -> None:
        """Keep standard error from now on, to the end of this process."""
        if self._memory >= 0:
            sys.stderr.flush()
            os.dup2(self._memory, 2)

    @contextmanager
    def catching(self, caught: list[str]) -> Iterator[None]:
        """While this runs, standard error is kept; afterwards its text stands in `caught`."""
        if self._memory < 0:
            yield
            return
        sys.stderr.flush()
        original = os.dup(2)
        os.dup2(self._memory, 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(original, 2)
            os.close(original)
            text = self.take()
            if text:
                caught.append(text)

    def take(self) -> str:
        """What was kept and has not been taken yet: in the parent, the last words of a child that died."""
        if self._memory < 0:
            return ""
        size = os.fstat(self._memory).st_size
        if not size:
            return ""
        data = os.pread(self._memory, size, 0)
        os.ftruncate(self._memory, 0)
        os.lseek(self._memory, 0, os.SEEK_SET)
        return data.decode(errors="replace")

    def close(self) -> None:
        """Give the place back; nothing was kept that has not been taken."""
        if self._memory >= 0:
            os.close(self._memory)
            self._memory = -1
