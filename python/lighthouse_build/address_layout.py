# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Gives a job the same addresses in every run, for what MLIR orders by address.

Some passes walk a table whose keys are pointers: what they make then depends on where memory happens to lie. That
depends on address randomisation, and on all that was allocated before: lengths of paths, arguments, the environment.

* `reserve` takes the address space between a fixed address and what the system has placed at a random one, so that
  everything mapped later lies at the same place, below. This needs neither a new process nor a privilege, as turning
  randomisation off (`personality`) does, which containers forbid.
* `heaps_kept_free` lets a large library be mapped elsewhere than where the next such heap goes, whose address would
  depend on whether the library is there already.
* `in_own_heap` calls a function in a thread of its own, to which the C library gives a heap of its own; MLIR is loaded
  in one. `in_fresh_heap` does so for its work on a payload. Modules that this needs are better imported before: what
  it allocates should depend on the payload and the stages alone.

Elsewhere than on Linux, or where limits on memory forbid it, the job runs at random addresses; so it does with an
unlimited stack, which changes the order of addresses. What depends on no address comes out the same in any case.
"""

from __future__ import annotations

import _thread
import gc
import mmap
import os

from lighthouse_build.scopes import contextmanager

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeVar

    T = TypeVar("T")

__all__ = ["heaps_kept_free", "in_fresh_heap", "in_own_heap", "reserve"]

_STACK = 64 << 20  # bytes; MLIR recurses over nested operations
_SMALL_STACK = 1 << 18  # bytes
_HEAPS = 10 * _STACK  # bytes for three stacks and three heaps; each heap is mapped in 128 MiB, to be aligned to 64
_reserved: list[mmap.mmap] = []


def reserve() -> None:
    """Let what is mapped from here on lie at the same addresses in every run. Call it before MLIR is loaded."""
    try:
        for _ in range(8):  # large mappings are aligned, which leaves new holes
            holes = _holes()
            if not holes:
                return
            # A mapping goes to the highest hole that it fits in: the largest first, each fills its own.
            for size in sorted(holes, reverse=True):
                _reserved.append(mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=0))
    except (OSError, ValueError, AttributeError, OverflowError):
        return  # random addresses, then


def _holes() -> list[int]:
    """The sizes of what is free above the fixed address and below the stack."""
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as stream:
        lines = stream.read().splitlines()
    mapped = [tuple(int(address, 16) for address in line.split(" ", 1)[0].split("-")) for line in lines]
    stack = next((start for line, (start, _) in zip(lines, mapped) if line.endswith("[stack]")), 0)
    # Of the address space, programs and their heaps lie below 12.7/16, what is mapped above 14/16, each at random.
    end = (1 << stack.bit_length()) // 16 * 13
    holes = []
    for start, stop in mapped:
        if end <= start < stack:
            if start > end:
                holes.append(start - end)
            end = stop
    return holes


@contextmanager
def heaps_kept_free() -> Iterator[None]:
    """While this is open, nothing is mapped where the next heaps and the stacks of their threads will be."""
    try:
        # It goes to the highest hole that it fits in, as they will.
        place = mmap.mmap(-1, _HEAPS, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=0)
    except (OSError, ValueError, AttributeError, OverflowError):
        yield
        return
    with place:
        yield


def in_own_heap(function: Callable[[], T]) -> T:
    """The result of `function()`, run with a heap of its own; what it raises is raised.

    A heap within another is another one. One that is free again is handed on, with what was left in it.
    """
    # What is freed in the thread, its heap may use again: no garbage of before.
    gc.freeze()
    return _in_thread(function, _STACK)


def in_fresh_heap(function: Callable[[], T]) -> T:
    """As `in_own_heap`, in a heap that owes nothing to what was allocated before, not to how many libraries there are.

    A thread frees a few bytes that the one which started it has allocated, and its heap would use them again, wherever
    they lie. So it starts another thread, which does nothing but take them over. What else that would allocate, a table
    of all libraries that have variables of threads, it finds with the stack of one that has ended before.
    """

    def without_what_was_freed() -> T:
        ends = _thread.allocate_lock()
        ends.acquire()
        _thread.stack_size(_SMALL_STACK)
        try:
            _thread.start_new_thread(ends.acquire, ())
        except RuntimeError:  # limits on memory or threads
            return function()
        try:
            return function()
        finally:
            ends.release()

    def with_fresh_heap() -> T:
        _in_thread(lambda: None, _SMALL_STACK)
        return _in_thread(without_what_was_freed, _STACK)

    return in_own_heap(with_fresh_heap)


def _in_thread(function: Callable[[], T], stack: int) -> T:
    """The result of `function()`, run in a thread with a stack of so many bytes, when that has ended."""
    results: list[T] = []
    errors: list[BaseException] = []
    thread = 0
    done = _thread.allocate_lock()
    done.acquire()

    processors = _stay_here()

    def body() -> None:
        nonlocal thread
        try:
            thread = _thread.get_native_id()
            _use(processors)
            results.append(function())
        except BaseException as error:
            errors.append(error)
        finally:
            done.release()

    _thread.stack_size(stack)
    try:
        _thread.start_new_thread(body, ())
    except RuntimeError:  # limits on memory or threads
        _use(processors)
        return function()
    done.acquire()
    _use(processors)
    # Its stack and its heap are free for others only then.
    while os.path.exists(f"/proc/self/task/{thread}"):
        os.sched_yield()
    if errors:
        raise errors[0]
    return results[0]


def _stay_here() -> set[int]:
    """Keep this thread, and those that it starts, on the processor that it is on; the processors to `_use` later.

    A thread is started where nothing runs, and what the others have left in the caches would have to follow: a tenth of
    the time of a small lowering. Here the one that starts another only waits for it.
    """
    try:
        processors = os.sched_getaffinity(0)
        with open("/proc/thread-self/stat", encoding="utf-8", errors="replace") as stream:
            here = int(stream.read().rpartition(")")[2].split()[36])
        os.sched_setaffinity(0, {here})
    except (OSError, ValueError, IndexError, AttributeError):
        return set()
    return processors


def _use(processors: set[int]) -> None:
    if processors:
        try:
            os.sched_setaffinity(0, processors)
        except OSError:  # some were taken away meanwhile
            return
