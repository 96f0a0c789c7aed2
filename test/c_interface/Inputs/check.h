// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// CHECK for the test programs, which are C and C++.

#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>

static int failures = 0;
static int checks = 0;

#define CHECK(condition)                                                                                               \
  do {                                                                                                                 \
    ++checks;                                                                                                          \
    if (!(condition)) {                                                                                                \
      ++failures;                                                                                                      \
      fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition);                                          \
    }                                                                                                                  \
  } while (0)

/// The exit status of a test program, which says how much it has checked.
static inline int report(void) {
  printf("%d checks, %d failures\n", checks, failures);
  return failures != 0;
}

#endif // CHECK_H
