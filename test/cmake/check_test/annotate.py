from mlir import ir
from mlir.dialects import transform
from mlir.dialects.transform import structured


def create_schedule(name="marked"):
    any_op = transform.AnyOpType.get()
    module = ir.Module.create()
    module.operation.attributes["transform.with_named_sequence"] = ir.UnitAttr.get()
    with ir.InsertionPoint(module.body):
        main = transform.named_sequence(
            "__transform_main", [any_op], [], arg_attrs=[{"transform.readonly": ir.UnitAttr.get()}]
        )
    with ir.InsertionPoint(main.body):
        function = structured.structured_match(any_op, main.bodyTarget, ops=["func.func"])
        transform.annotate(function, name)
        transform.yield_()
    return module


class Rename:
    """A stage that is applied in Python."""

    def apply(self, module):
        from new_name import NAME

        for operation in module.body:
            operation.attributes["sym_name"] = ir.StringAttr.get(NAME)
