"""Schedule generators of the driver's tests."""

from mlir import ir
from mlir.dialects import transform
from mlir.dialects.transform import structured


def _module():
    module = ir.Module.create()
    module.operation.attributes["transform.with_named_sequence"] = ir.UnitAttr.get()
    return module


def _sequence(module, name):
    with ir.InsertionPoint(module.body):
        return transform.NamedSequenceOp(
            name, [transform.AnyOpType.get()], [], arg_attrs=[{"transform.readonly": ir.UnitAttr.get()}]
        )


def create_schedule(sizes=(4, 4)):
    """Tile every matmul.

    Args:
        sizes: tile sizes, one a loop.
    """
    module = _module()
    sequence = _sequence(module, "__transform_main")
    with ir.InsertionPoint(sequence.body):
        matmul = structured.MatchOp.match_op_names(sequence.bodyTarget, ["linalg.matmul"])
        structured.TileUsingForOp(matmul.results_, sizes=list(sizes))
        transform.YieldOp()
    return module


def annotate(name="seen"):
    """Two sequences, of which neither is the default one."""
    module = _module()
    for symbol in ("first", "second"):
        sequence = _sequence(module, symbol)
        with ir.InsertionPoint(sequence.body):
            matmul = structured.MatchOp.match_op_names(sequence.bodyTarget, ["linalg.matmul"])
            transform.AnnotateOp(matmul.results_, f"{name}_{symbol}")
            transform.YieldOp()
    return module
