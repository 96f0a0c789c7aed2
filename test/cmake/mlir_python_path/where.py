# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A schedule that annotates functions with the directory of the bindings."""

from lighthouse_build.schedule import schedule
from mlir import ir
from mlir.dialects import transform


def create_schedule() -> ir.Module:
    """Returns the schedule."""
    with schedule() as sequence:
        transform.AnnotateOp(sequence.match("func.func"), ir.__file__)
    return sequence.module
