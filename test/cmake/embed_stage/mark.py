# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A schedule that annotates functions, and steps that run Python when they are applied."""

from indirect import hidden  # noqa: F401 (a generator by another name)
from lighthouse_build.schedule import schedule
from mlir import ir
from mlir.dialects import transform


def create_schedule(*, name: str) -> ir.Module:
    """Returns the schedule."""
    with schedule() as sequence:
        transform.AnnotateOp(sequence.match("func.func"), name)
    return sequence.module


class Stage:
    """A step that runs Python on the payload."""

    def apply(self, module: ir.Module) -> None:
        """Does nothing."""


def aware(*, payload: ir.Module) -> ir.Module:
    """A generator that takes the payload."""
    return create_schedule(name="aware")
