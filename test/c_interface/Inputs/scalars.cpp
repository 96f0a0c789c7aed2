// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "scalars.h"

#include "check.h"

extern "C" {
int64_t c_widen_i1(bool x) { return x; }
int64_t c_widen_i8(int8_t x) { return x; }
int64_t c_widen_i16(int16_t x) { return x; }
int64_t c_widen_i32(int32_t x) { return x; }
bool c_narrow_i1(int64_t x) { return x & 1; }
int8_t c_narrow_i8(int64_t x) { return static_cast<int8_t>(x); }
int16_t c_narrow_i16(int64_t x) { return static_cast<int16_t>(x); }
int32_t c_narrow_i32(int64_t x) { return static_cast<int32_t>(x); }
}

int main() {
  // In their namespace and as C functions.
  CHECK(static_cast<int64_t>(k::add_i32(INT32_MAX, 1)) == INT32_MIN);
  CHECK(static_cast<int64_t>(::add_i32(INT32_MAX, 1)) == INT32_MIN);
  CHECK(k::add_f64(0.5, 0.25) == 0.75);
  CHECK(static_cast<int>(k::not_i1(false)) == 1);
  CHECK(k::call_widen_i8(INT8_MAX, 1) == INT8_MIN);
  const auto [quotient, remainder] = k::divide(-17, 5);
  CHECK(quotient == -3 && remainder == -2);
  const auto all = k::everything();
  CHECK(all.result0 && all.result1 == -8 && all.result2 == 2.5);
  CHECK(all.result3 == -16 && all.result4 == -32 && all.result5 == -0.5f);
  CHECK(all.result6 == -64 && all.result7 == 9 && !all.result8);
  k::nothing();
  return report();
}
