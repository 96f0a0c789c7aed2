// RUN: lh-opt "%s" --stage=x86_64/element_wise/f32.yaml | FileCheck "%s"
// RUN: lh-opt "%s" '--stage=x86_64/element-wise.yaml{register_tile=16 unroll_factor=16}' | FileCheck "%s"

// CHECK-LABEL: llvm.func @relu
// CHECK:       llvm.intr.maximum({{.*}}vector<{{[0-9]+}}xf32>
#map = affine_map<(d0, d1) -> (d0, d1)>
func.func @relu(%a: tensor<64x256xf32>) -> tensor<64x256xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<64x256xf32>
  %0 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%a : tensor<64x256xf32>) outs(%empty : tensor<64x256xf32>) {
  ^bb0(%in: f32, %out: f32):
    %1 = arith.maximumf %in, %zero : f32
    linalg.yield %1 : f32
  } -> tensor<64x256xf32>
  return %0 : tensor<64x256xf32>
}
