from mlir import ir

DIES = """
    %x = transform.loop.pipeline %l {iteration_interval = 0 : i64, read_latency = 0 : i64}
      : (!transform.op<"scf.for">) -> !transform.any_op
"""
UNROLLS = 'transform.loop.unroll %l {{factor = {factor}}} : !transform.op<"scf.for">'


def create_schedule(factor=1):
    return ir.Module.parse(f"""
module attributes {{transform.with_named_sequence}} {{
  transform.named_sequence @__transform_main(%m: !transform.any_op {{transform.readonly}}) {{
    %l = transform.structured.match ops{{["scf.for"]}} in %m : (!transform.any_op) -> !transform.op<"scf.for">
    {UNROLLS.format(factor=factor) if factor else DIES}
    transform.yield
  }}
}}
""")
