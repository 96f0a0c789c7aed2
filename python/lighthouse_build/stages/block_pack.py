# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Matrix products on blocked copies of their operands.

Takes: linalg.matmul and linalg.batch_matmul on tensors of any size, static or dynamic.
Guarantees: A is copied to panels of so many rows, B to panels of so many columns, both contiguous along the depth of
  the product; what a size lacks to a multiple is filled with zeros. The product is a linalg.generic on panels, marked
  `lh.packed`, between a linalg.pack of what it accumulates to and a linalg.unpack of the result.
"""

from __future__ import annotations

from collections.abc import Sequence

from _schedules import BITS, check_sizes, each, lanes, new_schedule, simplify
from lighthouse_build import Target
from mlir import ir
from mlir.dialects import transform
from mlir.dialects.transform import structured

__all__ = ["MATMULS", "create_schedule", "register_tile"]

# Named operation and how many batch dimensions precede rows, columns and depth.
MATMULS = {"linalg.matmul": 0, "linalg.batch_matmul": 1}


def create_schedule(*, sizes: Sequence[int] | None = None, target: Target) -> ir.Module:
    """Returns the schedule.

    Args:
        sizes: [rows, columns] of a block of the result; by default what the target's registers hold.
    """
    with new_schedule() as schedule:
        for op, batches in MATMULS.items():
            iterators = ["parallel"] * (batches + 2) + ["reduction"]
            schedule.tell_of_memrefs(iterators, [op])
            for bits in BITS:
                with schedule.each_structured(iterators, ops=[op], bits=bits, only_tensors=True) as matmul:
                    _pack(matmul, batches, *register_tile(sizes, target, bits))
        with each(schedule.functions()) as function:
            # Packing what is all the same, such as the zeros that a product accumulates to, is filling.
            simplify(function)
    return schedule.module


def register_tile(sizes: Sequence[int] | None, target: Target, bits: int) -> list[int]:
    """Rows and columns of a block whose sums stay in registers, with room for an operand of each; `sizes` if given."""
    if sizes is not None:
        return list(check_sizes("sizes", sizes, 2))
    many_registers = target.vector_bits == 512 or target.arch == "aarch64"
    return [8 if many_registers else 4, 2 * lanes(target, bits)]


def _pack(matmul: ir.Value, batches: int, rows: int, columns: int) -> None:
    any_op, generic, pack = (
        transform.AnyOpType.get(),
        transform.OperationType.get("linalg.generic"),
        transform.OperationType.get("linalg.pack"),
    )
    batch = list(range(batches))
    packed = structured.structured_pack(generic, matmul, [], static_packed_sizes=[*[0] * batches, rows, columns, 0])
    # The columns' panels of B go outside its rows, so that a panel is contiguous.
    right = transform.get_producer_of_operand(pack, packed, 1)
    order = [*batch, batches + 1, batches]
    packed = structured.structured_pack_transpose(generic, pack, any_op, right, packed, outer_perm=order)[0]
    transform.annotate(packed, "lh.packed")
