# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A schedule for a matrix product and what follows it element by element, on tensors: tile, pack, fuse, vectorize."""

from __future__ import annotations

from collections.abc import Sequence

from mlir import ir
from mlir.dialects import transform
from mlir.dialects.transform import loop, structured, tensor, vector

__all__ = ["create_schedule"]


def create_schedule(tile_sizes: Sequence[int] = (64, 128), vector_sizes: Sequence[int] = (4, 16, 4)) -> ir.Module:
    """Returns a schedule for relu(A * B + bias), to be applied before bufferization.

    Args:
        tile_sizes: [rows, columns] of the block of the result that is computed at a time, from that many rows of A and
            a packed copy of that many columns of B. Both should fit the L2 cache.
        vector_sizes: [rows, columns, depth] of the product in the innermost loop. Its rows x columns sums stay in
            vector registers: [8, 32, 4] suits AVX-512, [4, 16, 4] AVX2. Rows and columns must divide the tile's.

    Raises:
        ValueError: sizes are not positive integers, or do not divide. Whether they divide the payload's sizes, as they
            must, is only seen when the schedule is applied.
    """
    check("tile_sizes", tile_sizes, ["rows", "columns"])
    check("vector_sizes", vector_sizes, ["rows", "columns", "depth"])
    rows, columns, depth = vector_sizes
    if tile_sizes[0] % rows or tile_sizes[1] % columns:
        raise ValueError(f"vector_sizes={list(vector_sizes)} do not divide tile_sizes={list(tile_sizes)}")

    any_op = transform.AnyOpType.get()
    module = ir.Module.create()
    module.operation.attributes["transform.with_named_sequence"] = ir.UnitAttr.get()
    with ir.InsertionPoint(module.body):
        readonly = {"transform.readonly": ir.UnitAttr.get()}
        main = transform.named_sequence("__transform_main", [any_op], [], arg_attrs=[readonly])
    with ir.InsertionPoint(main.body):
        function = match(main.bodyTarget, "func.func")

        # Compute block by block, product and all; columns go outside, so that one packed panel of B serves all rows.
        result = match(function, "linalg.generic")
        blocks = structured.FuseOp(result, tile_sizes=list(tile_sizes), tile_interchange=[1, 0])

        # Pack: pad B's panel by nothing, insist on it (nofold), and hoist that copy out of the loop over rows.
        matmul = match(blocks.loops[0], "linalg.matmul")
        zeros = [ir.FloatAttr.get(ir.F32Type.get(), 0.0)] * 3
        padded = structured.PadOp(
            matmul, padding_values=zeros, padding_dimensions=[0, 1, 2], nofold_flags=[0, 1, 0], copy_back_op="none"
        ).padded
        panel = transform.get_producer_of_operand(transform.OperationType.get("tensor.pad"), padded, 1)
        panel = structured.structured_hoist_pad(any_op, panel, 1)
        copy = structured.structured_rewrite_in_destination_passing_style(any_op, panel)
        structured.TileUsingForOp(copy, sizes=[depth, columns])
        with patterns(function):
            transform.apply_patterns_canonicalization()

        # Within a block, compute what fits the registers, in steps along the depth of the product.
        registers = structured.FuseOp(blocks.transformed, tile_sizes=[rows, columns], apply_cleanup=True)
        steps = structured.TileUsingForOp(match(registers.loops[0], "linalg.matmul"), sizes=[0, 0, depth])

        # Vectorize all of it; then the sums become vectors carried by the innermost loop, and products become FMAs.
        structured.VectorizeOp(
            structured.structured_match(any_op, function, interface=structured.MatchInterfaceEnum.LinalgOp)
        )
        with patterns(function):
            vector.apply_patterns_vector_reduction_to_contract()
            vector.apply_patterns_vector_transfer_permutation_patterns()
            tensor.apply_patterns_tensor_fold_tensor_subset_ops_into_vector_transfers()
            transform.apply_patterns_canonicalization()
        loop.loop_hoist_loop_invariant_subsets(steps.loops[0])
        with patterns(function):
            vector.apply_patterns_vector_lower_contraction(lowering_strategy=vector.VectorContractLowering.OuterProduct)
            vector.apply_patterns_vector_lower_outerproduct()
        transform.yield_()
    return module


def match(target: ir.Value, name: str) -> ir.Value:
    """All operations `name` in `target`."""
    return structured.structured_match(transform.AnyOpType.get(), target, ops=[name])


def patterns(target: ir.Value) -> ir.InsertionPoint:
    """Where to list patterns that are applied greedily, together, to `target`."""
    return ir.InsertionPoint(transform.apply_patterns(target).patterns)


def check(option: str, sizes: Sequence[int], meaning: list[str]) -> None:
    """Raises ValueError unless `sizes` is a list of positive integers, one for each `meaning`."""
    fits = isinstance(sizes, (list, tuple)) and len(sizes) == len(meaning)
    if not fits or not all(type(size) is int and size > 0 for size in sizes):
        raise ValueError(f"{option} are positive integers [{', '.join(meaning)}], not {sizes!r}")
