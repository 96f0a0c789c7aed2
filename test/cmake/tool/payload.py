# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A payload that is generated."""

from mlir import ir


def create_payload(*, value: int) -> ir.Module:
    """A function `answer` that returns `value`."""
    return ir.Module.parse(f"func.func @answer() -> i32 {{ %v = arith.constant {value} : i32 return %v : i32 }}")
