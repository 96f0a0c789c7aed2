; Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; float to half, to nearest, ties to even, in one step. A NaN stays one, quiet, with the leading bits of its payload.
; Integer operations only: a conversion in here would become a call of this function.

define weak hidden half @__truncsfhf2(float %value) #0 {
  %bits = bitcast float %value to i32
  %top = lshr i32 %bits, 16
  %sign = and i32 %top, 32768
  %magnitude = and i32 %bits, 2147483647

  ; A normal result: the exponent rebiased, rounded by just less than half of the last place, and one more if that place
  ; is odd. A carry makes the next power of two, or infinity.
  %rebased = sub i32 %magnitude, 939524096
  %last = lshr i32 %rebased, 13
  %odd = and i32 %last, 1
  %bias = add i32 %odd, 4095
  %sum = add i32 %rebased, %bias
  %normal = lshr i32 %sum, 13

  ; A denormal result: the mantissa in units of the least denormal. Shifted by all its bits and more it is nothing.
  %exponent = lshr i32 %magnitude, 23
  %fraction = and i32 %magnitude, 8388607
  %mantissa = or i32 %fraction, 8388608
  %distance = sub i32 126, %exponent
  %far = icmp ugt i32 %distance, 31
  %shift = select i1 %far, i32 31, i32 %distance
  %units = lshr i32 %mantissa, %shift
  %back = shl i32 %units, %shift
  %rest = sub i32 %mantissa, %back
  %before = sub i32 %shift, 1
  %half = shl i32 1, %before
  %above = icmp ugt i32 %rest, %half
  %middle = icmp eq i32 %rest, %half
  %uneven = trunc i32 %units to i1
  %tie = and i1 %middle, %uneven
  %up = or i1 %above, %tie
  %one = zext i1 %up to i32
  %denormal = add i32 %units, %one

  ; Too large: infinity, unless it is a NaN.
  %nan = icmp ugt i32 %magnitude, 2139095040
  %payload = lshr i32 %magnitude, 13
  %kept = and i32 %payload, 1023
  %quiet = or i32 %kept, 32256
  %large = select i1 %nan, i32 %quiet, i32 31744

  %is.large = icmp uge i32 %magnitude, 1199570944
  %is.normal = icmp uge i32 %magnitude, 947912704
  %small = select i1 %is.normal, i32 %normal, i32 %denormal
  %absolute = select i1 %is.large, i32 %large, i32 %small
  %signed = or i32 %absolute, %sign
  %narrow = trunc i32 %signed to i16
  %converted = bitcast i16 %narrow to half
  ret half %converted
}

attributes #0 = { nounwind willreturn memory(none) "no-builtins" }
