# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tasks side by side: all run, what they print comes in their order, and processors are shared with other drivers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "python"
# Runs tasks that sleep, print and end as the arguments say, and writes when each began and ended.
PROGRAM = """
import os, sys, time
from lighthouse_build import workers
directory, slots, jobs, *tasks = sys.argv[1:]

def task(number):
    seconds, _, status = tasks[number].partition(":")
    began = time.time()
    time.sleep(float(seconds))
    print(f"task {number}", file=sys.stderr)
    if status.startswith("-"):
        os.kill(os.getpid(), -int(status))
    with open(f"{directory}/{number}", "w") as stream:
        stream.write(f"{began} {time.time()}")
    return int(status or 0)

print(workers.run(task, len(tasks), slots, int(jobs)))
"""


def started(directory: Path, slots: str, jobs: int, *tasks: str) -> subprocess.Popen[str]:
    directory.mkdir()
    command = [sys.executable, "-c", PROGRAM, str(directory), slots, str(jobs), *tasks]
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE)}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def most_at_once(*directories: Path) -> int:
    spans = [[float(word) for word in p.read_text().split()] for d in directories for p in d.iterdir()]
    return max(sum(began <= moment < ended for began, ended in spans) for moment, _ in spans)


def test_all_run_and_are_told_in_order(tmp_path: Path) -> None:
    process = started(tmp_path / "a", str(tmp_path / "slots"), 3, "0.3", "0:2", "0.1:-9", "0:70", "0")
    printed, told = process.communicate(timeout=60)
    assert printed == "[0, 2, -9, 70, 0]\n"
    assert told == "".join(f"task {number}\n" for number in range(5))
    assert {path.name for path in (tmp_path / "a").iterdir()} == {"0", "1", "3", "4"}


@pytest.mark.parametrize(("jobs", "slots", "most"), [(2, "slots", 2), (1, "slots", 1), (2, "", 1)])
def test_no_more_at_once_than_there_may_be(jobs: int, slots: str, most: int, tmp_path: Path) -> None:
    process = started(tmp_path / "a", str(tmp_path / slots) if slots else "", jobs, *["0.2"] * 4)
    assert process.communicate(timeout=60)[0] == "[0, 0, 0, 0]\n"
    assert most_at_once(tmp_path / "a") == most


def test_drivers_share_the_processors(tmp_path: Path) -> None:
    """Each runs one task in any case; together they run no more than there are slots besides."""
    slots = str(tmp_path / "slots")
    processes = [started(tmp_path / name, slots, 3, *["0.2"] * 6) for name in "abc"]
    for process in processes:
        assert process.communicate(timeout=60)[0] == "[0, 0, 0, 0, 0, 0]\n"
    assert most_at_once(*(tmp_path / name for name in "abc")) <= 3 + 2


def test_ends_its_tasks_when_it_is_to_end(tmp_path: Path) -> None:
    process = started(tmp_path / "a", str(tmp_path / "slots"), 2, "60", "60")
    time.sleep(0.5)
    process.terminate()
    process.communicate(timeout=30)  # until the last has closed what it prints to
    assert process.returncode == -signal.SIGTERM
