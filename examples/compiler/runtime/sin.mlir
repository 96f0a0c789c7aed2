// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information. SPDX-License-Identifier: Apache-2.0 WITH
// LLVM-exception

// sin(x) for |x| < 1.
func.func @tiny_sin(%x: tensor<1000xf32>) -> tensor<1000xf32> {
  %p = tiny.poly [0.0, 1.0, 0.0, -0.16666666666666666, 0.0, 0.008333333333333333, 0.0, -1.984126984126984e-04, 0.0,
                  2.7557319223985893e-06]
  %y = tiny.eval %p(%x) : tensor<1000xf32>
  return %y : tensor<1000xf32>
}
