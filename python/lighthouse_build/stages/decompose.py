# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operations that stand for several to these.

Takes: linalg.softmax on tensors.
Leaves: linalg.generic: the maximum of each row, exponentials, their sum, quotients.
"""

from __future__ import annotations

from _schedules import each, match, new_schedule
from mlir import ir
from mlir.dialects import transform
from mlir.dialects.transform import structured

__all__ = ["create_schedule"]


def create_schedule() -> ir.Module:
    """Returns the schedule."""
    with (
        new_schedule() as schedule,
        each(schedule.functions()) as function,
        each(match(function, "linalg.softmax")) as softmax,
    ):
        structured.structured_decompose_interface(transform.AnyOpType.get(), softmax)
    return schedule.module
