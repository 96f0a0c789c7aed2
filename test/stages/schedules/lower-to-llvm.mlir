// Loops and what is below them, then everything to the LLVM dialect: nothing is left behind.

// RUN: lh-opt "%s" --stage=linalg-to-loops.yaml | FileCheck "%s" --check-prefix=LOOPS
// RUN: lh-opt "%s" --stage=lower-to-llvm.yaml | FileCheck "%s"

// LOOPS-NOT:   {{(linalg|affine)\.}}
// LOOPS-LABEL: func.func @linalg
// LOOPS:         scf.for
// LOOPS:           memref.store

// CHECK-NOT: {{ (func|arith|math|complex|index|memref|vector|scf|cf|affine|linalg|ub)\.}}
// CHECK-NOT: unrealized_conversion_cast

// CHECK-LABEL: llvm.func @linalg
func.func @linalg(%a: memref<?xf32>, %b: memref<?xf32>) {
  linalg.exp ins(%a : memref<?xf32>) outs(%b : memref<?xf32>)
  return
}

// CHECK-LABEL: llvm.func @math
// CHECK: llvm.intr.exp
// CHECK: llvm.call @erff
func.func @math(%x: f32, %n: i64) -> (f32, f32, i64) {
  %0 = math.exp %x : f32
  %1 = math.erf %x : f32
  %2 = math.ipowi %n, %n : i64
  return %0, %1, %2 : f32, f32, i64
}

// CHECK-LABEL: llvm.func @complex
func.func @complex(%x: f32, %y: f32) -> f32 {
  %0 = complex.create %x, %y : complex<f32>
  %1 = complex.mul %0, %0 : complex<f32>
  %2 = complex.exp %1 : complex<f32>
  %3 = complex.abs %2 : complex<f32>
  return %3 : f32
}

// CHECK-LABEL: llvm.func @index
func.func @index(%n: index) -> index {
  %c3 = index.constant 3
  %0 = index.ceildivs %n, %c3
  %1 = index.maxu %0, %n
  return %1 : index
}

// Strided views, and casts that look into them.
// CHECK-LABEL: llvm.func @views
func.func @views(%a: memref<?x?xf32>, %i: index, %n: index) -> f32 {
  %view = memref.subview %a[%i, 1] [%n, 2] [2, 1] : memref<?x?xf32> to memref<?x2xf32, strided<[?, 1], offset: ?>>
  %base, %offset, %sizes:2, %strides:2 = memref.extract_strided_metadata %view
    : memref<?x2xf32, strided<[?, 1], offset: ?>> -> memref<f32>, index, index, index, index, index
  %0 = memref.load %view[%strides#0, %offset] : memref<?x2xf32, strided<[?, 1], offset: ?>>
  return %0 : f32
}

// CHECK-LABEL: llvm.func @vectors
// CHECK: llvm.intr.fmuladd
func.func @vectors(%a: vector<2x4xf32>, %b: vector<4x8xf32>, %c: vector<2x8xf32>, %m: memref<?x?xf32>, %i: index) {
  %zero = arith.constant 0.0 : f32
  %0 = vector.contract {
    indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>],
    iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>
  } %a, %b, %c : vector<2x4xf32>, vector<4x8xf32> into vector<2x8xf32>
  %1 = vector.transfer_read %m[%i, %i], %zero : memref<?x?xf32>, vector<2x8xf32>
  %2 = vector.fma %0, %1, %c : vector<2x8xf32>
  vector.transfer_write %2, %m[%i, %i] : vector<2x8xf32>, memref<?x?xf32>
  return
}

// Arithmetic that few processors have.
// CHECK-LABEL: llvm.func @bf16
func.func @bf16(%x: bf16, %y: bf16) -> (bf16, f32) {
  %0 = arith.mulf %x, %y : bf16
  %1 = math.sqrt %0 : bf16
  %2 = arith.extf %1 : bf16 to f32
  return %1, %2 : bf16, f32
}
