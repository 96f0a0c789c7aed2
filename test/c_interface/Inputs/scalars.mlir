// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Scalars by value: in, out, and out again into C functions. An addition that wraps leaves bits above its type; whoever
// passes it on must widen it as the other side expects.

func.func @add_i8(%x: i8, %y: i8) -> i8 {
  %r = arith.addi %x, %y : i8
  return %r : i8
}
func.func @add_i16(%x: i16, %y: i16) -> i16 {
  %r = arith.addi %x, %y : i16
  return %r : i16
}
func.func @add_i32(%x: i32, %y: i32) -> i32 {
  %r = arith.addi %x, %y : i32
  return %r : i32
}
func.func @add_i64(%x: i64, %y: i64) -> i64 {
  %r = arith.addi %x, %y : i64
  return %r : i64
}
func.func @add_index(%x: index, %y: index) -> index {
  %r = arith.addi %x, %y : index
  return %r : index
}
func.func @add_f32(%x: f32, %y: f32) -> f32 {
  %r = arith.addf %x, %y : f32
  return %r : f32
}
func.func @add_f64(%x: f64, %y: f64) -> f64 {
  %r = arith.addf %x, %y : f64
  return %r : f64
}
func.func @less_i32(%x: i32, %y: i32) -> i1 {
  %r = arith.cmpi slt, %x, %y : i32
  return %r : i1
}
func.func @not_i1(%x: i1) -> i1 {
  %true = arith.constant true
  %r = arith.xori %x, %true : i1
  return %r : i1
}
func.func @low_bit(%x: i32) -> i1 {
  %r = arith.trunci %x : i32 to i1
  return %r : i1
}
func.func @select_i1(%c: i1, %x: f64, %y: f64) -> f64 {
  %r = arith.select %c, %x, %y : f64
  return %r : f64
}
func.func @mixed(%a: i8, %b: f32, %c: i1, %d: i16, %e: f64, %f: i32, %g: index, %h: i64, %i: i8, %j: i1, %k: i16) -> i64 {
  // More arguments than any calling convention has registers for.
  %a64 = arith.extsi %a : i8 to i64
  %c64 = arith.extui %c : i1 to i64
  %d64 = arith.extsi %d : i16 to i64
  %f64 = arith.extsi %f : i32 to i64
  %g64 = arith.index_cast %g : index to i64
  %i64 = arith.extsi %i : i8 to i64
  %j64 = arith.extui %j : i1 to i64
  %k64 = arith.extsi %k : i16 to i64
  %b64 = arith.fptosi %b : f32 to i64
  %e64 = arith.fptosi %e : f64 to i64
  %0 = arith.addi %a64, %b64 : i64
  %1 = arith.addi %0, %c64 : i64
  %2 = arith.addi %1, %d64 : i64
  %3 = arith.addi %2, %e64 : i64
  %4 = arith.addi %3, %f64 : i64
  %5 = arith.addi %4, %g64 : i64
  %6 = arith.addi %5, %h : i64
  %7 = arith.addi %6, %i64 : i64
  %8 = arith.addi %7, %j64 : i64
  %9 = arith.addi %8, %k64 : i64
  return %9 : i64
}
func.func @divide(%x: i32, %y: i32) -> (i32, i32) {
  %q = arith.divsi %x, %y : i32
  %r = arith.remsi %x, %y : i32
  return %q, %r : i32, i32
}
func.func @everything() -> (i1, i8, f64, i16, i32, f32, i64, index, i1) {
  %t = arith.constant true
  %a = arith.constant -8 : i8
  %b = arith.constant 2.5 : f64
  %c = arith.constant -16 : i16
  %d = arith.constant -32 : i32
  %e = arith.constant -0.5 : f32
  %f = arith.constant -64 : i64
  %g = arith.constant 9 : index
  %n = arith.constant false
  return %t, %a, %b, %c, %d, %e, %f, %g, %n : i1, i8, f64, i16, i32, f32, i64, index, i1
}
func.func @nothing() {
  return
}

// Defined in C.
func.func private @c_widen_i1(i1) -> i64
func.func private @c_narrow_i1(i64) -> i1
func.func @call_widen_i1(%x: i64, %y: i64) -> i64 {
  %sum = arith.addi %x, %y : i64
  %narrow = arith.trunci %sum : i64 to i1
  %r = call @c_widen_i1(%narrow) : (i1) -> i64
  return %r : i64
}
func.func @call_narrow_i1(%x: i64) -> i64 {
  %narrow = call @c_narrow_i1(%x) : (i64) -> i1
  %r = arith.extui %narrow : i1 to i64
  return %r : i64
}
func.func private @c_widen_i8(i8) -> i64
func.func private @c_narrow_i8(i64) -> i8
func.func @call_widen_i8(%x: i64, %y: i64) -> i64 {
  %sum = arith.addi %x, %y : i64
  %narrow = arith.trunci %sum : i64 to i8
  %r = call @c_widen_i8(%narrow) : (i8) -> i64
  return %r : i64
}
func.func @call_narrow_i8(%x: i64) -> i64 {
  %narrow = call @c_narrow_i8(%x) : (i64) -> i8
  %r = arith.extsi %narrow : i8 to i64
  return %r : i64
}
func.func private @c_widen_i16(i16) -> i64
func.func private @c_narrow_i16(i64) -> i16
func.func @call_widen_i16(%x: i64, %y: i64) -> i64 {
  %sum = arith.addi %x, %y : i64
  %narrow = arith.trunci %sum : i64 to i16
  %r = call @c_widen_i16(%narrow) : (i16) -> i64
  return %r : i64
}
func.func @call_narrow_i16(%x: i64) -> i64 {
  %narrow = call @c_narrow_i16(%x) : (i64) -> i16
  %r = arith.extsi %narrow : i16 to i64
  return %r : i64
}
func.func private @c_widen_i32(i32) -> i64
func.func private @c_narrow_i32(i64) -> i32
func.func @call_widen_i32(%x: i64, %y: i64) -> i64 {
  %sum = arith.addi %x, %y : i64
  %narrow = arith.trunci %sum : i64 to i32
  %r = call @c_widen_i32(%narrow) : (i32) -> i64
  return %r : i64
}
func.func @call_narrow_i32(%x: i64) -> i64 {
  %narrow = call @c_narrow_i32(%x) : (i64) -> i32
  %r = arith.extsi %narrow : i32 to i64
  return %r : i64
}
