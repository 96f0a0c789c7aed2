; Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; half to double. Exact; a NaN becomes quiet and keeps its payload.
; A conversion between the two types in here would become a call of this function.

define weak hidden double @__extendhfdf2(half %value) #0 {
  %bits = bitcast half %value to i16
  %wide = zext i16 %bits to i64
  %top = and i64 %wide, 32768
  %sign = shl i64 %top, 48
  %magnitude = and i64 %wide, 32767
  %aligned = shl i64 %magnitude, 42

  %normal = add i64 %aligned, 4539628424389459968

  ; A denormal is a whole number of units of 2^-24.
  %count = uitofp i64 %magnitude to double
  %product = fmul double %count, 0x3E70000000000000
  %denormal = bitcast double %product to i64

  %special = or i64 %aligned, 9218868437227405312
  %quiet = or i64 %special, 2251799813685248
  %nan = icmp ugt i64 %magnitude, 31744
  %large = select i1 %nan, i64 %quiet, i64 %special

  %is.large = icmp uge i64 %magnitude, 31744
  %is.normal = icmp uge i64 %magnitude, 1024
  %small = select i1 %is.normal, i64 %normal, i64 %denormal
  %absolute = select i1 %is.large, i64 %large, i64 %small
  %signed = or i64 %absolute, %sign
  %converted = bitcast i64 %signed to double
  ret double %converted
}

attributes #0 = { nounwind willreturn memory(none) "no-builtins" }
