; Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; bfloat to float: its bits are the upper half. Exact; a NaN becomes quiet.
; LLVM has instructions for it nearly everywhere; this is for targets where it has none.

define weak hidden float @__extendbfsf2(bfloat %value) #0 {
  %bits = bitcast bfloat %value to i16
  %magnitude = and i16 %bits, 32767
  %nan = icmp ugt i16 %magnitude, 32640
  %quieted = or i16 %bits, 64
  %high = select i1 %nan, i16 %quieted, i16 %bits
  %wide = zext i16 %high to i32
  %shifted = shl i32 %wide, 16
  %converted = bitcast i32 %shifted to float
  ret float %converted
}

attributes #0 = { nounwind willreturn memory(none) "no-builtins" }
