// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Classifies one batch of inputs. No Python, no PyTorch: the classifier is a library with a header.

#include "classifier.h"

#include <algorithm>
#include <cstdio>

int main() {
  constexpr int batch = 8, features = 64, classes = 10;
  static float inputs[batch * features], scores[batch * classes];
  for (int i = 0; i < batch * features; ++i)
    inputs[i] = static_cast<float>(i % 17) / 17.0f;

  classify(lh::make_memref(inputs, batch, features), lh::make_memref(scores, batch, classes));

  for (int i = 0; i < batch; ++i) {
    const float *row = scores + i * classes;
    const float *best = std::max_element(row, row + classes);
    std::printf("input %d: class %d, score %.4f\n", i, static_cast<int>(best - row), *best);
  }
}
