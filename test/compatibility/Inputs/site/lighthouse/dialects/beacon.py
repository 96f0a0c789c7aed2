# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Transform operations in Python: `beacon.mark`."""

from mlir import ir
from mlir.dialects import ext, transform


def register_and_load():
    Beacon.load()


class Beacon(ext.Dialect, name="beacon"):
    @classmethod
    def load(cls):
        try:
            super().load()
        except ext.DialectAlreadyLoadedError:
            return
        for operation in cls.operations:
            operation.attach()


class MarkOp(Beacon.Operation, name="mark"):
    """Set the attribute `label` of the target, to its own text, and hand the target on."""

    target: ext.Operand[transform.AnyOpType]
    label: ir.StringAttr
    marked: ext.Result[transform.AnyOpType[()]] = ext.infer_result()

    @classmethod
    def attach(cls):
        cls.Apply.attach(cls.OPERATION_NAME)
        cls.Effects.attach(cls.OPERATION_NAME)

    class Apply(transform.TransformOpInterface):
        @staticmethod
        def apply(op, rewriter, results, state):
            payload = list(state.get_payload_ops(op.target))
            label = op.label.value
            if label == "unlit":
                raise KeyError(label)
            for operation in payload:
                operation.attributes[label] = ir.StringAttr.get(label)  # wants an ambient context
            results.set_ops(op.marked, payload)
            return transform.DiagnosedSilenceableFailure.Success

        @staticmethod
        def allow_repeated_handle_operands(op):
            return False

    class Effects(ir.MemoryEffectsOpInterface):
        @staticmethod
        def get_effects(op, effects):
            transform.only_reads_handle(op.op_operands, effects)
            transform.produces_handle(op.results, effects)
            transform.modifies_payload(effects)


def mark(target, label):
    return MarkOp(target, label=ir.StringAttr.get(label)).marked
