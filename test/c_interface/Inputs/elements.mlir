// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Memrefs of every element type: each function doubles (or negates) its elements in place.

func.func @twice_i8(%m: memref<?xi8>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %m, %c0 : memref<?xi8>
  scf.for %i = %c0 to %n step %c1 {
    %x = memref.load %m[%i] : memref<?xi8>
    %y = arith.addi %x, %x : i8
    memref.store %y, %m[%i] : memref<?xi8>
  }
  return
}
func.func @twice_i16(%m: memref<?xi16>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %m, %c0 : memref<?xi16>
  scf.for %i = %c0 to %n step %c1 {
    %x = memref.load %m[%i] : memref<?xi16>
    %y = arith.addi %x, %x : i16
    memref.store %y, %m[%i] : memref<?xi16>
  }
  return
}
func.func @twice_i32(%m: memref<?xi32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %m, %c0 : memref<?xi32>
  scf.for %i = %c0 to %n step %c1 {
    %x = memref.load %m[%i] : memref<?xi32>
    %y = arith.addi %x, %x : i32
    memref.store %y, %m[%i] : memref<?xi32>
  }
  return
}
func.func @twice_i64(%m: memref<?xi64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %m, %c0 : memref<?xi64>
  scf.for %i = %c0 to %n step %c1 {
    %x = memref.load %m[%i] : memref<?xi64>
    %y = arith.addi %x, %x : i64
    memref.store %y, %m[%i] : memref<?xi64>
  }
  return
}
func.func @twice_index(%m: memref<?xindex>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %m, %c0 : memref<?xindex>
  scf.for %i = %c0 to %n step %c1 {
    %x = memref.load %m[%i] : memref<?xindex>
    %y = arith.addi %x, %x : index
    memref.store %y, %m[%i] : memref<?xindex>
  }
  return
}
func.func @twice_f16(%m: memref<?xf16>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %m, %c0 : memref<?xf16>
  scf.for %i = %c0 to %n step %c1 {
    %x = memref.load %m[%i] : memref<?xf16>
    %y = arith.addf %x, %x : f16
    memref.store %y, %m[%i] : memref<?xf16>
  }
  return
}
func.func @twice_bf16(%m: memref<?xbf16>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %m, %c0 : memref<?xbf16>
  scf.for %i = %c0 to %n step %c1 {
    %x = memref.load %m[%i] : memref<?xbf16>
    %y = arith.addf %x, %x : bf16
    memref.store %y, %m[%i] : memref<?xbf16>
  }
  return
}
func.func @twice_f32(%m: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %m, %c0 : memref<?xf32>
  scf.for %i = %c0 to %n step %c1 {
    %x = memref.load %m[%i] : memref<?xf32>
    %y = arith.addf %x, %x : f32
    memref.store %y, %m[%i] : memref<?xf32>
  }
  return
}
func.func @twice_f64(%m: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %m, %c0 : memref<?xf64>
  scf.for %i = %c0 to %n step %c1 {
    %x = memref.load %m[%i] : memref<?xf64>
    %y = arith.addf %x, %x : f64
    memref.store %y, %m[%i] : memref<?xf64>
  }
  return
}
func.func @twice_c32(%m: memref<?xcomplex<f32>>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %m, %c0 : memref<?xcomplex<f32>>
  scf.for %i = %c0 to %n step %c1 {
    %x = memref.load %m[%i] : memref<?xcomplex<f32>>
    %y = complex.add %x, %x : complex<f32>
    memref.store %y, %m[%i] : memref<?xcomplex<f32>>
  }
  return
}
func.func @twice_c64(%m: memref<?xcomplex<f64>>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %m, %c0 : memref<?xcomplex<f64>>
  scf.for %i = %c0 to %n step %c1 {
    %x = memref.load %m[%i] : memref<?xcomplex<f64>>
    %y = complex.add %x, %x : complex<f64>
    memref.store %y, %m[%i] : memref<?xcomplex<f64>>
  }
  return
}
func.func @flip_i1(%m: memref<?xi1>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %m, %c0 : memref<?xi1>
  scf.for %i = %c0 to %n step %c1 {
    %x = memref.load %m[%i] : memref<?xi1>
    %true = arith.constant true
    %y = arith.xori %x, %true : i1
    memref.store %y, %m[%i] : memref<?xi1>
  }
  return
}
func.func @rank0(%m: memref<f32>, %t: tensor<f64>) -> tensor<f64> {
  %x = memref.load %m[] : memref<f32>
  %y = arith.addf %x, %x : f32
  memref.store %y, %m[] : memref<f32>
  %e = tensor.empty() : tensor<f64>
  %r = linalg.add ins(%t, %t : tensor<f64>, tensor<f64>) outs(%e : tensor<f64>) -> tensor<f64>
  return %r : tensor<f64>
}
func.func @strided(%m: memref<?x?xf32, strided<[?, ?], offset: ?>>, %n: memref<2x3xf32, strided<[8, 1]>>) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %rows = memref.dim %m, %c0 : memref<?x?xf32, strided<[?, ?], offset: ?>>
  %columns = memref.dim %m, %c1 : memref<?x?xf32, strided<[?, ?], offset: ?>>
  %sum = scf.for %i = %c0 to %rows step %c1 iter_args(%s = %zero) -> f32 {
    %row = scf.for %j = %c0 to %columns step %c1 iter_args(%t = %s) -> f32 {
      %x = memref.load %m[%i, %j] : memref<?x?xf32, strided<[?, ?], offset: ?>>
      %u = arith.addf %t, %x : f32
      scf.yield %u : f32
    }
    scf.yield %row : f32
  }
  memref.copy %m, %n : memref<?x?xf32, strided<[?, ?], offset: ?>> to memref<2x3xf32, strided<[8, 1]>>
  return %sum : f32
}
func.func @transpose_i8(%m: memref<2x3x4xi8>, %n: memref<4x3x2xi8>) {
  linalg.transpose ins(%m : memref<2x3x4xi8>) outs(%n : memref<4x3x2xi8>) permutation = [2, 1, 0]
  return
}
