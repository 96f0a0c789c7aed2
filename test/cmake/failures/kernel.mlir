// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

func.func @f(%A: memref<64xf32>, %v: f32, %n: index) {
 %c0 = arith.constant 0 : index
 %c1 = arith.constant 1 : index
 scf.for %i = %c0 to %n step %c1 { 
  %a = memref.load %A[%i] : memref<64xf32>
  memref.store %v, %A[%i] : memref<64xf32> }
 return }
