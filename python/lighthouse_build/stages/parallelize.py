# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compute the results of functions in parts that may run in parallel.

Takes: linalg on tensors of any size.
Guarantees: an operation that computes what a function returns is cut along its outermost dimension, where that is
  parallel; what it depends on is computed in each part, as far as it is needed there.
Leaves: scf.forall around the same operations on parts; `parallel-to-openmp.yaml` runs them in threads. To be applied
  before what makes loops within the parts.
"""

from __future__ import annotations

from _schedules import MOST_DIMENSIONS, check_sizes, each, mark_results, new_schedule, simplify
from mlir import ir
from mlir.dialects.transform import structured

__all__ = ["create_schedule"]


def create_schedule(*, size: int = 64) -> ir.Module:
    """Returns the schedule.

    Args:
        size: how much of the outermost dimension a part has; the last may be smaller.
    """
    check_sizes("size", [size])
    with new_schedule() as schedule:
        mark_results(schedule.functions())
        for rank in range(1, MOST_DIMENSIONS + 1):
            for reductions in range(rank):
                iterators = ["parallel"] * (rank - reductions) + ["reduction"] * reductions
                with schedule.each_structured(iterators, mark="lh.result") as op:
                    structured.FuseOp(op, tile_sizes=[size], apply_cleanup=True, use_forall=True)
        with each(schedule.functions()) as function:
            simplify(function)
    return schedule.module
