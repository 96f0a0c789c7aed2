// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information. SPDX-License-Identifier: Apache-2.0 WITH
// LLVM-exception

// Calls what tinyc has compiled and the runtime library, and checks both.

#include "runtime.h"
#include "runtime_estrin.h"

#include "lighthouse/memref.h"

#include <cmath>
#include <cstdio>
#include <vector>

extern "C" void _mlir_ciface_quadratic(const lh::memref<float, 1> *, const lh::memref<float, 1> *);

int main() {
  const int n = 1000;
  std::vector<float> x(n), y(n);
  for (int i = 0; i < n; ++i)
    x[i] = float(i) / n - 0.5f;
  auto in = lh::make_memref(x.data(), n);
  auto out = lh::make_memref(y.data(), n);
  double worst = 0;
  auto check = [&](auto reference) {
    for (int i = 0; i < n; ++i)
      worst = std::fmax(worst, std::fabs(y[i] - reference(double(x[i]))));
  };
  _mlir_ciface_quadratic(&in, &out);
  check([](double x) { return 2 * x * x + 3 * x + 1; });
  tiny_exp(in, out);
  check([](double x) { return std::exp(x); });
  tiny_sin(in, out);
  check([](double x) { return std::sin(x); });
  std::printf("largest error: %.1e\n", worst);
  return worst < 1e-6 ? 0 : 1;
}
