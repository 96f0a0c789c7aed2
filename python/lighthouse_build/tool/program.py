# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The project's own opt tool: running it."""

from __future__ import annotations

import ctypes
import functools
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from lighthouse_build.errors import InputError
from lighthouse_build.frozen import frozen

__all__ = ["OLDEST", "PATIENCE", "Outcome", "Tool"]

# The first with `transform-preload-library` and with an entry point for `transform-interpreter`.
OLDEST = 18
# Seconds for what takes a tenth of one.
PATIENCE = 60.0
_NO_RANDOMISATION = 0x0040000  # ADDR_NO_RANDOMIZE of personality(2)


@frozen
class Outcome:
    """What a run came to: exit status, negative for a signal; standard output and error."""

    status: int
    output: bytes
    messages: str


class Tool:
    """A program that takes the options of `mlir-opt`.

    Args:
        path: of the program, or its name on PATH.

    Raises:
        InputError: there is no such program.
    """

    def __init__(self, path: str) -> None:
        found = shutil.which(path)
        if found is None:
            reason = "which is not a program" if os.path.exists(path) else "which does not exist; build it first"
            raise InputError(f"the tool is '{path}', {reason}")
        self.path = os.path.abspath(found)
        self.name = os.path.basename(found)

    def __str__(self) -> str:
        return f"'{self.name}' (LLVM {self.version() or 'of unknown version'})"

    def run(self, arguments: Sequence[str], *, text: str = "", patience: float | None = None) -> Outcome:
        """Run it to its end.

        Args:
            arguments: of its command line.
            text: its standard input.
            patience: seconds after which it is given up; for what takes no time.

        Raises:
            InputError: the system does not run it, or patience ran out.
        """
        try:
            with _fixed_addresses():
                done = subprocess.run(
                    [self.path, *arguments],
                    input=text.encode(),
                    capture_output=True,
                    timeout=patience,
                    check=False,
                )
        except subprocess.TimeoutExpired:
            said = " ".join(arguments)
            raise InputError(f"the tool '{self.path}' has not answered '{said}' for {patience:g} s") from None
        except OSError as error:
            raise InputError(f"the tool '{self.path}' does not run: {error.strerror}") from None
        return Outcome(done.returncode, done.stdout, done.stderr.decode(errors="replace"))

    @functools.cache  # noqa: B019 (a job has one)
    def version(self) -> str:
        """The version of its LLVM, such as `22.1.8`; empty if it does not say."""
        found = re.search(
            r"LLVM version (\d[\w.]*)", self.run(["--version"], patience=PATIENCE).output.decode(errors="replace")
        )
        return found[1] if found else ""

    def check_version(self) -> None:
        """Refuse a version of MLIR that lacks what stages are applied with. Raises InputError."""
        version = self.version()
        if version and int(version.partition(".")[0]) < OLDEST:
            msg = f"the tool '{self.path}' has LLVM {version}, which is too old; stages need LLVM {OLDEST} or newer"
            raise InputError(msg)


@contextmanager
def _fixed_addresses() -> Iterator[None]:
    """What this thread starts meanwhile has its memory at the same addresses in every run: passes order by them.

    See `address_layout.py`, which cannot reach into another program. Containers may refuse it.
    """
    personality = getattr(ctypes.CDLL(None), "personality", None)
    before = personality(ctypes.c_ulong(0xFFFFFFFF)) if personality else -1  # which asks
    if personality is None or before < 0:
        yield
        return
    personality(ctypes.c_ulong(before | _NO_RANDOMISATION))
    try:
        yield
    finally:
        personality(ctypes.c_ulong(before))
