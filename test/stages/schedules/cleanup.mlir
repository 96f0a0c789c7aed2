// What is unused, computed twice or in a loop for nothing goes.

// RUN: lh-opt "%s" --stage=cleanup.yaml | FileCheck "%s"

// CHECK-NOT: @unused
func.func private @unused() {
  return
}

// CHECK-LABEL: @loop
// CHECK: %[[PRODUCT:.*]] = arith.mulf %arg0, %arg0
// CHECK-NOT: arith.mulf
// CHECK: scf.for
// CHECK-NEXT: memref.store %[[PRODUCT]]
func.func @loop(%x: f32, %out: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %unused = arith.addf %x, %x : f32
  scf.for %i = %c0 to %n step %c1 {
    %a = arith.mulf %x, %x : f32
    %b = arith.mulf %x, %x : f32
    %c = arith.maximumf %a, %b : f32
    memref.store %c, %out[%i] : memref<?xf32>
  }
  return
}
