# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# Before version 4.4, CMake takes away the escapes of `$` when it rewrites a depfile for Ninja, and the names that are
# left match nothing. What is escaped twice in DEPFILE comes out right.

file(READ "${DEPFILE}" text)
if(text MATCHES "\\$")
  string(REPLACE "$$" "$$$$" text "${text}")
  file(WRITE "${DEPFILE}" "${text}")
endif()
