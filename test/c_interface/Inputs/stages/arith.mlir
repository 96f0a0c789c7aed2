// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Integers and floats, bf16 among them.

func.func @f(%arg0: i32, %arg1: i32, %arg2: f32, %arg3: f32) -> (i32, f32, i64) {
  %0 = arith.ceildivsi %arg0, %arg1 : i32
  %1 = arith.floordivsi %0, %arg1 : i32
  %2 = arith.ceildivui %1, %arg1 : i32
  %3 = arith.maxsi %2, %arg0 : i32
  %4 = arith.minui %3, %arg0 : i32
  %5 = arith.maximumf %arg2, %arg3 : f32
  %6 = arith.minnumf %5, %arg3 : f32
  %7 = arith.remf %6, %arg3 : f32
  %8 = arith.truncf %7 : f32 to bf16
  %9 = arith.addf %8, %8 : bf16
  %10 = arith.mulf %9, %8 : bf16
  %11 = arith.extf %10 : bf16 to f32
  %12 = arith.truncf %11 : f32 to f16
  %13 = arith.extf %12 : f16 to f32
  %low, %high = arith.mulsi_extended %4, %arg0 : i32
  %sum, %overflow = arith.addui_extended %low, %high : i32, i1
  %14 = arith.extsi %sum : i32 to i64
  %15 = arith.addi %14, %14 : i64
  return %4, %13, %15 : i32, f32, i64
}
