# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# The Python that runs the driver: decided once for a build tree, and cached.

cmake_minimum_required(VERSION 3.23...4.4)
include_guard(GLOBAL)

#[=======================================================================[.md:
## LH_PYTHON_ENV, LH_PYTHON_EXECUTABLE, LH_MLIR_PACKAGE, LH_MLIR_PYTHON_PATH

`LH_PYTHON_ENV` is a cache variable that says which Python runs the driver and the schedule generators. It needs
Python 3.10 or newer with the MLIR bindings, llvmlite and PyYAML.

* `AUTO`: the first Python found, if it has them; otherwise a virtual environment in the build tree with pinned,
  hash-checked wheels. The default when Lighthouse Build is the top-level project.
* `SYSTEM`: the first Python found that has them; nothing is ever installed. The default inside other projects.
* a path: that environment, or that interpreter.

Python is looked for in `Python3_EXECUTABLE`, `Python_EXECUTABLE`, the active virtual environment, and on `PATH`, in
this order; these variables are read and never set. A package that was installed as a wheel runs in the Python that it
is installed for.

`LH_MLIR_PACKAGE` names the Python package of the MLIR bindings, if it is not `mlir` or `torch_mlir`; by default it is
what the environment variable of that name says when CMake runs first.

`LH_MLIR_PYTHON_PATH` lists directories that the package is looked for in before those that are installed: for the bindings of a
compiler, `-DLH_MLIR_PACKAGE=foo.mlir -DLH_MLIR_PYTHON_PATH=<build>/python_packages/foo_core`. They must be there when CMake runs;
when they are built anew, what was made with them is made anew. Schedules import them as `mlir` all the same.

The decision is cached as `LH_PYTHON_EXECUTABLE` and taken again when one of the others or the pinned requirements
change.
#]=======================================================================]

