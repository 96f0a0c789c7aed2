# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs a job in a child process, so that the driver outlives MLIR and LLVM.

Both end the process on inputs that a schedule's author writes by accident. The child does the work and sends back a
result or an error; the parent, which has loaded neither, reports what happened and is the only one that writes
outputs. What the child was doing stands in shared memory, where it survives the child. Standard output of the child
goes to standard error: the parent's is for IR alone.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` makes enumerations of all there are
import gc
import marshal
import mmap
import os
import sys

from lighthouse_build import address_layout
from lighthouse_build.errors import CrashError, Diagnostic, LighthouseError, Printer, SourceLocation
from lighthouse_build.standard_error import Capture

__all__ = ["InternalError", "Progress", "reap", "supervise"]

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    T = TypeVar("T")

_SIZE = 4096
_HEAD = 8  # bytes before a message: its length, little-endian
_LAST_PATIENCE = 10.0  # seconds for a child that can no longer say anything to end
_PATIENCE = 0.2  # seconds between looks at a child that says nothing


class InternalError(Exception):
    """The driver itself failed in the child; the text is the child's traceback."""


class Progress:
    """What the job is doing now, in words: "stage 'x', step 'y'". Readable after the job died.

    Attributes:
        standard_error: catches what MLIR prints, and keeps it if the job dies meanwhile.
        printer: prints diagnostics of the job.
        python_stack: where the stack of the user's Python goes if the job dies, if there is any.
    """

    def __init__(self, printer: Printer | None = None, python_stack: Capture | None = None) -> None:
        self.standard_error = Capture()
        self.printer = printer or Printer()
        self.python_stack = python_stack
        self._memory = mmap.mmap(-1, _SIZE)

    def __call__(self, what: str, step: int = 0) -> None:
        """Say that the job does `what` now; `step` counts the steps of stages from 1."""
        data = what.encode()[: _SIZE - 5]
        self._memory[: len(data) + 5] = step.to_bytes(4, "little") + data + b"\0"

    def __str__(self) -> str:
        return self._memory[4:].split(b"\0", 1)[0].decode(errors="replace")

    @property
    def step(self) -> int:
        return int.from_bytes(self._memory[:4], "little")

    def watch_python(self, timeout: float | None) -> None:
        """From now on keep the Python stack when this process dies, and shortly before `timeout` seconds are over."""
        if self.python_stack is None or self.python_stack.descriptor < 0:
            return
        import faulthandler

        faulthandler.enable(self.python_stack.descriptor)
        if timeout is not None:
            faulthandler.dump_traceback_later(0.9 * timeout, file=self.python_stack.descriptor)

    def user_frames(self) -> tuple[Diagnostic, ...]:
        """Where the user's Python was when the process died, innermost first."""
        text = self.python_stack.take() if self.python_stack else ""
        if not text:
            return ()
        import re

        from lighthouse_build.resolution.generators import is_users

        found = re.findall(r'^  File "(.*)", line (\d+) in (.*)$', text, re.MULTILINE)
        return tuple(
            Diagnostic(f"in {name}", SourceLocation(file, int(line)), "note")
            for file, line, name in found
            if is_users(file)
        )


