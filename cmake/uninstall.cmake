# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# Removes what the last `cmake --install` of the current directory installed, and the directories that are left empty
# by it.

if(NOT EXISTS install_manifest.txt)
  message(FATAL_ERROR "Nothing to uninstall: there is no install_manifest.txt in this build tree")
endif()
file(STRINGS install_manifest.txt files)
set(directories "")
set(bytecode "")
foreach(file IN LISTS files)
  file(REMOVE "$ENV{DESTDIR}${file}")
  cmake_path(GET file PARENT_PATH directory)
  if(file MATCHES "/lighthouse_build/.*\\.py$")
    list(APPEND bytecode "$ENV{DESTDIR}${directory}/__pycache__") # made when its Python was chosen
  endif()
  while(directory MATCHES "/(Lighthouse|lighthouse)(/|$)")
    list(APPEND directories "${directory}")
    cmake_path(GET directory PARENT_PATH directory)
  endwhile()
endforeach()
file(REMOVE_RECURSE ${bytecode})
list(REMOVE_DUPLICATES directories)
list(SORT directories ORDER DESCENDING)
foreach(directory IN LISTS directories)
  file(GLOB rest "$ENV{DESTDIR}${directory}/*")
  if(NOT rest)
    file(REMOVE_RECURSE "$ENV{DESTDIR}${directory}")
  endif()
endforeach()
file(REMOVE install_manifest.txt)
