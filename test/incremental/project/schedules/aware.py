"""Marks functions with what the target has."""

from helpers.marks import mark
from lighthouse_build import Target
from lighthouse_build.schedule import schedule

LANES = 4


def create_schedule(target: Target):
    with schedule() as s:
        mark(s.match("func.func"), "bits", target.vector_bits)
        mark(s.match("func.func"), "lanes", LANES)
    return s.module
