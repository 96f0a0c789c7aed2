// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Complex arithmetic and functions.

func.func @f(%arg0: f32, %arg1: f32) -> (f32, f32) {
  %0 = complex.create %arg0, %arg1 : complex<f32>
  %1 = complex.exp %0 : complex<f32>
  %2 = complex.expm1 %1 : complex<f32>
  %3 = complex.log %2 : complex<f32>
  %4 = complex.log1p %3 : complex<f32>
  %5 = complex.sin %4 : complex<f32>
  %6 = complex.cos %5 : complex<f32>
  %7 = complex.sqrt %6 : complex<f32>
  %8 = complex.rsqrt %7 : complex<f32>
  %9 = complex.tanh %8 : complex<f32>
  %10 = complex.tan %9 : complex<f32>
  %11 = complex.sign %10 : complex<f32>
  %12 = complex.neg %11 : complex<f32>
  %13 = complex.conj %12 : complex<f32>
  %14 = complex.div %13, %0 : complex<f32>
  %15 = complex.mul %14, %0 : complex<f32>
  %16 = complex.pow %15, %0 : complex<f32>
  %17 = complex.sub %16, %0 : complex<f32>
  %18 = complex.atan2 %17, %0 : complex<f32>
  %19 = complex.abs %18 : complex<f32>
  %20 = complex.angle %18 : complex<f32>
  return %19, %20 : f32, f32
}
