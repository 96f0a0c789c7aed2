# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

cmake_minimum_required(VERSION 3.23...4.4)
include_guard(GLOBAL)

#[=======================================================================[.md:
## lh_add_lit_suite

Adds a directory of lit tests as one test of ctest and as a target that runs it.

```cmake
lh_add_lit_suite(<name>
  DIRECTORY <dir>
  [TOOLS <executable target>...] [DEPENDS <file|target>...]
  [ARGS <argument of lit>...] [LABELS <label>...])
```

* `DIRECTORY`: where the tests are. Its `lit.cfg.py`, if it has one, is loaded; it calls `testing.configure(config,
  lit_config)` of the Python package, which takes suffixes, further tools and more. Without one, files `.mlir` and
  `.test` are tests, but not those in directories `Inputs`.
* `TOOLS`: programs of the build that RUN lines may use by their name.
* `DEPENDS`: what the target builds before it runs the tests, besides TOOLS and the declared stages.
* `ARGS`: for lit; `-sv` is always there, or `LLVM_LIT_ARGS` in its place.
* `LABELS`: labels of the test, besides `lit`.

RUN lines have `lh-opt`, `FileCheck`, `not`, `count`, the TOOLS, `%python`, and `%lh_stages`, a directory in which each
stage that the project declares is `<stage>.stage.mlir`.

### Targets, tests, outputs

* The test `<name>`: one run of lit on all processors, or as many as `ARGS -j<n>` says, which ctest reckons with. It builds
  nothing.
* The target `check-<name>` builds what is needed and runs lit, with its progress.
* Both write below `${CMAKE_CURRENT_BINARY_DIR}/<name>.lit`, where a `lit.site.cfg.py` stands: `lit <that directory>`, or
  `lit <that directory>/<test>` for one test, does the same by hand. Runs at the same time keep out of each other's way.

`LIT_OPTS`, `LIT_FILTER` and the like in the environment are lit's, and work for both.

### Errors

Fatal when CMake runs: unknown, empty and repeated arguments; a directory that does not exist or has no files in it; a
tool that is no executable target; a name that is taken. A suite in which lit finds no tests fails, as it does without
lit or FileCheck.

### Example

