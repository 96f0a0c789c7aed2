// After a bufferisation of one's own: each allocation is freed once or returned, copies for nothing go.

// RUN: lh-opt "%s" --stage=bufferize-cleanup.yaml | FileCheck "%s"

// CHECK-LABEL: func.func @temporary
// CHECK:   %[[BUFFER:.*]] = memref.alloc
// CHECK-NOT: memref.copy %[[BUFFER]], %[[BUFFER]]
// CHECK:   memref.dealloc %[[BUFFER]]
func.func @temporary(%x: f32, %i: index) -> f32 {
  %buffer = memref.alloc() : memref<8xf32>
  memref.store %x, %buffer[%i] : memref<8xf32>
  memref.copy %buffer, %buffer : memref<8xf32> to memref<8xf32>
  %0 = memref.load %buffer[%i] : memref<8xf32>
  return %0 : f32
}

// CHECK-LABEL: func.func @returned
// CHECK:   %[[BUFFER:.*]] = memref.alloc
// CHECK-NOT: memref.dealloc
// CHECK:   return %[[BUFFER]]
func.func @returned(%x: f32, %i: index) -> memref<8xf32> {
  %buffer = memref.alloc() : memref<8xf32>
  memref.store %x, %buffer[%i] : memref<8xf32>
  return %buffer : memref<8xf32>
}

// What is returned is the caller's to free, so it is no argument.
// CHECK-LABEL: func.func @argument
// CHECK:   %[[COPY:.*]] = memref.alloc
// CHECK:   memref.copy %arg0, %[[COPY]]
// CHECK:   return %[[COPY]]
func.func @argument(%a: memref<8xf32>) -> memref<8xf32> {
  return %a : memref<8xf32>
}
