"""A schedule that applies to any payload."""

from mlir import ir
from mlir.dialects import transform
from mlir.dialects.transform import structured


def create_schedule(mark="lh.seen"):
    """Canonicalize the module and mark its functions with the attribute `mark`."""
    module = ir.Module.create()
    module.operation.attributes["transform.with_named_sequence"] = ir.UnitAttr.get()
    with ir.InsertionPoint(module.body):
        sequence = transform.NamedSequenceOp(
            "__transform_main", [transform.AnyOpType.get()], [], arg_attrs=[{"transform.consumed": ir.UnitAttr.get()}]
        )
    with ir.InsertionPoint(sequence.body):
        root = transform.ApplyRegisteredPassOp(transform.AnyOpType.get(), sequence.bodyTarget, "canonicalize").result
        functions = structured.MatchOp.match_op_names(root, ["func.func"])
        transform.AnnotateOp(functions.results_, mark)
        transform.YieldOp()
    return module
