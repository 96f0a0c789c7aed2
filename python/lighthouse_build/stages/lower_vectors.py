# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Vectors of many dimensions to what registers hold.

Takes: vectors on memrefs (after `bufferize.yaml`): contractions, masks, transfers, transposes, broadcasts.
Leaves: one-dimensional loads, stores and arithmetic, with masks where sizes do not divide; fused multiply-adds for
  products of floating-point numbers.
"""

from __future__ import annotations

from _schedules import each, new_schedule, patterns
from mlir import ir
from mlir.dialects import transform
from mlir.dialects.transform import memref, vector

__all__ = ["create_schedule"]


def create_schedule() -> ir.Module:
    """Returns the schedule."""
    outer_products = vector.VectorContractLowering.OuterProduct
    with new_schedule() as schedule, each(schedule.functions()) as function:
        patterns(
            function,
            lambda: vector.apply_patterns_vector_lower_contraction(lowering_strategy=outer_products),
            vector.apply_patterns_vector_lower_outerproduct,
        )
        patterns(
            function, memref.apply_patterns_memref_fold_memref_alias_ops, transform.apply_patterns_canonicalization
        )
        patterns(
            function, vector.apply_patterns_vector_lower_masks, vector.apply_patterns_vector_lower_masked_transfers
        )
        patterns(
            function,
            lambda: vector.apply_patterns_vector_transfer_to_scf(full_unroll=True),
            lambda: vector.apply_patterns_vector_lower_transfer(max_transfer_rank=1),
        )
        patterns(
            function,
            vector.apply_patterns_vector_lower_shape_cast,
            vector.apply_patterns_vector_lower_broadcast,
            vector.apply_patterns_vector_lower_transpose,
        )
    return schedule.module
