# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Convolutions as small matrix products, in vectors.

Takes: linalg.conv_2d_nhwc_hwcf on tensors of any size, static or dynamic, with any strides and dilations.
Guarantees: filters are copied to panels of so many; what their number lacks to a multiple is filled with zeros. For so
  many filters and pixels of a row, the sums stay in a block of vectors while rows, columns and channels of the filters
  pass by. Pixels are taken one by one where `strides` is not 1, or not given.
Leaves: loops and vectors; the sums still go through a tensor, which `hoist.py` mends.
"""

from __future__ import annotations

from collections.abc import Sequence

from _schedules import (
    BITS,
    attempt,
    each,
    fuse_producers,
    match,
    new_schedule,
    patterns,
    peel,
    simplify,
    vector_cleanup,
)
from block_pack import register_tile
from lighthouse_build import Target
from mlir import ir
from mlir.dialects import transform
from mlir.dialects.transform import structured

__all__ = ["create_schedule"]

_CONVOLUTION = "linalg.conv_2d_nhwc_hwcf"
# Images, rows, columns, filters; rows, columns and channels of a filter.
_ITERATORS = ["parallel"] * 4 + ["reduction"] * 3


def create_schedule(*, sizes: Sequence[int] | None = None, target: Target) -> ir.Module:
    """Returns the schedule.

    Args:
        sizes: [pixels, filters] of a block of the result; by default what the target's registers hold.
    """
    dense = ir.DictAttr.get({"strides": ir.Attribute.parse("dense<1> : tensor<2xi64>")})
    any_op = transform.AnyOpType.get()
    with new_schedule() as schedule:
        schedule.tell_of_memrefs(_ITERATORS, [_CONVOLUTION])
        for bits in BITS:
            pixels, filters = register_tile(sizes, target, bits)
            with (
                schedule.each_structured(_ITERATORS, ops=[_CONVOLUTION], bits=bits, only_tensors=True) as found,
                each(structured.structured_match(any_op, found, op_attrs=dense)) as convolution,
            ):
                _pack(convolution, filters, "lh.dense")
            with schedule.each_structured(_ITERATORS, ops=[_CONVOLUTION], bits=bits, only_tensors=True) as convolution:
                _pack(convolution, filters, "lh.strided")
        with each(schedule.functions()) as function:
            simplify(function)
        for bits in BITS:
            pixels, filters = register_tile(sizes, target, bits)
            for mark, block in (("lh.dense", pixels), ("lh.strided", 1)):
                with schedule.each_structured([*_ITERATORS, "parallel"], mark=mark, bits=bits) as product:
                    _tile(product, block, filters)
        with each(schedule.functions()) as function:
            patterns(function, structured.apply_patterns_linalg_tiling_canonicalization)
        for bits in BITS:
            pixels, filters = register_tile(sizes, target, bits)
            for mark in ("lh.dense", "lh.strided"):
                with schedule.each_structured([*_ITERATORS, "parallel"], mark=mark, bits=bits) as product:
                    _fold_window(product)
            # Pixels, channels, filters; a block of one pixel has lost its dimension.
            for rest in (["parallel"], []):
                iterators = [*rest, "reduction", "parallel"]
                with schedule.each_structured(iterators, mark="lh.window", bits=bits) as found, attempt(found) as step:
                    _vectorize(step, [pixels] if rest else [], filters)
        with each(schedule.functions()) as function:
            vector_cleanup(function)
    return schedule.module


def _pack(convolution: ir.Value, filters: int, mark: str) -> None:
    any_op, generic, pack = (
        transform.AnyOpType.get(),
        transform.OperationType.get("linalg.generic"),
        transform.OperationType.get("linalg.pack"),
    )
    packed = structured.structured_pack(generic, convolution, [], static_packed_sizes=[0, 0, 0, filters, 0, 0, 0])
    panels = transform.get_producer_of_operand(pack, packed, 1)
    packed = structured.structured_pack_transpose(generic, pack, any_op, panels, packed, outer_perm=[3, 0, 1, 2])[0]
    transform.annotate(packed, mark)


def _tile(product: ir.Value, pixels: int, filters: int) -> None:
    any_op = transform.AnyOpType.get()
    panels, sums = (transform.get_producer_of_operand(any_op, product, operand) for operand in (1, 2))
    unpack = transform.get_consumers_of_result(any_op, product, 0)

    # A panel of filters stays in the cache while all pixels of an image pass by.
    blocks = structured.TileUsingForOp(unpack, sizes=[1, 1, pixels, filters], interchange=[0, 3, 1, 2])
    row = blocks.loops[3]
    product, sums = fuse_producers([product, sums], row)
    block = [1, 1, pixels, 1, filters]
    structured.VectorizeOp(sums, block)
    structured.VectorizeOp(blocks.tiled_linalg_op, block)
    copy = structured.TileUsingForOp(panels, sizes=[1, 1, 1, 1])
    structured.VectorizeOp(copy.tiled_linalg_op, [1, 1, 1, 1, filters])
    with attempt(transform.get_parent_op(any_op, product)) as pixels_of_row:
        peel(pixels_of_row)


def _fold_window(product: ir.Value) -> None:
    """Tile `product` so that one row and column of the filters are left, and have no dimension."""
    window = structured.TileUsingForOp(product, sizes=[0, 0, 0, 0, 1, 1]).loops[0]
    # What is left of the index of a pixel is its position in the block.
    patterns(
        window,
        structured.apply_patterns_linalg_fold_unit_extent_dims_via_slices,
        transform.apply_patterns_canonicalization,
    )
    transform.annotate(match(window, "linalg.generic"), "lh.window")


def _vectorize(step: ir.Value, pixels: list[int], filters: int) -> None:
    channels = structured.TileUsingForOp(step, sizes=[0] * len(pixels) + [1])
    with attempt(channels.tiled_linalg_op) as static:
        structured.VectorizeOp(static)
    with each(match(channels.loops[0], "linalg.generic")) as dynamic:
        structured.VectorizeOp(dynamic, [*pixels, 1, filters])
