# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

cmake_minimum_required(VERSION 3.23...4.4)
include_guard(GLOBAL)

#[=======================================================================[.md:
## lh_add_stage

Declares a stage: something that is applied to payloads, resolved once at build time.

```cmake
lh_add_stage(<name>
  PASSES <pipeline>... | SCHEDULE <file.mlir|file.py> | PIPELINE <file.yaml> | STAGES <stage|spec>...
  [GENERATOR <function>] [SEQUENCE <symbol>] [OPTIONS <name=value>...] [PARAMS <name=value>...]
  [TOOL <target|program>]
  [INCLUDE_DIRECTORIES <dir>...] [PYTHON_PATH <dir>...] [ENVIRONMENT <name[=value]>...]
  [TIMEOUT <seconds>] [DEPENDS <file|target>...])
```

Exactly one of these says what the stage is:

* `PASSES`: passes and pass pipelines, one an argument, as MLIR writes them: `canonicalize`,
  `"func.func(cse,canonicalize{max-iterations=3})"`. Quote what holds spaces or parentheses.
* `SCHEDULE`: a transform schedule, `.mlir`, or a Python file with a function that builds one, `.py`.
* `PIPELINE`: a pipeline in YAML.
* `STAGES`: declared stages and specs of the stage language, applied in order.

Further arguments:

* `GENERATOR`: the function of the Python file that builds the schedule; by default `create_schedule`. With `SCHEDULE
  <file.py>`.
* `SEQUENCE`: the named sequence to apply; by default `__transform_main`, else the only one. With `SCHEDULE`.
* `OPTIONS`: arguments of the generator, or values for the pipeline's variables, each as `name=value`: `tile=32`,
  `sizes=[8,32]`, `"title=two words"`. Bare values are typed by what they look like; others are strings. With
  `SCHEDULE` and `PIPELINE`.
* `PARAMS`: parameters of the sequence, each as `name=value`: its arguments with `lh.name`, knobs and alternatives.
  With `SCHEDULE`.
* `TOOL`: the project's own opt tool, an executable target or a program, for a stage that uses passes, types or transform
  operations that only it knows. The tool checks passes and schedules in place of the bindings. An `.mlir` schedule is handed over
  unparsed and takes no `PARAMS`; generators run as ever. Only `lh_lower()` with the same `TOOL` can apply the stage.
* `INCLUDE_DIRECTORIES`: where stage files are looked for after the source directory, in order, before the shipped
  ones.
* `PYTHON_PATH`: directories that generators can import modules from.
* `ENVIRONMENT`: environment variables that generators can read, which see no others. The value is pinned when CMake
  runs; a bare name takes it from the environment of CMake.
* `TIMEOUT`: after which resolving the stage is given up, in seconds; by default never.
* `DEPENDS`: files and targets that the stage needs besides what is noticed: the files it reads and the modules it
  imports are.

Relative paths are relative to the current source directory.

### Targets, properties, outputs

