# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# The shape of build rules: how a run of the driver becomes rules that run again exactly when they must.
#
# The driver writes an output only if its contents change: what depends on one is left alone when nothing changed, which
# is early cutoff. Then it writes a depfile. The two families of generators need two shapes for it:
#
# * Ninja looks at outputs again after a command (restat), and its log knows that they are up to date, however old. The
#   files are the OUTPUT. Depfiles are read as they are: the driver names files as Ninja does.
# * Make compares times only. With several outputs in one rule, a deleted one would never come back; with the file
#   itself as OUTPUT, one that stays unchanged would be made again for ever. So the driver writes a stamp, which a target
#   owns, and in a target ordered after it each file has a rule without dependencies, which runs only when the file is
#   missing.

cmake_minimum_required(VERSION 3.23...4.4)
include_guard(GLOBAL)

# CMake would start another process after each command, to rewrite its depfile. Functions keep the policies that hold where
# they are defined. CMake warns of every policy that is set to OLD.
if(CMAKE_GENERATOR MATCHES "Ninja" AND COMMAND cmake_diagnostic) # CMake 4.4
  cmake_diagnostic(PUSH)
  cmake_diagnostic(SET CMD_DEPRECATED IGNORE)
  cmake_policy(SET CMP0116 OLD)
  cmake_diagnostic(POP)
elseif(CMAKE_GENERATOR MATCHES "Ninja")
  if(DEFINED CMAKE_WARN_DEPRECATED)
    set(_lh_warn_deprecated "${CMAKE_WARN_DEPRECATED}")
  endif()
  set(CMAKE_WARN_DEPRECATED OFF)
  cmake_policy(SET CMP0116 OLD)
  unset(CMAKE_WARN_DEPRECATED)
  if(DEFINED _lh_warn_deprecated)
    set(CMAKE_WARN_DEPRECATED "${_lh_warn_deprecated}")
    unset(_lh_warn_deprecated)
  endif()
endif()

# Sets `result` to the command that runs the driver: by path, with the real interpreter, isolated from the user's
# environment, and writing no bytecode.
function(_lh_driver_command result)
  get_property(driver GLOBAL PROPERTY _LH_DRIVER)
  if(NOT LH_PYTHON_EXECUTABLE)
    message(FATAL_ERROR "${_lh_call}: there is no Python environment; LH_PYTHON_EXECUTABLE is not set")
  endif()
  set(
    command
    "${LH_PYTHON_EXECUTABLE}"
    -I
    -S
    -B
    "${driver}"
  ) # the driver runs `site` when it needs a package
  if(_LH_MLIR_PROVIDER)
    # Or else an environment variable, which a build does not notice, could change it.
    list(APPEND command "--mlir-package=${_LH_MLIR_PROVIDER}")
  endif()
  list(APPEND command ${_LH_MLIR_PYTHON_PATH})
  set(${result} "${command}" PARENT_SCOPE)
endfunction()

# Sets `arguments` to that of the driver for its identity, and `depends` to what a rule with it depends on. The driver,
# the interpreter and the bindings are some hundred files: all rules of a build tree depend on one file instead, which
# changes only if one of those does. Makes the rule that writes it at the first use.
function(_lh_driver_identity arguments depends)
  # In one place, or another order of directories would change every command.
  set(file "${CMAKE_BINARY_DIR}/CMakeFiles/lh_driver.json")
  if(NOT TARGET lh_driver)
    _lh_add_edge(
      sources
      NOTES "${CMAKE_BINARY_DIR}/CMakeFiles/lh_driver.lh/identity"
      OUTPUTS "${file}"
      ARGUMENTS --emit=driver-identity -o "${file}"
      DEPENDS "${LH_PYTHON_EXECUTABLE}" # run by path, which alone is no dependency
      COMMENT "Identifying lh-opt"
      OWNER lh_driver.identity
      DIRECTORY "${CMAKE_BINARY_DIR}"
      IS_IDENTITY
    )
    add_library(lh_driver INTERFACE EXCLUDE_FROM_ALL)
    target_sources(lh_driver PRIVATE ${sources})
    _lh_order_after(lh_driver lh_driver.identity)
  endif()
  set(${arguments} "--driver-identity=${file}" PARENT_SCOPE)
  _lh_makers(makers lh_driver)
  set(${depends} ${makers} "${file}" PARENT_SCOPE)
endfunction()

# Sets `arguments` to those that keep directories of the build machine out of what is written, so that it is the same in
# every tree.
function(_lh_prefix_map arguments)
  set(${arguments} "--prefix-map=${CMAKE_SOURCE_DIR}=." "--prefix-map=${CMAKE_BINARY_DIR}=." PARENT_SCOPE)
