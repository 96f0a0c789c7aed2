// What a schedule remarks comes out as a diagnostic, and can be expected.

// RUN: lh-opt "%s" --stage="%s" 2>&1 >"%t" | FileCheck "%s"
// RUN: lh-opt "%s" --stage="%s" --verify-diagnostics -o "%t"
// RUN: not lh-opt - --verify-diagnostics < "%s" 2>&1 | FileCheck "%s" --check-prefix=NONE
// RUN: echo '"foo.bar"() : () -> ()' | lh-opt - --allow-unregistered-dialect | FileCheck "%s" --check-prefix=UNREGISTERED
// RUN: echo '"foo.bar"() : () -> ()' | not lh-opt - 2>&1 | FileCheck "%s" --check-prefix=REGISTERED
// RUN: lh-opt "%s" --stage=canonicalize --verify-each=0 | FileCheck "%s" --check-prefix=UNVERIFIED

module attributes {transform.with_named_sequence} {
  // expected-remark@below {{a function}}
  func.func @f() { return }

  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["func.func"]} in %root : (!transform.any_op) -> !transform.any_op
    transform.debug.emit_remark_at %0, "a function" : !transform.any_op
    transform.yield
  }
}

// CHECK: remarks.mlir:12:3: remark: a function
// NONE: <stdin>:11:6: error: expected remark "a function" was not produced
// UNREGISTERED: "foo.bar"()
// REGISTERED: <stdin>:1:10: error: {{.*}}unregistered dialect
// UNVERIFIED: func.func @f
