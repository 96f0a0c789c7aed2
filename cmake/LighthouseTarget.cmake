# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# What code is generated for: triple, CPU and features. Defaults come from the project's compiler, never from the
# build machine.

cmake_minimum_required(VERSION 3.23...4.4)
include_guard(GLOBAL)

# Sets `result` to the language that links lowered libraries, CXX or C, or to nothing when neither is enabled here.
function(_lh_link_language result)
  if(CMAKE_CXX_COMPILER_LOADED)
    set(${result} CXX PARENT_SCOPE)
  elseif(CMAKE_C_COMPILER_LOADED)
    set(${result} C PARENT_SCOPE)
  else()
    set(${result} "" PARENT_SCOPE)
  endif()
endfunction()

# Sets `result` to the target triple of the project's C or C++ compiler, or to nothing without one.
function(_lh_compiler_triple result)
  set(${result} "" PARENT_SCOPE)
  _lh_link_language(language)
  if(NOT language)
    return()
  endif()
  if(CMAKE_${language}_COMPILER_TARGET)
    set(${result} "${CMAKE_${language}_COMPILER_TARGET}" PARENT_SCOPE)
    return()
  endif()
  set(command "${CMAKE_${language}_COMPILER}" ${CMAKE_${language}_COMPILER_ARG1} -dumpmachine)
  string(SHA256 key "${command}")
  set(variable "_LH_TRIPLE_${key}") # asked once for each compiler
  if(NOT DEFINED CACHE{${variable}})
    separate_arguments(command)
    execute_process(
      COMMAND ${command}
      OUTPUT_VARIABLE triple
      ERROR_VARIABLE error
      RESULT_VARIABLE status
      OUTPUT_STRIP_TRAILING_WHITESPACE
    )
    if(NOT status EQUAL 0 OR NOT triple MATCHES "^[A-Za-z0-9_.-]+$")
      _lh_fatal("'${CMAKE_${language}_COMPILER} -dumpmachine' does not tell the target triple; give TARGET_TRIPLE")
    endif()
    set(${variable} "${triple}" CACHE INTERNAL "Target triple of ${CMAKE_${language}_COMPILER}")
  endif()
  set(${result} "$CACHE{${variable}}" PARENT_SCOPE)
endfunction()

# Sets `cpu` and `features` to those of the build machine. Asks at every configuration, once: the answer stands in the
# commands, so that moving a build tree to another machine lowers again.
function(_lh_native_target cpu features triple)
  if(CMAKE_CROSSCOMPILING)
    _lh_fatal("CPU native is the build machine's, but this is a cross build; name the CPU")
  endif()
  get_property(answer GLOBAL PROPERTY _LH_NATIVE_TARGET)
  if(NOT answer)
    _lh_driver_command(driver)
    execute_process(
      COMMAND ${driver} --print-target --cpu=native
      OUTPUT_VARIABLE answer
      ERROR_VARIABLE error
      RESULT_VARIABLE status
      OUTPUT_STRIP_TRAILING_WHITESPACE
    )
    if(NOT status EQUAL 0 OR NOT answer MATCHES "^[^ \n]+ [^ \n]+( [^ \n]+)?$")
      _lh_fatal("cannot find out the CPU of this machine; name it instead of 'native'\n${error}${answer}")
    endif()
    set_property(GLOBAL PROPERTY _LH_NATIVE_TARGET "${answer}")
  endif()
  string(REPLACE " " ";" answer "${answer}")
  list(GET answer 0 host)
  string(REGEX REPLACE "-.*" "" host_architecture "${host}")
  string(REGEX REPLACE "-.*" "" architecture "${triple}")
  if(NOT architecture STREQUAL host_architecture)
    _lh_fatal("CPU native is the build machine's, of ${host}, but the code is for ${triple}; name the CPU")
  endif()
  list(GET answer 1 name)
  list(LENGTH answer length)
  set(list "")
  if(length GREATER 2)
    list(GET answer 2 list)
  endif()
  set(${cpu} "${name}" PARENT_SCOPE)
  set(${features} "${list}" PARENT_SCOPE)
endfunction()

# Refuses a triple, CPU or feature that the code generator does not know, given by arguments of the driver. Asks once for
# each target; if LLVM knows less later, lowering fails.
function(_lh_check_target)
  _lh_driver_command(driver)
  string(SHA256 key "${driver} ${ARGN}")
  if(key IN_LIST _LH_KNOWN_TARGETS)
    return()
  endif()
  execute_process(
    COMMAND ${driver} --print-target ${ARGN}
    OUTPUT_QUIET
    ERROR_VARIABLE error
    RESULT_VARIABLE status
    ERROR_STRIP_TRAILING_WHITESPACE
  )
  if(NOT status EQUAL 0)
    string(REGEX REPLACE "^lh-opt: error: " "" error "${error}")
    _lh_fatal("${error}")
  endif()
  set(_LH_KNOWN_TARGETS ${_LH_KNOWN_TARGETS} "${key}" CACHE INTERNAL "Targets that the code generator knows")
endfunction()
