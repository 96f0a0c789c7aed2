# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Uses none."""

from mlir import ir
from mlir.dialects import transform
from mlir.dialects.transform import structured

from .builders import sequence


def create_schedule(**options):
    """Annotates matmuls with all options; their names need not be identifiers."""
    with sequence() as (module, root):
        found = structured.MatchOp.match_op_names(root, ["linalg.matmul"])
        for key, value in options.items():
            made = transform.ParamConstantOp(transform.AnyParamType.get(), ir.StringAttr.get(repr(value)))
            transform.AnnotateOp(found, key, param=made)
    return module
