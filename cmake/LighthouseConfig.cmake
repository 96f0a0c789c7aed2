# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# The package config, which find_package(Lighthouse) reads: from an install tree, from a wheel, or from the sources.

include("${CMAKE_CURRENT_LIST_DIR}/Lighthouse.cmake")
_lh_set_up_python(_lh_error REQUIREMENTS build DEFAULT SYSTEM)
if(_lh_error)
  set(${CMAKE_FIND_PACKAGE_NAME}_FOUND FALSE)
  set(${CMAKE_FIND_PACKAGE_NAME}_NOT_FOUND_MESSAGE "${_lh_error}")
endif()
unset(_lh_error)
