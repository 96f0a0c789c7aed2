# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reductions along rows, as many partial results at a time as a vector has elements.

Takes: structured operations on tensors of any size that reduce their innermost dimension only: sums, products, maxima
  of rows, linalg.matvec. The order of the partial results differs from that of the operation, and so may rounding.
Leaves: row by row, a loop of element-wise operations on the partial results, then a reduction of these, which is
  marked `lh.partial`.
"""

from __future__ import annotations

from _schedules import MOST_DIMENSIONS, attempt, each, new_schedule, patterns, peel, row_length
from lighthouse_build import Target
from mlir import ir
from mlir.dialects import transform
from mlir.dialects.transform import structured

__all__ = ["create_schedule"]


def create_schedule(*, length: int | None = None, target: Target) -> ir.Module:
    """Returns the schedule.

    Args:
        length: how many partial results there are; by default those of two registers, 32 bits each. What computes with
            them becomes vectors that stay in registers if `vectorize.py` has the same length.
    """
    size = row_length(length, target)
    any_op = transform.AnyOpType.get()
    with new_schedule() as schedule:
        for outer in range(MOST_DIMENSIONS):
            iterators = ["parallel"] * outer + ["reduction"]
            schedule.tell_of_memrefs(iterators)
            with schedule.each_structured(iterators, only_tensors=True) as reduction, attempt(reduction) as op:
                row = structured.TileUsingForOp(op, sizes=[1] * outer).tiled_linalg_op if outer else op
                sizes = [0] * outer + [size]
                split = structured.TileReductionUsingForOp(
                    [any_op], any_op, any_op, any_op, row, reduction_dims=[outer], tile_sizes=sizes
                )
                transform.annotate(split.combining_op, "lh.partial")
                peel(split.for_op)
        with each(schedule.functions()) as function:
            patterns(function, structured.apply_patterns_linalg_tiling_canonicalization)
    return schedule.module
