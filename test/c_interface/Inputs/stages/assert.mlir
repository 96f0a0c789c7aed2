// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An assertion.

func.func @f(%arg0: i1) {
  cf.assert %arg0, "no"
  return
}
