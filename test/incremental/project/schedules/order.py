"""Marks operations, in the order of a set."""

import ctypes
import subprocess
from pathlib import Path

from helpers.marks import mark
from lighthouse_build import depends_on
from lighthouse_build.schedule import schedule

WEIGHT = 5
SCHEDULES = Path(__file__).parent
SHIFT = SCHEDULES.parent / "tables" / "shift.txt"
LIBRARY = SCHEDULES.parent / "tables" / "libscale.so"
NAMES = {"arith.addi", "arith.muli", "arith.subi", "arith.xori", "arith.constant"}


def shift():
    depends_on(SHIFT)  # what another program opens, nobody sees
    return int(subprocess.run([SCHEDULES / "shift.sh", SHIFT], check=True, capture_output=True).stdout)


def scale():
    try:
        return ctypes.CDLL(LIBRARY).scale()
    except OSError:  # not every project has one
        return 1


def create_schedule():
    least = WEIGHT + shift() * scale()
    with schedule() as s:
        for name in NAMES:
            mark(s.match(name), name.replace(".", "_"), least + len(name))
    return s.module
