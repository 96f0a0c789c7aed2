# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Another one, and a generator in the same file."""

from lighthouse_build.schedule import schedule
from mlir import ir
from mlir.dialects import ext, transform


class Raft(ext.Dialect, name="raft"):
    pass


class FloatOp(Raft.Operation, name="float"):
    target: ext.Operand[transform.AnyOpType]

    @classmethod
    def attach_interface_impls(cls):
        cls.Apply.attach(cls.OPERATION_NAME)
        cls.Effects.attach(cls.OPERATION_NAME)

    class Apply(transform.TransformOpInterface):
        @staticmethod
        def apply(op, rewriter, results, state):
            for operation in state.get_payload_ops(op.target):
                operation.attributes["afloat"] = ir.UnitAttr.get()
            return transform.DiagnosedSilenceableFailure.Success

        @staticmethod
        def allow_repeated_handle_operands(op):
            return False

    class Effects(ir.MemoryEffectsOpInterface):
        @staticmethod
        def get_effects(op, effects):
            transform.only_reads_handle(op.op_operands, effects)
            transform.modifies_payload(effects)


def create_schedule():
    with schedule() as s:
        FloatOp(s.match("linalg.matmul"))
    return s.module
