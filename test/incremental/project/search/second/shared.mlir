// Found on the search path.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["func.func"]} in %root : (!transform.any_op) -> !transform.any_op
    %1 = transform.param.constant 8 : i64 -> !transform.param<i64>
    transform.annotate %0 "shared" = %1 : !transform.any_op, !transform.param<i64>
    transform.yield
  }
}
