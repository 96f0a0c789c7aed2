# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Dialects that Python defines."""

from mlir import ir
from mlir.dialects import transform


class Parameter(ir.Value):
    """What values of `!transform.any_param` are to Python code; the bindings take one such class, once a process."""

    _registered = False


def register_and_load():
    """Load them into the current context."""
    from . import beacon

    beacon.register_and_load()
    if not Parameter._registered:
        ir.register_value_caster(transform.AnyParamType.static_typeid)(Parameter)
        Parameter._registered = True
