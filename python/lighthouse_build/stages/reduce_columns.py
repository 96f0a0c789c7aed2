# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reductions along columns, many columns at a time in vectors.

Takes: linalg.vecmat on tensors of any size; to be applied before `split_reductions.py`, which suits rows.
Leaves: a loop over groups of columns, in it one over the rows whose body is a vector contraction. The columns that are
  left at the end are computed under a mask.
"""

from __future__ import annotations

from collections.abc import Sequence

from _schedules import attempt, each, new_schedule, patterns, peel, row_length, vector_cleanup
from lighthouse_build import Target
from mlir import ir
from mlir.dialects import transform
from mlir.dialects.transform import structured

__all__ = ["create_schedule"]


def create_schedule(*, ops: Sequence[str] = ("linalg.vecmat",), length: int | None = None, target: Target) -> ir.Module:
    """Returns the schedule.

    Args:
        ops: names of operations of two iterators: columns, which are parallel, and rows, which are reduced.
        length: how many columns there are at a time; by default those of two registers, 32 bits each.
    """
    size = row_length(length, target)
    iterators = ["parallel", "reduction"]
    with new_schedule() as schedule:
        with schedule.each_structured(iterators, ops=ops) as found:
            transform.annotate(found, "lh.columns")
            with attempt(structured.TileUsingForOp(found, sizes=[size]).loops[0]) as columns:
                peel(columns)
        with each(schedule.functions()) as function:
            patterns(function, structured.apply_patterns_linalg_tiling_canonicalization)
        with schedule.each_structured(iterators, mark="lh.columns") as op:
            structured.VectorizeOp(structured.TileUsingForOp(op, sizes=[0, 1]).tiled_linalg_op, [size, 1])
        with each(schedule.functions()) as function:
            vector_cleanup(function)
    return schedule.module
