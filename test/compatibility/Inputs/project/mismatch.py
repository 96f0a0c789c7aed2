# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""An interface as other bindings call it."""

from lighthouse_build.schedule import schedule
from mlir import ir
from mlir.dialects import ext, transform


class Wreck(ext.Dialect, name="wreck"):
    pass


class SinkOp(Wreck.Operation, name="sink"):
    target: ext.Operand[transform.AnyOpType]

    @classmethod
    def attach_interface_impls(cls):
        cls.Apply.attach(cls.OPERATION_NAME)
        cls.Effects.attach(cls.OPERATION_NAME)

    class Apply(transform.TransformOpInterface):
        @staticmethod
        def apply(op, rewriter, results, state):
            return transform.DiagnosedSilenceableFailure.Success

        @staticmethod
        def allow_repeated_handle_operands(op):
            return False

    class Effects(ir.MemoryEffectsOpInterface):
        @staticmethod
        def get_effects(op):
            return []


def create_schedule():
    with schedule() as s:
        SinkOp(s.match("linalg.matmul"))
    return s.module


def verifies():
    module = create_schedule()
    module.operation.verify()
    return module
