// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "scalars.h"

#include "check.h"

// Built from C alone, these return or pass on what they were given without a look at its upper bits.
int64_t c_widen_i1(bool x) { return x; }
int64_t c_widen_i8(int8_t x) { return x; }
int64_t c_widen_i16(int16_t x) { return x; }
int64_t c_widen_i32(int32_t x) { return x; }
bool c_narrow_i1(int64_t x) { return x & 1; }
int8_t c_narrow_i8(int64_t x) { return (int8_t)x; }
int16_t c_narrow_i16(int64_t x) { return (int16_t)x; }
int32_t c_narrow_i32(int64_t x) { return (int32_t)x; }

int main(void) {
  CHECK(add_i8(INT8_MAX, 1) == INT8_MIN);
  CHECK((int64_t)add_i8(INT8_MAX, 1) == INT8_MIN);
  CHECK((int64_t)add_i8(INT8_MIN, -1) == INT8_MAX);
  CHECK((int64_t)add_i16(INT16_MAX, 1) == INT16_MIN);
  CHECK((int64_t)add_i16(INT16_MIN, -1) == INT16_MAX);
  CHECK((int64_t)add_i32(INT32_MAX, 1) == INT32_MIN);
  CHECK((int64_t)add_i32(INT32_MIN, -1) == INT32_MAX);
  CHECK((int64_t)add_i32(-2, -3) == -5);
  CHECK(add_i64(INT64_MAX, 1) == INT64_MIN);
  CHECK(add_i64(INT64_MIN, -1) == INT64_MAX);
  CHECK(add_index(INT64_MAX, INT64_MIN) == -1);
  CHECK(add_f32(0.5f, 0.25f) == 0.75f);
  CHECK(add_f64(1e300, 1e300) == 2e300);

  CHECK(less_i32(INT32_MIN, INT32_MAX));
  CHECK(!less_i32(INT32_MAX, INT32_MIN));
  CHECK((int)less_i32(-1, 0) == 1);
  CHECK((int)not_i1(true) == 0);
  CHECK((int)not_i1(false) == 1);
  CHECK((int)low_bit(-1) == 1);
  CHECK((int)low_bit(INT32_MAX - 1) == 0);
  CHECK(select_i1(true, 1.0, 2.0) == 1.0);
  CHECK(select_i1(false, 1.0, 2.0) == 2.0);
  CHECK(mixed(INT8_MIN, 2.0f, true, INT16_MIN, -3.0, INT32_MIN, INT64_C(1) << 40, -7, INT8_MAX, true, INT16_MAX) ==
        -128 + 2 + 1 - 32768 - 3 + INT64_C(-2147483648) + (INT64_C(1) << 40) - 7 + 127 + 1 + 32767);

  divide_results quotient;
  divide(&quotient, -17, 5);
  CHECK(quotient.result0 == -3 && quotient.result1 == -2);

  everything_results all;
  everything(&all);
  CHECK(all.result0 == true && all.result1 == -8 && all.result2 == 2.5);
  CHECK(all.result3 == -16 && all.result4 == -32 && all.result5 == -0.5f);
  CHECK(all.result6 == -64 && all.result7 == 9 && all.result8 == false);
  nothing();

  // The sums leave bits above the narrow type.
  CHECK(call_widen_i1(1, 1) == 0);
  CHECK(call_widen_i1(2, 1) == 1);
  CHECK(call_widen_i8(INT8_MAX, 1) == INT8_MIN);
  CHECK(call_widen_i8(INT8_MIN, -1) == INT8_MAX);
  CHECK(call_widen_i16(INT16_MAX, 1) == INT16_MIN);
  CHECK(call_widen_i16(INT16_MIN, -1) == INT16_MAX);
  CHECK(call_widen_i32(INT32_MAX, 1) == INT32_MIN);
  CHECK(call_widen_i32(INT32_MIN, -1) == INT32_MAX);
  CHECK(call_narrow_i1(3) == 1);
  CHECK(call_narrow_i1(6) == 0);
  CHECK(call_narrow_i8(0x7FFFFF80) == INT8_MIN);
  CHECK(call_narrow_i16(0x7FFF8000) == INT16_MIN);
  CHECK(call_narrow_i32(INT64_C(0x7FFFFFFF80000000)) == INT32_MIN);
  return report();
}
