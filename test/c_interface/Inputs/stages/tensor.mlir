// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors that are made rather than computed.

func.func @f(%arg0: tensor<?x8xf32>, %arg1: index) -> (tensor<?x16xf32>, tensor<?x8xf32>, tensor<8xf32>) {
  %cst = arith.constant 0.000000e+00 : f32
  %padded = tensor.pad %arg0 low[0, 4] high[%arg1, 4] {
  ^bb0(%arg2: index, %arg3: index):
    tensor.yield %cst : f32
  } : tensor<?x8xf32> to tensor<?x16xf32>
  %generated = tensor.generate %arg1 {
  ^bb0(%arg2: index, %arg3: index):
    tensor.yield %cst : f32
  } : tensor<?x8xf32>
  %from_elements = tensor.from_elements %cst, %cst, %cst, %cst, %cst, %cst, %cst, %cst : tensor<8xf32>
  %splat = tensor.splat %cst : tensor<8xf32>
  %0 = linalg.add ins(%from_elements, %splat : tensor<8xf32>, tensor<8xf32>) outs(%from_elements : tensor<8xf32>) -> tensor<8xf32>
  %cst_0 = arith.constant dense<8> : tensor<1xindex>
  %reshape = tensor.reshape %0(%cst_0) : (tensor<8xf32>, tensor<1xindex>) -> tensor<8xf32>
  return %padded, %generated, %reshape : tensor<?x16xf32>, tensor<?x8xf32>, tensor<8xf32>
}
