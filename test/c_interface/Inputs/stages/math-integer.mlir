// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Integer functions.

func.func @f(%arg0: i32, %arg1: i32) -> i32 {
  %0 = math.absi %arg0 : i32
  %1 = math.ctlz %0 : i32
  %2 = math.cttz %1 : i32
  %3 = math.ctpop %2 : i32
  %4 = math.ipowi %3, %arg1 : i32
  return %4 : i32
}
