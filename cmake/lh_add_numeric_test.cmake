# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

cmake_minimum_required(VERSION 3.23...4.4)
include_guard(GLOBAL)

#[=======================================================================[.md:
## lh_add_numeric_test

Adds a test that calls a lowered function on random inputs and compares with a reference function in Python.

```cmake
lh_add_numeric_test(<name>
  LIBRARY <lowered library> FUNCTION <function> REFERENCE <file.py[function]>
  [INPUTS <[argument=]sizes[@low:high] | [argument=]value>...]
  [TOLERANCE <relative> [<absolute>]] [SEED <n>] [LABELS <label>...])
```

* `LIBRARY`: a target made by `lh_lower()`, of any type, with a header.
* `FUNCTION`: the payload's name of a public function in it.
* `REFERENCE`: a Python file and the function in it, by default one of the name of `FUNCTION`. It is called with the
  payload's arguments in order, NumPy arrays for tensors and memrefs and NumPy scalars for scalars, and returns the
  payload's results, a tuple if there are several, in exactly their types. What the payload writes to a memref, it
  writes to the array. NumPy has no `bf16`: its values are `float32`.
* `INPUTS`: in order, or by the payload's name of an argument or its number. Sizes are needed where they are dynamic:
  `a=37x64`. A value is what a scalar is: `n=5`; an `index` needs one. `@low:high` is the range of random values:
  `a=37x64@0:1`, `b=@1:2`. By default floating-point numbers are from -1 to 1, signed integers from -8 to 8, unsigned ones
  from 0 to 8.
* `TOLERANCE`: values may differ by absolute + relative × |reference|; absolute is by default what relative is. Without
  it 1e-10 for `f64`, 1e-4 for `f32`, 1e-2 for `f16`, 5e-2 for `bf16`, and nothing for integers.
* `SEED`: of the random numbers; by default 0.
* `LABELS`: labels of the test, besides `numeric`.

The test also fails if the function writes outside of its arrays or to an argument that it may only read, and if it dies. The
Python environment needs NumPy. In a cross build the test is there, but disabled.

### Targets

For a library that is not SHARED, `<library>.module` is built by default: a module that holds all of it, to be loaded.

### Errors

Fatal when CMake runs: unknown, empty, repeated and contradictory arguments; a target that `lh_lower()` has not made, or that
has no header; a missing reference file. The test fails if the function does not exist, if sizes are missing, and if the
reference's results have another shape or type.

### Example

