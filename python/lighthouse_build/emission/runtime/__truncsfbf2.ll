; Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; float to bfloat, to nearest, ties to even. A NaN stays one, quiet, with the leading bits of its payload.
; Integer operations only: a conversion in here would become a call of this function.

define weak hidden bfloat @__truncsfbf2(float %value) #0 {
  %bits = bitcast float %value to i32
  %high = lshr i32 %bits, 16
  %nan = fcmp uno float %value, 0.0
  %quiet = or i32 %high, 64
  ; Just less than half of the last place, and one more if that place is odd. A carry makes the next power of two.
  %odd = and i32 %high, 1
  %bias = add i32 %odd, 32767
  %sum = add i32 %bits, %bias
  %rounded = lshr i32 %sum, 16
  %result = select i1 %nan, i32 %quiet, i32 %rounded
  %narrow = trunc i32 %result to i16
  %converted = bitcast i16 %narrow to bfloat
  ret bfloat %converted
}

attributes #0 = { nounwind willreturn memory(none) "no-builtins" }
