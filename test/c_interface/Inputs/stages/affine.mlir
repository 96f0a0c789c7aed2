// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Affine loops, conditions and addresses.

#map = affine_map<(d0) -> (d0, 3)>
#map1 = affine_map<(d0)[s0] -> (d0 floordiv 4 + s0 mod 3)>
#map2 = affine_map<(d0) -> (d0, 63)>
#set = affine_set<(d0) : (d0 - 10 >= 0)>
func.func @f(%arg0: memref<64x64xf32>, %arg1: index) {
  affine.for %arg2 = 0 to 64 {
    affine.for %arg3 = max #map(%arg2) to 64 step 2 {
      %2 = affine.load %arg0[%arg2, %arg3] : memref<64x64xf32>
      affine.if #set(%arg2) {
        affine.store %2, %arg0[%arg3, %arg2] : memref<64x64xf32>
      }
      %3 = affine.apply #map1(%arg2)[%arg1]
      %4 = affine.min #map2(%3)
      memref.store %2, %arg0[%4, %arg3] : memref<64x64xf32>
      %5 = affine.vector_load %arg0[%arg2, 0] : memref<64x64xf32>, vector<8xf32>
      affine.vector_store %5, %arg0[%arg3, 0] : memref<64x64xf32>, vector<8xf32>
    }
  }
  affine.parallel (%arg2) = (0) to (64) {
    affine.prefetch %arg0[%arg2, 0], read, locality<3>, data : memref<64x64xf32>
  }
  %0:2 = affine.delinearize_index %arg1 into (8, 8) : index, index
  %1 = affine.linearize_index [%0#0, %0#1] by (8, 8) : index
  %cst = arith.constant 0.000000e+00 : f32
  memref.store %cst, %arg0[%1, %0#0] : memref<64x64xf32>
  return
}
