// Convolutions: products of what a window covers and the filter, in vectors.

// RUN: lh-opt "%s" --stage=convolution.yaml --target-triple=x86_64-unknown-linux-gnu --cpu=x86-64-v3 | FileCheck "%s"
// RUN: lh-opt "%s" --stage=convolution.yaml --target-triple=x86_64-unknown-linux-gnu --cpu=x86-64-v4 | FileCheck "%s" --check-prefix=V4

// CHECK-NOT: {{ (func|arith|math|memref|vector|scf|cf|linalg|tensor|bufferization)\.}}
// CHECK:     llvm.intr.fmuladd({{.*}}vector<16xf32>
// CHECK-NOT: {{ (func|arith|math|memref|vector|scf|cf|linalg|tensor|bufferization)\.}}
// V4:        llvm.intr.fmuladd({{.*}}vector<32xf32>
func.func @convolution(%image: tensor<?x?x?x8xf32>, %filter: tensor<3x3x8x32xf32>, %out: tensor<?x?x?x32xf32>)
    -> tensor<?x?x?x32xf32> {
  %0 = linalg.conv_2d_nhwc_hwcf ins(%image, %filter : tensor<?x?x?x8xf32>, tensor<3x3x8x32xf32>)
    outs(%out : tensor<?x?x?x32xf32>) -> tensor<?x?x?x32xf32>
  return %0 : tensor<?x?x?x32xf32>
}
