# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs a job in a child process, so that the driver outlives MLIR and LLVM.

Both end the process on inputs that a schedule's author writes by accident. The child does the work and sends back a
result or an error; the parent, which has loaded neither, reports what happened and is the only one that writes
outputs. What the child was doing stands in shared memory, where it survives the child. Standard output of the child
goes to standard error: the parent's is for IR alone.
"""

from __future__ import annotations

import gc
import marshal
import mmap
import os
import sys

from lighthouse_build import address_layout
from lighthouse_build.errors import CrashError, LighthouseError
from lighthouse_build.standard_error import Capture

__all__ = ["InternalError", "Progress", "supervise"]

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    T = TypeVar("T")

_SIZE = 4096
_SIGKILL = 9  # without the module `signal`, which makes enumerations of all there are


class InternalError(Exception):
    """The driver itself failed in the child; the text is the child's traceback."""


class Progress:
    """What the job is doing now, in words: "stage 'x', step 'y'". Readable after the job died.

    `standard_error` catches what MLIR prints, and keeps it if the job dies meanwhile.
    """

    def __init__(self) -> None:
        self.standard_error = Capture()
        self._memory = mmap.mmap(-1, _SIZE)

    def __call__(self, what: str) -> None:
        data = what.encode()[: _SIZE - 1]
        self._memory[: len(data) + 1] = data + b"\0"

    def __str__(self) -> str:
        return self._memory[:].split(b"\0", 1)[0].decode(errors="replace")


def supervise(job: Callable[[Progress], T], timeout: float | None) -> T:
    """The result of `job(progress)`, run in a child process.

    Args:
        job: what to do; returns plain data: strings, bytes, numbers, and lists, tuples and dictionaries of them.
        timeout: seconds until the child is killed, or None.

    Raises:
        LighthouseError: what the job raised.
        CrashError: the child died by a signal, exited by itself, or took longer than `timeout`.
        InternalError: the job raised anything else.
    """
    progress = Progress()
    if not hasattr(os, "fork"):
        return job(progress)
    sys.stdout.flush()
    sys.stderr.flush()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _work(job, progress, writer)
    os.close(writer)
    try:
        data, expired = _read(reader, timeout)
        if expired:
            os.kill(child, _SIGKILL)
        status = os.waitpid(child, 0)[1]
    except BaseException:
        os.kill(child, _SIGKILL)
        os.waitpid(child, 0)
        raise
    finally:
        os.close(reader)
    sys.stderr.write(progress.standard_error.take())
    doing = f" while running {progress}" if str(progress) else ""
    if expired:
        msg = f"ran longer than the timeout of {timeout:g} s{doing}; it was stopped"
        raise CrashError(msg)
    if os.WIFSIGNALED(status):
        raise CrashError(f"died by {_signal_name(os.WTERMSIG(status))}{doing}")
    if not data:
        raise CrashError(f"exited with status {os.WEXITSTATUS(status)}{doing}")
    kind, value = marshal.loads(data)
    if kind == "error":
        import pickle

        error: LighthouseError = pickle.loads(value)
        raise error
    if kind == "bug":
        raise InternalError(value)
    return value  # type: ignore[no-any-return]


def _work(job: Callable[[Progress], Any], progress: Progress, writer: int) -> None:
    """The child's life; never returns."""
    try:
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        # This process ends soon, and each collection walks the thousands of objects that the bindings are made of.
        gc.disable()
        address_layout.reserve()
        view = memoryview(_outcome(job, progress))
        while view:
            view = view[os.write(writer, view) :]
        sys.stderr.flush()
    finally:
        # Without tearing MLIR down: that costs time, and can itself die.
        os._exit(0)


def _outcome(job: Callable[[Progress], Any], progress: Progress) -> bytes:
    """What becomes of the job: a kind and a value."""
    try:
        return marshal.dumps(("result", address_layout.in_own_heap(lambda: job(progress))))
    except LighthouseError as error:
        import pickle

        return marshal.dumps(("error", pickle.dumps(error)))
    except BaseException:
        import traceback

        return marshal.dumps(("bug", traceback.format_exc()))


def _read(reader: int, timeout: float | None) -> tuple[bytes, bool]:
    """All that the child sends, and whether time ran out before it had."""
    if timeout is not None:
        import select
        import time

        deadline = time.monotonic() + timeout
    parts: list[bytes] = []
    while True:
        if timeout is not None and not select.select([reader], [], [], max(0.0, deadline - time.monotonic()))[0]:
            return b"", True
        part = os.read(reader, 1 << 20)
        if not part:
            return b"".join(parts), False
        parts.append(part)


def _signal_name(number: int) -> str:
    import signal

    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
