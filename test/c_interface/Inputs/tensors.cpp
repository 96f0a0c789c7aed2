// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tensors.h"

#include "check.h"

#include <array>
#include <utility>

using Vector = std::array<float, 4>;

static auto view(Vector &data) { return lh::make_memref(data.data(), data.size()); }
static auto view(const Vector &data) { return lh::make_memref(data.data(), data.size()); }

int main() {
  const Vector a = {1, 2, 3, 4}, b = {10, 20, 30, 40};
  Vector r = {}, s = {};
  kernels::v1::add(view(a), view(b), view(r));
  CHECK((r == Vector{11, 22, 33, 44}));
  kernels::v1::overwrite(view(a), view(r));
  CHECK((r == Vector{2, 4, 6, 8} && a == Vector{1, 2, 3, 4}));
  kernels::v1::twice(view(a), view(r), view(s));
  CHECK((r == Vector{2, 4, 6, 8} && s == r));
  kernels::v1::accumulate(view(r), view(b));
  CHECK((r == Vector{12, 24, 36, 48}));

  // The C function is there as well, under the same name.
  const lh_memref_f32_1d c = view(r);
  lh_memref_f32_1d d = view(s);
  ::identity(&c, &d);
  CHECK(s == r);

  lh::owned<float, 1> first = kernels::v1::identity_dynamic(view(a));
  CHECK(first->sizes[0] == 4 && first(2) == 3.0f && first->aligned != a.data());
  first(2) = 5.0f;
  lh::owned<float, 1> second = kernels::v1::identity_dynamic(first); // an owned buffer is an argument too
  CHECK(second(2) == 5.0f && second->aligned != first->aligned);
  first = std::move(second);
  CHECK(first(2) == 5.0f);
  const lh::memref<float, 1> raw = first.release();
  CHECK(raw(2) == 5.0f && first->allocated == nullptr);
  lh_free(raw.allocated);

  auto [left, flag, right] = kernels::v1::twice_dynamic(view(a));
  CHECK(flag && left(3) == 8.0f && right(3) == 8.0f && left->aligned != right->aligned);

  std::array<std::int32_t, 4> integers = {1, 2, 3, 4}, doubled = {};
  auto mixed =
      kernels::v1::mixed(view(a), 2.5f, lh::make_memref(integers.data(), 4), lh::make_memref(doubled.data(), 4));
  CHECK(mixed.result0 == 2.5f && doubled[3] == 8 && mixed.result2(0) == 2.5f);
  auto matrix = kernels::v1::double_dynamic(lh::make_memref(a.data(), 1, 3));
  CHECK(matrix->sizes[0] == 1 && matrix->sizes[1] == 3 && matrix(0, 2) == 6.0f);
  return report();
}
