SEED = 1


def sequence(factor):
    return f"""
module attributes {{transform.with_named_sequence}} {{
  transform.named_sequence @__transform_main(%root: !transform.any_op {{transform.readonly}}) {{
    %loops = transform.structured.match ops{{["scf.for"]}} in %root : (!transform.any_op) -> !transform.any_op
    transform.loop.unroll %loops {{factor = {factor * SEED}}} : !transform.any_op
    transform.yield
  }}
}}
"""
