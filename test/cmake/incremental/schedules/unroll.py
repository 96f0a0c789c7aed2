"""Unrolls every loop by the factor of the table."""

import json
from pathlib import Path

from mlir import ir
from text import sequence


def create_schedule():
    factors = json.loads((Path(__file__).parent / "factors.json").read_text())
    return ir.Module.parse(sequence(factors["loop"]))
