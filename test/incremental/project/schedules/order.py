"""Marks operations, in the order of a set."""

import subprocess
from pathlib import Path

from helpers.marks import mark
from lighthouse_build import depends_on
from lighthouse_build.schedule import schedule

WEIGHT = 5
SHIFT = Path(__file__).parents[1] / "tables" / "shift.txt"
NAMES = {"arith.addi", "arith.muli", "arith.subi", "arith.xori", "arith.constant"}


def shift():
    depends_on(SHIFT)  # what another program opens, nobody sees
    return int(subprocess.run(["cat", SHIFT], check=True, capture_output=True).stdout)


def create_schedule():
    least = WEIGHT + shift()
    with schedule() as s:
        for name in NAMES:
            mark(s.match(name), name.replace(".", "_"), least + len(name))
    return s.module
