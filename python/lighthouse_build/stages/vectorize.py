# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Structured operations on tensors to vectors, whatever their sizes.

Takes: linalg on tensors, static or dynamic.
Guarantees: without `sizes`, operations whose iterators are all parallel are computed in vectors along their innermost
  dimension, and so are the last steps of `split_reductions.py`; what a size lacks to a multiple of the vector is
  computed after the others, under a mask. With `sizes`, the operations `ops` become vectors of those sizes; they must
  be as small as that already, and masks are added where their shape is dynamic or smaller. What cannot be vectorized
  stays, in loops.
Leaves: loops and vectors.
"""

from __future__ import annotations

from collections.abc import Sequence

from _schedules import (
    MOST_DIMENSIONS,
    attempt,
    check_sizes,
    each,
    match,
    new_schedule,
    patterns,
    row_length,
    vector_cleanup,
)
from _schedules import peel as peel_last
from lighthouse_build import Target
from mlir import ir
from mlir.dialects import transform
from mlir.dialects.transform import structured

__all__ = ["create_schedule"]


def create_schedule(
    *,
    ops: Sequence[str] = (),
    sizes: Sequence[int] | None = None,
    length: int | None = None,
    peel: bool = True,
    target: Target,
) -> ir.Module:
    """Returns the schedule.

    Args:
        ops: names of the operations; any if empty.
        sizes: of the vectors, one for each iterator of the operations.
        length: without `sizes`: elements of a vector; by default those of two registers, 32 bits each.
        peel: without `sizes`: whether the last vector of a row has a loop of its own; otherwise all are masked.
    """
    with new_schedule() as schedule:
        if sizes is not None:
            if not ops:
                raise ValueError("sizes are for certain operations; name them, as in ops=[linalg.matmul]")
            with each(schedule.functions()) as function, each(match(function, *ops)) as op:
                structured.VectorizeOp(op, check_sizes("sizes", sizes))
        else:
            size = row_length(length, target)
            for rank in range(1, MOST_DIMENSIONS + 1):
                row = [1] * (rank - 1) + [size]
                iterators = ["parallel"] * rank
                with schedule.each_structured(iterators, ops=ops) as found, attempt(found) as op:
                    transform.annotate(op, "lh.row")
                    tiled = structured.TileUsingForOp(op, sizes=row)
                    if peel:
                        peel_last(tiled.loops[rank - 1])
                with each(schedule.functions()) as function:
                    patterns(function, structured.apply_patterns_linalg_tiling_canonicalization)
                with schedule.each_structured(iterators, mark="lh.row") as found, attempt(found) as op:
                    structured.VectorizeOp(op, row)
        # Reductions of static, small size.
        for outer in range(MOST_DIMENSIONS):
            iterators = ["parallel"] * outer + ["reduction"]
            with schedule.each_structured(iterators, mark="lh.partial") as found, attempt(found) as op:
                structured.VectorizeOp(op)
        with each(schedule.functions()) as function:
            vector_cleanup(function)
    return schedule.module
