# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
from contextlib import contextmanager

from mlir import ir
from mlir.dialects import transform


@contextmanager
def sequence():
    """A schedule and the root of its one sequence; what is built inside belongs to it."""
    module = ir.Module.create()
    module.operation.attributes["transform.with_named_sequence"] = ir.UnitAttr.get()
    with ir.InsertionPoint(module.body):
        named = transform.NamedSequenceOp(
            "__transform_main", [transform.AnyOpType.get()], [], arg_attrs=[{"transform.readonly": ir.UnitAttr.get()}]
        )
    with ir.InsertionPoint(named.body):
        yield module, named.bodyTarget
        transform.YieldOp()
