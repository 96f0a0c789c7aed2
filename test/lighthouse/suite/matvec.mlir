// RUN: lh-opt "%s" --stage=x86_64/matvec/f32.yaml | FileCheck "%s"

// CHECK-LABEL: llvm.func @matvec
// CHECK:       llvm.intr.vector.reduce.fadd
func.func @matvec(%a: tensor<64x64xf32>, %b: tensor<64x1xf32>) -> tensor<64x1xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<64x1xf32>
  %c = linalg.fill ins(%zero : f32) outs(%empty : tensor<64x1xf32>) -> tensor<64x1xf32>
  %0 = linalg.matmul ins(%a, %b : tensor<64x64xf32>, tensor<64x1xf32>) outs(%c : tensor<64x1xf32>) -> tensor<64x1xf32>
  return %0 : tensor<64x1xf32>
}
