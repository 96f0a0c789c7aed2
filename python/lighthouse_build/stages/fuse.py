# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tile operations together with what computes their operands.

Takes: structured operations on tensors of any size.
Guarantees: an operation that is chosen is tiled, and all structured operations that it depends on, directly or through
  others, are computed in its loops, tile by tile. So consumers are fused by choosing the last of them.
Leaves: scf loops around structured operations on tiles.
"""

from __future__ import annotations

from collections.abc import Sequence

from _schedules import (
    MOST_DIMENSIONS,
    check_sizes,
    each,
    mark_results,
    match,
    new_schedule,
    on_tensors,
    simplify,
    tell_of_memrefs,
)
from mlir import ir
from mlir.dialects.transform import structured

__all__ = ["create_schedule"]


def create_schedule(
    *,
    sizes: Sequence[int],
    ops: Sequence[str] = (),
    interchange: Sequence[int] = (),
    forall: bool = False,
) -> ir.Module:
    """Returns the schedule.

    Args:
        sizes: of a tile, outermost iterator first; 0 does not tile.
        ops: names of the operations; by default those whose iterators are all parallel, no fewer than there are sizes,
            and that compute what the function returns.
        interchange: the order of the loops, outermost first, as positions in `sizes`; by default that of the iterators.
        forall: one scf.forall, whose iterations may run in any order or in parallel, in place of scf.for loops.
    """
    sizes = check_sizes("sizes", sizes, least=0)
    interchange = check_sizes("interchange", interchange, least=0)

    def fuse(op: ir.Value) -> None:
        structured.FuseOp(op, tile_sizes=sizes, tile_interchange=interchange, apply_cleanup=True, use_forall=forall)

    with new_schedule() as schedule:
        if ops:
            with each(schedule.functions()) as function:
                found = match(function, *ops)
                tell_of_memrefs(found, "fused; tile.py takes others")
                with each(on_tensors(found)) as op:
                    fuse(op)
        else:
            mark_results(schedule.functions())
            for rank in range(len(sizes), MOST_DIMENSIONS + 1):
                with schedule.each_structured(["parallel"] * rank, mark="lh.result") as op:
                    fuse(op)
        with each(schedule.functions()) as function:
            simplify(function)
    return schedule.module
