# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# Runs the command that the file COMMAND holds, a list, so that the rule that does it stays the same when the command
# changes: CMake deletes what a changed rule of Make makes.

file(READ "${COMMAND}" command)
string(REGEX REPLACE "\n$" "" command "${command}")
execute_process(COMMAND ${command} RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "the command in ${COMMAND} failed (${status})")
endif()
