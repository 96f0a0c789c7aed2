module attributes {transform.with_named_sequence} {
  transform.named_sequence @helper(%loop: !transform.any_op {transform.consumed}) {
    transform.loop.unroll %loop {factor = 2} : !transform.any_op
    transform.yield
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly},
                                             %mark: !transform.param<i64> {lh.name = "mark", transform.readonly}) {
    %f = transform.structured.match ops{["func.func"]} in %root : (!transform.any_op) -> !transform.any_op
    transform.annotate %f "mark" = %mark : !transform.any_op, !transform.param<i64>
    %loops = transform.structured.match ops{["scf.for"]} in %root : (!transform.any_op) -> !transform.any_op
    transform.include @helper failures(propagate) (%loops) : (!transform.any_op) -> ()
    transform.yield
  }
}
