# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`contextmanager` as `contextlib` has it, without what that imports.

That takes longer to import than a small payload to parse, and the driver is started once an edge of the build. Type
checkers see the real one.
"""

from __future__ import annotations

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from contextlib import contextmanager
else:

    def contextmanager(function):
        """Make of a generator function that yields once a function that returns a context manager."""

        def manager(*args, **kwargs):
            return _Manager(function(*args, **kwargs))

        manager.__doc__ = function.__doc__
        return manager

    class _Manager:
        def __init__(self, generator):
            self._generator = generator

        def __enter__(self):
            return next(self._generator)

        def __exit__(self, kind, error, traceback):
            if error is None:
                for _ in self._generator:
                    raise RuntimeError("the generator of a context manager has yielded twice")
                return False
            try:
                self._generator.throw(error)
            except StopIteration as stop:
                return stop is not error  # the generator has ended, and so has the error, unless it is one of these
            except BaseException as raised:
                # A generator cannot raise a StopIteration itself: Python wraps it in a RuntimeError.
                is_wrapped = isinstance(raised, RuntimeError) and isinstance(error, StopIteration)
                if raised is error or (is_wrapped and raised.__cause__ is error):
                    error.__traceback__ = traceback  # without the frames of the generator
                    return False
                raise
            raise RuntimeError("the generator of a context manager has yielded after an error")


__all__ = ["contextmanager"]
