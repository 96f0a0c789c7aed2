// Batches of matrix products.

// RUN: lh-opt "%s" --stage=batch-matmul.yaml --target-triple=x86_64-unknown-linux-gnu --cpu=x86-64-v3 | FileCheck "%s"
// RUN: lh-opt "%s" --stage=batch-matmul.yaml --target-triple=x86_64-unknown-linux-gnu --cpu=x86-64-v4 | FileCheck "%s" --check-prefix=V4

// CHECK-NOT: {{ (func|arith|math|memref|vector|scf|cf|linalg|tensor|bufferization)\.}}
// CHECK:     llvm.intr.fmuladd({{.*}}vector<16xf32>
// CHECK-NOT: {{ (func|arith|math|memref|vector|scf|cf|linalg|tensor|bufferization)\.}}
// V4:        llvm.intr.fmuladd({{.*}}vector<32xf32>
func.func @batch_matmul(%a: tensor<?x16x8xf32>, %b: tensor<?x8x64xf32>, %c: tensor<?x16x64xf32>) -> tensor<?x16x64xf32> {
  %0 = linalg.batch_matmul ins(%a, %b : tensor<?x16x8xf32>, tensor<?x8x64xf32>) outs(%c : tensor<?x16x64xf32>) -> tensor<?x16x64xf32>
  return %0 : tensor<?x16x64xf32>
}
