# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A dialect that Python defines."""

from mlir import ir
from mlir.dialects import ext, transform


class Flags(ext.Dialect, name="flags"):
    pass


class FlagOp(Flags.Operation, name="flag"):
    target: ext.Operand[transform.AnyOpType]

    @classmethod
    def attach_interface_impls(cls):
        cls.Apply.attach(cls.OPERATION_NAME)
        cls.Effects.attach(cls.OPERATION_NAME)

    class Apply(transform.TransformOpInterface):
        @staticmethod
        def apply(op, rewriter, results, state):
            for operation in state.get_payload_ops(op.target):
                operation.attributes["flagged"] = ir.UnitAttr.get()
            return transform.DiagnosedSilenceableFailure.Success

        @staticmethod
        def allow_repeated_handle_operands(op):
            return False

    class Effects(ir.MemoryEffectsOpInterface):
        @staticmethod
        def get_effects(op, effects):
            transform.only_reads_handle(op.op_operands, effects)
            transform.modifies_payload(effects)
