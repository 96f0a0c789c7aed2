// Products of a matrix and a vector: rows in vectors.

// RUN: lh-opt "%s" --stage=matvec.yaml --target-triple=x86_64-unknown-linux-gnu --cpu=x86-64-v3 | FileCheck "%s"
// RUN: lh-opt "%s" --stage=matvec.yaml --target-triple=x86_64-unknown-linux-gnu --cpu=x86-64-v4 | FileCheck "%s" --check-prefix=V4

// CHECK-NOT: {{ (func|arith|math|memref|vector|scf|cf|linalg|tensor|bufferization)\.}}
// CHECK:     vector<16xf32>
// CHECK-NOT: {{ (func|arith|math|memref|vector|scf|cf|linalg|tensor|bufferization)\.}}
// V4:        vector<32xf32>
func.func @matvec(%a: tensor<?x?xf32>, %b: tensor<?xf32>, %c: tensor<?xf32>) -> tensor<?xf32> {
  %0 = linalg.matvec ins(%a, %b : tensor<?x?xf32>, tensor<?xf32>) outs(%c : tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}
