// RUN: lh-opt "%s" --stage=x86_64/batch_matmul/f32.yaml | FileCheck "%s"

// CHECK-LABEL: llvm.func @batch_matmul
// CHECK:       llvm.intr.fmuladd({{.*}}vector<{{[0-9]+}}xf32>
func.func @batch_matmul(%a: tensor<4x64x64xf32>, %b: tensor<4x64x64xf32>) -> tensor<4x64x64xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4x64x64xf32>
  %c = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x64x64xf32>) -> tensor<4x64x64xf32>
  %0 = linalg.batch_matmul ins(%a, %b : tensor<4x64x64xf32>, tensor<4x64x64xf32>) outs(%c : tensor<4x64x64xf32>) -> tensor<4x64x64xf32>
  return %0 : tensor<4x64x64xf32>
}
