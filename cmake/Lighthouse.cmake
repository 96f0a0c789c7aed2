# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# Loads the package, but does not look for a Python: that is up to who includes this, the CMakeLists.txt of the
# sources or the package config.

cmake_minimum_required(VERSION 3.23...4.4)

# Notes in global properties where everything is: functions are called from other directories, which do not see
# variables.
function(_lh_locate_package)
  set(here "${CMAKE_CURRENT_FUNCTION_LIST_DIR}")
  # This directory's relative place, and with it the driver's, tells the three layouts apart.
  set(wheel FALSE)
  set(requirements "${here}/requirements")
  if(EXISTS "${here}/../python/lighthouse_build/__main__.py") # the sources
    cmake_path(SET package NORMALIZE "${here}/../python/lighthouse_build")
    cmake_path(SET requirements NORMALIZE "${here}/../requirements")
  elseif(EXISTS "${here}/../../lighthouse/python/lighthouse_build/__main__.py") # <prefix>/share/cmake/Lighthouse
    cmake_path(SET package NORMALIZE "${here}/../../lighthouse/python/lighthouse_build")
  elseif(EXISTS "${here}/../../../__main__.py") # site-packages/lighthouse_build/share/cmake/Lighthouse
    cmake_path(SET package NORMALIZE "${here}/../../..")
    string(REGEX REPLACE "/$" "" package "${package}")
    set(wheel TRUE)
  else()
    message(FATAL_ERROR "Lighthouse at ${here} is not complete: its driver, lighthouse_build/__main__.py, is missing")
  endif()
  get_property(other GLOBAL PROPERTY _LH_PACKAGE)
  if(other AND NOT other STREQUAL package)
    message(FATAL_ERROR "Lighthouse is in this build already, from ${other}; there cannot be another from ${package}")
  endif()
  set_property(GLOBAL PROPERTY _LH_PACKAGE "${package}")
  set_property(GLOBAL PROPERTY _LH_DRIVER "${package}/__main__.py")
  set_property(GLOBAL PROPERTY _LH_INCLUDE "${package}/include")
  set_property(GLOBAL PROPERTY _LH_REQUIREMENTS "${requirements}")
  set_property(GLOBAL PROPERTY _LH_WHEEL "${wheel}")
endfunction()
_lh_locate_package()

include("${CMAKE_CURRENT_LIST_DIR}/LighthouseArguments.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/LighthousePython.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/LighthouseEdges.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/LighthouseTarget.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/LighthouseListings.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/LighthouseStages.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/LighthouseModels.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/lh_add_stage.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/LighthouseTool.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/lh_lower.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/lh_embed_stage.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/LighthouseTesting.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/lh_add_lit_suite.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/lh_add_check_test.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/lh_add_numeric_test.cmake")
