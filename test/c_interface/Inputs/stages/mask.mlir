// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Masked contraction, reduction and transfers.

#map = affine_map<(d0, d1, d2) -> (d0, d2)>
#map1 = affine_map<(d0, d1, d2) -> (d2, d1)>
#map2 = affine_map<(d0, d1, d2) -> (d0, d1)>
func.func @f(%arg0: memref<4x8xf32>, %arg1: index, %arg2: memref<8x4xf32>, %arg3: memref<4x4xf32>) {
  %c0 = arith.constant 0 : index
  %cst = arith.constant 0.000000e+00 : f32
  %0 = vector.transfer_read %arg0[%c0, %c0], %cst : memref<4x8xf32>, vector<4x8xf32>
  %1 = vector.transfer_read %arg2[%c0, %c0], %cst : memref<8x4xf32>, vector<8x4xf32>
  %cst_0 = arith.constant dense<0.000000e+00> : vector<4x4xf32>
  %2 = vector.create_mask %arg1, %arg1, %arg1 : vector<4x4x8xi1>
  %3 = vector.mask %2 { vector.contract {indexing_maps = [#map, #map1, #map2], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %0, %1, %cst_0 : vector<4x8xf32>, vector<8x4xf32> into vector<4x4xf32> } : vector<4x4x8xi1> -> vector<4x4xf32>
  %cst_1 = arith.constant dense<0.000000e+00> : vector<4xf32>
  %4 = vector.create_mask %arg1, %arg1 : vector<4x4xi1>
  %5 = vector.mask %4 { vector.multi_reduction <add>, %3, %cst_1 [1] : vector<4x4xf32> to vector<4xf32> } : vector<4x4xi1> -> vector<4xf32>
  vector.mask %4 { vector.transfer_write %3, %arg3[%c0, %c0] : vector<4x4xf32>, memref<4x4xf32> } : vector<4x4xi1>
  vector.transfer_write %5, %arg3[%arg1, %c0] : vector<4xf32>, memref<4x4xf32>
  return
}
