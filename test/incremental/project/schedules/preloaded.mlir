// Named by an option of a pass: MLIR opens it while payloads are lowered.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @preloaded(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["func.func"]} in %root : (!transform.any_op) -> !transform.any_op
    %1 = transform.param.constant 3 : i64 -> !transform.param<i64>
    transform.annotate %0 "preloaded" = %1 : !transform.any_op, !transform.param<i64>
    transform.yield
  }
}
