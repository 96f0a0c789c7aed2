"""Marks functions with a number that many files have a say in."""

import json
from pathlib import Path

from helpers.marks import mark
from lighthouse_build.schedule import schedule
from tuning import level

SHARE = 3
TABLE = Path(__file__).parents[1] / "tables" / "factors.json"

try:
    from local_tuning import EXTRA
except ImportError:  # not every machine has one
    EXTRA = 0


def create_schedule():
    factors = json.loads(TABLE.read_text())
    with schedule() as s:
        functions = s.match("func.func")
        mark(functions, "share", SHARE)
        mark(functions, "level", level())
        mark(functions, "factor", factors["annotate"])
        mark(functions, "extra", EXTRA)
    return s.module
