# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs numbered tasks side by side, each in a process that is forked from this one.

How many run at once, all runs of the driver in a build tree agree on: there is a slot for each processor, a file that
is locked while a task runs. One task runs in any case, as the build tool has started its driver and counts on it; any
further one needs a free slot. So the last batch of a build uses the processors that are left, and many batches at once
take no more than there are.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # see supervisor.py
import os
import sys

from lighthouse_build.errors import ExitCode
from lighthouse_build.standard_error import Capture
from lighthouse_build.supervisor import reap

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

__all__ = ["run"]

_MOST = 100  # tasks whose output waits for that of one before; each holds a file


class _Slots:
    """The slots of a directory, which is made if need be; without one, or locks, there is just one."""

    def __init__(self, directory: str, limit: int) -> None:
        self._directory = directory
        self._limit = limit
        self._taken: dict[int, int] = {}  # slot to descriptor

    def take(self) -> int | None:
        """A slot that was free and is not any more, if there is one."""
        try:
            import fcntl

            os.makedirs(self._directory, exist_ok=True)
        except (ImportError, OSError):
            return None
        for slot in range(self._limit):
            if slot in self._taken:
                continue
            descriptor = -1
            try:
                descriptor = os.open(os.path.join(self._directory, str(slot)), os.O_RDWR | os.O_CREAT, 0o666)
                # Of this process alone: a child must not keep it.
                fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if descriptor >= 0:
                    os.close(descriptor)
                continue
            self._taken[slot] = descriptor
            return slot
        return None

    def give_back(self, slot: int | None) -> None:
        if slot is not None:
            os.close(self._taken.pop(slot))


def run(task: Callable[[int], int], count: int, directory: str, jobs: int) -> list[int]:
    """Run `task` with each number below `count`, also when some fail; the exit status of each, negative for the signal
    that ended it.

    What they print to standard error comes in their order.

    Args:
        task: returns an exit status.
        count: of tasks.
        directory: of the slots; without one a task runs after the other.
        jobs: how many may run at once at most; 0 for as many as there are processors.
    """
    if not hasattr(os, "fork"):
        return [task(number) for number in range(count)]
    limit = jobs or _processors()
    slots = _Slots(directory, limit if directory else 0)
    statuses: list[int | None] = [None] * count
    running: dict[int, tuple[int, int | None]] = {}  # process to its task and slot
    captures: dict[int, Capture] = {}  # of tasks whose turn to be printed has not come, if several run at once

    def end(signal: int, frame: FrameType | None) -> None:
        for process in running:
            os.kill(process, signal)
        _signal.signal(signal, _signal.SIG_DFL)
        os.kill(os.getpid(), signal)

    def reap() -> None:
        process, status = os.wait()
        number, slot = running.pop(process)
        statuses[number] = os.waitstatus_to_exitcode(status)
        slots.give_back(slot)
        for number in sorted(captures):
            if statuses[number] is None:
                if len(captures) < _MOST:
                    break
                continue  # too many wait for their turn
            capture = captures.pop(number)
            sys.stderr.write(capture.take())
            capture.close()
        sys.stderr.flush()

    sys.stdout.flush()
    sys.stderr.flush()
    for signal in (_signal.SIGTERM, _signal.SIGHUP):
        if _signal.getsignal(signal) == _signal.SIG_DFL:
            _signal.signal(signal, end)
    try:
        for number in range(count):
            slot = slots.take()
            while running and slot is None:
                reap()
                slot = slots.take()
            if limit > 1:
                captures[number] = Capture()
            process = os.fork()
            if process == 0:
                _become(task, number, captures.get(number))
            running[process] = (number, slot)
        while running:
            reap()
    except BaseException:  # an interrupt, or no place for another process
        for process in running:
            os.kill(process, _signal.SIGTERM)
        for process in running:
            os.waitpid(process, 0)
        raise
    return [status or 0 for status in statuses]


def _become(task: Callable[[int], int], number: int, capture: Capture | None) -> None:
    """Be the process of a task; never returns."""
    status = ExitCode.INTERNAL
    try:
        for signal in (_signal.SIGTERM, _signal.SIGHUP):
            if _signal.getsignal(signal) != _signal.SIG_IGN:
                _signal.signal(signal, _signal.SIG_DFL)
        if capture is not None:
            capture.redirect()
        status = task(number)
        sys.stderr.flush()
        reap()
    finally:
        os._exit(status)


def _processors() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
