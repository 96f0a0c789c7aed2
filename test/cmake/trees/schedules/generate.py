import json
from pathlib import Path

from helpers import text
from mlir import ir


def create_schedule():
    iterations = json.loads(Path(__file__).with_name("iterations.json").read_text())
    return ir.Module.parse(text.schedule(iterations))
