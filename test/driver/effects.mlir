// A sequence that does not say what it does with the payload applies as it does in MLIR.

// RUN: lh-opt "%s" --stage='%s[reads]' | FileCheck "%s" --check-prefix=READS
// RUN: lh-opt "%s" --stage='%s[consumes]' | FileCheck "%s" --check-prefix=CONSUMES
// RUN: lh-opt --emit=stage --stage='%s[reads]' | FileCheck "%s" --check-prefix=READONLY
// RUN: lh-opt --emit=stage --stage='%s[consumes]' | FileCheck "%s" --check-prefix=CONSUMED

module attributes {transform.with_named_sequence} {
  func.func @f() {
    %unused = arith.constant 0 : index
    return
  }
  transform.named_sequence @reads(%root: !transform.any_op) {
    transform.annotate %root "lh.seen" : !transform.any_op
    transform.yield
  }
  transform.named_sequence @consumes(%root: !transform.any_op) {
    %0 = transform.apply_registered_pass "canonicalize" to %root : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
}

// READS: module attributes {lh.seen
// READS: arith.constant
// CONSUMES-LABEL: func.func @f
// CONSUMES-NOT: arith.constant
// READONLY: @__lh_step0(%{{.*}}: !transform.any_op {transform.readonly})
// CONSUMED: @__lh_step0(%{{.*}}: !transform.any_op {transform.consumed})
