# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# TOOL: the project's own opt tool, a target of this build or a program.
#
# A tool that is built again to the same bytes must lower nothing again. So nothing depends on the tool itself but one
# rule, which writes its identity, a file that changes only if the tool or one of its shared libraries does.

cmake_minimum_required(VERSION 3.23...4.4)
include_guard(GLOBAL)

# Sets `arguments` to those of the driver for TOOL `tool`, and `depends` to what a rule with them depends on. Makes the
# rule that writes the identity at the first use of the tool.
function(_lh_tool arguments depends tool)
  _lh_tool_path(path program "${tool}")
  _lh_tool_key(key "${program}")
  string(SHA256 digest "${key}")
  string(SUBSTRING "${digest}" 0 12 digest)
  set(identity "lh_tool_${digest}")
  if(NOT TARGET "${identity}")
    cmake_path(GET tool FILENAME label)
    set(file "${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${identity}.json")
    _lh_add_edge(
      sources
      NOTES "${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${identity}.lh/identity"
      OUTPUTS "${file}"
      ARGUMENTS "--tool=${path}" "--emit=tool-identity" -o "${file}"
      DEPENDS "${program}"
      COMMENT "Identifying ${label}"
      OWNER "${identity}.identity"
    )
    add_library("${identity}" INTERFACE EXCLUDE_FROM_ALL)
    target_sources("${identity}" PRIVATE ${sources})
    _lh_order_after("${identity}" "${identity}.identity")
    set_target_properties("${identity}" PROPERTIES _LH_TOOL_FILE "${file}")
  endif()
  get_target_property(file "${identity}" _LH_TOOL_FILE)
  set(${arguments} "--tool=${path}" "--tool-identity=${file}" PARENT_SCOPE)
  _lh_makers(makers "${identity}")
  set(${depends} ${makers} "${file}" PARENT_SCOPE)
endfunction()

# Sets `key` to what tells `program`, a target or an absolute path, from others: the same in a copy of the project, so that
# files named by it are, too.
function(_lh_tool_key key program)
  set(${key} "${program}" PARENT_SCOPE)
  foreach(root IN ITEMS "${CMAKE_BINARY_DIR}" "${CMAKE_SOURCE_DIR}")
    cmake_path(IS_PREFIX root "${program}" NORMALIZE inside)
    if(inside)
      cmake_path(RELATIVE_PATH program BASE_DIRECTORY "${root}" OUTPUT_VARIABLE relative)
      set(${key} "${relative}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()

# Sets `program` to the target or absolute path of TOOL `tool`, and `path` to what the command line names it by.
function(_lh_tool_path path program tool)
  if(TARGET "${tool}")
    get_target_property(aliased "${tool}" ALIASED_TARGET)
    if(aliased)
      set(tool "${aliased}")
    endif()
    get_target_property(type "${tool}" TYPE)
    if(NOT type STREQUAL "EXECUTABLE")
      _lh_fatal("the TOOL '${tool}' is a target, but not an executable")
    endif()
    set(${program} "${tool}" PARENT_SCOPE)
    set(${path} "$<TARGET_FILE:${tool}>" PARENT_SCOPE)
    return()
  endif()
  _lh_check_path("${tool}")
  cmake_path(ABSOLUTE_PATH tool BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE OUTPUT_VARIABLE absolute)
  cmake_path(IS_PREFIX CMAKE_BINARY_DIR "${absolute}" NORMALIZE in_build_tree)
  if(NOT EXISTS "${absolute}" AND NOT in_build_tree)
    _lh_fatal("the TOOL '${tool}' is neither a target nor a program; add the executable before, or give its path")
  endif()
  if(EXISTS "${absolute}")
    _lh_check_tool_version("${absolute}")
  endif()
  set(${program} "${absolute}" PARENT_SCOPE)
  set(${path} "${absolute}" PARENT_SCOPE)
endfunction()

# Refuses a program that is too old, before anything is built.
function(_lh_check_tool_version path)
  get_property(known GLOBAL PROPERTY "_LH_TOOL_CHECKED_${path}")
  if(known)
    return()
  endif()
  _lh_driver_command(driver)
  execute_process(COMMAND ${driver} --version "--tool=${path}" OUTPUT_QUIET ERROR_VARIABLE error RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    string(STRIP "${error}" error)
    string(REGEX REPLACE "^lh-opt: error: " "" error "${error}")
    _lh_fatal("${error}")
  endif()
  set_property(GLOBAL PROPERTY "_LH_TOOL_CHECKED_${path}" TRUE)
endfunction()

# Refuses stages that do not go with TOOL `tool`, which may be empty: declared with another one, or with one at all.
function(_lh_check_stage_tools tool)
  foreach(stage IN LISTS ARGN)
    get_target_property(other "${stage}" LH_STAGE_TOOL)
    if(NOT other)
      continue()
    endif()
    get_target_property(label "${stage}" _LH_STAGE_LABEL)
    if(tool STREQUAL "")
      set(advice "give TOOL ${other} here too")
      if(NOT _lh_call MATCHES "^lh_(lower|add_stage)")
        set(advice "lower with lh_lower(... TOOL ${other}) and check its outputs")
      endif()
      _lh_fatal("the stage '${label}' is declared with TOOL ${other}, which alone can apply it; ${advice}")
    endif()
    _lh_tool_path(path mine "${tool}")
    if(NOT mine STREQUAL other)
      _lh_fatal("the stage '${label}' is declared with TOOL ${other}, not with ${mine}")
    endif()
  endforeach()
endfunction()
