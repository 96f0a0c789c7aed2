// lighthouse-stage: {"format": 1, "requires": [], "steps": [{"kind": "passes", "name": "cse"}, {"kind": "schedule", "name": "s"}]}
module attributes {lh.stage} {
  module @step0 attributes {lh.pass_pipeline = "builtin.module(cse)"} {
  }
  module @step1 attributes {transform.with_named_sequence} {
    transform.named_sequence @__transform_main(%arg0: !transform.any_op {transform.readonly}) {
      transform.yield
    }
    transform.named_sequence @__lh_step1(%arg0: !transform.any_op {transform.consumed}) {
      transform.include @__transform_main failures(propagate) (%arg0) : (!transform.any_op) -> ()
      transform.yield
    }
  }
}
