import os

from mlir import ir
from naming import renamed


class Rename:
    def apply(self, module):
        for function in module.body.operations:
            name = ir.StringAttr(function.attributes["sym_name"]).value
            function.attributes["sym_name"] = ir.StringAttr.get(renamed(name) + os.environ["SUFFIX"])
