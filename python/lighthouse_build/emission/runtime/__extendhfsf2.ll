; Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; half to float. Exact; a NaN becomes quiet and keeps its payload.
; A conversion between the two types in here would become a call of this function.

define weak hidden float @__extendhfsf2(half %value) #0 {
  %bits = bitcast half %value to i16
  %wide = zext i16 %bits to i32
  %top = and i32 %wide, 32768
  %sign = shl i32 %top, 16
  %magnitude = and i32 %wide, 32767
  %aligned = shl i32 %magnitude, 13

  %normal = add i32 %aligned, 939524096

  ; A denormal is a whole number of units of 2^-24.
  %count = uitofp i32 %magnitude to float
  %product = fmul float %count, 0x3E70000000000000
  %denormal = bitcast float %product to i32

  %special = or i32 %aligned, 2139095040
  %quiet = or i32 %special, 4194304
  %nan = icmp ugt i32 %magnitude, 31744
  %large = select i1 %nan, i32 %quiet, i32 %special

  %is.large = icmp uge i32 %magnitude, 31744
  %is.normal = icmp uge i32 %magnitude, 1024
  %small = select i1 %is.normal, i32 %normal, i32 %denormal
  %absolute = select i1 %is.large, i32 %large, i32 %small
  %signed = or i32 %absolute, %sign
  %converted = bitcast i32 %signed to float
  ret float %converted
}

attributes #0 = { nounwind willreturn memory(none) "no-builtins" }
