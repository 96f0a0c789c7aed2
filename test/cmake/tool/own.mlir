// With an operation and a type that only the tool has.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @only_one(%root: !transform.any_op {transform.readonly}) {
    %none = transform.test_produce_param (0 : i32) : !transform.test_dialect_param
    %f = transform.structured.match ops{["func.func"]} in %root : (!transform.any_op) -> !transform.any_op
    transform.annotate %f "own" : !transform.any_op
    transform.yield
  }
}
