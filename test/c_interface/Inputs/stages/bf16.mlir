// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Conversions from and to bf16.

func.func @f(%arg0: i32, %arg1: memref<4xbf16>) -> i32 {
  %0 = arith.sitofp %arg0 : i32 to bf16
  %c0 = arith.constant 0 : index
  %1 = memref.load %arg1[%c0] : memref<4xbf16>
  %2 = arith.cmpf olt, %0, %1 : bf16
  %3 = arith.select %2, %0, %1 : bf16
  %4 = arith.negf %3 : bf16
  %5 = arith.maximumf %4, %1 : bf16
  %cst = arith.constant 1.500000e+00 : bf16
  %6 = arith.divf %5, %cst : bf16
  memref.store %6, %arg1[%c0] : memref<4xbf16>
  %7 = arith.fptosi %6 : bf16 to i32
  %8 = arith.extf %6 : bf16 to f64
  %9 = arith.truncf %8 : f64 to bf16
  memref.store %9, %arg1[%c0] : memref<4xbf16>
  return %7 : i32
}
