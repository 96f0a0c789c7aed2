// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tensors.h"

#include "check.h"

enum { N = 4 };

static lh_memref_f32_1d vector(float *data) { return lh_memref_f32_1d_make(data, (const int64_t[]){N}); }

static bool equals(const float *data, float a, float b, float c, float d) {
  return data[0] == a && data[1] == b && data[2] == c && data[3] == d;
}

/// Whether `buffer` has this many elements and shares none with `data`.
static bool is_own(const lh_memref_f32_1d *buffer, int64_t size, const float *data) {
  return buffer->sizes[0] == size && buffer->strides[0] == 1 && buffer->offset == 0 && buffer->allocated &&
         buffer->aligned != data;
}

static void out_parameters(void) {
  float a[N] = {1, 2, 3, 4}, b[N] = {10, 20, 30, 40}, r[N] = {0}, s[N] = {0};
  const lh_memref_f32_1d ma = vector(a), mb = vector(b);
  lh_memref_f32_1d mr = vector(r), ms = vector(s);
  add(&ma, &mb, &mr);
  CHECK(equals(r, 11, 22, 33, 44));
  add(&ma, &ma, &mr); // one tensor twice
  CHECK(equals(r, 2, 4, 6, 8));
  overwrite(&ma, &mr);
  CHECK(equals(r, 2, 4, 6, 8) && equals(a, 1, 2, 3, 4));
  identity(&ma, &mr);
  CHECK(equals(r, 1, 2, 3, 4));
  twice(&ma, &mr, &ms);
  CHECK(equals(r, 2, 4, 6, 8) && equals(s, 2, 4, 6, 8));
  call_private(&ma, &mr, &ms);
  CHECK(equals(r, 1, 8, 27, 64) && equals(s, 1, 4, 9, 16));
  call_public(&ma, &mr);
  CHECK(equals(r, 5, 10, 15, 20));
  recursive(&ma, 3, &mr);
  CHECK(equals(r, 8, 16, 24, 32));
  recursive(&ma, 0, &mr);
  CHECK(equals(r, 1, 2, 3, 4));
  unused(&ma);
  CHECK(equals(a, 1, 2, 3, 4) && equals(b, 10, 20, 30, 40));

  double c[4];
  lh_memref_f64_2d mc = lh_memref_f64_2d_make(c, (const int64_t[]){2, 2});
  for (int i = 0; i < 2; ++i) {
    constant(&mc);
    CHECK(c[0] == 1 && c[1] == 2 && c[2] == 3 && c[3] == 4);
    c[0] = c[3] = -1; // is ours
  }
  lh_memref_f32_2d none = lh_memref_f32_2d_make(a, (const int64_t[]){0, 4});
  empty(&none, &none);
}

static void in_place(void) {
  float a[N] = {1, 2, 3, 4}, b[N] = {10, 20, 30, 40};
  lh_memref_f32_1d ma = vector(a), mb = vector(b);
  accumulate(&ma, &mb);
  CHECK(equals(a, 11, 22, 33, 44) && equals(b, 10, 20, 30, 40));
  accumulate_dynamic_results results;
  accumulate_dynamic(&results, &ma, &mb);
  CHECK(equals(a, 21, 42, 63, 84) && equals(b, 10, 20, 30, 40) && results.result0 == 1.0f);
  CHECK(is_own(&results.result2, N, b) && equals(results.result2.aligned, 10, 20, 30, 40));
  lh_free(results.result2.allocated);
  swap(&ma, &mb); // each result is in the argument that it was
  CHECK(equals(a, 21, 42, 63, 84) && equals(b, 10, 20, 30, 40));
}

static void owned_buffers(void) {
  float a[N] = {1, 2, 3, 4};
  const lh_memref_f32_1d ma = vector(a);
  lh_memref_f32_1d r;
  identity_dynamic(&r, &ma);
  CHECK(is_own(&r, N, a) && equals(r.aligned, 1, 2, 3, 4));
  r.aligned[0] = -1;
  lh_free(r.allocated);
  call_dynamic(&r, &ma);
  CHECK(is_own(&r, N, a) && equals(r.aligned, 1, 2, 3, 4));
  lh_free(r.allocated);
  for (int own = 0; own < 2; ++own) {
    choose(&r, &ma, own);
    CHECK(is_own(&r, N, a) && r.aligned[3] == (own ? 4 : 8));
    lh_free(r.allocated);
  }
  for (int times = 0; times < 4; ++times) {
    repeat(&r, &ma, times);
    CHECK(is_own(&r, N, a) && r.aligned[1] == (float)(2 << times));
    lh_free(r.allocated);
  }
  slice(&r, &ma, 1, 2);
  CHECK(is_own(&r, 2, a + 1) && r.aligned[0] == 2 && r.aligned[1] == 3);
  lh_free(r.allocated);

  for (int i = 0; i < 2; ++i) {
    lh_memref_i32_1d c;
    constant_dynamic(&c);
    CHECK(c.sizes[0] == 3 && c.aligned[0] == 1 && c.aligned[1] == 2 && c.aligned[2] == 3);
    c.aligned[0] = -1;
    lh_free(c.allocated);
  }
  CHECK(equals(a, 1, 2, 3, 4));

  float m[2 * 3] = {1, 2, 3, 4, 5, 6};
  const lh_memref_f32_2d mm = lh_memref_f32_2d_make(m, (const int64_t[]){2, 3});
  lh_memref_f32_2d d;
  double_dynamic(&d, &mm);
  CHECK(d.sizes[0] == 2 && d.sizes[1] == 3 && d.strides[0] == 3 && d.strides[1] == 1 && d.aligned[5] == 12);
  lh_free(d.allocated);
}

static void several_buffers(void) {
  float a[N] = {1, 2, 3, 4};
  const lh_memref_f32_1d ma = vector(a);
  twice_dynamic_results t;
  twice_dynamic(&t, &ma);
  CHECK(t.result1 && is_own(&t.result0, N, t.result2.aligned));
  CHECK(equals(t.result0.aligned, 2, 4, 6, 8) && equals(t.result2.aligned, 2, 4, 6, 8));
  lh_free(t.result0.allocated);
  lh_free(t.result2.allocated);
  equal_dynamic_results e;
  equal_dynamic(&e, N);
  CHECK(is_own(&e.result0, N, e.result1.aligned) && equals(e.result1.aligned, 1, 1, 1, 1));
  lh_free(e.result0.allocated);
  lh_free(e.result1.allocated);
  const lh_memref_f32_2d ma2 = lh_memref_f32_2d_make(a, (const int64_t[]){1, 4});
  reshaped_results s;
  reshaped(&s, &ma2);
  CHECK(s.result0.aligned != s.result1.aligned && s.result0.aligned[3] == 8 && s.result1.aligned[3] == 8);
  lh_free(s.result0.allocated);
  lh_free(s.result1.allocated);

  int32_t b[N] = {1, 2, 3, 4}, r[N] = {0};
  const lh_memref_i32_1d mb = lh_memref_i32_1d_make(b, (const int64_t[]){N});
  lh_memref_i32_1d mr = lh_memref_i32_1d_make(r, (const int64_t[]){N});
  mixed_results x;
  mixed(&x, &ma, 2.5f, &mb, &mr);
  CHECK(x.result0 == 2.5f && r[0] == 2 && r[3] == 8 && equals(x.result2.aligned, 2.5f, 2.5f, 2.5f, 2.5f));
  lh_free(x.result2.allocated);
}

int main(void) {
  out_parameters();
  in_place();
  owned_buffers();
  several_buffers();
  return report();
}
