"""Sequences as text."""

from .constants import OFFSET


def unroll(factor, level):
    level += OFFSET
    return f"""
      module attributes {{transform.with_named_sequence}} {{
        transform.named_sequence @__transform_main(%root: !transform.any_op {{transform.readonly}}) {{
          %loops = transform.structured.match ops{{["scf.for"]}} in %root : (!transform.any_op) -> !transform.any_op
          transform.loop.unroll %loops {{factor = {factor}}} : !transform.any_op
          %all = transform.structured.match ops{{["func.func"]}} in %root : (!transform.any_op) -> !transform.any_op
          %level = transform.param.constant {level} : i64 -> !transform.param<i64>
          transform.annotate %all "level" = %level : !transform.any_op, !transform.param<i64>
          transform.yield
        }}
      }}"""
