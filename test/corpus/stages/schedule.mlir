// A schedule that applies to any payload.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.consumed}) {
    %0 = transform.apply_registered_pass "cse" to %root : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
}
