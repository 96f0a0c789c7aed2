// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The index dialect.

func.func @f(%arg0: index, %arg1: index) -> index {
  %0 = index.add %arg0, %arg1
  %1 = index.ceildivs %0, %arg1
  %2 = index.floordivs %1, %arg0
  %3 = index.maxs %2, %arg1
  %4 = index.remu %3, %arg1
  %5 = index.cmp slt(%4, %arg0)
  %idx3 = index.constant 3
  %6 = index.shl %4, %idx3
  return %6 : index
}
