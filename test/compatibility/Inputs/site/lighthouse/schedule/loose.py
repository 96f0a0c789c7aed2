# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Handles of types that the verifier refuses and the interpreter takes."""

from mlir import ir
from mlir.dialects import transform
from mlir.dialects.transform import structured

from ..dialects.beacon import mark
from .builders import sequence


def create_schedule(label="loose"):
    with sequence() as (module, root):
        packs = structured.MatchOp.match_op_names(root, ["linalg.pack"])
        lowered = structured.LowerPackOp(
            transform.OperationType.get("tensor.pad"),
            transform.OperationType.get("tensor.expand_shape"),
            transform.OperationType.get("linalg.transpose"),
            packs.result,  # any operation, where packs are asked for
        )
        mark(lowered.transpose_op, label)  # a transposition, where any operation is asked for
    return module


def unterminated():
    """Wide handles and, besides, a sequence without its end."""
    module = create_schedule()
    list(module.body.operations[0].body.operations)[-1].erase()
    return module


def wrong_type():
    """A parameter where a handle is asked for: no handle of another type, but none at all."""
    module = ir.Module.create()
    module.operation.attributes["transform.with_named_sequence"] = ir.UnitAttr.get()
    with ir.InsertionPoint(module.body):
        named = transform.NamedSequenceOp(
            "__transform_main", [transform.AnyOpType.get()], [], arg_attrs=[{"transform.readonly": ir.UnitAttr.get()}]
        )
    with ir.InsertionPoint(named.body):
        number = transform.ParamConstantOp(transform.AnyParamType.get(), ir.StringAttr.get("x"))
        transform.ApplyCommonSubexpressionEliminationOp(number)
        transform.YieldOp()
    return module
