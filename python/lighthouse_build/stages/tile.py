# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tile operations: compute them piece by piece.

Takes: structured operations on tensors or memrefs of any size.
Leaves: loops around the same operations on tiles.
"""

from __future__ import annotations

from collections.abc import Sequence

from _schedules import attempt, check_sizes, each, match, new_schedule, patterns, simplify
from _schedules import peel as peel_last
from mlir import ir
from mlir.dialects.transform import loop, structured

__all__ = ["create_schedule"]


def create_schedule(
    *,
    sizes: Sequence[int],
    ops: Sequence[str] = (),
    interchange: Sequence[int] = (),
    peel: bool = False,
    unroll: int = 1,
    forall: bool = False,
) -> ir.Module:
    """Returns the schedule.

    Args:
        sizes: of a tile, outermost iterator first; 0, and what is left out, does not tile.
        ops: names of the operations; all structured ones that have as many iterators as there are sizes, or more, if
            empty.
        interchange: the order of the loops, outermost first, as positions in `sizes`; by default that of the iterators.
        peel: give smaller tiles, at the end of a loop, code of their own, so that the others are of static size.
        unroll: how many iterations of the innermost loop become one.
        forall: one scf.forall, whose iterations may run in any order or in parallel, in place of scf.for loops.

    Raises:
        ValueError: options that do not go together.
    """
    sizes = check_sizes("sizes", sizes, least=0)
    interchange = check_sizes("interchange", interchange, least=0)
    check_sizes("unroll", [unroll])
    if not any(sizes):
        raise ValueError(f"sizes={sizes} tile nothing")
    if forall and (interchange or peel or unroll > 1):
        raise ValueError("interchange, peel and unroll are for scf.for loops, not for forall")

    def tile(op: ir.Value) -> None:
        if forall:
            structured.TileUsingForallOp(op, tile_sizes=sizes)
            return
        tiled = structured.TileUsingForOp(op, sizes=sizes, interchange=interchange or None)
        *outer, innermost = tiled.loops
        # Loops of one iteration cannot be peeled, and need not be.
        with attempt(innermost) as last:
            main = peel_last(last) if peel else last
            if unroll > 1:
                loop.LoopUnrollOp(main, factor=unroll)
        if peel:
            # From the inside: peeling copies what is in a loop.
            for one in reversed(outer):
                with attempt(one) as last:
                    peel_last(last)

    with new_schedule() as schedule:
        if ops:
            with each(schedule.functions()) as function, each(match(function, *ops)) as op:
                tile(op)
        else:
            with schedule.each_structured(len(sizes)) as op:
                tile(op)
        with each(schedule.functions()) as function:
            if peel:
                patterns(function, structured.apply_patterns_linalg_tiling_canonicalization)
            simplify(function)
    return schedule.module
