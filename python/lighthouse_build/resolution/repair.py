# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Undoes what user code does to the interpreter, before the driver goes on or reports its error.

Not a sandbox: user code is trusted, and is told of its mistakes. But a generator that closes standard error, replaces
`print`, or leaves a timer running must not be taken for a bug of the driver, nor silence it.
"""

from __future__ import annotations

import builtins
import json  # noqa: F401  used later, perhaps after user code has spoiled it
import os
import signal
import sys
from types import ModuleType
from typing import Any

__all__ = ["Snapshot"]

_DRIVER = __name__.partition(".")[0]
# What the driver uses of the standard library once user code has run.
_MODULES = frozenset(
    "builtins contextlib genericpath hashlib importlib importlib._bootstrap importlib._bootstrap_external inspect io "
    "json json.decoder json.encoder linecache os pickle posixpath re select signal site stat struct subprocess sys "
    "sysconfig tempfile threading time tokenize traceback warnings".split()
)
_LISTS = ("argv", "path", "meta_path", "path_hooks", "modules")
_STREAMS = ("stdin", "stdout", "stderr")


class Snapshot:
    """The interpreter as it is now."""

    def __init__(self) -> None:
        self._modules = dict(sys.modules)
        self._namespaces = [
            (vars(module), _functions(module))
            for name, module in self._modules.items()
            if (name in _MODULES or name.startswith(_DRIVER)) and isinstance(module, ModuleType)
        ]
        self._environ = os.environ
        self._sys = {
            name: getattr(sys, name) for name in (*_STREAMS, "argv", "path", "meta_path", "path_hooks", "modules")
        }
        self._finders: list[tuple[Any, list[Any]]] = [(found, list(found)) for found in (sys.meta_path, sys.path_hooks)]
        self._tracing = sys.gettrace(), sys.getprofile(), sys.getrecursionlimit()
        self._descriptors = [(number, _duplicate(number)) for number in (1, 2)]
        self._handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, ()) if hasattr(signal, "pthread_sigmask") else None

    def restore(self) -> None:
        """Make it so again, whatever has become of the functions that this takes."""
        for namespace, functions in self._namespaces:
            namespace.update(functions)
        for _ in range(3):
            try:
                self._restore()
            except BaseException:  # a handler or a tracer of user code, which is still there for a moment
                continue
            return

    def _restore(self) -> None:
        trace, profile, recursion = self._tracing
        if sys.gettrace() is not trace:
            sys.settrace(trace)
        if sys.getprofile() is not profile:
            sys.setprofile(profile)
        if sys.getrecursionlimit() < recursion:
            sys.setrecursionlimit(recursion)
        self._restore_signals()
        vars(os)["environ"] = self._environ
        vars(sys).update(self._sys)
        for name, module in self._modules.items():
            if sys.modules.get(name) is None:
                sys.modules[name] = module
        for finders, known in self._finders:
            finders += [finder for finder in known if finder not in finders]
        self._restore_streams()

    def _restore_signals(self) -> None:
        try:
            if hasattr(signal, "setitimer"):
                signal.setitimer(signal.ITIMER_REAL, 0)
            for number, handler in self._handlers.items():
                if handler is not None and signal.getsignal(number) is not handler:
                    signal.signal(number, handler)
        except ValueError:  # not the main thread of somebody's program, whose signals user code could not change either
            pass
        if self._mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def _restore_streams(self) -> None:
        while self._descriptors:
            number, duplicate = self._descriptors.pop()
            try:
                os.dup2(duplicate, number)
                os.close(duplicate)
            except OSError:  # it is gone: user code has closed them all
                pass
        for name in _STREAMS:
            stream = self._sys[name]
            if stream is not None and stream.closed:
                number = _STREAMS.index(name)
                setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", closefd=False))


def _functions(module: ModuleType) -> dict[str, Any]:
    """The functions, classes and modules that `module` has; not its state, which changes rightly."""
    return {
        name: value for name, value in vars(module).items() if builtins.callable(value) or isinstance(value, ModuleType)
    }


def _duplicate(number: int) -> int:
    """A copy of a descriptor, far from those that anybody counts on; -1 if it is closed."""
    import fcntl

    try:
        return fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, 200)
    except OSError:
        return -1
