# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# What the formatter (gersemi) must know of the public functions to lay out calls of them: it cannot follow them to where
# they parse their arguments. A unit test compares this file with them. Never included.

function(lh_add_stage name)
  cmake_parse_arguments(
    PARSE_ARGV 1
    ARG
    ""
    "SCHEDULE;PIPELINE;GENERATOR;SEQUENCE"
    "PASSES;STAGES;OPTIONS;INCLUDE_DIRECTORIES;PYTHON_PATH;ENVIRONMENT;DEPENDS"
  )
endfunction()

function(lh_lower name)
  cmake_parse_arguments(
    PARSE_ARGV 1
    ARG
    "STATIC;SHARED;OBJECT;NO_HEADER"
    "HEADER;NAMESPACE;SYMBOL_PREFIX;TARGET_TRIPLE;CPU;OPTIMIZE;OUTPUT_DIRECTORY;TIMEOUT;JOB_POOL"
    "SOURCES;STAGES;EMIT;FEATURES;LINK_LIBRARIES;ALLOW_UNDEFINED;DEPENDS"
  )
endfunction()
