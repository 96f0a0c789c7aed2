// Reductions of rows: partial sums in vectors.

// RUN: lh-opt "%s" --stage=reduction.yaml --target-triple=x86_64-unknown-linux-gnu --cpu=x86-64-v3 | FileCheck "%s"
// RUN: lh-opt "%s" --stage=reduction.yaml --target-triple=x86_64-unknown-linux-gnu --cpu=x86-64-v4 | FileCheck "%s" --check-prefix=V4

// CHECK-NOT: {{ (func|arith|math|memref|vector|scf|cf|linalg|tensor|bufferization)\.}}
// CHECK:     llvm.intr.exp({{.*}}vector<16xf32>
// CHECK-NOT: {{ (func|arith|math|memref|vector|scf|cf|linalg|tensor|bufferization)\.}}
// V4:        llvm.intr.exp({{.*}}vector<32xf32>
func.func @softmax(%a: tensor<?x?xf32>, %out: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = linalg.softmax dimension(1) ins(%a : tensor<?x?xf32>) outs(%out : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}
