; Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; bfloat to float: its bits are the upper half. Exact; a NaN becomes quiet.

define weak hidden float @__extendbfsf2(bfloat %value) #0 {
  %bits = bitcast bfloat %value to i16
  %wide = zext i16 %bits to i32
  %shifted = shl i32 %wide, 16
  %float = bitcast i32 %shifted to float
  %nan = fcmp uno float %float, 0.0
  %quiet = or i32 %shifted, 4194304
  %result = select i1 %nan, i32 %quiet, i32 %shifted
  %converted = bitcast i32 %result to float
  ret float %converted
}

attributes #0 = { nounwind willreturn memory(none) "no-builtins" }
