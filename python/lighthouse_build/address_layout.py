# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Gives a job the same addresses in every run, for what MLIR orders by address.

Some passes walk a table whose keys are pointers: what they make then depends on where memory happens to lie. That
depends on address randomisation, and on all that was allocated before: lengths of paths, arguments, the environment.

* `reserve` takes the address space between a fixed address and what the system has placed at a random one, so that
  everything mapped later lies at the same place, below. This needs neither a new process nor a privilege, as turning
  randomisation off (`personality`) does, which containers forbid.
* `in_own_heap` calls a function in a thread of its own, to which the C library gives a heap of its own. Modules that it
  needs are better imported before: what it allocates should depend on the payload and the stages alone.

Elsewhere than on Linux, or where limits on memory forbid it, the job runs at random addresses; so it does with an
unlimited stack, which changes the order of addresses. What depends on no address comes out the same in any case.
"""

from __future__ import annotations

import _thread
import gc
import mmap

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    T = TypeVar("T")

__all__ = ["in_own_heap", "reserve"]

_STACK = 64 << 20  # bytes; MLIR recurses over nested operations
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


def in_own_heap(function: Callable[[], T]) -> T:
    """The result of `function()`, run with a heap of its own; what it raises is raised.

    A heap within another is another one: that of a thread which has ended would be handed on.
    """
    results: list[T] = []
    errors: list[BaseException] = []
    done = _thread.allocate_lock()
    done.acquire()

    def body() -> None:
        try:
            results.append(function())
        except BaseException as error:
            errors.append(error)
        finally:
            done.release()

    # What is freed in the thread, its heap may use again: no garbage of before.
    gc.freeze()
    _thread.stack_size(_STACK)
    try:
        _thread.start_new_thread(body, ())
    except RuntimeError:  # limits on memory or threads
        return function()
    done.acquire()
    if errors:
        raise errors[0]
    return results[0]
