#!/usr/bin/env python3
# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measure builds with little to do: 200 payloads, against as many plain custom commands.

Timed is a build with nothing to do. Counted is what runs after a comment in the generator that all payloads share,
after an edit of it that changes its schedule, and after one of a payload.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

__all__ = ["main"]

_REPOSITORY = Path(__file__).resolve().parent.parent
_TOOLS = {"Ninja": ["ninja"], "Unix Makefiles": ["make", "--no-print-directory"]}

_OURS = """\
cmake_minimum_required(VERSION 3.23...4.4)
project(ours LANGUAGES NONE)
find_package(Lighthouse REQUIRED)
lh_add_stage(shared SCHEDULE shared.py)
foreach(n RANGE 1 {count})
  list(APPEND payloads p${{n}}.mlir)
endforeach()
lh_lower(kernels SOURCES ${{payloads}} STAGES shared EMIT mlir)
"""
_PLAIN = """\
cmake_minimum_required(VERSION 3.23...4.4)
project(plain LANGUAGES NONE)
foreach(n RANGE 1 {count})
  add_custom_command(
    OUTPUT p${{n}}.out
    COMMAND ${{CMAKE_COMMAND}} -E copy ${{CMAKE_CURRENT_SOURCE_DIR}}/p${{n}}.mlir p${{n}}.out
    DEPENDS p${{n}}.mlir
  )
  list(APPEND outputs p${{n}}.out)
endforeach()
add_custom_target(kernels ALL DEPENDS ${{outputs}})
"""
# What CMake makes of rules with the inputs and the depfile of a lowering, whoever writes them.
_ALIKE = """\
cmake_minimum_required(VERSION 3.23...4.4)
project(alike LANGUAGES NONE)
set(CMAKE_WARN_DEPRECATED OFF)
cmake_policy(SET CMP0116 OLD) # as the package does
add_custom_command(OUTPUT driver COMMAND ${{CMAKE_COMMAND}} -E touch driver)
add_custom_command(OUTPUT stage COMMAND ${{CMAKE_COMMAND}} -E touch stage DEPENDS driver)
foreach(n RANGE 1 {count})
  file(WRITE ${{CMAKE_CURRENT_BINARY_DIR}}/p${{n}}.names "p${{n}}.out:\\n")
  add_custom_command(
    OUTPUT p${{n}}.out
    COMMAND ${{CMAKE_COMMAND}} -E copy ${{CMAKE_CURRENT_SOURCE_DIR}}/p${{n}}.mlir p${{n}}.out
    COMMAND ${{CMAKE_COMMAND}} -E copy p${{n}}.names p${{n}}.d
    DEPENDS p${{n}}.mlir stage driver
    DEPFILE p${{n}}.d
  )
  list(APPEND outputs p${{n}}.out)
endforeach()
add_custom_target(kernels ALL DEPENDS ${{outputs}})
"""
_SHARED = """\
from lighthouse_build.schedule import schedule


def create_schedule(name="seen"):
    with schedule() as s:
        s.annotate(s.match("func.func"), name)
    return s.module
"""


class Project:
    """Payloads and the rules for them."""

    def __init__(self, root: Path, rules: str, generator: str, python: str, count: int) -> None:
        self.source = root / "source"
        self.build_tree = root / "build"
        self.source.mkdir(parents=True)
        (self.source / "CMakeLists.txt").write_text(rules.format(count=count))
        (self.source / "shared.py").write_text(_SHARED)
        for n in range(1, count + 1):
            (self.source / f"p{n}.mlir").write_text(f"func.func @p{n}() {{\n  return\n}}\n")
        command = ["cmake", "-S", str(self.source), "-B", str(self.build_tree), "-G", generator]
        command += [f"-DLH_PYTHON_ENV={python}", f"-DLighthouse_DIR={_REPOSITORY / 'cmake'}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.command = [*_TOOLS[generator], "-C", str(self.build_tree), "-j2"]

    def build(self) -> tuple[float, dict[str, int]]:
        """Build; the seconds of processors that took, and how often what ran: by the first word of its comment.

        Unlike the time that passes, that of processors is much the same on a machine that has other things to do.
        """
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        result = subprocess.run(self.command, check=True, capture_output=True, text=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        steps = re.findall(r"^\[[^]]*\] (?!Built target)(\w+)", result.stdout, re.MULTILINE)
        return seconds, {step: steps.count(step) for step in dict.fromkeys(steps)}

    def edit(self, path: str, old: str, new: str) -> dict[str, int]:
        """Replace text in a file and build; what ran."""
        text = (self.source / path).read_text()
        (self.source / path).write_text(text.replace(old, new))
        ran = self.build()[1]
        again = self.build()[1]
        if again:
            raise SystemExit(f"a build with nothing to do ran {again}")
        return ran


def measure(generator: str, python: str, count: int, pairs: int, work: Path) -> dict[str, object]:
    """All figures with one generator."""
    ours = Project(work / "ours", _OURS, generator, python, count)
    plain = Project(work / "plain", _PLAIN, generator, python, count)
    alike = Project(work / "alike", _ALIKE, generator, python, count)
    built = ours.build()[1]
    for peer in (plain, alike):
        peer.build()
        if peer.build()[1]:
            raise SystemExit("a peer has something to do in its second build")
    times = [(ours.build()[0], plain.build()[0], alike.build()[0]) for _ in range(pairs)]
    return {
        "generator": generator,
        "payloads": count,
        "built": built,
        "processor seconds with nothing to do": statistics.median(t for t, _, _ in times),
        "processor seconds of plain commands": statistics.median(t for _, t, _ in times),
        "processor seconds of commands with such inputs and depfiles": statistics.median(t for _, _, t in times),
        "ratio": statistics.median(a / b for a, b, _ in times),
        "ratios": [min(a / b for a, b, _ in times), max(a / b for a, b, _ in times)],
        "ratio to commands with such inputs and depfiles": statistics.median(a / c for a, _, c in times),
        "after a comment in the generator": ours.edit("shared.py", "def create", "# A comment.\ndef create"),
        "after a comment inside a function": ours.edit("shared.py", "    with", "    # Another.\n    with"),
        "after an edit of a payload": ours.edit("p1.mlir", "@p1", "@q1"),
        "after a change of the schedule": ours.edit("shared.py", '"seen"', '"known"'),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--payloads", type=int, default=200)
    parser.add_argument("--pairs", type=int, default=21, help="builds with nothing to do, of each kind (21)")
    parser.add_argument("--generator", choices=list(_TOOLS), action="append", help="(both)")
    parser.add_argument("--python", default=sys.executable, help="an interpreter with the bindings (this one)")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args(arguments)
    figures = []
    for generator in options.generator or _TOOLS:
        with tempfile.TemporaryDirectory() as work:
            found = measure(generator, options.python, options.payloads, options.pairs, Path(os.path.realpath(work)))
        figures.append(found)
        for name, value in found.items():
            print(f"{name}: {value}")
        print(flush=True)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
