; Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; double to bfloat, to nearest, ties to even, in one step. A NaN stays one, quiet, with the leading bits of its payload.
; Integer operations only: a conversion in here would become a call of this function.

define weak hidden bfloat @__truncdfbf2(double %value) #0 {
  %bits = bitcast double %value to i64
  %top = lshr i64 %bits, 48
  %sign = and i64 %top, 32768
  %magnitude = and i64 %bits, 9223372036854775807

  ; A normal result: the exponent rebiased, rounded by just less than half of the last place, and one more if that place
  ; is odd. A carry makes the next power of two, or infinity.
  %rebased = sub i64 %magnitude, 4035225266123964416
  %last = lshr i64 %rebased, 45
  %odd = and i64 %last, 1
  %bias = add i64 %odd, 17592186044415
  %sum = add i64 %rebased, %bias
  %normal = lshr i64 %sum, 45

  ; A denormal result: the mantissa in units of the least denormal. Shifted by all its bits and more it is nothing.
  %exponent = lshr i64 %magnitude, 52
  %fraction = and i64 %magnitude, 4503599627370495
  %mantissa = or i64 %fraction, 4503599627370496
  %distance = sub i64 942, %exponent
  %far = icmp ugt i64 %distance, 63
  %shift = select i1 %far, i64 63, i64 %distance
  %units = lshr i64 %mantissa, %shift
  %back = shl i64 %units, %shift
  %rest = sub i64 %mantissa, %back
  %before = sub i64 %shift, 1
  %half = shl i64 1, %before
  %above = icmp ugt i64 %rest, %half
  %middle = icmp eq i64 %rest, %half
  %uneven = trunc i64 %units to i1
  %tie = and i1 %middle, %uneven
  %up = or i1 %above, %tie
  %one = zext i1 %up to i64
  %denormal = add i64 %units, %one

  ; Too large: infinity, unless it is a NaN.
  %nan = icmp ugt i64 %magnitude, 9218868437227405312
  %payload = lshr i64 %magnitude, 45
  %kept = and i64 %payload, 127
  %quiet = or i64 %kept, 32704
  %large = select i1 %nan, i64 %quiet, i64 32640

  %is.large = icmp uge i64 %magnitude, 5183643171103440896
  %is.normal = icmp uge i64 %magnitude, 4039728865751334912
  %small = select i1 %is.normal, i64 %normal, i64 %denormal
  %absolute = select i1 %is.large, i64 %large, i64 %small
  %signed = or i64 %absolute, %sign
  %narrow = trunc i64 %signed to i16
  %converted = bitcast i16 %narrow to bfloat
  ret bfloat %converted
}

attributes #0 = { nounwind willreturn memory(none) "no-builtins" }