def supervise(
    job: Callable[[Progress], T],
    timeout: float | None,
    printer: Printer | None = None,
    *,
    prepare: Callable[[], None] | None = None,
    runs_python: bool = False,
    starts_programs: bool = False,
) -> T:
    """The result of `job(progress)`, run in a child process.

    Args:
        job: what to do; returns plain data: strings, bytes, numbers, and lists, tuples and dictionaries of them.
        timeout: seconds until the child is killed, or None.
        printer: of diagnostics.
        prepare: what the child does before: load MLIR. A job without loads it itself.
        runs_python: whether the job runs the user's Python, whose stack is then told when it dies.
        starts_programs: whether the job starts programs, which are to end with it.

    Raises:
        LighthouseError: what the job raised.
        CrashError: the child died by a signal, exited by itself, or took longer than `timeout`.
        InternalError: the job raised anything else.
    """
    progress = Progress(printer, Capture() if runs_python else None)
    if not hasattr(os, "fork"):
        return job(progress)
    sys.stdout.flush()
    sys.stderr.flush()
    reap()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _ending.clear()
        os.close(reader)
        if starts_programs:
            _lead_a_group(0)
        _work(job, progress, writer, timeout, prepare)
    os.close(writer)
    if starts_programs:
        _lead_a_group(child)
    asked = _pass_on_signals(child)
    try:
        data, status = _wait(child, reader, timeout) if runs_python or timeout else _wait_for_end(child, reader)
    except BaseException:
        _kill(child)
        raise
    finally:
        os.close(reader)
        for number in asked:
            _signal.signal(number, _signal.SIG_DFL)
    if data is None or progress.printer.as_json:
        progress.printer.text(progress.standard_error.take())
    if data is None:
        raise _death(status, timeout, progress)
    kind, value = marshal.loads(data)
    if kind == "end":
        raise _crash(value, progress)
    if kind == "error":
        import pickle

        error: LighthouseError = pickle.loads(value)
        error.step = progress.step
        raise error
    if kind == "bug":
        raise InternalError(value)
    return value  # type: ignore[no-any-return]


def _lead_a_group(process: int) -> None:
    """Make `process` the first of a group, with what it starts, that can be killed at once."""
    try:
        os.setpgid(process, process)
    except OSError:
        return  # the other of parent and child was faster


def _death(status: int | None, timeout: float | None, progress: Progress) -> CrashError:
    """The error for a child that sent nothing; without `status` it ran out of time."""
    if status is None:
        error = _crash(f"ran longer than the timeout of {timeout:g} s", progress, "; it was stopped")
        error.expired = True
        return error
    if os.WIFSIGNALED(status):
        return _crash(f"died by {_signal_name(os.WTERMSIG(status))}", progress)
    return _crash(f"exited with status {os.WEXITSTATUS(status)}", progress)


def _crash(how: str, progress: Progress, rest: str = "") -> CrashError:
    """The error for a job that ended in the way `how`."""
    doing = f" while running {progress}" if str(progress) else ""
    error = CrashError(f"{how}{doing}{rest}")
    error.how, error.doing, error.step = how, str(progress), progress.step
    error.frames = progress.user_frames()
    return error


def _work(
    job: Callable[[Progress], Any],
    progress: Progress,
    writer: int,
    timeout: float | None,
    prepare: Callable[[], None] | None,
) -> None:
    """The child's life; never returns."""
    own = os.getpid()
    try:
        if progress.printer.as_json:
            # What is printed by whomever must not get between the objects.
            progress.printer = Printer(True, os.fdopen(os.dup(2), "w"))
            progress.standard_error.redirect()
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        progress.watch_python(timeout)
        # This process ends soon, and each collection walks the thousands of objects that the bindings are made of.
        gc.disable()
        address_layout.reserve()
        if prepare:
            prepare()
        # Where MLIR was loaded, so that it goes on there.
        data = _outcome(lambda: address_layout.in_own_heap(lambda: job(progress)))
        if os.getpid() == own:  # user code that forks comes here twice
            sys.stderr.flush()
            _send(writer, data)
            reap()
    finally:
        # Without tearing MLIR down: that costs time, and can itself die.
        os._exit(0)


def _outcome(job: Callable[[], Any]) -> bytes:
    """What becomes of `job()`, marshalled: a kind and a value.

    * `result`: what it returned, plain data;
    * `error`: a LighthouseError that it raised, pickled;
    * `end`: that it ended otherwise, in words;
    * `bug`: a traceback.
    """
    try:
        return marshal.dumps(("result", job()))
    except LighthouseError as error:
        import pickle

        return marshal.dumps(("error", pickle.dumps(error)))
    except MemoryError:
        return marshal.dumps(("end", "ran out of memory"))
    except KeyboardInterrupt:  # user code may interrupt itself, too
        return marshal.dumps(("end", "was interrupted"))
    except BaseException:
        import traceback

        return marshal.dumps(("bug", traceback.format_exc()))


def _kill(child: int) -> None:
    """Kill the child, with what it has started if that is a group."""
    try:
        if os.getpgid(child) == child:
            os.killpg(child, _signal.SIGKILL)
        else:
            os.kill(child, _signal.SIGKILL)
        os.waitpid(child, 0)
    except (ProcessLookupError, ChildProcessError):
        return


