"""A stage class: names functions after a table that it reads as it runs."""

import json
from pathlib import Path

from mlir import ir
from naming import renamed

ROUND = 1
TABLE = Path(__file__).parents[1] / "tables" / "names.json"


class Rename:
    def apply(self, module):
        number = json.loads(TABLE.read_text())["number"]
        for function in module.body.operations:
            name = ir.StringAttr(function.attributes["sym_name"]).value
            function.attributes["sym_name"] = ir.StringAttr.get(renamed(name, ROUND + number))
