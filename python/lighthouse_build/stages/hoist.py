# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What does not change in a loop goes before it, and what a loop updates in a tensor stays in registers meanwhile.

Takes: scf loops on tensors, vectorized or not.
Guarantees: a part of a tensor that each iteration reads and writes at the same place is read before the loop and
  written after it.
"""

from __future__ import annotations

from _schedules import each, match, new_schedule, simplify
from mlir import ir
from mlir.dialects import transform
from mlir.dialects.transform import loop

__all__ = ["create_schedule"]


def create_schedule(*, subsets: bool = True) -> ir.Module:
    """Returns the schedule.

    Args:
        subsets: hoist parts of tensors; otherwise only computations.
    """
    with new_schedule() as schedule, each(schedule.functions()) as function:
        loops = match(function, "scf.for")
        transform.apply_licm(loops)
        if subsets:
            with each(loops) as one:
                loop.loop_hoist_loop_invariant_subsets(one)
        simplify(function)
    return schedule.module