endfunction()

# Sets `result` to those of the targets that follow which a rule must name besides the files of theirs that it depends on.
# Ninja knows the rule of each file; any target would be one thing more to look at for each rule, in every build. Make
# knows the rules of one target alone.
function(_lh_makers result)
  if(CMAKE_GENERATOR MATCHES "Ninja")
    set(${result} "" PARENT_SCOPE)
  else()
    set(${result} "${ARGN}" PARENT_SCOPE)
  endif()
endfunction()

# Adds the rule of one run of the driver, and what owns it.
#
#   _lh_add_edge(<sources> NOTES <notes> OUTPUTS <file>... ARGUMENTS <argument>... DEPENDS <file|target>...
#                COMMENT <text> OWNER <target> [JOB_POOL <pool>] [DIRECTORY <dir>] [IS_IDENTITY])
#
# NOTES is the path, without extension, of what is noted of the rule: the depfile and the stamp. DIRECTORY is where the
# driver runs, by default the current source directory. IS_IDENTITY is for the rule of the driver's own identity, which
# all others depend on. For OWNER and `<sources>` see _lh_own_edges().
function(_lh_add_edge sources)
  cmake_parse_arguments(
    PARSE_ARGV 1
    EDGE
    "IS_IDENTITY"
    "NOTES;COMMENT;OWNER;JOB_POOL;DIRECTORY"
    "OUTPUTS;ARGUMENTS;DEPENDS"
  )
  if(NOT EDGE_DIRECTORY)
    set(EDGE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}") # what relative paths mean, as in every CMake command
  endif()
  _lh_check_paths(${EDGE_OUTPUTS} "${EDGE_NOTES}")
  _lh_start_edges()
  _lh_write_edge()
  _lh_own_edges(edge_sources "${EDGE_OWNER}" "${EDGE_MARK}" "${EDGE_OUTPUTS}" FALSE)
  set(${sources} "${edge_sources}" PARENT_SCOPE)
endfunction()

# The parts of _lh_add_edge(), for who adds many edges: _lh_start_edges() once, _lh_write_edge() for each, which takes
# the arguments as variables EDGE_<keyword>, and _lh_own_edges() once. Paths are checked by the caller.

# Sets EDGE_* to what all edges have in common.
function(_lh_start_edges)
  _lh_driver_command(command)
  set(depends "")
  if(NOT EDGE_IS_IDENTITY)
    _lh_driver_identity(identity depends)
    list(APPEND command ${identity})
  endif()
  _lh_depfile_arguments(depfile)
  list(APPEND command ${depfile})
  set(EDGE_COMMAND "${command}" PARENT_SCOPE)
  set(EDGE_COMMON_DEPENDS "${depends}" PARENT_SCOPE)
endfunction()

# Sets `arguments` to those that make names in depfiles what the build tool calls these files.
function(_lh_depfile_arguments arguments)
  if(NOT CMAKE_GENERATOR MATCHES "Ninja")
    # CMake reads it, and takes names to start from here; the same depfile then comes of every build tree.
    cmake_path(RELATIVE_PATH CMAKE_BINARY_DIR BASE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}" OUTPUT_VARIABLE top)
    set(${arguments} "--depfile-prefix=${CMAKE_BINARY_DIR}=${top}" PARENT_SCOPE)
    return()
  endif()
  set(top .)
  if(CMAKE_NINJA_OUTPUT_PATH_PREFIX)
    set(top "${CMAKE_NINJA_OUTPUT_PATH_PREFIX}")
  endif()
  set(list --write-if-changed "--depfile-prefix=${CMAKE_BINARY_DIR}=${top}")
  cmake_path(IS_PREFIX CMAKE_SOURCE_DIR "${CMAKE_BINARY_DIR}" inside)
  if(inside AND CMAKE_VERSION VERSION_LESS 3.24)
    cmake_path(RELATIVE_PATH CMAKE_SOURCE_DIR BASE_DIRECTORY "${CMAKE_BINARY_DIR}" OUTPUT_VARIABLE source)
    list(APPEND list "--depfile-prefix=${CMAKE_SOURCE_DIR}=${source}") # so CMake named them
  endif()
  set(${arguments} "${list}" PARENT_SCOPE)
endfunction()

