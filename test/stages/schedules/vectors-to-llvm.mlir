// Vectorized tensors to the LLVM dialect: contractions become fused multiply-adds, sums are taken in vectors.

// RUN: lh-opt "%s" --stage=vectors-to-llvm.yaml | FileCheck "%s"

// CHECK-NOT: {{ (func|arith|math|memref|vector|scf|cf|tensor|bufferization)\.}}
// CHECK-LABEL: llvm.func @product
// CHECK:         llvm.intr.fmuladd({{.*}}vector<8xf32>
func.func @product(%a: vector<2x4xf32>, %b: vector<4x8xf32>, %c: tensor<2x8xf32>) -> tensor<2x8xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %0 = vector.transfer_read %c[%c0, %c0], %zero {in_bounds = [true, true]} : tensor<2x8xf32>, vector<2x8xf32>
  %1 = vector.contract {
    indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>],
    iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>
  } %a, %b, %0 : vector<2x4xf32>, vector<4x8xf32> into vector<2x8xf32>
  %2 = vector.transfer_write %1, %c[%c0, %c0] {in_bounds = [true, true]} : vector<2x8xf32>, tensor<2x8xf32>
  return %2 : tensor<2x8xf32>
}

// CHECK-LABEL: llvm.func @sum
// CHECK:         llvm.intr.vector.reduce.fadd"({{.*}}reassoc
func.func @sum(%a: vector<16xf32>, %start: f32) -> f32 {
  %0 = vector.multi_reduction <add>, %a, %start [0] : vector<16xf32> to f32
  return %0 : f32
}
