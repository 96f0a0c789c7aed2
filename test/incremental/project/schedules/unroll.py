"""Unrolls loops."""

from helpers.sequences import unroll
from mlir import ir
from tuning import level

LEAST = 1


def create_schedule(factor=2):
    return ir.Module.parse(unroll(max(factor, LEAST), level()))
