# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Vectorize element-wise operations on one-dimensional tensors.

Takes: linalg.generic of one parallel iterator, of any size.
Leaves: a loop over vectors; the last one is masked where the size asks for it.
"""

from __future__ import annotations

from lighthouse_build.schedule import schedule
from mlir import ir

__all__ = ["create_schedule"]


def create_schedule(*, width: int) -> ir.Module:
    """Returns the schedule.

    Args:
        width: elements of a vector.

    Raises:
        ValueError: for a width below 1.
    """
    if width < 1:
        raise ValueError(f"width={width} is no number of elements")
    with schedule() as sequence:
        generics = sequence.match("linalg.generic")
        sequence.vectorize(sequence.tile(generics, [width]), [width])
    return sequence.module
