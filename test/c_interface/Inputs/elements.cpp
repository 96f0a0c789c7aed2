// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "elements.h"

#include "check.h"

#include <cmath>
#include <limits>
#include <vector>

template <typename T, typename F> static void checkTwice(F twice, T value, T expected) {
  std::vector<T> data(3, value);
  twice(lh::make_memref(data.data(), 2));
  CHECK(data[0] == expected && data[1] == expected && data[2] == value);
}

int main() {
  checkTwice<int8_t>([](auto m) { twice_i8(m); }, 127, -2);
  checkTwice<int16_t>([](auto m) { twice_i16(m); }, -3, -6);
  checkTwice<int32_t>([](auto m) { twice_i32(m); }, 5, 10);
  checkTwice<int64_t>([](auto m) { twice_i64(m); }, 5, 10);
  checkTwice<int64_t>([](auto m) { twice_index(m); }, -5, -10);
  checkTwice<float>([](auto m) { twice_f32(m); }, 0.3f, 0.6f);
  checkTwice<double>([](auto m) { twice_f64(m); }, 0.3, 0.6);
  checkTwice<lh_f16>([](auto m) { twice_f16(m); }, 0.5f, 1.0f);
  checkTwice<lh_bf16>([](auto m) { twice_bf16(m); }, 0.5f, 1.0f);
  checkTwice<std::complex<float>>([](auto m) { twice_c32(m); }, {1, -2}, {2, -4});
  checkTwice<std::complex<double>>([](auto m) { twice_c64(m); }, {1, -2}, {2, -4});
  bool bits[] = {true, false};
  flip_i1(lh::make_memref(bits, 2));
  CHECK(!bits[0] && bits[1]);

  float x = 1.25f;
  const double t = 3.0;
  double r = 0.0;
  rank0(lh::make_memref(&x), lh::make_memref(&t), lh::make_memref(&r));
  CHECK(x == 2.5f && r == 6.0);

  float from[12], to[16] = {};
  for (int i = 0; i < 12; ++i)
    from[i] = static_cast<float>(i);
  auto m = lh::make_strided_memref(from, {2, 3}, {1, 4});
  m.offset = 1;
  auto n = lh::make_strided_memref(to, {2, 3}, {8, 1});
  CHECK(m(1, 2) == 10 && !m.is_row_major() && m.num_elements() == 6);
  CHECK(strided(m, n) == 1 + 5 + 9 + 2 + 6 + 10);
  CHECK(n(0, 1) == 5 && n(1, 2) == 10 && to[8] == 2 && to[3] == 0);

  // Every 16-bit value through float and back, and the neighbourhood of what rounds.
  for (uint32_t bits16 = 0; bits16 < 0x10000; ++bits16) {
    const auto half = static_cast<uint16_t>(bits16);
    const float value = lh_f16_value(half);
    CHECK(std::isnan(value) ? std::isnan(lh_f16_value(lh_f16_bits(value))) : lh_f16_bits(value) == half);
    const float brain = lh_bf16_value(half);
    CHECK(std::isnan(brain) ? std::isnan(lh_bf16_value(lh_bf16_bits(brain))) : lh_bf16_bits(brain) == half);
    // Halfway to the next value ties to even; a little more or less goes to the nearer one.
    if ((half & 0x7FFF) < 0x7BFF) {
      const float next = lh_f16_value(static_cast<uint16_t>(half + 1));
      const float middle = (value + next) / 2;
      const auto even = static_cast<uint16_t>(half + (half & 1));
      CHECK(lh_f16_bits(middle) == even);
      CHECK(lh_f16_bits(std::nextafter(middle, value)) == half);
      CHECK(lh_f16_bits(std::nextafter(middle, next)) == half + 1);
    }
  }
  CHECK(lh_f16_bits(65519.99f) == 0x7BFF && lh_f16_bits(65520.0f) == 0x7C00);
  CHECK(lh_f16_bits(-std::numeric_limits<float>::infinity()) == 0xFC00);
  CHECK(lh_f16_bits(1e-30f) == 0 && lh_f16_bits(-1e-30f) == 0x8000);
  CHECK(lh_bf16_bits(std::numeric_limits<float>::max()) == 0x7F80);
  return report();
}
