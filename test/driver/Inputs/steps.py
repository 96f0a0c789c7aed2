"""Python that stays Python, and generators that want to know the target."""

from __future__ import annotations

import types  # must stay the standard library's, whatever lies beside this file

import lighthouse_build
from mlir import ir
from tile import create_schedule as tile


class Rename:
    """Renames every function.

    Args:
        suffix: what is put after the names.
    """

    def __init__(self, suffix="_new"):
        self.suffix = suffix

    def apply(self, module):
        for function in module.body.operations:
            name = ir.StringAttr(function.attributes["sym_name"]).value
            function.attributes["sym_name"] = ir.StringAttr.get(name + self.suffix)


class Replace:
    """Puts another module in the place of the payload."""

    def apply(self, module):
        return ir.Module.parse("func.func @replaced() { return }")


class Breaks:
    def apply(self, module):
        module.body.operations[0].attributes["function_type"] = ir.TypeAttr.parse("() -> ()")


class Raises:
    def apply(self, module):
        raise ValueError("not this payload")


def by_payload(payload, *, scale=1):
    """As many tiles as the payload has functions."""
    return tile(sizes=[scale * len(payload.body.operations)] * 2)


def changes_payload(payload):
    payload.operation.attributes["x.changed"] = ir.UnitAttr.get()
    return tile()


def by_target(*, target: lighthouse_build.Target):
    """Tiles of a vector's width in floats."""
    assert isinstance(types.SimpleNamespace(), object)
    return tile(sizes=[1, target.vector_bits // 32])
