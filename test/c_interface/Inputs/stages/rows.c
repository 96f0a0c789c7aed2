// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "rows.h"

#include "check.h"

#include <math.h>

int main(void) {
  float x[8] = {0, 1, 2, 3, 1000, 1000, 1000, 1000};
  const lh_memref_f32_2d mx = lh_memref_f32_2d_make(x, (const int64_t[]){2, 4});
  lh_memref_f32_2d r;
  softmax(&r, &mx);
  const float sum = expf(0) + expf(1) + expf(2) + expf(3);
  for (int i = 0; i < 4; ++i) {
    CHECK(fabsf(r.aligned[i] - expf((float)i) / sum) < 1e-6f);
    CHECK(r.aligned[4 + i] == 0.25f);
  }
  lh_free(r.allocated);

  int32_t m[8] = {0, 1, 2, 3, 10, 11, 12, 13}, p[8], u[8];
  const int64_t flat[] = {2, 4}, tiled[] = {2, 2, 2, 1};
  lh_memref_i32_2d mm = lh_memref_i32_2d_make(m, flat), mu = lh_memref_i32_2d_make(u, flat);
  lh_memref_i32_4d mp = lh_memref_i32_4d_make(p, tiled);
  pack(&mm, &mp);
  unpack(&mp, &mu);
  for (int i = 0; i < 8; ++i)
    CHECK(u[i] == m[i]);

  CHECK(bf16(1.5f, 2.0f) == 3.0f);
  CHECK(bf16(1.0f + 1.0f / 128, 1.0f + 1.0f / 128) == 1.015625f); // rounded to even

  lh_complex_f32 z[2] = {{1, 2}, {0, 3.14159265f}};
  lh_memref_c32_1d mz = lh_memref_c32_1d_make(z, (const int64_t[]){2});
  CHECK(fabsf(complex(&mz) - sqrtf(5) * 3.14159265f) < 1e-5f);
  CHECK(fabsf(z[0].re + 2 * 3.14159265f) < 1e-5f && fabsf(z[0].im - 3.14159265f) < 1e-5f);
  CHECK(fabsf(z[1].re + 1) < 1e-6f && fabsf(z[1].im) < 1e-6f);

  CHECK(power(-3, 5) == -243 && power(2, 0) == 1 && power(-1, -3) == -1);
  return report();
}
