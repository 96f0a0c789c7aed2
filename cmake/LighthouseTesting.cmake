# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# What the functions that add tests share, and what is known of a whole project's stages and tests once it is
# configured.

cmake_minimum_required(VERSION 3.23...4.4)
include_guard(GLOBAL)

#[=======================================================================[.md:
## LH_FILECHECK, lh-untested-stages

`LH_FILECHECK` is a cache variable with the FileCheck of `lh_add_check_test()` and `lh_add_lit_suite()`. Empty, as by
default: `FileCheck` or the newest `FileCheck-<version>` on `PATH` when a test runs, else the Python package
`filecheck` of the Python environment. When the project has found LLVM before its first test, LLVM's own.

The target `lh-untested-stages` prints the declared stages that no test applies. It exists in every project that
declares stages, and is not built by default. A test applies the stages it names, those that a library it calls was
lowered by, those whose resolved files stand in RUN lines of a lit suite (`%lh_stages/<name>.stage.mlir`), and the
stages that all these are made of. What it knows stands in `lighthouse-stages/stages.json` of the top build directory,
beside links to all resolved stages.
#]=======================================================================]

# Sets `result` to the command that runs a tool of the Python module `testing`.
function(_lh_testing_command result tool)
  get_property(package GLOBAL PROPERTY _LH_PACKAGE)
  if(NOT LH_PYTHON_EXECUTABLE)
    _lh_fatal("there is no Python environment; LH_PYTHON_EXECUTABLE is not set")
  endif()
  set(
    ${result}
    "${LH_PYTHON_EXECUTABLE}"
    -I
    -B
    "${package}/testing/__main__.py"
    "${tool}"
    PARENT_SCOPE
  )
endfunction()

# Refuses a name that a test cannot have.
function(_lh_check_new_test name)
  if(NOT name MATCHES "^[A-Za-z0-9_][A-Za-z0-9_.+-]*$")
    _lh_fatal("'${name}' is no name for a test; use letters, digits, '_', '.', '+' and '-'")
  endif()
  if(TEST "${name}")
    _lh_fatal("there is a test '${name}' already in this directory")
  endif()
endfunction()

# Notes for the coverage of stages that the test `name` of some kind applies these stages.
function(_lh_note_test name kind)
  set_property(GLOBAL APPEND PROPERTY _LH_TESTS "${kind} ${name}")
  set_property(GLOBAL PROPERTY "_LH_TEST_${kind} ${name}" "${ARGN}")
endfunction()

# Sets `result` to the FileCheck that tests are told to use, or to nothing: then they look for one themselves.
function(_lh_filecheck result)
  set(LH_FILECHECK "" CACHE FILEPATH "FileCheck for tests; empty: the first on PATH, else the Python one")
  mark_as_advanced(LH_FILECHECK)
  set(found "${LH_FILECHECK}")
  if(NOT found AND LLVM_TOOLS_BINARY_DIR AND EXISTS "${LLVM_TOOLS_BINARY_DIR}/FileCheck")
    set(found "${LLVM_TOOLS_BINARY_DIR}/FileCheck")
  endif()
  set(${result} "${found}" PARENT_SCOPE)
endfunction()

# Refuses items that are neither a stage nor a spec: a bare name must be a stage, or a pass of MLIR. lh_lower() leaves
# an unknown pass to the build; a test must not break the build.
function(_lh_check_stages_exist)
  foreach(item IN LISTS ARGN)
    if(TARGET "${item}" OR NOT item MATCHES "^[A-Za-z0-9_.+-]+$")
      continue()
    endif()
    get_property(file_spec GLOBAL PROPERTY _LH_FILE_SPEC_REGEX)
    if(item MATCHES "${file_spec}")
      continue()
    endif()
    set(key "${LH_PYTHON_EXECUTABLE} ${_LH_MLIR_PROVIDER} ${item}")
    if(key IN_LIST _LH_PASSES)
      continue()
    endif()
    _lh_is_pass(is_pass "${item}")
    if(NOT is_pass)
      _lh_fatal("there is no stage '${item}', and no pass of that name; declare it with lh_add_stage() before the test")
    endif()
    set(_LH_PASSES ${_LH_PASSES} "${key}" CACHE INTERNAL "Names of passes that tests apply")
  endforeach()
