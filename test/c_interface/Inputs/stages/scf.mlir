// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parallel loops and scopes.

func.func @f(%arg0: memref<?xf32>, %arg1: index) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %cst = arith.constant 0.000000e+00 : f32
  scf.parallel (%arg2) = (%c0) to (%arg1) step (%c1) {
    memref.store %cst, %arg0[%arg2] : memref<?xf32>
    scf.reduce 
  }
  %0 = scf.parallel (%arg2) = (%c0) to (%arg1) step (%c1) init (%cst) -> f32 {
    %1 = memref.load %arg0[%arg2] : memref<?xf32>
    scf.reduce(%1 : f32) {
    ^bb0(%arg3: f32, %arg4: f32):
      %2 = arith.addf %arg3, %arg4 : f32
      scf.reduce.return %2 : f32
    }
  }
  scf.forall (%arg2) in (%arg1) {
    memref.store %0, %arg0[%arg2] : memref<?xf32>
  }
  memref.alloca_scope  {
    %alloca = memref.alloca() : memref<4xf32>
    memref.store %0, %alloca[%c0] : memref<4xf32>
  }
  return %0 : f32
}