# Sets LH_PYTHON_EXECUTABLE in the cache, or `error` to why there is none.
#
#   _lh_set_up_python(<error> REQUIREMENTS <name of requirements/*.txt> DEFAULT AUTO|SYSTEM)
function(_lh_set_up_python error)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "REQUIREMENTS;DEFAULT" "")
  set(${error} "" PARENT_SCOPE)
  set(default "${ARG_DEFAULT}")
  if(LH_PYTHON_EXECUTABLE)
    set(default "${LH_PYTHON_EXECUTABLE}") # given in place of LH_PYTHON_ENV
  endif()
  set(LH_PYTHON_ENV "${default}" CACHE STRING "Python for lowering: AUTO, SYSTEM, or the path of an environment")
  set_property(CACHE LH_PYTHON_ENV PROPERTY STRINGS AUTO SYSTEM)
  set(
    LH_MLIR_PACKAGE
    "$ENV{LH_MLIR_PACKAGE}"
    CACHE STRING
    "Python package of the MLIR bindings; empty: mlir, else torch_mlir"
  )
  set(LH_MLIR_PYTHON_PATH "" CACHE STRING "Directories with the Python package of the MLIR bindings")
  mark_as_advanced(LH_MLIR_PACKAGE LH_MLIR_PYTHON_PATH)
  set(mlir_python_path "")
  foreach(directory IN LISTS LH_MLIR_PYTHON_PATH)
    cmake_path(ABSOLUTE_PATH directory BASE_DIRECTORY "${CMAKE_BINARY_DIR}" NORMALIZE)
    list(APPEND mlir_python_path "--mlir-python-path=${directory}")
  endforeach()
  set(wish "${LH_PYTHON_ENV}")
  get_property(package GLOBAL PROPERTY _LH_PACKAGE)
  get_property(wheel GLOBAL PROPERTY _LH_WHEEL)
  get_property(directory GLOBAL PROPERTY _LH_REQUIREMENTS)
  set(requirements "${directory}/${ARG_REQUIREMENTS}.in")
  set(lock "${directory}/${ARG_REQUIREMENTS}.txt")
  file(SHA256 "${lock}" digest)
  set(key "${wish}|${LH_MLIR_PACKAGE}|${mlir_python_path}|${digest}|${package}")
  if(
    "${_LH_PYTHON_KEY}" STREQUAL "${key}|$CACHE{LH_PYTHON_EXECUTABLE}"
    AND EXISTS "$CACHE{LH_PYTHON_EXECUTABLE}"
    AND ("${_LH_PYTHON_MARKER}" STREQUAL "" OR EXISTS "${_LH_PYTHON_MARKER}")
  )
    return() # decided, and still there
  endif()

  set(marker "")
  if(wish MATCHES "^(AUTO|SYSTEM)$")
    _lh_find_python(executable bindings base problem)
    if(NOT executable AND wish STREQUAL "AUTO" AND base AND NOT wheel)
      foreach(attempt IN ITEMS first second)
        set(marker "")
        _lh_make_environment(made marker problem)
        if(NOT marker) # it could not be made
          break()
        endif()
        if(made)
          _lh_probe_python(executable bindings problem "${made}")
        else()
          set(problem "the environment has no Python any more")
        endif()
        if(executable)
          break()
        endif()
        # It was made to the end once; since then its Python went, or somebody has changed it.
        file(REMOVE "${marker}")
      endforeach()
    endif()
  else()
    _lh_python_of_path(candidate "${wish}")
    if(NOT candidate)
      set(problem "LH_PYTHON_ENV is '${wish}', which is neither AUTO nor SYSTEM nor a Python environment")
      set(${error} "${problem}" PARENT_SCOPE)
      return()
    endif()
    _lh_probe_python(executable bindings problem "${candidate}")
  endif()
  if(NOT executable)
    _lh_explain_python(text "${problem}" "${wish}")
    set(${error} "${text}" PARENT_SCOPE)
    return()
  endif()
  if(NOT "$CACHE{LH_PYTHON_EXECUTABLE}" STREQUAL "${executable}")
    message(STATUS "Lighthouse: Python is ${executable}")
  endif()
  set(LH_PYTHON_EXECUTABLE "${executable}" CACHE FILEPATH "Python that runs the driver; chosen by LH_PYTHON_ENV" FORCE)
  mark_as_advanced(LH_PYTHON_EXECUTABLE)
  set(_LH_PYTHON_KEY "${key}|${executable}" CACHE INTERNAL "What LH_PYTHON_EXECUTABLE was chosen for")
  set(_LH_MLIR_PROVIDER "${bindings}" CACHE INTERNAL "The package of the MLIR bindings of LH_PYTHON_EXECUTABLE")
  set(_LH_MLIR_PYTHON_PATH "${mlir_python_path}" CACHE INTERNAL "LH_MLIR_PYTHON_PATH, as arguments of the driver")
  set(_LH_PYTHON_MARKER "${marker}" CACHE INTERNAL "A file of the environment that was made to the end")
endfunction()

# The helpers below read the variables of _lh_set_up_python().

