// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "scale.h"

#include <cstdio>

int main() {
  float data[] = {1, 2, 3};
  kernels::scale(lh::make_memref(data, 3), 2);
  std::printf("%g %g %g\n", data[0], data[1], data[2]);
}
