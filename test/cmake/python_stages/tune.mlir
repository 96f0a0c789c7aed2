module attributes {transform.with_named_sequence} {
  transform.named_sequence @tune(%root: !transform.any_op {transform.readonly},
      %tile: !transform.param<i64> {lh.name = "tile", transform.readonly}) {
    %0 = transform.structured.match ops{["linalg.matmul"]} in %root : (!transform.any_op) -> !transform.any_op
    %unroll = transform.tune.knob<"unroll"> options = [8, 16] -> !transform.param<i64>
    transform.annotate %0 "tile" = %tile : !transform.any_op, !transform.param<i64>
    transform.annotate %0 "unroll" = %unroll : !transform.any_op, !transform.param<i64>
    transform.yield
  }
}