# Sets `executable` to the first Python that has what is needed; else `base` to the first that is new enough and
# `problem` to what that one lacks. Finds Python itself: FindPython3 caches its answer, which is the caller's to
# decide.
function(_lh_find_python executable bindings base problem)
  set(${executable} "" PARENT_SCOPE)
  set(${base} "" PARENT_SCOPE)
  set(${problem} "there is no Python on PATH" PARENT_SCOPE)
  set(candidates "")
  if(wheel)
    # <prefix>/lib/python3.x/site-packages/lighthouse_build, or on Windows <prefix>/Lib/site-packages/lighthouse_build
    set(relatives ../../../../bin/python3 ../../../../bin/python ../../../Scripts/python.exe ../../../python.exe)
    foreach(relative IN LISTS relatives)
      cmake_path(ABSOLUTE_PATH relative BASE_DIRECTORY "${package}" NORMALIZE)
      list(APPEND candidates "${relative}")
    endforeach()
  endif()
  list(APPEND candidates "${Python3_EXECUTABLE}" "${Python_EXECUTABLE}")
  if(DEFINED ENV{VIRTUAL_ENV})
    _lh_python_of_path(active "$ENV{VIRTUAL_ENV}")
    list(APPEND candidates "${active}")
  endif()
  set(
    names
    python3
    python
    python3.14
    python3.13
    python3.12
    python3.11
    python3.10
  )
  foreach(name IN LISTS names)
    # Host programs, also in a cross build.
    find_program(found NAMES ${name} NO_CACHE NO_CMAKE_FIND_ROOT_PATH)
    list(APPEND candidates "${found}")
    unset(found)
  endforeach()
  list(REMOVE_DUPLICATES candidates)
  set(reasons "")
  set(fallback "")
  foreach(candidate IN LISTS candidates)
    if("${candidate}" STREQUAL "" OR NOT EXISTS "${candidate}")
      continue()
    endif()
    _lh_probe_python(answer provider reason "${candidate}")
    if(answer)
      set(${executable} "${answer}" PARENT_SCOPE)
      set(${bindings} "${provider}" PARENT_SCOPE)
      return()
    endif()
    list(APPEND reasons "${reason}")
    if(NOT reason MATCHES "lacks Python|does not run|belongs" AND NOT fallback)
      set(fallback "${candidate}")
      set(${base} "${candidate}" PARENT_SCOPE)
      set(${problem} "${reason}" PARENT_SCOPE)
    endif()
    if(fallback AND NOT wish STREQUAL "SYSTEM" AND NOT wheel)
      break() # an environment of our own is better than a search through all of them
    endif()
  endforeach()
  if(reasons AND NOT fallback)
    list(GET reasons 0 reason)
    set(${problem} "${reason}" PARENT_SCOPE)
  endif()
endfunction()

# Sets `executable` to the real interpreter behind `candidate` if it has what is needed, and `bindings` to the package
# of its MLIR bindings; else both to nothing and `problem` to why not.
function(_lh_probe_python executable bindings problem candidate)
  set(${executable} "" PARENT_SCOPE)
  set(${bindings} "" PARENT_SCOPE)
  execute_process(
    COMMAND
      "${candidate}" -I -B "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/python_environment.py" probe
      "--requirements=${requirements}" "--package=${package}" "--mlir-package=${LH_MLIR_PACKAGE}" ${mlir_python_path}
    OUTPUT_VARIABLE answer
    ERROR_VARIABLE failure
    RESULT_VARIABLE status
  )
  if(NOT status EQUAL 0 OR NOT answer MATCHES "executable=([^\n]*)\nversion=")
    set(${problem} "${candidate} does not run" PARENT_SCOPE)
    return()
  endif()
  set(real "${CMAKE_MATCH_1}")
  set(lacking "")
  if(answer MATCHES "\nmissing=([^\n]+)")
    set(lacking "${CMAKE_MATCH_1}")
  endif()
  if(answer MATCHES "\nbindings=([^\n]+)")
    set(${bindings} "${CMAKE_MATCH_1}" PARENT_SCOPE)
  endif()
  set(owner "")
  if(answer MATCHES "\nowner=([^\n]+)")
    set(owner "${CMAKE_MATCH_1}")
  endif()
  file(REAL_PATH "${package}" own)
  if(wheel AND NOT lacking MATCHES "^Python" AND NOT owner STREQUAL own)
    # In an isolated build of a wheel, packages come through PYTHONPATH, which -I hides; its tool names the interpreter.
    if(owner OR NOT candidate MATCHES "^(${Python3_EXECUTABLE}|${Python_EXECUTABLE})$")
      set(${problem} "${real} is not the Python that ${package} belongs to" PARENT_SCOPE)
      return()
    endif()
  endif()
  if(lacking)
    set(${problem} "${real} lacks ${lacking}" PARENT_SCOPE)
    return()
  endif()
  set(${executable} "${real}" PARENT_SCOPE)
endfunction()