# Adds the rule, or with Make the rules. Sets EDGE_MARK to the file that stands for it: the stamp, or an output.
function(_lh_write_edge)
  _lh_claim_outputs(${EDGE_OUTPUTS})
  set(depfile "${EDGE_NOTES}.d")
  set(command ${EDGE_COMMAND} ${EDGE_ARGUMENTS} "--depfile=${depfile}")
  set(depends ${EDGE_DEPENDS} ${EDGE_COMMON_DEPENDS})
  if(NOT CMAKE_GENERATOR MATCHES "Ninja")
    _lh_write_make_edge()
    set(EDGE_MARK "${EDGE_NOTES}.stamp" PARENT_SCOPE)
    return()
  endif()
  string(REPLACE "$" "$$" depfile "${depfile}") # as it is, it becomes a variable of Ninja
  list(GET EDGE_OUTPUTS 0 mark)
  set(EDGE_MARK "${mark}" PARENT_SCOPE)
  set(pool "")
  if(EDGE_JOB_POOL)
    set(pool JOB_POOL "${EDGE_JOB_POOL}")
  endif()
  add_custom_command(
    OUTPUT ${EDGE_OUTPUTS}
    COMMAND ${command}
    DEPENDS ${depends}
    DEPFILE "${depfile}"
    WORKING_DIRECTORY "${EDGE_DIRECTORY}"
    COMMENT "${EDGE_COMMENT}"
    ${pool}
    VERBATIM
  )
endfunction()

# The rules for Make, with variables of _lh_write_edge().
function(_lh_write_make_edge)
  set(stamp "${EDGE_NOTES}.stamp")
  list(APPEND command "--stamp=${stamp}")
  foreach(path IN LISTS EDGE_OUTPUTS ITEMS "${stamp}")
    cmake_path(GET path PARENT_PATH directory)
    file(MAKE_DIRECTORY "${directory}") # Make does not, Ninja does.
  endforeach()
  # A tree that was moved keeps the stamps of its subdirectories, also with --fresh, and CMake does not notice for them
  # that the command is another one.
  file(GENERATE OUTPUT "${EDGE_NOTES}.command" CONTENT "${command}\n") # only if it differs
  list(APPEND depends "${EDGE_NOTES}.command")
  # Before CMake 4.0, what a depfile for Make has ever named stays a dependency, and once it is deleted the rule
  # runs for ever. Without its notes CMake reads the depfiles again.
  set(notes "${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${EDGE_OWNER}.dir/compiler_depend.internal")
  add_custom_command(
    OUTPUT "${stamp}"
    COMMAND ${command}
    COMMAND "${CMAKE_COMMAND}" -E rm -f "${notes}"
    DEPENDS ${depends}
    DEPFILE "${depfile}"
    WORKING_DIRECTORY "${EDGE_DIRECTORY}"
    COMMENT "${EDGE_COMMENT}"
    VERBATIM
  )
  foreach(output IN LISTS EDGE_OUTPUTS)
    cmake_path(GET output FILENAME file)
    add_custom_command(
      OUTPUT "${output}"
      COMMAND
        "${CMAKE_COMMAND}" "-DCOMMAND=${EDGE_NOTES}.command" -P "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/run_command.cmake"
      WORKING_DIRECTORY "${EDGE_DIRECTORY}"
      COMMENT "${EDGE_COMMENT} again for ${file}"
      VERBATIM
    )
  endforeach()
endfunction()

# Sets `sources` to what a target that uses the outputs of edges has among its sources, given the lists of their marks
# and outputs.
#
# With Make, the custom target `owner` has the marks; the caller orders what uses the outputs after it. With Ninja a
# target costs more than a rule, and none is needed, as the target with the sources has the rules; it is made there only
# if `always` is true, to run the rules before what else that target depends on.
function(
  _lh_own_edges
  sources
  owner
  marks
  outputs
  always
)
  if(CMAKE_GENERATOR MATCHES "Ninja")
    set(${sources} "${marks}" PARENT_SCOPE)
    if(NOT always)
      return()
    endif()
  else()
    set(${sources} "${outputs}" PARENT_SCOPE)
  endif()
  add_custom_target("${owner}" DEPENDS ${marks})
endfunction()

# Orders the target `name` after the owner of edges, where there is one.
function(_lh_order_after name owner)
  if(TARGET "${owner}")
    add_dependencies("${name}" "${owner}")
  endif()
endfunction()

# Refuses generators for which there is no shape.
function(_lh_check_generator)
  if(NOT CMAKE_GENERATOR MATCHES "Ninja|Unix Makefiles")
    _lh_fatal("the generator '${CMAKE_GENERATOR}' is not supported; use Ninja, Ninja Multi-Config or Unix Makefiles")
  endif()
endfunction()
