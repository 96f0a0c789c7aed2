# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What ctest runs for `lh_add_check_test()`: `check --check=FILE … -- lh-opt …`.

Runs the command and compares what it prints with the directives of the check file.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from lighthouse_build.errors import Diagnostic, InputError, LoweringError, SourceLocation
from lighthouse_build.language.spec import Resolved, parse_spec
from lighthouse_build.stage_file import ResolvedStage
from lighthouse_build.testing import filecheck

__all__ = ["describe_stages", "main"]


def main(argv: Sequence[str]) -> int:
    """Run the test; the exit status. Raises LighthouseError when it fails."""
    parser = argparse.ArgumentParser(prog="check", description="Lower a payload and compare with FileCheck.")
    parser.add_argument("--name", default="test", help="what messages call the test")
    parser.add_argument("--check", type=Path, required=True, help="file with FileCheck's directives")
    parser.add_argument("--check-prefixes", default="CHECK", help="what directives begin with")
    parser.add_argument("--filecheck", help="FileCheck; default: the first found")
    parser.add_argument("command", nargs="+", help="the command of lh-opt, after --")
    options = parser.parse_args(argv)
    prefixes = options.check_prefixes.split(",")
    command: list[str] = options.command
    if not options.check.is_file():
        raise InputError("there is no such check file", SourceLocation(str(options.check)))
    unused = filecheck.unused_prefixes(options.check, prefixes)
    if unused:
        msg = f"no directive {unused[0]}:, so that any result would do; write them, or let update-checks do it"
        raise InputError(msg, SourceLocation(str(options.check)))
    checker = [*filecheck.find(options.filecheck), str(options.check)]
    if prefixes != ["CHECK"]:
        checker.append(f"--check-prefixes={options.check_prefixes}")
    by_hand = Diagnostic(f"by hand: {shlex.join(command)} | {shlex.join(checker)}", severity="note")

    lowered = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    sys.stderr.buffer.write(lowered.stderr)
    sys.stderr.flush()
    if lowered.returncode != 0:
        raise LoweringError(f"{options.name}: lh-opt failed", notes=[*describe_stages(command), by_hand])
    compared = subprocess.run(
        checker, input=lowered.stdout, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if compared.returncode != 0:
        # FileCheck's message has its own places and carets.
        sys.stderr.buffer.write(compared.stdout)
        sys.stderr.flush()
        msg = f"{options.name}: the result does not match {options.check}"
        raise LoweringError(msg, notes=[*describe_stages(command), by_hand])
    return 0


def describe_stages(command: Sequence[str]) -> list[Diagnostic]:
    """A note for each resolved stage that a command of `lh-opt` applies: its name and its steps, in order."""
    notes = []
    for argument in command:
        if not argument.startswith("--stage="):
            continue
        text = argument.removeprefix("--stage=")
        spec = parse_spec(text, lambda column: SourceLocation("--stage", 1, column + 1))
        if not isinstance(spec, Resolved):
            notes.append(Diagnostic(f"stage '{text}'", severity="note"))
            continue
        path = Path(spec.path)
        try:
            stage = ResolvedStage.from_text(path.read_text(encoding="utf-8"), str(path))
        except (OSError, InputError):
            notes.append(Diagnostic(f"stage '{path}', which cannot be read; build the project", severity="note"))
            continue
        name = path.name.removesuffix(".stage.mlir")
        steps = ", ".join(step.name for step in stage.steps)
        # The stage of inline specs has a name that says nothing.
        head = "steps" if name.startswith("lh_stage_") else f"stage '{name}', steps"
        notes.append(Diagnostic(f"{head}: {steps}", severity="note"))
    return notes
