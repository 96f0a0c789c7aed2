def schedule(iterations):
    return f"""module attributes {{transform.with_named_sequence}} {{
      transform.named_sequence @__transform_main(%root: !transform.any_op {{transform.readonly}}) {{
        %f = transform.structured.match ops{{["func.func"]}} in %root : (!transform.any_op) -> !transform.any_op
        transform.apply_registered_pass "canonicalize" with options = {{ "max-iterations" = {iterations} }} to %f
          : (!transform.any_op) -> !transform.any_op
        transform.yield
      }}
    }}"""
