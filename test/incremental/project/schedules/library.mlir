// Two sequences of one library.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @first(%root: !transform.any_op {transform.readonly},
      %bias: !transform.param<i64> {lh.name = "bias", transform.readonly}) {
    %0 = transform.structured.match ops{["func.func"]} in %root : (!transform.any_op) -> !transform.any_op
    %1 = transform.param.constant 4 : i64 -> !transform.param<i64>
    transform.annotate %0 "bias" = %bias : !transform.any_op, !transform.param<i64>
    transform.annotate %0 "first" = %1 : !transform.any_op, !transform.param<i64>
    transform.yield
  }
  transform.named_sequence @second(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["func.func"]} in %root : (!transform.any_op) -> !transform.any_op
    %1 = transform.param.constant 6 : i64 -> !transform.param<i64>
    transform.annotate %0 "second" = %1 : !transform.any_op, !transform.param<i64>
    transform.yield
  }
}
