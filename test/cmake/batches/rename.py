import json
from pathlib import Path


class Rename:
    """Gives each function the suffix that a table has for its name."""

    def apply(self, module):
        for function in module.body.operations:
            name = function.attributes["sym_name"].value
            table = Path(__file__).parent / "tables" / f"{name}.json"
            suffix = json.loads(table.read_text()) if table.exists() else "x"
            function.attributes["lh_suffix"] = type(function.attributes["sym_name"]).get(suffix)