# Sets `result` to the interpreter of an environment, or to `path` itself if it is one, or to nothing.
function(_lh_python_of_path result path)
  set(${result} "" PARENT_SCOPE)
  cmake_path(ABSOLUTE_PATH path BASE_DIRECTORY "${CMAKE_SOURCE_DIR}" NORMALIZE)
  foreach(candidate IN ITEMS "${path}" "${path}/bin/python3" "${path}/bin/python" "${path}/Scripts/python.exe")
    if(EXISTS "${candidate}" AND NOT IS_DIRECTORY "${candidate}")
      set(${result} "${candidate}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()

# Makes the environment of this build tree, or takes it if another configuration has just made it. Sets `executable`
# and `marker`, or the `reason` why not. Its callers know `base`, and `problem` that it has.
function(_lh_make_environment executable marker reason)
  set(root "${CMAKE_BINARY_DIR}/lighthouse-python")
  string(SHA256 key "${digest}|${base}")
  string(SUBSTRING "${key}" 0 12 key)
  set(directory "${root}/${key}")
  file(MAKE_DIRECTORY "${root}")
  file(LOCK "${root}/lock" GUARD FUNCTION TIMEOUT 0 RESULT_VARIABLE locked)
  if(NOT locked EQUAL 0)
    message(STATUS "Lighthouse: waiting for another configuration of this build tree")
    file(LOCK "${root}/lock" GUARD FUNCTION TIMEOUT 3600)
  endif()
  if(NOT EXISTS "${directory}/.complete")
    message(STATUS "Lighthouse: ${problem}")
    message(STATUS "Lighthouse: making a Python environment in ${directory}")
    message(STATUS "Lighthouse: with what is pinned in ${lock}: about 160 MB to download, 600 MB on disk, once")
    execute_process(
      COMMAND
        "${base}" -I -B "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/python_environment.py" create "${directory}"
        "--lock=${lock}" "--requirements=${requirements}" "--package=${package}" "--mlir-package=${LH_MLIR_PACKAGE}"
      ERROR_VARIABLE failure
      RESULT_VARIABLE status
    )
    if(NOT status EQUAL 0)
      string(STRIP "${failure}" failure)
      set(${executable} "" PARENT_SCOPE)
      set(${reason} "${problem}, and no environment could be made: ${failure}" PARENT_SCOPE)
      return()
    endif()
    # What an older lock had is not used any more.
    file(GLOB others LIST_DIRECTORIES TRUE "${root}/*")
    list(REMOVE_ITEM others "${directory}" "${root}/lock")
    if(others)
      file(REMOVE_RECURSE ${others})
    endif()
  endif()
  _lh_python_of_path(python "${directory}")
  set(${executable} "${python}" PARENT_SCOPE)
  set(${marker} "${directory}/.complete" PARENT_SCOPE)
endfunction()

# Sets `result` to the message for a Python that cannot be used.
function(_lh_explain_python result problem wish)
  if(wheel)
    set(
      ways
      "  * pip install 'lighthouse-build[bindings]' with that Python\n"
      "  * -DLH_PYTHON_ENV=<the environment that lighthouse-build is installed in>\n"
    )
  else()
    set(
      ways
      "  * -DLH_PYTHON_ENV=<path> of an environment that has it: python3 -m venv <path> &&\n"
      "    <path>/bin/pip install --require-hashes -r ${lock}\n"
    )
    if(wish STREQUAL "AUTO")
      list(
        APPEND ways
        "  * a mirror or a proxy for pip, in its configuration or as PIP_INDEX_URL or HTTPS_PROXY\n"
        "  * -DLH_PYTHON_ENV=SYSTEM once the Python on PATH has it\n"
      )
    elseif(wish STREQUAL "SYSTEM")
      list(APPEND ways "  * -DLH_PYTHON_ENV=AUTO, which makes an environment in the build tree\n")
    endif()
  endif()
  string(CONCAT ways ${ways})
  set(
    ${result}
    "There is no Python to lower with (LH_PYTHON_ENV is '${wish}'): ${problem}.\n\nWays out:\n${ways}"
    PARENT_SCOPE
  )
endfunction()
