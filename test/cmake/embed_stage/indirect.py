# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A generator that takes the payload, which a look at the file that imports it does not tell."""

from mlir import ir


def hidden(*, payload: ir.Module) -> ir.Module:
    """Gives the payload back; embedding refuses it before."""
    return payload
