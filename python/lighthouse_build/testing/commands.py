# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs that tests need: lit, and beside FileCheck `count` and `not`, for machines without LLVM."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from lighthouse_build.errors import InputError

__all__ = ["count", "invert", "lit"]


def count(arguments: Sequence[str]) -> int:
    """Succeed if standard input has that many lines; a last line without an end counts."""
    if len(arguments) != 1 or not arguments[0].isdecimal():
        print("usage: count <expected number of lines>", file=sys.stderr)
        return 2
    lines = sum(1 for _ in sys.stdin.buffer)
    if lines != int(arguments[0]):
        print(f"expected {arguments[0]} lines and got {lines}.", file=sys.stderr)
        return 1
    return 0


def invert(arguments: Sequence[str]) -> int:
    """Succeed if the command fails: with an exit status, or with --crash by a signal."""
    wants_crash = arguments[:1] == ["--crash"]
    command = arguments[1:] if wants_crash else arguments
    if not command:
        print("usage: not [--crash] <command>", file=sys.stderr)
        return 2
    try:
        status = subprocess.run(command, check=False).returncode
    except OSError as error:
        # A command that does not even run fails in no way that a test could want.
        print(f"not: error: cannot run '{command[0]}': {error.strerror}", file=sys.stderr)
        return 1
    crashed = status < 0
    if crashed and not wants_crash:
        print(f"not: error: '{command[0]}' died by signal {-status}", file=sys.stderr)
    return 0 if status != 0 and crashed == wants_crash else 1


def lit(arguments: Sequence[str]) -> int:
    """Run lit of this Python, which has no module to run."""
    try:
        from lit.main import main
    except ImportError:
        msg = f"lit is not installed for {sys.executable}; install it: {sys.executable} -m pip install lit"
        raise InputError(msg) from None
    sys.argv = ["lit", *arguments]
    main()  # exits when a test fails
    return 0
