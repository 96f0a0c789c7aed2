// Matrix products: sums in vectors of two registers each, as wide as the target has them.

// RUN: lh-opt "%s" --stage=matmul.yaml --target-triple=x86_64-unknown-linux-gnu --cpu=x86-64-v3 | FileCheck "%s"
// RUN: lh-opt "%s" --stage=matmul.yaml --target-triple=x86_64-unknown-linux-gnu --cpu=x86-64-v4 | FileCheck "%s" --check-prefix=V4

// CHECK-NOT: {{ (func|arith|math|memref|vector|scf|cf|linalg|tensor|bufferization)\.}}
// CHECK:     llvm.intr.fmuladd({{.*}}vector<16xf32>
// CHECK-NOT: {{ (func|arith|math|memref|vector|scf|cf|linalg|tensor|bufferization)\.}}
// V4:        llvm.intr.fmuladd({{.*}}vector<32xf32>
func.func @matmul(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>, %c: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<?x?xf32>, tensor<?x?xf32>) outs(%c : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}
