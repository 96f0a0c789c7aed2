# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Blocked matrix products block by block, in vectors.

Takes: what `block_pack.py` leaves, on tensors.
Guarantees: a loop over the columns of blocks, in it one over the rows of blocks, in it one along the depth of the
  product, whose body is one vector contraction of static size. Operands are packed before, in vectors, too. Where a
  block sticks out of the result, or of an operand, it is read and written under a mask.
Leaves: loops and vectors; the sums still go through a tensor, which `hoist.py` mends.
"""

from __future__ import annotations

from collections.abc import Sequence

from _schedules import BITS, check_sizes, each, fuse_producers, new_schedule, vector_cleanup
from block_pack import MATMULS, register_tile
from lighthouse_build import Target
from mlir import ir
from mlir.dialects import transform
from mlir.dialects.transform import structured

__all__ = ["create_schedule"]


def create_schedule(*, sizes: Sequence[int] | None = None, depth: int = 1, target: Target) -> ir.Module:
    """Returns the schedule.

    Args:
        sizes: [rows, columns] of a block, as they were given to `block_pack.py`.
        depth: steps along the depth of the product that are one contraction. It must divide the depth.
    """
    check_sizes("depth", [depth])
    with new_schedule() as schedule:
        for batches in MATMULS.values():
            for bits in BITS:
                iterators = [*["parallel"] * (batches + 2), "reduction", "parallel", "parallel"]
                with schedule.each_structured(iterators, mark="lh.packed", bits=bits) as product:
                    rows, columns = register_tile(sizes, target, bits)
                    _tile(product, [1] * batches, rows, columns, depth)
        with each(schedule.functions()) as function:
            vector_cleanup(function)
    return schedule.module


def _tile(product: ir.Value, batch: list[int], rows: int, columns: int, depth: int) -> None:
    any_op = transform.AnyOpType.get()
    left, right, sums = (transform.get_producer_of_operand(any_op, product, operand) for operand in range(3))
    unpack = transform.get_consumers_of_result(any_op, product, 0)

    # Rows inside columns: a panel of B stays in the cache while those of A pass by.
    order = list(range(len(batch)))
    blocks = structured.TileUsingForOp(
        unpack, sizes=[*batch, rows, columns], interchange=[*order, len(batch) + 1, len(batch)]
    )
    inner = blocks.loops[len(batch) + 1]
    product, sums = fuse_producers([product, sums], inner)
    step = structured.TileUsingForOp(product, sizes=[*[0] * len(batch), 0, 0, depth])

    structured.VectorizeOp(step.tiled_linalg_op)
    one_block = [*batch, 1, 1, rows, columns]
    structured.VectorizeOp(sums, one_block)
    structured.VectorizeOp(blocks.tiled_linalg_op, one_block)
    for panel, size in ((left, rows), (right, columns)):
        rows_at_a_time = 4
        copy = structured.TileUsingForOp(panel, sizes=[*batch, 1, rows_at_a_time])
        structured.VectorizeOp(copy.tiled_linalg_op, [*batch, 1, rows_at_a_time, size])