endfunction()

# Sets `result` to what the driver needs to apply `stages` as lh_lower() does: Python steps run where they are applied.
function(_lh_apply_arguments result)
  set(arguments "")
  foreach(stage IN LISTS ARGN)
    get_target_property(declared "${stage}" _LH_STAGE_ARGUMENTS)
    list(FILTER declared INCLUDE REGEX "^--(python-path|environment)=")
    list(APPEND arguments ${declared})
  endforeach()
  list(REMOVE_DUPLICATES arguments)
  set(${result} ${arguments} "--project-root=${CMAKE_SOURCE_DIR}" PARENT_SCOPE)
endfunction()

# Sets `result` to the stage of which `stage` is a variant, resolved for another target, or to `stage` itself.
function(_lh_base_stage result stage)
  set(${result} "${stage}" PARENT_SCOPE)
  if(stage MATCHES "^(.+)\\.[0-9a-f]+$")
    set(base "${CMAKE_MATCH_1}")
    set(asks FALSE)
    if(TARGET "${base}")
      get_target_property(asks "${base}" LH_STAGE_ASKS_FOR_TARGET)
    endif()
    if(asks)
      set(${result} "${base}" PARENT_SCOPE)
    endif()
  endif()
endfunction()

# Sets `result` to `text` as a string of JSON, which is one of Python, too.
function(_lh_json_string result text)
  string(REPLACE "\\" "\\\\" text "${text}")
  string(REPLACE "\"" "\\\"" text "${text}")
  string(REPLACE "\n" "\\n" text "${text}")
  string(REPLACE "\t" "\\t" text "${text}")
  set(${result} "\"${text}\"" PARENT_SCOPE)
endfunction()

# Sets `result` to the strings that follow as a list of JSON.
function(_lh_json_list result)
  set(items "")
  foreach(item IN LISTS ARGN)
    _lh_json_string(item "${item}")
    string(APPEND items ", ${item}")
  endforeach()
  string(REGEX REPLACE "^, " "" items "${items}")
  set(${result} "[${items}]" PARENT_SCOPE)
endfunction()

# Where links to all resolved stages are, and stages.json.
set_property(GLOBAL PROPERTY _LH_STAGES_DIRECTORY "${CMAKE_BINARY_DIR}/lighthouse-stages")

# --- Once all of the project is read ---

