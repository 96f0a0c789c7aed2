# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures commands: whole processes, in turn, with what the system says of time and memory."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What one run of a command cost.

    Attributes:
        wall: seconds from start to end.
        cpu: seconds of processors, of all its processes.
        memory: MiB of the largest of its processes.
    """

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True)
class Figures:
    """Medians over runs of one command, with the least and the most of wall time."""

    wall: float
    cpu: float
    memory: float
    least: float
    most: float
    runs: int

    @classmethod
    def of(cls, costs: Sequence[Cost]) -> Figures:
        walls = [cost.wall for cost in costs]
        return cls(
            statistics.median(walls),
            statistics.median(cost.cpu for cost in costs),
            max(cost.memory for cost in costs),
            min(walls),
            max(walls),
            len(costs),
        )

    def over(self, count: int) -> Figures:
        """A part in `count` of the times."""
        return Figures(
            self.wall / count, self.cpu / count, self.memory, self.least / count, self.most / count, self.runs
        )

    def to_json(self) -> dict[str, float]:
        return asdict(self)


class Failed(Exception):
    """A command did not do what it should."""


def run(command: Sequence[str], cwd: Path, status: int = 0) -> Cost:
    """Run `command` in the directory `cwd`, where its output goes to `output.log`; Failed for another exit status."""
    program = command[0] if os.sep in command[0] else shutil.which(command[0])
    if program is None:
        raise Failed(f"there is no '{command[0]}'")
    log = cwd / "output.log"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    started = time.perf_counter()
    child = os.fork()
    if child == 0:
        try:
            os.chdir(cwd)
            os.dup2(os.open(log, flags, 0o666), 1)
            os.dup2(1, 2)
            os.execv(program, list(command))
        finally:
            os._exit(127)
    _, ended, usage = os.wait4(child, 0)
    wall = time.perf_counter() - started
    if os.waitstatus_to_exitcode(ended) != status:
        last = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
        raise Failed(f"exit status {os.waitstatus_to_exitcode(ended)} of {' '.join(command)[:400]}\n{last}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def configure(command: Sequence[str], cwd: Path) -> tuple[Cost, Cost]:
    """What a run of CMake cost, in configuring and in generating; programs that it runs are counted, memory is not."""
    started = time.perf_counter()
    with subprocess.Popen(list(command), cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
        assert child.stdout is not None
        said = []
        between = None
        for line in child.stdout:
            said.append(line)
            if line.startswith("-- Configuring done"):
                between = (time.perf_counter() - started, _processor_time(child.pid))
        _, ended, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(ended)
    wall, cpu = time.perf_counter() - started, usage.ru_utime + usage.ru_stime
    if child.returncode or between is None:
        raise Failed(f"exit status {child.returncode} of {' '.join(command)[:400]}\n{''.join(said[-20:])}")
    return Cost(*between, 0), Cost(wall - between[0], cpu - between[1], 0)


def _processor_time(process: int) -> float:
    """The seconds of processors that a process on Linux, and those that it has waited for, took."""
    itself = int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return itself + (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def in_turn(cases: Mapping[str, Callable[[], Cost]], runs: int) -> dict[str, Figures]:
    """Measure `cases` in turns, `runs` times each, after one round that warms caches; with 0, that round counts."""
    costs: dict[str, list[Cost]] = {name: [] for name in cases}
    for number in range(runs + 1):
        for name, case in cases.items():
            cost = case()
            if number or runs == 0:
                costs[name].append(cost)
        print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return {name: Figures.of(found) for name, found in costs.items()}
