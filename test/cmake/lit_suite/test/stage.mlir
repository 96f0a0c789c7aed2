// RUN: lh-opt "%s" --stage="%lh_stages/simplify.stage.mlir" | FileCheck "%s"
// RUN: lh-opt - --stage="%S/Inputs/canonicalize.yaml" -o - < "%s" | FileCheck "%s"
// RUN: lh-opt "%s" --split-input-file --verify-diagnostics | FileCheck "%s"

// CHECK: func.func @f
func.func @f() { return }
