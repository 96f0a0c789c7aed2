# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A schedule that annotates functions; with a helper of the name that another schedule's helper has."""

from mlir import ir


def create_schedule(*, name: str) -> ir.Module:
    """Returns the schedule."""
    return ir.Module.parse(
        f"""
        module attributes {{transform.with_named_sequence}} {{
          transform.named_sequence @helper(%f: !transform.any_op {{transform.readonly}}) {{
            transform.annotate %f "{name}" : !transform.any_op
            transform.yield
          }}
          transform.named_sequence @__transform_main(%root: !transform.any_op {{transform.readonly}}) {{
            %f = transform.structured.match ops{{["func.func"]}} in %root : (!transform.any_op) -> !transform.any_op
            transform.include @helper failures(propagate) (%f) : (!transform.any_op) -> ()
            transform.yield
          }}
        }}
        """
    )


class Stage:
    """A step that runs Python on the payload."""

    def apply(self, module: ir.Module) -> None:
        """Does nothing."""


def aware(*, payload: ir.Module) -> ir.Module:
    """A generator that takes the payload."""
    return create_schedule(name="aware")