`<name>` is an INTERFACE library with the alias `${PROJECT_NAME}::<name>`, built by default: what is wrong with a stage
fails the build even if nothing uses it. A stage with a generator that takes a `lighthouse_build.Target` is resolved for
each target that `lh_lower()` uses it for; if that is for none but its own, which is the baseline CPU of the compiler's triple
(without a compiler, of the build machine's), for that one. It has

* `LH_STAGE_FILE`: the resolved stage, `${CMAKE_CURRENT_BINARY_DIR}/<name>.stage.mlir`. It changes only when what is
  to be applied changes: an edit of a generator that leaves its schedule the same lowers nothing again;
* `LH_STAGE_SPECS`: the specs;
* `LH_STAGE_TOOL`: the tool, if it was declared with one.

### Errors

Fatal when CMake runs: unknown, empty, repeated and contradictory arguments; a name that is a target, of the project or
of every project (`all`, `test`), or a pass of MLIR, or that `lh_lower()` has already used as a pass; an unbalanced square
bracket, a semicolon, or a `#` in a path. What is wrong in the files themselves fails the build, at file, line and column.

### Example

```cmake
lh_add_stage(tile SCHEDULE tile_and_vectorize.py OPTIONS tile=[8,32] vector=16)
lh_add_stage(cleanup PASSES canonicalize cse)
lh_add_stage(everything STAGES tile cleanup lower-to-llvm.yaml)
```
#]=======================================================================]
function(lh_add_stage name)
  list(APPEND CMAKE_MESSAGE_CONTEXT "lh_add_stage")
  set(_lh_call "lh_add_stage(${name})")
  set(kinds PASSES SCHEDULE PIPELINE STAGES)
  set(
    one_value
    SCHEDULE
    PIPELINE
    GENERATOR
    SEQUENCE
    TOOL
    TIMEOUT
  )
  set(
    multi_value
    PASSES
    STAGES
    OPTIONS
    PARAMS
    INCLUDE_DIRECTORIES
    PYTHON_PATH
    ENVIRONMENT
    DEPENDS
  )
  _lh_parse_arguments(1 "" "${one_value}" "${multi_value}")
  _lh_check_no_keywords(
    PASSES
    STAGES
    OPTIONS
    PARAMS
    INCLUDE_DIRECTORIES
    PYTHON_PATH
    DEPENDS
  )
  _lh_check_generator()

  set(given "")
  foreach(kind IN LISTS kinds)
    if(DEFINED ARG_${kind})
      list(APPEND given "${kind}")
    endif()
  endforeach()
  list(LENGTH given count)
  if(NOT count EQUAL 1)
    list(JOIN given " and " given)
    _lh_fatal("expected exactly one of PASSES, SCHEDULE, PIPELINE and STAGES, not '${given}'")
  endif()
  _lh_check_new_stage("${name}")
  _lh_check_timeout()

  if(given MATCHES "PASSES|STAGES")
    foreach(keyword IN ITEMS GENERATOR SEQUENCE OPTIONS PARAMS)
      if(DEFINED ARG_${keyword})
        _lh_fatal("${keyword} does not go with ${given}; write it in the spec: file.py[generator,sequence]{name=value}")
      endif()
    endforeach()
  endif()
  get_property(file_spec GLOBAL PROPERTY _LH_FILE_SPEC_REGEX)
  if(given STREQUAL "PASSES")
    set(stages ${ARG_PASSES})
    foreach(pass IN LISTS ARG_PASSES)
      if(TARGET "${pass}" OR pass MATCHES "${file_spec}")
        _lh_fatal("'${pass}' is not a pass; use STAGES for targets and files, SCHEDULE or PIPELINE for one file")
      endif()
    endforeach()
  elseif(given STREQUAL "STAGES")
    set(stages ${ARG_STAGES})
  else()
    _lh_file_spec(stages)
  endif()

  if(DEFINED ARG_TOOL AND DEFINED ARG_PARAMS AND ARG_SCHEDULE MATCHES "\\.mlir$")
    _lh_fatal(
      "PARAMS does not go with TOOL and a .mlir file, which is handed to the tool unparsed; write the values into it"
    )
  endif()

  set(arguments "")
  foreach(directory IN LISTS ARG_INCLUDE_DIRECTORIES)
    cmake_path(ABSOLUTE_PATH directory BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
    list(APPEND arguments "-I${directory}")
  endforeach()
  foreach(directory IN LISTS ARG_PYTHON_PATH)
    cmake_path(ABSOLUTE_PATH directory BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
    list(APPEND arguments "--python-path=${directory}")
  endforeach()
  foreach(variable IN LISTS ARG_ENVIRONMENT)
    _lh_pin_variable(variable "${variable}")
    list(APPEND arguments "--environment=${variable}")
  endforeach()
  if(DEFINED ARG_TIMEOUT)
    list(APPEND arguments "--timeout=${ARG_TIMEOUT}")
  endif()

  _lh_create_stage(
    "${name}"
    LABEL "${name}"
    STAGES ${stages}
    ARGUMENTS ${arguments}
    DEPENDS ${ARG_DEPENDS}
    TOOL ${ARG_TOOL}
  )
  add_library("${PROJECT_NAME}::${name}" ALIAS "${name}")
endfunction()

# Refuses a name that a stage cannot have: of a target, of a pass, or used as a pass before.
function(_lh_check_new_stage name)
  _lh_check_new_target("${name}")
  get_property(user GLOBAL PROPERTY "_LH_PASS_${name}")
  if(user)
    _lh_fatal("${user} has used '${name}' as a pass already; declare the stage before it is used")
  endif()
  _lh_is_pass(is_pass "${name}")
  if(is_pass)
    _lh_fatal("'${name}' is a pass of MLIR; a stage needs another name")
  endif()
endfunction()

# Sets `result` to the spec of SCHEDULE or PIPELINE and what goes with them.
function(_lh_file_spec result)
  if(DEFINED ARG_PIPELINE)
    set(keyword PIPELINE)
    set(extensions yaml yml)
    set(excluded GENERATOR SEQUENCE PARAMS)
  else()
    set(keyword SCHEDULE)
    set(extensions mlir py)
    set(excluded "")
  endif()
  set(path "${ARG_${keyword}}")
  _lh_check_path("${path}")
  cmake_path(GET path EXTENSION LAST_ONLY extension)
  string(REGEX REPLACE "^\\." "" extension "${extension}")
  if(NOT extension IN_LIST extensions)
    list(JOIN extensions " or ." extensions)
    _lh_fatal("${keyword} '${path}' is not a .${extensions} file")
  endif()
  if(extension STREQUAL "mlir")
    set(excluded GENERATOR OPTIONS)
  endif()
  foreach(other IN LISTS excluded)
    if(DEFINED ARG_${other})
      _lh_fatal("${other} does not go with the .${extension} file '${path}'")
    endif()
  endforeach()
  _lh_spec_path(spec "${path}")
  set(names "")
  if(DEFINED ARG_GENERATOR)
    list(APPEND names "gen=${ARG_GENERATOR}")
  endif()
  if(DEFINED ARG_SEQUENCE)
    list(APPEND names "seq=${ARG_SEQUENCE}")
  endif()
  if(names)
    list(JOIN names "," names)
    string(APPEND spec "[${names}]")
  endif()
  _lh_spec_options(options ${ARG_OPTIONS})
  _lh_spec_options(params ${ARG_PARAMS})
  if(params AND NOT options AND extension STREQUAL "py")
    set(options "{}") # the first group of a Python file is its options
  endif()
  set(${result} "${spec}${options}${params}" PARENT_SCOPE)
endfunction()

# Sets `result` to `name=value` for `name[=value]`.
function(_lh_pin_variable result variable)
  if(NOT variable MATCHES "^([A-Za-z_][A-Za-z0-9_]*)(=.*)?$")
    _lh_fatal("ENVIRONMENT '${variable}' is not of the form name or name=value")
  endif()
  set(name "${CMAKE_MATCH_1}")
  if(NOT variable MATCHES "=")
    if(NOT DEFINED ENV{${name}})
      _lh_fatal("the environment variable ${name} is not set; set it, or give ENVIRONMENT ${name}=<value>")
    endif()
    set(variable "${name}=$ENV{${name}}")
    _lh_check_argument("${variable}")
  endif()
  set(${result} "${variable}" PARENT_SCOPE)
endfunction()
