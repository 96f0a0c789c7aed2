// Convolutions become products of pixels and filters for each row, column and channel of the filters.

// RUN: lh-opt "%s" --stage='convolve.py{sizes=[4,8]}' --stage=hoist.py | FileCheck "%s"

func.func @dense(%a: tensor<1x10x18x3xf32>, %w: tensor<3x3x3x16xf32>, %out: tensor<1x8x16x16xf32>) -> tensor<1x8x16x16xf32> {
  %0 = linalg.conv_2d_nhwc_hwcf {strides = dense<1> : tensor<2xi64>, dilations = dense<1> : tensor<2xi64>}
      ins(%a, %w : tensor<1x10x18x3xf32>, tensor<3x3x3x16xf32>) outs(%out : tensor<1x8x16x16xf32>) -> tensor<1x8x16x16xf32>
  return %0 : tensor<1x8x16x16xf32>
}

// CHECK-LABEL: @dense
// CHECK: scf.for {{.*}} to %c3 step %c1 iter_args({{.*}}) -> (vector<4x8xf32>)
// CHECK: scf.for {{.*}} to %c3 step %c1 iter_args({{.*}}) -> (vector<4x8xf32>)
// CHECK: scf.for {{.*}} to %c3 step %c1 iter_args({{.*}}) -> (vector<4x8xf32>)
// CHECK-NOT: mask
// CHECK: vector.contract {{.*}} vector<4x1xf32>, vector<1x8xf32> into vector<4x8xf32>
// CHECK-NOT: linalg

func.func @strided(%a: tensor<?x?x?x?xf32>, %w: tensor<?x?x?x?xf32>, %out: tensor<?x?x?x?xf32>) -> tensor<?x?x?x?xf32> {
  %0 = linalg.conv_2d_nhwc_hwcf {strides = dense<2> : tensor<2xi64>, dilations = dense<1> : tensor<2xi64>}
      ins(%a, %w : tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>) outs(%out : tensor<?x?x?x?xf32>) -> tensor<?x?x?x?xf32>
  return %0 : tensor<?x?x?x?xf32>
}

// CHECK-LABEL: @strided
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (vector<8xf32>)
// CHECK: vector.contract {{.*}} vector<1xf32>, vector<1x8xf32> into vector<8xf32>
// CHECK-NOT: linalg
