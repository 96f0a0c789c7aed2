# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
from buoy import FloatOp
from lighthouse_build.schedule import schedule
from mlir.dialects.transform.interpreter import apply_named_sequence


def create_schedule():
    with schedule() as s:
        FloatOp(s.match("linalg.matmul"))
    return s.module


def late():
    """Imports the dialect when it is too late."""
    import raft

    return raft.create_schedule()


class Float:
    """A stage class that applies such an operation."""

    def apply(self, module):
        schedule = create_schedule()
        apply_named_sequence(module, schedule.body.operations[0], schedule)
