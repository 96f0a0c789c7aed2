# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# Lists of the stage files and modules in directories that a build in the source directory writes into.
#
# A stage that was looked for in a directory depends on it: a file that appears there may win. The time of a directory
# tells, but not where every build makes and removes files in it. There CMake compares the list of what could win, at the
# start of each build, and the stage depends on a file with that list.

cmake_minimum_required(VERSION 3.23...4.4)
include_guard(GLOBAL)

# Sets `result` to arguments of the driver, one for each of the directories that follow which is both a source directory
# and a part of the build tree. None where the build tree is another one than the source tree.
function(_lh_listing_arguments result)
  set(arguments "")
  if(CMAKE_CURRENT_SOURCE_DIR STREQUAL CMAKE_CURRENT_BINARY_DIR)
    foreach(directory IN LISTS ARGN)
      cmake_path(ABSOLUTE_PATH directory BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
      string(REGEX REPLACE "(.)/$" "\\1" directory "${directory}")
      cmake_path(IS_PREFIX CMAKE_BINARY_DIR "${directory}" is_inside)
      if(is_inside AND EXISTS "${directory}/CMakeLists.txt")
        _lh_listing(file "${directory}")
        list(APPEND arguments "--listing=${file}")
      endif()
    endforeach()
    list(REMOVE_DUPLICATES arguments)
  endif()
  set(${result} "${arguments}" PARENT_SCOPE)
endfunction()

# Sets `result` to a file with the list for `directory`, which CMake keeps.
function(_lh_listing result directory)
  cmake_path(RELATIVE_PATH directory BASE_DIRECTORY "${CMAKE_BINARY_DIR}" OUTPUT_VARIABLE name)
  string(SHA256 name "${name}")
  string(SUBSTRING "${name}" 0 12 name)
  set(file "${CMAKE_BINARY_DIR}/CMakeFiles/lh_listings/${name}.txt")
  set(${result} "${file}" PARENT_SCOPE)
  get_property(known GLOBAL PROPERTY "_LH_LISTING_${name}")
  if(known)
    return()
  endif()
  set_property(GLOBAL PROPERTY "_LH_LISTING_${name}" TRUE)
  string(REGEX REPLACE "([[*?])" "[\\1]" pattern "${directory}") # no pattern itself
  set(
    patterns
    "${pattern}/*.py"
    "${pattern}/*/*.py"
    "${pattern}/*.pyc"
    "${pattern}/*.yaml"
    "${pattern}/*.yml"
  )
  # All but libraries and resolved stages, which are built there.
  foreach(
    name
    IN
    ITEMS "[^l]*" l "l[^i]*" li "li[^b]*"
  )
    list(APPEND patterns "${pattern}/${name}.so")
  endforeach()
  set(end ".mlir")
  foreach(
    character
    IN
    ITEMS e g a t s .
  )
    list(APPEND patterns "${pattern}/${end}" "${pattern}/*[^${character}]${end}")
    string(PREPEND end "${character}")
  endforeach()
  file(GLOB names RELATIVE "${directory}" CONFIGURE_DEPENDS ${patterns})
  list(JOIN names "\n" names)
  set(old "")
  if(EXISTS "${file}")
    file(READ "${file}" old)
  endif()
  set(new "${directory}\n${names}\n")
  if(NOT old STREQUAL new)
    file(WRITE "${file}" "${new}")
  endif()
  # A list that was deleted comes back.
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
endfunction()