```cmake
lh_add_lit_suite(my-compiler-lit DIRECTORY test TOOLS my-opt)
```
#]=======================================================================]
function(lh_add_lit_suite name)
  list(APPEND CMAKE_MESSAGE_CONTEXT "lh_add_lit_suite")
  set(_lh_call "lh_add_lit_suite(${name})")
  set(one_value DIRECTORY)
  set(multi_value TOOLS DEPENDS ARGS LABELS)
  _lh_parse_arguments(1 "" "${one_value}" "${multi_value}")
  _lh_check_no_keywords(TOOLS DEPENDS ARGS)
  _lh_check_new_test("${name}")
  _lh_check_new_target("check-${name}")
  if(NOT DEFINED ARG_DIRECTORY)
    _lh_fatal("DIRECTORY is missing")
  endif()
  set(directory "${ARG_DIRECTORY}")
  cmake_path(ABSOLUTE_PATH directory BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
  string(REGEX REPLACE "/$" "" directory "${directory}")
  if(NOT IS_DIRECTORY "${directory}")
    _lh_fatal("the directory '${ARG_DIRECTORY}' does not exist")
  endif()
  file(GLOB_RECURSE files LIST_DIRECTORIES FALSE "${directory}/*")
  list(FILTER files EXCLUDE REGEX "/(CMakeLists\\.txt|lit\\.(local\\.|site\\.)?cfg(\\.py)?|[^/]*\\.cmake)$|/Inputs/")
  if(NOT files)
    _lh_fatal("there are no tests in the directory '${ARG_DIRECTORY}'")
  endif()

  set(tools "")
  set(targets "")
  foreach(tool IN LISTS ARG_TOOLS)
    if(TARGET "${tool}")
      get_target_property(type "${tool}" TYPE)
    endif()
    if(NOT TARGET "${tool}" OR NOT type STREQUAL "EXECUTABLE")
      _lh_fatal("the tool '${tool}' is not an executable target; declare it with add_executable() before")
    endif()
    get_target_property(label "${tool}" OUTPUT_NAME)
    if(NOT label)
      string(REGEX REPLACE "^.*::" "" label "${tool}")
    endif()
    string(APPEND tools "\"${label}\": r\"$<TARGET_FILE:${tool}>\", ")
    list(APPEND targets "${tool}")
  endforeach()

  # One directory for each configuration, where there are several in one build tree.
  set(root "${CMAKE_CURRENT_BINARY_DIR}/${name}.lit")
  get_property(multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
  if(multi_config)
    string(APPEND root "/$<CONFIG>")
  endif()
  _lh_lit_site_config(text)
  file(GENERATE OUTPUT "${root}/lit.site.cfg.py" CONTENT "${text}")

  set(arguments -sv)
  if(DEFINED LLVM_LIT_ARGS)
    separate_arguments(arguments NATIVE_COMMAND "${LLVM_LIT_ARGS}")
  endif()
  cmake_host_system_information(RESULT processors QUERY NUMBER_OF_LOGICAL_CORES)
  if(" ${ARG_ARGS}" MATCHES "[ ;](-j|-j;|--workers=|--workers;)([0-9]+)")
    set(processors "${CMAKE_MATCH_2}")
  endif()
  _lh_testing_command(command lit)
  list(APPEND command ${arguments} ${ARG_ARGS} "${root}")
  add_test(NAME "${name}" COMMAND ${command})
  set_tests_properties("${name}" PROPERTIES LABELS "lit;${ARG_LABELS}" PROCESSORS "${processors}")

  set(files "")
  foreach(item IN LISTS ARG_DEPENDS)
    if(TARGET "${item}")
      list(APPEND targets "${item}")
    else()
      list(APPEND files "${item}")
    endif()
  endforeach()
  add_custom_target(
    "check-${name}"
    COMMAND ${command}
    DEPENDS ${files}
    COMMENT "Running the lit suite ${name}"
    USES_TERMINAL # lit draws its progress
    VERBATIM
  )
  if(targets)
    add_dependencies("check-${name}" ${targets})
  endif()
  _lh_note_test("${name}" lit "${directory}")
endfunction()

# Sets `result` to the suite's lit.site.cfg.py: what the build knows, and then the suite's own configuration.
function(_lh_lit_site_config result)
  get_property(package GLOBAL PROPERTY _LH_PACKAGE)
  get_property(stages GLOBAL PROPERTY _LH_STAGES_DIRECTORY)
  cmake_path(GET package PARENT_PATH import_path)
  _lh_driver_command(driver)
  _lh_json_list(driver ${driver} "--project-root=${CMAKE_SOURCE_DIR}")
  _lh_filecheck(filecheck)
  foreach(
    text
    IN
    ITEMS name directory root stages import_path filecheck
  )
    _lh_json_string(${text} "${${text}}")
  endforeach()
  _lh_json_string(python "${LH_PYTHON_EXECUTABLE}")
  string(
    CONCAT text
    "# Generated by ${_lh_call}. Run the suite by hand: lit <this directory>\n"
    "import os\n"
    "import sys\n\n"
    "sys.path.append(${import_path})\n"
    "config.test_source_root = ${directory}\n"
    "config.test_exec_root = ${root}\n"
    "config.lighthouse = {\n"
    "    \"name\": ${name},\n"
    "    \"exec_root\": ${root},\n"
    "    \"python\": ${python},\n"
    "    \"lh_opt\": ${driver},\n"
    "    \"filecheck\": ${filecheck},\n"
    "    \"stages\": ${stages},\n"
    "    \"tools\": {${tools}},\n"
    "}\n"
    "own = os.path.join(config.test_source_root, \"lit.cfg.py\")\n"
    "if os.path.exists(own):\n"
    "    lit_config.load_config(config, own)\n"
    "else:\n"
    "    from lighthouse_build import testing\n\n"
    "    testing.configure(config, lit_config)\n"
  )
  set(${result} "${text}" PARENT_SCOPE)
endfunction()
