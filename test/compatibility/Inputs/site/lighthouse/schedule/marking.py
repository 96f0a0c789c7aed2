# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Uses an operation that Python defines, and relative imports."""

from mlir.dialects.transform import structured

from ..dialects.beacon import mark
from .builders import sequence


def create_schedule(label="lit", ops=("linalg.matmul",)):
    with sequence() as (module, root):
        found = structured.MatchOp.match_op_names(root, list(ops))
        mark(mark(found.result, label), label + "_again")
    return module