# Appends the stages of a directory and of those below it to `result`.
function(_lh_collect_stages result directory)
  set(found ${${result}})
  get_property(targets DIRECTORY "${directory}" PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(file "${target}" LH_STAGE_FILE)
    if(file)
      list(APPEND found "${target}")
    endif()
  endforeach()
  get_property(directories DIRECTORY "${directory}" PROPERTY SUBDIRECTORIES)
  foreach(subdirectory IN LISTS directories)
    _lh_collect_stages(found "${subdirectory}")
  endforeach()
  set(${result} "${found}" PARENT_SCOPE)
endfunction()

# Writes what is known of stages and tests, links the resolved stages, adds lh-untested-stages.
function(_lh_finish_tests)
  set(stages "")
  _lh_collect_stages(stages "${CMAKE_SOURCE_DIR}")
  get_property(tests GLOBAL PROPERTY _LH_TESTS)
  if(NOT stages AND NOT tests)
    return()
  endif()
  if(tests AND NOT CMAKE_TESTING_ENABLED)
    message(WARNING "There are tests, but ctest will not find them: call enable_testing() in ${CMAKE_SOURCE_DIR}")
  endif()
  get_property(directory GLOBAL PROPERTY _LH_STAGES_DIRECTORY)
  file(REMOVE_RECURSE "${directory}.new")
  file(MAKE_DIRECTORY "${directory}.new")
  set(declared "")
  set(stage_entries "")
  foreach(stage IN LISTS stages)
    get_target_property(file "${stage}" LH_STAGE_FILE)
    get_target_property(specs "${stage}" LH_STAGE_SPECS)
    get_target_property(source "${stage}" SOURCE_DIR)
    _lh_json_string(name "${stage}")
    _lh_json_string(path "${file}")
    _lh_json_string(source "${source}")
    # Stages that a stage is made of, under their own names.
    set(parts "")
    set(texts "")
    foreach(spec IN LISTS specs)
      list(APPEND texts "${spec}")
      if(TARGET "${spec}")
        get_target_property(aliased "${spec}" ALIASED_TARGET)
        if(aliased)
          set(spec "${aliased}")
        endif()
        list(APPEND parts "${spec}")
      endif()
    endforeach()
    _lh_base_stage(base "${stage}")
    if(NOT base STREQUAL stage)
      list(APPEND parts "${base}") # Who applies a variant tests the stage.
    endif()
    _lh_json_list(texts ${texts})
    _lh_json_list(parts ${parts})
    set(implicit true)
    if(NOT stage MATCHES "^lh_stage_[0-9a-f]+" AND base STREQUAL stage)
      set(implicit false)
      list(APPEND declared "${stage}")
      foreach(suffix IN ITEMS "" ".loc") # with the places that errors name
        file(CREATE_LINK "${file}${suffix}" "${directory}.new/${stage}.stage.mlir${suffix}" SYMBOLIC)
      endforeach()
    endif()
    string(
      APPEND stage_entries
      ",\n  {\"name\": ${name}, \"implicit\": ${implicit}, \"file\": ${path}, \"directory\": ${source}, \"specs\": ${texts}, "
      "\"stages\": ${parts}}"
    )
  endforeach()
  string(REGEX REPLACE "^," "" stage_entries "${stage_entries}")
  set(test_entries "")
  set(suite_entries "")
  set(applied "")
  foreach(test IN LISTS tests)
    get_property(details GLOBAL PROPERTY "_LH_TEST_${test}")
    string(REGEX MATCH "^([a-z]+) (.*)$" test "${test}")
    _lh_json_string(name "${CMAKE_MATCH_2}")
    if(CMAKE_MATCH_1 STREQUAL "lit")
      if(declared)
        add_dependencies("check-${CMAKE_MATCH_2}" ${declared}) # which %lh_stages offers
        list(APPEND applied ${declared})
      endif()
      _lh_json_string(details "${details}")
      string(APPEND suite_entries ",\n  {\"name\": ${name}, \"directory\": ${details}}")
    else()
      list(APPEND applied ${details})
      _lh_json_string(kind "${CMAKE_MATCH_1}")
      _lh_json_list(details ${details})
      string(APPEND test_entries ",\n  {\"name\": ${name}, \"kind\": ${kind}, \"stages\": ${details}}")
    endif()
  endforeach()
  string(REGEX REPLACE "^," "" test_entries "${test_entries}")
  string(REGEX REPLACE "^," "" suite_entries "${suite_entries}")
  file(
    WRITE "${directory}.new/stages.json"
    "{\"format\": 1,\n \"stages\": [${stage_entries}],\n \"tests\": [${test_entries}],\n \"suites\": [${suite_entries}]}\n"
  )
  # Stages that are resolved once a target are not built by default, unless something does need them: ctest builds
  # nothing.
  list(REMOVE_DUPLICATES applied)
  if(applied)
    add_custom_target(lh-tested-stages ALL)
    add_dependencies(lh-tested-stages ${applied})
  endif()
  file(REMOVE_RECURSE "${directory}")
  file(RENAME "${directory}.new" "${directory}")
  if(LH_PYTHON_EXECUTABLE AND NOT TARGET lh-untested-stages)
    _lh_testing_command(command untested)
    add_custom_target(
      lh-untested-stages
      COMMAND ${command} "${directory}/stages.json"
      COMMENT "Stages that no test applies"
      USES_TERMINAL
      VERBATIM
    )
  endif()
endfunction()
cmake_language(DEFER DIRECTORY "${CMAKE_SOURCE_DIR}" CALL _lh_finish_tests)
