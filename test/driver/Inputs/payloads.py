"""Payload generators."""

from mlir import ir
from mlir.dialects import arith, func


def create_payload(functions=1, name="f"):
    """Functions that return their number.

    Args:
        functions: how many.
        name: what their names begin with.
    """
    module = ir.Module.create()
    i32 = ir.IntegerType.get_signless(32)
    with ir.InsertionPoint(module.body):
        for number in range(functions):
            function = func.FuncOp(f"{name}{number}", ([], [i32]))
            with ir.InsertionPoint(function.add_entry_block()):
                func.ReturnOp([arith.ConstantOp(i32, number)])
    return module


def invalid():
    return ir.Module.parse('"func.func"() ({}) {} : () -> ()')


def unverified():
    module = create_payload()
    module.body.operations[0].attributes["function_type"] = ir.TypeAttr.parse("() -> ()")
    return module
