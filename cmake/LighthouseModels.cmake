# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# EMIT cpp: payloads that become C++ sources, and the tool that writes these.

cmake_minimum_required(VERSION 3.23...4.4)
include_guard(GLOBAL)

#[=======================================================================[.md:
## LH_MLIR_TRANSLATE

A cache variable with what writes C++ for `lh_lower(… EMIT cpp)`: a program, or an executable target of the build, that
has MLIR's translation `--mlir-to-cpp`, of LLVM 22 or newer. Empty, as by default: the target `mlir-translate`, when LLVM
is built or found before; else `mlir-translate` or the newest `mlir-translate-<version>` of the LLVM or MLIR package that
was found, on `PATH`, or in `/usr/lib/llvm-<version>`.
#]=======================================================================]

# Refuses what contradicts EMIT cpp in a call of lh_lower(), and sets ARG_NAMESPACE and ARG_CLASS where they are not given.
macro(_lh_check_models)
  if(NOT "cpp" IN_LIST ARG_EMIT)
    if(DEFINED ARG_CLASS)
      _lh_fatal("CLASS is for models, but EMIT has no cpp")
    endif()
  else()
    _lh_check_model_keywords()
    if(NOT DEFINED ARG_NAMESPACE)
      set(ARG_NAMESPACE "${name}")
      if(NOT name MATCHES "^[A-Za-z_][A-Za-z0-9_]*$")
        _lh_fatal("the models are in the namespace '${name}' by default, which C++ does not allow; give NAMESPACE")
      endif()
    endif()
    if(NOT DEFINED ARG_CLASS)
      set(ARG_CLASS "{}")
    endif()
  endif()
endmacro()

function(_lh_check_model_keywords)
  foreach(kind IN ITEMS object assembly llvmir bitcode)
    if(kind IN_LIST ARG_EMIT)
      _lh_fatal("EMIT cpp and ${kind} exclude each other: stages end in EmitC or in the LLVM dialect; lower twice")
    endif()
  endforeach()
  foreach(
    keyword
    IN
    ITEMS SYMBOL_PREFIX ALLOW_UNDEFINED TARGET_TRIPLE CPU FEATURES OPTIMIZE
  )
    if(DEFINED ARG_${keyword})
      _lh_fatal("${keyword} is for the code generator, but with EMIT cpp the project's C++ compiler generates code")
    endif()
  endforeach()
  if(ARG_NO_HEADER)
    _lh_fatal("with NO_HEADER nobody can call the models of EMIT cpp")
  endif()
  if(NOT CMAKE_CXX_COMPILER_LOADED)
    _lh_fatal("EMIT cpp makes C++ sources: enable CXX in project()")
  endif()
  string(REPLACE "{}" "X" class "${ARG_CLASS}")
  if(DEFINED ARG_CLASS AND NOT class MATCHES "^[A-Za-z_][A-Za-z0-9_]*$")
    _lh_fatal("CLASS '${ARG_CLASS}' is not the name of a C++ class, in which {} stands for the model's name")
  endif()
endfunction()

# Notes that the models of the call are in `namespace`. The linker would take one of two registries of one namespace,
# and say nothing.
function(_lh_claim_namespace namespace)
  get_property(owner GLOBAL PROPERTY "_LH_NAMESPACE_${namespace}")
  if(owner)
    _lh_fatal("the namespace '${namespace}' has the models of ${owner} already; give another NAMESPACE")
  endif()
  set_property(GLOBAL PROPERTY "_LH_NAMESPACE_${namespace}" "${_lh_call}")
endfunction()

# Sets `arguments` to those of the driver that name the tool, and `depends` to what depends on it.
function(_lh_mlir_translate arguments depends)
  set(
    LH_MLIR_TRANSLATE
    ""
    CACHE STRING
    "What writes C++ for EMIT cpp, a program or target; empty: LLVM's mlir-translate"
  )
  mark_as_advanced(LH_MLIR_TRANSLATE)
  set(tool "${LH_MLIR_TRANSLATE}")
  if(NOT tool AND TARGET mlir-translate)
    set(tool mlir-translate)
  elseif(NOT tool)
    _lh_find_mlir_translate(tool)
  endif()
  if(TARGET "${tool}")
    get_target_property(type "${tool}" TYPE)
    if(NOT type STREQUAL "EXECUTABLE")
      _lh_fatal("LH_MLIR_TRANSLATE '${tool}' is a target, but no executable")
    endif()
    get_target_property(imported "${tool}" IMPORTED)
    if(imported)
      get_target_property(location "${tool}" LOCATION)
      _lh_check_mlir_translate("${location}")
    endif()
  else()
    cmake_path(ABSOLUTE_PATH tool BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
    if(NOT EXISTS "${tool}")
      _lh_fatal("LH_MLIR_TRANSLATE '${LH_MLIR_TRANSLATE}' is neither a target nor a program")
    endif()
    _lh_check_mlir_translate("${tool}")
  endif()
  _lh_tool(tool_arguments tool_depends "${tool}")
  list(TRANSFORM tool_arguments REPLACE "^--tool" "--mlir-translate")
  set(${arguments} "${tool_arguments}" PARENT_SCOPE)
  set(${depends} "${tool_depends}" PARENT_SCOPE)
endfunction()

# Sets `result` to the program: of the LLVM or MLIR that was found, on PATH, or where Debian puts it; the newest.
function(_lh_find_mlir_translate result)
  set(hints ${MLIR_TOOLS_BINARY_DIR} ${LLVM_TOOLS_BINARY_DIR})
  file(GLOB places "/usr/lib/llvm-*/bin")
  list(SORT places COMPARE NATURAL ORDER DESCENDING)
  set(names mlir-translate)
  foreach(directory IN LISTS places)
    string(REGEX REPLACE "^.*llvm-([0-9]+)/bin$" "mlir-translate-\\1" name "${directory}")
    list(APPEND names "${name}")
  endforeach()
  find_program(found NAMES ${names} HINTS ${hints} PATHS ${places} NO_CACHE NO_CMAKE_FIND_ROOT_PATH)
  if(NOT found)
    set(how "install LLVM's MLIR tools (mlir-22-tools or newer on Debian and Ubuntu)")
    _lh_fatal("EMIT cpp needs mlir-translate, which is not found: ${how}, or set LH_MLIR_TRANSLATE to it")
  endif()
  set(${result} "${found}" PARENT_SCOPE)
endfunction()

# Refuses a program that does not read what the bindings write. One that the build makes cannot be asked yet.
function(_lh_check_mlir_translate tool)
  get_property(known GLOBAL PROPERTY "_LH_MLIR_TRANSLATE_${tool}")
  if(known)
    return()
  endif()
  execute_process(COMMAND "${tool}" --version OUTPUT_VARIABLE text ERROR_QUIET RESULT_VARIABLE status)
  if(NOT status EQUAL 0 OR NOT text MATCHES "LLVM version ([0-9]+)([0-9.]*)")
    _lh_fatal("'${tool}' does not tell its version of LLVM; set LH_MLIR_TRANSLATE to an mlir-translate")
  endif()
  if(CMAKE_MATCH_1 LESS 22)
    set(version "${CMAKE_MATCH_1}${CMAKE_MATCH_2}")
    _lh_fatal(
      "'${tool}' is of LLVM ${version}, which is too old; EMIT cpp needs LLVM 22 or newer; set LH_MLIR_TRANSLATE"
    )
  endif()
  set_property(GLOBAL PROPERTY "_LH_MLIR_TRANSLATE_${tool}" TRUE)
endfunction()