```cmake
lh_add_numeric_test(mlp_numeric LIBRARY mlp FUNCTION mlp REFERENCE reference.py TOLERANCE 1e-3)
```
#]=======================================================================]
function(lh_add_numeric_test name)
  list(APPEND CMAKE_MESSAGE_CONTEXT "lh_add_numeric_test")
  set(_lh_call "lh_add_numeric_test(${name})")
  set(one_value LIBRARY FUNCTION REFERENCE SEED)
  set(multi_value INPUTS TOLERANCE LABELS)
  _lh_parse_arguments(1 "" "${one_value}" "${multi_value}")
  _lh_check_no_keywords(INPUTS TOLERANCE)
  _lh_check_new_test("${name}")
  foreach(keyword IN ITEMS LIBRARY FUNCTION REFERENCE)
    if(NOT DEFINED ARG_${keyword})
      _lh_fatal("${keyword} is missing")
    endif()
  endforeach()
  if(NOT ARG_REFERENCE MATCHES "^(.*\\.py)(\\[[A-Za-z_][A-Za-z0-9_]*\\])?$")
    _lh_fatal("REFERENCE '${ARG_REFERENCE}' is not of the form file.py[function]")
  endif()
  set(reference_function "${CMAKE_MATCH_2}")
  _lh_test_file(reference "${CMAKE_MATCH_1}")
  if(DEFINED ARG_SEED AND NOT ARG_SEED MATCHES "^[0-9]+$")
    _lh_fatal("SEED '${ARG_SEED}' is not a number")
  endif()
  list(LENGTH ARG_TOLERANCE count)
  if(count GREATER 2)
    _lh_fatal("TOLERANCE takes a relative and an absolute one, not ${count}")
  endif()
  foreach(number IN LISTS ARG_TOLERANCE)
    if(NOT number MATCHES "^([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]+)?$")
      _lh_fatal("TOLERANCE '${number}' is not a number")
    endif()
  endforeach()
  _lh_lowered_library(library interfaces stages)
  _lh_loadable_target(module "${library}")

  _lh_testing_command(test numeric)
  list(APPEND test "--name=${name}" "--library=$<TARGET_FILE:${module}>" "--function=${ARG_FUNCTION}")
  list(APPEND test "--reference=${reference}${reference_function}")
  foreach(interface IN LISTS interfaces)
    list(APPEND test "--interface=${interface}")
  endforeach()
  foreach(input IN LISTS ARG_INPUTS)
    list(APPEND test "--input=${input}")
  endforeach()
  if(ARG_TOLERANCE)
    list(APPEND test --tolerance ${ARG_TOLERANCE})
  endif()
  if(DEFINED ARG_SEED)
    list(APPEND test "--seed=${ARG_SEED}")
  endif()
  add_test(NAME "${name}" COMMAND ${test} WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
  set_tests_properties("${name}" PROPERTIES LABELS "numeric;${ARG_LABELS}")
  if(CMAKE_CROSSCOMPILING)
    set_tests_properties("${name}" PROPERTIES DISABLED TRUE) # Python cannot load it
  endif()
  _lh_note_test("${name}" numeric ${stages})
endfunction()

# Sets `library` to LIBRARY without aliases, `interfaces` to the interface files of its payloads, `stages` to what it was
# lowered by.
function(_lh_lowered_library library interfaces stages)
  set(target "${ARG_LIBRARY}")
  if(NOT TARGET "${target}")
    _lh_fatal("there is no target '${target}'; make it with lh_lower() before the test")
  endif()
  get_target_property(aliased "${target}" ALIASED_TARGET)
  if(aliased)
    set(target "${aliased}")
  endif()
  get_target_property(outputs "${target}" LH_OUTPUTS)
  get_target_property(type "${target}" TYPE)
  if(NOT outputs)
    _lh_fatal("the target '${ARG_LIBRARY}' is not made by lh_lower()")
  endif()
  if(type STREQUAL "INTERFACE_LIBRARY")
    _lh_fatal("'${ARG_LIBRARY}' has no code to call: its EMIT has neither object nor assembly")
  endif()
  if(outputs MATCHES "\\.cpp(;|$)")
    _lh_fatal(
      "'${ARG_LIBRARY}' has models in C++, which only a program can call; call them there, or EMIT object for the test"
    )
  endif()
  get_target_property(header "${target}" LH_HEADER)
  if(NOT header)
    _lh_fatal("'${ARG_LIBRARY}' has NO_HEADER, and without one nobody knows how to call its functions")
  endif()
  get_target_property(files "${target}" _LH_INTERFACES)
  get_target_property(used "${target}" LH_STAGES)
  set(${library} "${target}" PARENT_SCOPE)
  set(${interfaces} "${files}" PARENT_SCOPE)
  set(${stages} "${used}" PARENT_SCOPE)
endfunction()

# Sets `result` to a target that can be loaded with all of the lowered library in it: the library itself if it is
# SHARED, else a module, of which libraries share one.
function(_lh_loadable_target result library)
  get_target_property(type "${library}" TYPE)
  if(type STREQUAL "SHARED_LIBRARY")
    set(${result} "${library}" PARENT_SCOPE)
    return()
  endif()
  set(module "${library}.module")
  set(${result} "${module}" PARENT_SCOPE)
  if(TARGET "${module}")
    return()
  endif()
  _lh_link_language(language)
  if(NOT language)
    _lh_fatal("'${library}' must be linked to be loaded: enable C or CXX in project()")
  endif()
  # CMake wants a source.
  string(TOLOWER "${language}" extension)
  string(REPLACE "cxx" "cpp" extension "${extension}")
  set(source "${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${module}.${extension}")
  if(NOT EXISTS "${source}")
    file(WRITE "${source}" "typedef int empty;\n")
  endif()
  add_library("${module}" MODULE "${source}")
  if(type STREQUAL "OBJECT_LIBRARY")
    target_link_libraries("${module}" PRIVATE "${library}") # brings its objects
  elseif(APPLE)
    target_link_libraries("${module}" PRIVATE "-Wl,-force_load,$<TARGET_FILE:${library}>" "${library}")
  else()
    # All of the archive: nothing in the module asks for any of it. Then once more for what it is linked with.
    target_link_libraries(
      "${module}"
      PRIVATE -Wl,--whole-archive "$<TARGET_FILE:${library}>" -Wl,--no-whole-archive "${library}"
    )
  endif()
endfunction()