def _pass_on_signals(child: int) -> list[int]:
    """Let the child end with this process when that is asked to; the signals that were set, to be set back."""

    def end(number: int, frame: Any) -> None:
        _kill(child)
        _signal.signal(number, _signal.SIG_DFL)
        os.kill(os.getpid(), number)

    changed = []
    for number in (_signal.SIGTERM, _signal.SIGHUP):
        try:
            if _signal.getsignal(number) == _signal.SIG_DFL:
                _signal.signal(number, end)
                changed.append(number)
        except ValueError:  # not the main thread of somebody's program: signals are theirs
            break
    return changed


def _wait_for_end(child: int, reader: int) -> tuple[bytes | None, int | None]:
    """As `_wait`, of a job without a time limit that leaves no processes behind; what it has sent need not wait for its
    end."""
    data = _receive(reader)
    if data is None:
        return None, os.waitpid(child, 0)[1]
    _end_later(child)
    return data, 0


def _send(writer: int, data: bytes) -> None:
    """Write `data` with its length before it, so that who reads knows when it has all."""
    view = memoryview(len(data).to_bytes(_HEAD, "little") + data)
    while view:
        view = view[os.write(writer, view) :]


def _receive(reader: int) -> bytes | None:
    """What was sent, once it is all there; None if its sender has ended before."""
    received = bytearray()
    while len(received) < _HEAD or len(received) < _HEAD + int.from_bytes(received[:_HEAD], "little"):
        part = os.read(reader, 1 << 20)
        if not part:
            return None
        received += part
    return _message(bytes(received))


def _message(received: bytes) -> bytes | None:
    """What was received, without its length; None unless it is all there."""
    data = received[_HEAD:]
    return data if data and len(data) == int.from_bytes(received[:_HEAD], "little") else None


_ending: list[int] = []  # children that have sent all, and are taking down what they had


def _end_later(child: int) -> None:
    """Leave `child`, which has sent all that it had to, to `reap`."""
    _ending.append(child)


def reap() -> None:
    """Wait for the children that were about to end. What they took of the processor then counts for this process."""
    while _ending:
        try:
            os.waitpid(_ending.pop(), 0)
        except ChildProcessError:  # a program that uses this package has waited for whatever child there was
            continue


def _wait(child: int, reader: int, timeout: float | None) -> tuple[bytes | None, int | None]:
    """What the child sends, or None, and its status, or None if time ran out before it had sent it all.

    The end of the child is looked for besides the end of the pipe: a process that user code left behind keeps that
    open.
    """
    import select
    import time

    deadline = None if timeout is None else time.monotonic() + timeout
    received = bytearray()
    wanted = _HEAD
    status = None
    while len(received) < wanted:
        left = _PATIENCE if deadline is None else min(_PATIENCE, max(0.0, deadline - time.monotonic()))
        if select.select([reader], [], [], left)[0]:
            part = os.read(reader, 1 << 20)
            if not part:
                break
            received += part
            if len(received) >= _HEAD:
                wanted = _HEAD + int.from_bytes(received[:_HEAD], "little")
        elif status is not None:
            break
        elif deadline is not None and time.monotonic() >= deadline:
            _kill(child)
            return None, None
        else:
            ended, status = os.waitpid(child, os.WNOHANG)
            status = status if ended else None
    sent = _message(bytes(received))
    # Without a message the child has ended, or has closed the pipe: then it will never say anything, and need not end.
    patience = time.monotonic() + _LAST_PATIENCE if sent is None else None
    while status is None:
        ended, status = os.waitpid(child, 0 if patience is None else os.WNOHANG)
        status = status if ended else None
        now = time.monotonic()
        if status is None and deadline is not None and now >= deadline:
            _kill(child)
            return None, None
        if status is None and patience is not None and now >= patience:
            os.kill(child, _signal.SIGKILL)
            patience = None
        if status is None and patience is not None:
            time.sleep(0.01)
    return sent, status


def _signal_name(number: int) -> str:
    import signal

    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
