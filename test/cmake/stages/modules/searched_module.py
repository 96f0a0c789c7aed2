def annotate(text):
    return f"""
module attributes {{transform.with_named_sequence}} {{
  transform.named_sequence @first(%root: !transform.any_op {{transform.readonly}}) {{
    transform.yield
  }}
  transform.named_sequence @second(%root: !transform.any_op {{transform.readonly}}) {{
    %functions = transform.structured.match ops{{["func.func"]}} in %root : (!transform.any_op) -> !transform.any_op
    transform.annotate %functions "factor_{text}" : !transform.any_op
    transform.yield
  }}
}}
"""
