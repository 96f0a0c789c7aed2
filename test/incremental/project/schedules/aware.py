"""Marks functions with what the target has."""

from pathlib import Path

from helpers.marks import mark
from lighthouse_build import Target
from lighthouse_build.schedule import schedule

LANES = 4
WIDE = Path(__file__).parents[1] / "tables" / "wide"


def create_schedule(target: Target):
    with schedule() as s:
        mark(s.match("func.func"), "bits", target.vector_bits)
        mark(s.match("func.func"), "lanes", 2 * LANES if WIDE.exists() else LANES)
    return s.module
