// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Views, copies, atomics, reallocation.

func.func @f(%arg0: memref<8x8xf32>, %arg1: index, %arg2: memref<?x?xf32>) -> memref<?xf32> {
  %subview = memref.subview %arg0[%arg1, 2] [4, %arg1] [1, 2] : memref<8x8xf32> to memref<4x?xf32, strided<[8, 2], offset: ?>>
  %expand_shape = memref.expand_shape %arg0 [[0, 1], [2]] output_shape [2, 4, 8] : memref<8x8xf32> into memref<2x4x8xf32>
  %collapse_shape = memref.collapse_shape %expand_shape [[0, 1, 2]] : memref<2x4x8xf32> into memref<64xf32>
  %reinterpret_cast = memref.reinterpret_cast %collapse_shape to offset: [%arg1], sizes: [4, %arg1], strides: [%arg1, 1] : memref<64xf32> to memref<4x?xf32, strided<[?, 1], offset: ?>>
  %cst = arith.constant 1.000000e+00 : f32
  %0 = memref.atomic_rmw addf %cst, %collapse_shape[%arg1] : (f32, memref<64xf32>) -> f32
  %1 = memref.generic_atomic_rmw %collapse_shape[%arg1] : memref<64xf32> {
  ^bb0(%arg3: f32):
    %4 = arith.mulf %arg3, %arg3 : f32
    memref.atomic_yield %4 : f32
  }
  %alloc = memref.alloc(%arg1) : memref<4x?xf32>
  memref.copy %subview, %alloc : memref<4x?xf32, strided<[8, 2], offset: ?>> to memref<4x?xf32>
  %alloc_0 = memref.alloc(%arg1) : memref<?xf32>
  %2 = memref.realloc %alloc_0(%arg1) : memref<?xf32> to memref<?xf32>
  %transpose = memref.transpose %arg2 (d0, d1) -> (d1, d0) : memref<?x?xf32> to memref<?x?xf32, strided<[1, ?]>>
  %dim = memref.dim %transpose, %arg1 : memref<?x?xf32, strided<[1, ?]>>
  %alloca = memref.alloca() : memref<64xi8>
  %view = memref.view %alloca[%arg1][] : memref<64xi8> to memref<4xf32>
  memref.store %cst, %view[%arg1] : memref<4xf32>
  %intptr = memref.extract_aligned_pointer_as_index %view : memref<4xf32> -> index
  %assume_align = memref.assume_alignment %view, 16 : memref<4xf32>
  %3 = memref.rank %arg2 : memref<?x?xf32>
  memref.store %cst, %arg2[%3, %intptr] : memref<?x?xf32>
  return %2 : memref<?xf32>
}
