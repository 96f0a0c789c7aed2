"""Marks functions with the sum of the tables in a directory, unless one file says otherwise."""

import json
from pathlib import Path

from helpers.marks import mark
from lighthouse_build.schedule import schedule

TABLES = Path(__file__).parents[1] / "tables"
FIRST = 2


def total():
    try:
        with open(TABLES / "override.json") as stream:
            return json.load(stream)["parts"]
    except FileNotFoundError:
        return sum(json.loads(path.read_text())["part"] for path in sorted((TABLES / "parts").glob("*.json")))


def create_schedule():
    with schedule() as s:
        mark(s.match("func.func"), "parts", FIRST + total())
    return s.module
