# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Dimensions of static size 1 disappear from operations.

Takes: linalg.generic on tensors; `linalg-generalize-named-ops` makes it of named operations.
Leaves: linalg.generic of fewer dimensions, on slices or reshaped tensors.
"""

from __future__ import annotations

from _schedules import each, new_schedule, patterns
from mlir import ir
from mlir.dialects import transform
from mlir.dialects.transform import structured

__all__ = ["create_schedule"]


def create_schedule(*, reshape: bool = False) -> ir.Module:
    """Returns the schedule.

    Args:
        reshape: change the shape of tensors with tensor.collapse_shape and tensor.expand_shape; otherwise take slices
            of lower rank, which disappear in bufferization wherever they come from.
    """
    fold = (
        structured.apply_patterns_linalg_fold_unit_extent_dims_via_reshapes
        if reshape
        else structured.apply_patterns_linalg_fold_unit_extent_dims_via_slices
    )
    with new_schedule() as schedule, each(schedule.functions()) as function:
        patterns(function, fold, transform.apply_patterns_canonicalization)
    return schedule.module
