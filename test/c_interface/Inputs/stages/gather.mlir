// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A gather of more than one dimension.

func.func @f(%arg0: memref<?xf32>, %arg1: index, %arg2: memref<2x4xi32>, %arg3: memref<2x4xf32>) {
  %c0 = arith.constant 0 : index
  %c0_i32 = arith.constant 0 : i32
  %cst = arith.constant 0.000000e+00 : f32
  %0 = vector.transfer_read %arg2[%c0, %c0], %c0_i32 : memref<2x4xi32>, vector<2x4xi32>
  %cst_0 = arith.constant dense<true> : vector<2x4xi1>
  %cst_1 = arith.constant dense<0.000000e+00> : vector<2x4xf32>
  %1 = vector.gather %arg0[%c0] [%0], %cst_0, %cst_1 : memref<?xf32>, vector<2x4xi32>, vector<2x4xi1>, vector<2x4xf32> into vector<2x4xf32>
  vector.transfer_write %1, %arg3[%c0, %c0] {in_bounds = [true, true]} : vector<2x4xf32>, memref<2x4xf32>
  return
}
