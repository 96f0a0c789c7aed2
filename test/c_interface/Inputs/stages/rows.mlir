// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ops that are decomposed before they are bufferized.

func.func @softmax(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %e = tensor.empty(%n) : tensor<?x4xf32>
  %r = linalg.softmax dimension(1) ins(%x : tensor<?x4xf32>) outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>
  return %r : tensor<?x4xf32>
}
func.func @pack(%x: tensor<2x4xi32>) -> tensor<2x2x2x1xi32> {
  %e = tensor.empty() : tensor<2x2x2x1xi32>
  %r = linalg.pack %x inner_dims_pos = [1, 0] inner_tiles = [2, 1] into %e : tensor<2x4xi32> -> tensor<2x2x2x1xi32>
  return %r : tensor<2x2x2x1xi32>
}
func.func @unpack(%x: tensor<2x2x2x1xi32>) -> tensor<2x4xi32> {
  %e = tensor.empty() : tensor<2x4xi32>
  %r = linalg.unpack %x inner_dims_pos = [1, 0] inner_tiles = [2, 1] into %e : tensor<2x2x2x1xi32> -> tensor<2x4xi32>
  return %r : tensor<2x4xi32>
}
func.func @bf16(%x: f32, %y: f32) -> f32 {
  %a = arith.truncf %x : f32 to bf16
  %b = arith.truncf %y : f32 to bf16
  %s = arith.mulf %a, %b : bf16
  %r = arith.extf %s : bf16 to f32
  return %r : f32
}
func.func @complex(%x: memref<2xcomplex<f32>>) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = memref.load %x[%c0] : memref<2xcomplex<f32>>
  %b = memref.load %x[%c1] : memref<2xcomplex<f32>>
  %p = complex.mul %a, %b : complex<f32>
  %e = complex.exp %b : complex<f32>
  memref.store %p, %x[%c0] : memref<2xcomplex<f32>>
  memref.store %e, %x[%c1] : memref<2xcomplex<f32>>
  %r = complex.abs %p : complex<f32>
  return %r : f32
}
func.func @power(%x: i32, %n: i32) -> i32 {
  %r = math.ipowi %x, %n : i32
  return %r : i32
}
