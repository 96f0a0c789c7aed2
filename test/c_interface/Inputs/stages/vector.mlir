// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Vectors: contraction, transfers, masks, gathers.

#map = affine_map<(d0, d1) -> (d1, d0)>
#map1 = affine_map<(d0, d1, d2) -> (d0, d2)>
#map2 = affine_map<(d0, d1, d2) -> (d2, d1)>
#map3 = affine_map<(d0, d1, d2) -> (d0, d1)>
func.func @f(%arg0: memref<?x?xf32>, %arg1: index, %arg2: memref<8x8xf32>) -> f32 {
  %cst = arith.constant 0.000000e+00 : f32
  %0 = vector.transfer_read %arg0[%arg1, %arg1], %cst : memref<?x?xf32>, vector<4x8xf32>
  %1 = vector.transfer_read %arg0[%arg1, %arg1], %cst {permutation_map = #map} : memref<?x?xf32>, vector<8x4xf32>
  %cst_0 = arith.constant dense<0.000000e+00> : vector<4x4xf32>
  %2 = vector.contract {indexing_maps = [#map1, #map2, #map3], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %0, %1, %cst_0 : vector<4x8xf32>, vector<8x4xf32> into vector<4x4xf32>
  vector.transfer_write %2, %arg0[%arg1, %arg1] : vector<4x4xf32>, memref<?x?xf32>
  %cst_1 = arith.constant dense<0.000000e+00> : vector<4xf32>
  %3 = vector.multi_reduction <add>, %2, %cst_1 [0] : vector<4x4xf32> to vector<4xf32>
  %4 = vector.reduction <maximumf>, %3 : vector<4xf32> into f32
  %5 = vector.transpose %0, [1, 0] : vector<4x8xf32> to vector<8x4xf32>
  %6 = vector.shape_cast %5 : vector<8x4xf32> to vector<32xf32>
  %7 = vector.outerproduct %3, %3, %2 {kind = #vector.kind<add>} : vector<4xf32>, vector<4xf32>
  %cst_2 = arith.constant dense<[0, 2, 4, 6]> : vector<4xi32>
  %8 = vector.create_mask %arg1 : vector<4xi1>
  %9 = vector.gather %arg0[%arg1, %arg1] [%cst_2], %8, %3 : memref<?x?xf32>, vector<4xi32>, vector<4xi1>, vector<4xf32> into vector<4xf32>
  vector.scatter %arg0[%arg1, %arg1] [%cst_2], %8, %9 : memref<?x?xf32>, vector<4xi32>, vector<4xi1>, vector<4xf32>
  %10 = vector.create_mask %arg1, %arg1 : vector<4x8xi1>
  %11 = vector.mask %10 { vector.transfer_read %arg0[%arg1, %arg1], %cst : memref<?x?xf32>, vector<4x8xf32> } : vector<4x8xi1> -> vector<4x8xf32>
  %12 = vector.mask %8 { vector.reduction <add>, %9 : vector<4xf32> into f32 } : vector<4xi1> -> f32
  %13 = vector.extract %11[1, 2] : f32 from vector<4x8xf32>
  %14 = vector.insert %13, %2 [1, 1] : f32 into vector<4x4xf32>
  %15 = vector.broadcast %12 : f32 to vector<4x4xf32>
  %16 = vector.shuffle %3, %9 [0, 1, 4, 5] : vector<4xf32>, vector<4xf32>
  %17 = vector.interleave %3, %9 : vector<4xf32> -> vector<8xf32>
  %18 = vector.extract_strided_slice %14 {offsets = [1, 1], sizes = [2, 2], strides = [1, 1]} : vector<4x4xf32> to vector<2x2xf32>
  %19 = vector.insert_strided_slice %18, %15 {offsets = [0, 1], strides = [1, 1]} : vector<2x2xf32> into vector<4x4xf32>
  %20 = vector.maskedload %arg0[%arg1, %arg1], %8, %16 : memref<?x?xf32>, vector<4xi1>, vector<4xf32> into vector<4xf32>
  vector.maskedstore %arg0[%arg1, %arg1], %8, %20 : memref<?x?xf32>, vector<4xi1>, vector<4xf32>
  %21 = vector.constant_mask [2] : vector<4xi1>
  vector.compressstore %arg0[%arg1, %arg1], %21, %20 : memref<?x?xf32>, vector<4xi1>, vector<4xf32>
  %22 = vector.expandload %arg0[%arg1, %arg1], %21, %20 : memref<?x?xf32>, vector<4xi1>, vector<4xf32> into vector<4xf32>
  vector.transfer_write %19, %arg0[%arg1, %arg1] : vector<4x4xf32>, memref<?x?xf32>
  vector.store %6, %arg2[%arg1, %arg1] : memref<8x8xf32>, vector<32xf32>
  vector.transfer_write %7, %arg2[%arg1, %arg1] : vector<4x4xf32>, memref<8x8xf32>
  vector.store %22, %arg2[%arg1, %arg1] : memref<8x8xf32>, vector<4xf32>
  vector.store %17, %arg2[%arg1, %arg1] : memref<8x8xf32>, vector<8xf32>
  %23 = vector.step : vector<4xindex>
  %24 = arith.index_cast %23 : vector<4xindex> to vector<4xi32>
  %25 = arith.sitofp %24 : vector<4xi32> to vector<4xf32>
  vector.store %25, %arg2[%arg1, %arg1] : memref<8x8xf32>, vector<4xf32>
  return %4 : f32
}
