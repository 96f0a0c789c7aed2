// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Unstructured control flow.

func.func @f(%arg0: i32) -> i32 {
  cf.switch %arg0 : i32, [
    default: ^bb1,
    3: ^bb2
  ]
^bb1:  // pred: ^bb0
  return %arg0 : i32
^bb2:  // pred: ^bb0
  %c1_i32 = arith.constant 1 : i32
  return %c1_i32 : i32
}
