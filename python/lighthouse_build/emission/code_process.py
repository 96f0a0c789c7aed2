# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The code generator in a process of its own, which loads LLVM while MLIR works on the payload.

Loading LLVM takes longer than what MLIR does to a small payload, and another processor is often free. In a thread it
would move what MLIR maps, which is to lie at the same addresses in every run (`address_layout.py`).

The process is a child of the job. If it dies, so does the job, in the same way, and the supervisor tells of it as ever.
"""

from __future__ import annotations

import marshal
import os

from lighthouse_build import address_layout
from lighthouse_build.supervisor import end_later, outcome, receive, send

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import NoReturn

    from lighthouse_build.emission.constants import Bytes
    from lighthouse_build.target import Target

__all__ = ["CodeProcess"]

_MOST = 1 << 22  # bytes of constants that are sent there


class CodeProcess:
    """The process. Made before MLIR is loaded, of which it has no use.

    Attributes:
        target: what it generates code for; that LLVM knows its CPU and features, it finds out itself.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        requests, self._requests = os.pipe()
        self._results, results = os.pipe()
        self._process = os.fork()
        if self._process == 0:
            os.close(self._requests)
            os.close(self._results)
            _serve(requests, results, target)
        os.close(requests)
        os.close(results)

    def generate(
        self,
        llvm_ir: str,
        target: Target,
        *,
        optimize: int,
        kinds: Collection[str],
        declared: Collection[str],
        allow_undefined: Sequence[str],
        constants: Mapping[str, Bytes],
    ) -> dict[str, bytes | bytearray]:
        """What `codegen.generate` returns for these arguments, or raises. Once."""
        how = {
            "optimize": optimize,
            "kinds": list(kinds),
            "declared": list(declared),
            "allow_undefined": list(allow_undefined),
        }
        if sum(map(len, constants.values())) > _MOST:
            os.close(self._requests)
            from lighthouse_build.emission import codegen

            return codegen.generate(llvm_ir, target, **how, constants=constants)  # type: ignore[arg-type]
        how["constants"] = {name: bytes(data[0 : len(data)]) for name, data in constants.items()}
        self._ask(marshal.dumps((llvm_ir, how)))
        data = receive(self._results)
        if data is None:
            _die(os.waitpid(self._process, 0)[1])
        end_later(self._process)
        kind, value = marshal.loads(data)
        if kind == "error":
            import pickle

            raise pickle.loads(value)
        if kind == "end":
            raise MemoryError
        if kind == "bug":
            raise RuntimeError(value)
        return value  # type: ignore[no-any-return]

    def _ask(self, request: bytes) -> None:
        try:
            send(self._requests, request)
        except BrokenPipeError:  # it has ended, and says why
            return
        finally:
            os.close(self._requests)


def _serve(requests: int, results: int, target: Target) -> None:
    """The life of the process; never returns."""
    try:
        data = outcome(lambda: address_layout.in_own_heap(lambda: _generate(requests, target)))
        send(results, data)
    finally:
        os._exit(0)


def _generate(requests: int, target: Target) -> dict[str, bytes | bytearray]:
    from lighthouse_build.emission import codegen

    codegen.preload()
    codegen.check_target(target)
    request = receive(requests)
    if request is None:
        os._exit(0)  # the job has ended without
    llvm_ir, how = marshal.loads(request)
    return codegen.generate(llvm_ir, target, **how)


def _die(status: int) -> NoReturn:
    """End this process as the one with this status ended."""
    if os.WIFSIGNALED(status):
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1)
