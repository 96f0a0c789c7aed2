// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "elements.h"

#include "check.h"

// Doubles three elements; the third memref of each type has a stride.
#define CHECK_TWICE(name, element, value, twice)                                                                       \
  do {                                                                                                                 \
    element data[3] = {value, value, value};                                                                           \
    lh_memref_##name##_1d m = lh_memref_##name##_1d_make(data, (const int64_t[]){2});                                  \
    twice_##name(&m);                                                                                                  \
    CHECK(data[0] == (twice) && data[1] == (twice) && data[2] == (value));                                             \
  } while (0)

int main(void) {
  CHECK_TWICE(i8, int8_t, INT8_MAX, -2);
  CHECK_TWICE(i16, int16_t, -3, -6);
  CHECK_TWICE(i32, int32_t, 1 << 20, 1 << 21);
  CHECK_TWICE(i64, int64_t, INT64_C(1) << 40, INT64_C(1) << 41);
  CHECK_TWICE(index, int64_t, -5, -10);
  CHECK_TWICE(f32, float, 0.3f, 0.6f);
  CHECK_TWICE(f64, double, 0.3, 0.6);

  bool bits[2] = {true, false};
  lh_memref_i1_1d i1 = lh_memref_i1_1d_make(bits, (const int64_t[]){2});
  flip_i1(&i1);
  CHECK((int)bits[0] == 0 && (int)bits[1] == 1);

  lh_f16 halves[2] = {lh_f16_from_float(0.5f), lh_f16_from_float(-40000.0f)};
  lh_memref_f16_1d f16 = lh_memref_f16_1d_make(halves, (const int64_t[]){2});
  twice_f16(&f16);
  CHECK(lh_f16_to_float(halves[0]) == 1.0f);
  CHECK(lh_f16_to_float(halves[1]) < -65504.0f); // infinite

  lh_bf16 brains[2] = {lh_bf16_from_float(1.5f), lh_bf16_from_float(1e38f)};
  lh_memref_bf16_1d bf16 = lh_memref_bf16_1d_make(brains, (const int64_t[]){2});
  twice_bf16(&bf16);
  CHECK(lh_bf16_to_float(brains[0]) == 3.0f);
  CHECK(lh_bf16_to_float(brains[1]) == 2.0f * lh_bf16_to_float(lh_bf16_from_float(1e38f)));

  lh_complex_f32 c32 = {1.0f, -2.0f};
  lh_memref_c32_1d m32 = lh_memref_c32_1d_make(&c32, (const int64_t[]){1});
  twice_c32(&m32);
  CHECK(c32.re == 2.0f && c32.im == -4.0f);
  lh_complex_f64 c64 = {0.5, -0.25};
  lh_memref_c64_1d m64 = lh_memref_c64_1d_make(&c64, (const int64_t[]){1});
  twice_c64(&m64);
  CHECK(c64.re == 1.0 && c64.im == -0.5);

  float x = 1.25f;
  double t = 3.0, r = 0.0;
  lh_memref_f32_0d m0 = lh_memref_f32_0d_make(&x);
  lh_memref_f64_0d t0 = lh_memref_f64_0d_make(&t), r0 = lh_memref_f64_0d_make(&r);
  rank0(&m0, &t0, &r0);
  CHECK(x == 2.5f && t == 3.0 && r == 6.0);

  // Columns of a row-major matrix as rows, from the second element on.
  float from[12], to[16] = {0};
  for (int i = 0; i < 12; ++i)
    from[i] = (float)i;
  lh_memref_f32_2d m = lh_memref_f32_2d_make_strided(from, (const int64_t[]){2, 3}, (const int64_t[]){1, 4});
  m.offset = 1;
  lh_memref_f32_2d n = lh_memref_f32_2d_make_strided(to, (const int64_t[]){2, 3}, (const int64_t[]){8, 1});
  CHECK(strided(&m, &n) == 1 + 5 + 9 + 2 + 6 + 10);
  CHECK(to[0] == 1 && to[1] == 5 && to[2] == 9 && to[3] == 0);
  CHECK(to[8] == 2 && to[9] == 6 && to[10] == 10 && to[11] == 0);

  int8_t in[24], out[24];
  for (int i = 0; i < 24; ++i)
    in[i] = (int8_t)i;
  lh_memref_i8_3d in3 = lh_memref_i8_3d_make(in, (const int64_t[]){2, 3, 4});
  lh_memref_i8_3d out3 = lh_memref_i8_3d_make(out, (const int64_t[]){4, 3, 2});
  CHECK(in3.strides[0] == 12 && in3.strides[1] == 4 && in3.strides[2] == 1);
  transpose_i8(&in3, &out3);
  CHECK(out[1] == 12 && out[2] == 4 && out[6] == 1 && out[23] == 23);
  return report();
}
