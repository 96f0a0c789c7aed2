# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

cmake_minimum_required(VERSION 3.23...4.4)
include_guard(GLOBAL)

#[=======================================================================[.md:
## lh_add_check_test

Adds a test that lowers a payload by stages and compares the result, or the stages themselves, with FileCheck.

```cmake
lh_add_check_test(<name>
  [SOURCE <payload.mlir|payload.py>] STAGES <stage|spec>...
  [CHECK <file>] [CHECK_PREFIXES <prefix>[,<prefix>...]]
  [RESOLVED | EMIT mlir|llvmir|assembly]
  [ARGS <argument of lh-opt>...] [LABELS <label>...])
```

* `SOURCE`: the payload, or what generates one, as for `lh_lower()`.
* `STAGES`: what lowers it, as for `lh_lower()`.
* `CHECK`: the file with FileCheck's directives; by default the file of the payload.
* `CHECK_PREFIXES`: what directives begin with, as FileCheck takes it; by default `CHECK`.
* `RESOLVED`: check the resolved stages in place of a lowered payload. `SOURCE` is then only where the directives are,
  and can be left out.
* `EMIT`: what is checked; by default `mlir`.
* `ARGS`: for `lh-opt`, such as `--cpu=<cpu>`; with it, `--features=` and `--target-triple=`, stages are those for that
  target, by default the baseline of the compiler's.
* `LABELS`: labels of the test, besides `check`.

Specs are resolved when the project is built, as those of `lh_lower()` are. The test applies the resolved stages; a
failure shows the command to run by hand, the stages with their steps, and what FileCheck says.
`tools/update-checks` writes the directives.

### Errors

Fatal when CMake runs: unknown, empty, repeated and contradictory arguments; a missing payload or check file; a stage that
does not exist, or a target that is none. The test fails if the check file has no directive, and without FileCheck.

### Example

```cmake
lh_add_check_test(tile_matmul SOURCE matmul.mlir STAGES tile)
lh_add_check_test(tile_resolved RESOLVED STAGES tile CHECK tile.check)
```
#]=======================================================================]
function(lh_add_check_test name)
  list(APPEND CMAKE_MESSAGE_CONTEXT "lh_add_check_test")
  set(_lh_call "lh_add_check_test(${name})")
  set(options RESOLVED)
  # CHECK_PREFIXES is one word, A,B, for CHECK alone would be the keyword.
  set(one_value SOURCE CHECK CHECK_PREFIXES EMIT)
  set(multi_value STAGES ARGS LABELS)
  _lh_parse_arguments(1 "${options}" "${one_value}" "${multi_value}")
  _lh_check_no_keywords(STAGES ARGS)
  _lh_check_generator()
  _lh_check_new_test("${name}")
  if(NOT DEFINED ARG_STAGES)
    _lh_fatal("STAGES is missing")
  endif()
  if(NOT DEFINED ARG_SOURCE AND NOT ARG_RESOLVED)
    _lh_fatal("SOURCE is missing")
  endif()
  if(NOT DEFINED ARG_SOURCE AND NOT DEFINED ARG_CHECK)
    _lh_fatal("CHECK is missing; RESOLVED without SOURCE needs a file with directives")
  endif()
  if(ARG_RESOLVED AND DEFINED ARG_EMIT)
    _lh_fatal("RESOLVED and EMIT exclude each other")
  endif()
  if(DEFINED ARG_CHECK_PREFIXES AND NOT ARG_CHECK_PREFIXES MATCHES "^[A-Za-z0-9_-]+(,[A-Za-z0-9_-]+)*$")
    _lh_fatal("CHECK_PREFIXES '${ARG_CHECK_PREFIXES}' is not of the form A,B")
  endif()
  if(NOT DEFINED ARG_EMIT)
    set(ARG_EMIT mlir)
  endif()
  if(NOT ARG_EMIT MATCHES "^(mlir|llvmir|assembly)$")
    _lh_fatal("unknown EMIT '${ARG_EMIT}'; accepted are mlir, llvmir, assembly")
  endif()
  if(DEFINED ARG_SOURCE)
    set(call "") # of a payload generator: file.py[function]{options}
    if(ARG_SOURCE MATCHES "^([^[{]*\\.py)[ \t]*([[{].*)?$")
      set(ARG_SOURCE "${CMAKE_MATCH_1}")
      set(call "${CMAKE_MATCH_2}")
    endif()
    _lh_test_file(source "${ARG_SOURCE}")
    set(check "${source}")
    if(source MATCHES "\\.py$")
      _lh_spec_path(source "${source}")
      string(APPEND source "${call}")
    endif()
  endif()
  if(DEFINED ARG_CHECK)
    _lh_test_file(check "${ARG_CHECK}")
  endif()
  _lh_check_stages_exist(${ARG_STAGES})
  _lh_check_target_arguments(target)
  set(_lh_target_arguments ${target}) # which _lh_resolve_stages() looks at
  _lh_resolve_stages(stages stage_files ${ARG_STAGES})
  _lh_check_stage_tools("" ${stages})

  _lh_driver_command(command)
  if(ARG_RESOLVED)
    list(APPEND command --emit=stage)
  else()
    list(APPEND command "${source}")
    if(NOT ARG_EMIT STREQUAL "mlir")
      list(APPEND command "--emit=${ARG_EMIT}")
    endif()
  endif()
  foreach(file IN LISTS stage_files)
    _lh_spec_path(file "${file}")
    list(APPEND command "--stage=${file}")
  endforeach()
  _lh_apply_arguments(arguments ${stages})
  list(APPEND command ${arguments})
  if(NOT ARG_EMIT STREQUAL "mlir")
    list(APPEND command ${target})
  endif()
  list(APPEND command ${ARG_ARGS})
  _lh_testing_command(test check)
  list(APPEND test "--name=${name}" "--check=${check}")
  if(DEFINED ARG_CHECK_PREFIXES)
    list(APPEND test "--check-prefixes=${ARG_CHECK_PREFIXES}")
  endif()
  _lh_filecheck(filecheck)
  if(filecheck)
    list(APPEND test "--filecheck=${filecheck}")
  endif()
  add_test(NAME "${name}" COMMAND ${test} -- ${command} WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
  set_tests_properties("${name}" PROPERTIES LABELS "check;${ARG_LABELS}")
  _lh_note_test("${name}" check ${stages})
endfunction()

# Sets `result` to the target that ARGS name, as arguments of the driver: what code and stages are for. The triple is by
# default the compiler's.
function(_lh_check_target_arguments result)
  set(target ${ARG_ARGS})
  list(FILTER target INCLUDE REGEX "^--(target-triple|cpu|features)=")
  if(NOT target MATCHES "--target-triple=")
    _lh_compiler_triple(triple)
    if(triple)
      list(PREPEND target "--target-triple=${triple}")
    endif()
  endif()
  set(${result} "${target}" PARENT_SCOPE)
endfunction()

# Sets `result` to the absolute path of a file that a test reads, which must be there unless the build makes it.
function(_lh_test_file result file)
  _lh_check_path("${file}")
  cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE OUTPUT_VARIABLE path)
  cmake_path(IS_PREFIX CMAKE_BINARY_DIR "${path}" NORMALIZE in_build_tree)
  get_source_file_property(generated "${path}" GENERATED)
  if((NOT EXISTS "${path}" OR IS_DIRECTORY "${path}") AND NOT in_build_tree AND NOT generated)
    _lh_fatal("the file '${file}' does not exist")
  endif()
  set(${result} "${path}" PARENT_SCOPE)
endfunction()
