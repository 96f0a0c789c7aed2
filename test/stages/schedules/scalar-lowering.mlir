// TOSA and linalg, down to the LLVM dialect, without vectors.

// RUN: lh-opt "%s" --stage=tosa-to-linalg.yaml | FileCheck "%s" --check-prefix=LINALG
// RUN: lh-opt "%s" --stage=scalar-lowering.yaml | FileCheck "%s" --check-prefix=LLVM

// LINALG-NOT: tosa.
// LINALG: linalg.batch_matmul
// LINALG-NOT: tosa.
// LLVM-NOT: {{(tosa|linalg|tensor|memref|scf|arith)\.}}
// LLVM: llvm.func
// LLVM-NOT: {{(tosa|linalg|tensor|memref|scf|arith)\.}}
// LLVM-NOT: vector<
func.func @dense(%a: tensor<1x4x8xf32>, %b: tensor<1x8x6xf32>, %c: tensor<1x1x6xf32>) -> tensor<1x4x6xf32> {
  %zero = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %0 = tosa.matmul %a, %b, %zero, %zero : (tensor<1x4x8xf32>, tensor<1x8x6xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x6xf32>
  %1 = tosa.add %0, %c : (tensor<1x4x6xf32>, tensor<1x1x6xf32>) -> tensor<1x4x6xf32>
  %2 = tosa.clamp %1 {max_val = 6.0 : f32, min_val = 0.0 : f32} : (tensor<1x4x6xf32>) -> tensor<1x4x6xf32>
  %3 = tosa.sigmoid %2 : (tensor<1x4x6xf32>) -> tensor<1x4x6xf32>
  return %3 : tensor<1x4x6xf32>
}
