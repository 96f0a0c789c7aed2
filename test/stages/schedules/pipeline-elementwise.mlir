// Element-wise chains: one loop, in vectors.

// RUN: lh-opt "%s" --stage=elementwise.yaml --target-triple=x86_64-unknown-linux-gnu --cpu=x86-64-v3 | FileCheck "%s"
// RUN: lh-opt "%s" --stage=elementwise.yaml --target-triple=x86_64-unknown-linux-gnu --cpu=x86-64-v4 | FileCheck "%s" --check-prefix=V4

// CHECK-NOT: {{ (func|arith|math|memref|vector|scf|cf|linalg|tensor|bufferization)\.}}
// CHECK:     llvm.intr.exp({{.*}}vector<16xf32>
// CHECK-NOT: {{ (func|arith|math|memref|vector|scf|cf|linalg|tensor|bufferization)\.}}
// V4:        llvm.intr.exp({{.*}}vector<32xf32>
func.func @chain(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>, %out: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = linalg.exp ins(%a : tensor<?x?xf32>) outs(%out : tensor<?x?xf32>) -> tensor<?x?xf32>
  %1 = linalg.mul ins(%0, %b : tensor<?x?xf32>, tensor<?x?xf32>) outs(%out : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %1 : tensor<?x?xf32>
}
