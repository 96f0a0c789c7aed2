// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information. SPDX-License-Identifier: Apache-2.0 WITH
// LLVM-exception

// exp(x) for |x| < 1, to 7 digits.
func.func @tiny_exp(%x: tensor<1000xf32>) -> tensor<1000xf32> {
  %p = tiny.poly [1.0, 1.0, 0.5, 0.16666666666666666, 0.041666666666666664, 0.008333333333333333,
                  0.001388888888888889, 1.984126984126984e-04, 2.48015873015873e-05, 2.7557319223985893e-06]
  %y = tiny.eval %p(%x) : tensor<1000xf32>
  return %y : tensor<1000xf32>
}
