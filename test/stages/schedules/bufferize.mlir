// Tensors to buffers: none is left, no argument is written to that says so, what is returned is the caller's.

// RUN: lh-opt "%s" --stage=bufferize.yaml | FileCheck "%s"
// RUN: lh-opt "%s" --stage=fold-empty-tensors.mlir | FileCheck "%s" --check-prefix=EMPTY
// RUN: lh-opt "%s" --stage=decompose-linalg.mlir | FileCheck "%s" --check-prefix=DECOMPOSED

// CHECK-NOT: {{tensor[.<]}}

// CHECK-LABEL: func.func @updated(%arg0: memref<8xf32>
// CHECK:   %[[COPY:.*]] = memref.alloc
// CHECK:   memref.copy %arg0, %[[COPY]]
// CHECK:   memref.store %{{.*}}, %[[COPY]]
// CHECK:   return %[[COPY]]
func.func @updated(%a: tensor<8xf32> {bufferization.writable = false}) -> tensor<8xf32> {
  %c0 = arith.constant 0 : index
  %x = arith.constant 1.0 : f32
  %0 = tensor.insert %x into %a[%c0] : tensor<8xf32>
  return %0 : tensor<8xf32>
}

// What may be written to is.
// CHECK-LABEL: func.func @in_place(%arg0: memref<8xf32>
// CHECK-NOT: memref.copy
// CHECK:   memref.store %{{.*}}, %arg0
func.func @in_place(%a: tensor<8xf32> {bufferization.writable = true}, %out: memref<8xf32>) {
  %c0 = arith.constant 0 : index
  %x = arith.constant 1.0 : f32
  %0 = tensor.insert %x into %a[%c0] : tensor<8xf32>
  bufferization.materialize_in_destination %0 in writable %out : (tensor<8xf32>, memref<8xf32>) -> ()
  return
}

// A buffer that was only needed on the way is freed.
// CHECK-LABEL: func.func @on_the_way
// CHECK:   %[[SUMS:.*]] = memref.alloc
// CHECK:   memref.dealloc %[[SUMS]]
// EMPTY-LABEL: func.func @on_the_way
// EMPTY-NOT: tensor.extract_slice
// EMPTY:     %[[OWN:.*]] = tensor.empty() : tensor<4xf32>
// EMPTY:     linalg.fill {{.*}} outs(%[[OWN]]
func.func @on_the_way(%a: tensor<4x8xf32>) -> f32 {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<8xf32>
  %slice = tensor.extract_slice %empty[0] [4] [1] : tensor<8xf32> to tensor<4xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%slice : tensor<4xf32>) -> tensor<4xf32>
  %sums = linalg.reduce { arith.addf } ins(%a : tensor<4x8xf32>) outs(%fill : tensor<4xf32>) dimensions = [1]
  %0 = tensor.extract %sums[%c0] : tensor<4xf32>
  return %0 : f32
}

// Operations without loops of their own become such that have.
// DECOMPOSED-LABEL: func.func @softmax
// DECOMPOSED-NOT: linalg.softmax
// DECOMPOSED:     math.exp
// DECOMPOSED-LABEL: func.func @packed
// DECOMPOSED-NOT: {{linalg\.(un)?pack}}
// DECOMPOSED:     tensor.expand_shape
// DECOMPOSED:     linalg.transpose
func.func @softmax(%a: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %empty = tensor.empty() : tensor<4x8xf32>
  %0 = linalg.softmax dimension(1) ins(%a : tensor<4x8xf32>) outs(%empty : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}
func.func @packed(%a: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %panels = tensor.empty() : tensor<2x2x4x4xf32>
  %0 = linalg.pack %a inner_dims_pos = [0, 1] inner_tiles = [4, 4] into %panels : tensor<8x8xf32> -> tensor<2x2x4x4xf32>
  %whole = tensor.empty() : tensor<8x8xf32>
  %1 = linalg.unpack %0 inner_dims_pos = [0, 1] inner_tiles = [4, 4] into %whole : tensor<2x2x4x4xf32> -> tensor<8x8xf32>
  return %1 : tensor<8x8xf32>
}
