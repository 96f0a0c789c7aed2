"""Marks on operations."""

from mlir import ir
from mlir.dialects import transform

from .constants import OFFSET

STEP = 1


def mark(target, name, value):
    i64 = ir.IntegerType.get_signless(64)
    number = ir.IntegerAttr.get(i64, OFFSET + STEP * value)
    param = transform.ParamConstantOp(transform.ParamType.get(i64), number)
    transform.AnnotateOp(target, name, param=param)
