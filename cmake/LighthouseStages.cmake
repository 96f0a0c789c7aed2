# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# Stages: the text of specs, the rule that resolves a stage, and what a list of stages stands for.

cmake_minimum_required(VERSION 3.23...4.4)
include_guard(GLOBAL)

define_property(
  TARGET
  PROPERTY LH_STAGE_FILE
  BRIEF_DOCS "On a stage: the resolved stage, a file."
  FULL_DOCS "On a target made by lh_add_stage(): the absolute path of the resolved stage. Only stages have it."
)
define_property(
  TARGET
  PROPERTY LH_STAGE_SPECS
  BRIEF_DOCS "On a stage: the specs it was declared with."
  FULL_DOCS "On a target made by lh_add_stage(): its specs in the stage language, in order."
)

define_property(
  TARGET
  PROPERTY LH_STAGE_ASKS_FOR_TARGET
  BRIEF_DOCS "On a stage: whether it is resolved once for each target."
  FULL_DOCS
    "On a target made by lh_add_stage(): true if one of its generators takes a lighthouse_build.Target. LH_STAGE_FILE is then resolved for the baseline CPU; lh_lower() resolves others as it needs them. Not built by default if it has resolved others."
)

define_property(
  TARGET
  PROPERTY LH_STAGE_TOOL
  BRIEF_DOCS "On a stage: the tool that checks and applies it."
  FULL_DOCS "On a target made by lh_add_stage() with TOOL: its target, or its absolute path. Not set without TOOL."
)

# What a file in a spec ends in; a spec is a file by its extension alone.
set_property(GLOBAL PROPERTY _LH_FILE_REGEX "\\.(py|mlir|yaml|yml)$")
set_property(GLOBAL PROPERTY _LH_FILE_SPEC_REGEX "^(\"|')|\\.(py|mlir|yaml|yml)[ \t]*([[{]|$)")

# Sets `result` to `path` as a spec writes it: quoted if it holds what means something in a spec.
function(_lh_spec_path result path)
  if(NOT path MATCHES "^[A-Za-z0-9_./+@:~-]+$")
    string(REPLACE "\\" "\\\\" path "${path}")
    string(REPLACE "\"" "\\\"" path "${path}")
    set(path "\"${path}\"")
  endif()
  set(${result} "${path}" PARENT_SCOPE)
endfunction()

# Sets `result` to `{k=v …}` for the `k=v` that follow, or to nothing without any. A value is quoted unless it is a
# bare word, a number, or has quotes or brackets of its own.
function(_lh_spec_options result)
  set(entries "")
  foreach(option IN LISTS ARGN)
    if(NOT option MATCHES "^([^] \t,=:(){}[\"']+)=(.*)$")
      _lh_fatal("the option '${option}' is not of the form name=value")
    endif()
    set(key "${CMAKE_MATCH_1}")
    set(value "${CMAKE_MATCH_2}")
    if(NOT value MATCHES "^[^] \t\n,=(){}[\"']+$" AND NOT value MATCHES "^[[({\"']")
      string(REPLACE "\\" "\\\\" value "${value}")
      string(REPLACE "\"" "\\\"" value "${value}")
      set(value "\"${value}\"")
    endif()
    string(APPEND entries " ${key}=${value}")
  endforeach()
  if(entries)
    string(SUBSTRING "${entries}" 1 -1 entries)
    set(entries "{${entries}}")
  endif()
  set(${result} "${entries}" PARENT_SCOPE)
endfunction()

# Makes the stage `name`: an INTERFACE library, and the rule that resolves it.
#
#   _lh_create_stage(<name> LABEL <text> STAGES <spec|stage>... [ARGUMENTS <argument of the driver>...] [DEPENDS ...]
#                    [DIRECTORY <dir>] [TARGET <argument of the driver>...] [DECLARED_BY <file>:<call>]
#                    [TOOL <target|program>])
#
# DIRECTORY is what relative paths in specs start from, by default the current source directory. TARGET says what a
# stage that asks for it is resolved for; by default the baseline CPU of the compiler's triple.
function(_lh_create_stage name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "LABEL;DIRECTORY;DECLARED_BY;TOOL" "STAGES;ARGUMENTS;DEPENDS;TARGET")
  if(NOT ARG_DIRECTORY)
    set(ARG_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
  endif()
  if(NOT ARG_DECLARED_BY)
    set(ARG_DECLARED_BY "${CMAKE_CURRENT_LIST_FILE}:${_lh_call}")
  endif()
  if(NOT ARG_TARGET)
    _lh_default_target_arguments(ARG_TARGET)
  endif()
  set(file "${CMAKE_CURRENT_BINARY_DIR}/${name}.stage.mlir")
  set(arguments "")
  set(depends ${ARG_DEPENDS})
  if(ARG_TOOL)
    _lh_tool(arguments tool_depends "${ARG_TOOL}")
    _lh_tool_path(tool_path program "${ARG_TOOL}")
    list(APPEND depends ${tool_depends})
  endif()
  _lh_asks_for_target(asks)
  foreach(stage IN LISTS ARG_STAGES)
    _lh_find_stage(target "${stage}")
    if(target)
      _lh_check_stage_tools("${ARG_TOOL}" "${target}")
      _lh_stage_for_target(target "${target}" ${ARG_TARGET})
      get_target_property(stage_file "${target}" LH_STAGE_FILE)
      _lh_spec_path(stage "${stage_file}")
      _lh_makers(makers "${target}")
      list(APPEND depends ${makers} "${stage_file}")
      # What the Python of a part needs, the whole needs.
      get_target_property(declared "${target}" _LH_STAGE_ARGUMENTS)
      list(FILTER declared INCLUDE REGEX "^--(python-path|environment)=")
      list(APPEND ARG_ARGUMENTS ${declared})
    endif()
    list(APPEND arguments "--stage=${stage}")
  endforeach()
  list(REMOVE_DUPLICATES ARG_ARGUMENTS)
  _lh_searched_directories(searched)
  _lh_listing_arguments(listings ${searched})
  list(APPEND arguments ${listings})
  if(asks)
    list(APPEND arguments ${ARG_TARGET})
  else()
    list(APPEND arguments --no-target) # what is resolved once must not come to depend on the target unseen
  endif()
  _lh_prefix_map(names)
  _lh_add_edge(
    sources
    NOTES "${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${name}.lh/resolve"
    OUTPUTS "${file}"
    ARGUMENTS
      ${arguments}
      ${ARG_ARGUMENTS}
      "--project-root=${CMAKE_SOURCE_DIR}"
      ${names}
      "--declared-by=${ARG_DECLARED_BY}"
      --emit=stage
      -o
      "${file}"
    DEPENDS ${depends}
    COMMENT "Resolving stage ${ARG_LABEL}"
    OWNER "${name}.resolve"
    DIRECTORY "${ARG_DIRECTORY}"
  )
  add_library("${name}" INTERFACE)
  target_sources("${name}" PRIVATE ${sources})
  _lh_order_after("${name}" "${name}.resolve")
  set_target_properties(
    "${name}"
    PROPERTIES
      LH_STAGE_FILE "${file}"
      LH_STAGE_SPECS "${ARG_STAGES}"
      LH_STAGE_ASKS_FOR_TARGET "${asks}"
      _LH_STAGE_LABEL "${ARG_LABEL}"
      _LH_STAGE_ARGUMENTS "${ARG_ARGUMENTS}"
      _LH_STAGE_DEPENDS "${ARG_DEPENDS}"
      _LH_STAGE_DIRECTORY "${ARG_DIRECTORY}"
      _LH_STAGE_DECLARED_BY "${ARG_DECLARED_BY}"
      _LH_STAGE_TARGET "${ARG_TARGET}"
  )
  if(ARG_TOOL)
    set_target_properties("${name}" PROPERTIES LH_STAGE_TOOL "${program}")
  endif()
  # Written beside the stage for the places in errors; nothing depends on it.
  set_property(DIRECTORY APPEND PROPERTY ADDITIONAL_CLEAN_FILES "${file}.loc")
endfunction()

# Sets `result` to directories in which the files of ARG_STAGES, and what these import or include, may be looked for.
function(_lh_searched_directories result)
  set(directories "${ARG_DIRECTORY}")
  foreach(argument IN LISTS ARG_ARGUMENTS)
    if(argument MATCHES "^(-I|--python-path=)(.+)$")
      list(APPEND directories "${CMAKE_MATCH_2}")
    endif()
  endforeach()
  foreach(stage IN LISTS ARG_STAGES)
    if(stage MATCHES "^[\"']?(.*)/[^/]*\\.(py|mlir|yaml|yml)")
      set(directory "${CMAKE_MATCH_1}")
      cmake_path(ABSOLUTE_PATH directory BASE_DIRECTORY "${ARG_DIRECTORY}")
      list(APPEND directories "${directory}")
    endif()
  endforeach()
  set(${result} "${directories}" PARENT_SCOPE)
endfunction()

# Sets `result` to whether one of ARG_STAGES asks for the target. Only files that may run Python are looked into.
function(_lh_asks_for_target result)
  set(${result} FALSE PARENT_SCOPE)
  get_property(file_spec GLOBAL PROPERTY _LH_FILE_SPEC_REGEX)
  set(questions "")
  foreach(stage IN LISTS ARG_STAGES)
    _lh_find_stage(target "${stage}")
    if(target)
      get_target_property(asks "${target}" LH_STAGE_ASKS_FOR_TARGET)
      if(asks)
        set(${result} TRUE PARENT_SCOPE)
        return()
      endif()
    elseif(stage MATCHES "${file_spec}" AND stage MATCHES "\\.(py|yaml|yml)")
      list(APPEND questions "--stage=${stage}")
    endif()
  endforeach()
  if(NOT questions)
    return()
  endif()
  set(search ${ARG_ARGUMENTS})
  list(FILTER search INCLUDE REGEX "^(-I|--python-path=)")
  _lh_driver_command(driver)
  execute_process(
    COMMAND ${driver} --asks-for-target ${questions} ${search}
    WORKING_DIRECTORY "${ARG_DIRECTORY}"
    OUTPUT_VARIABLE answer
    ERROR_QUIET # what is wrong with a stage is told when it is resolved
    OUTPUT_STRIP_TRAILING_WHITESPACE
  )
  if(answer STREQUAL "yes")
    set(${result} TRUE PARENT_SCOPE)
  endif()
endfunction()

# Sets `result` to the arguments for the baseline CPU of the compiler's triple; empty without a compiler.
function(_lh_default_target_arguments result)
  _lh_compiler_triple(triple)
  if(triple)
    set(triple "--target-triple=${triple}")
  endif()
  set(${result} "${triple}" PARENT_SCOPE)
endfunction()

# Sets `result` to the stage `stage` as resolved for a target, given by arguments of the driver: itself, unless it asks
# for the target and this is another one than its own.
function(_lh_stage_for_target result stage)
  set(${result} "${stage}" PARENT_SCOPE)
  get_target_property(asks "${stage}" LH_STAGE_ASKS_FOR_TARGET)
  get_target_property(own "${stage}" _LH_STAGE_TARGET)
  if(NOT asks OR NOT ARGN OR "${own}" STREQUAL "${ARGN}")
    return()
  endif()
  string(SHA256 digest "${ARGN}")
  string(SUBSTRING "${digest}" 0 8 digest)
  set(name "${stage}.${digest}")
  if(NOT TARGET "${name}")
    foreach(
      property
      IN
      ITEMS LABEL ARGUMENTS DEPENDS DIRECTORY DECLARED_BY
    )
      get_target_property(${property} "${stage}" _LH_STAGE_${property})
    endforeach()
    get_target_property(specs "${stage}" LH_STAGE_SPECS)
    get_target_property(tool "${stage}" LH_STAGE_TOOL)
    if(NOT tool)
      set(tool "")
    endif()
    set(target_label "${ARGN}")
    list(FILTER target_label INCLUDE REGEX "^--cpu=")
    string(REPLACE "--cpu=" " for " target_label "${target_label}")
    _lh_create_stage(
      "${name}"
      LABEL "${LABEL}${target_label}"
      STAGES ${specs}
      ARGUMENTS ${ARGUMENTS}
      DEPENDS ${DEPENDS}
      DIRECTORY "${DIRECTORY}"
      DECLARED_BY "${DECLARED_BY}"
      TARGET ${ARGN}
      TOOL ${tool}
    )
    # What uses them builds them. The stage's own target may be one that its generator refuses, and nothing wants it.
    set_target_properties("${name}" "${stage}" PROPERTIES EXCLUDE_FROM_ALL TRUE)
  endif()
  set(${result} "${name}" PARENT_SCOPE)
endfunction()

# Sets `result` to the stage target that `item` names, or to nothing when it is a spec.
function(_lh_find_stage result item)
  set(${result} "" PARENT_SCOPE)
  if(TARGET "${item}")
    get_target_property(aliased "${item}" ALIASED_TARGET)
    if(aliased)
      set(item "${aliased}")
    endif()
    get_target_property(file "${item}" LH_STAGE_FILE)
    if(NOT file)
      _lh_fatal("the target '${item}' is not a stage; declare stages with lh_add_stage()")
    endif()
    set(${result} "${item}" PARENT_SCOPE)
  elseif(item MATCHES "::")
    _lh_fatal("there is no stage '${item}'; declare it with lh_add_stage() before it is used")
  elseif(item MATCHES "^[A-Za-z0-9_.+-]+$")
    # A pass, then; unless it is declared as a stage further down.
    set_property(GLOBAL PROPERTY "_LH_PASS_${item}" "${_lh_call}")
  endif()
endfunction()

# Sets `targets` and `files` to the stages, in order, that the items stand for. Declared stages are themselves; each
# run of specs between them becomes one stage, which equal runs share. Stages that ask for the target are those for the
# target that the caller's `_lh_target_arguments` give. Implicit stages are for the caller's ARG_TOOL, if it has one.
function(_lh_resolve_stages targets files)
  set(found "")
  set(run "")
  set(items ${ARGN})
  foreach(item IN LISTS items ITEMS "")
    set(target "")
    if(NOT item STREQUAL "")
      _lh_find_stage(target "${item}")
      if(NOT target)
        list(APPEND run "${item}")
        continue()
      endif()
    endif()
    if(run)
      _lh_implicit_stage(implicit ${run})
      list(APPEND found "${implicit}")
      set(run "")
    endif()
    list(APPEND found ${target})
  endforeach()
  set(chosen "")
  set(paths "")
  foreach(stage IN LISTS found)
    _lh_stage_for_target(target "${stage}" ${_lh_target_arguments})
    get_target_property(file "${target}" LH_STAGE_FILE)
    list(APPEND chosen "${target}")
    list(APPEND paths "${file}")
  endforeach()
  set(${targets} "${chosen}" PARENT_SCOPE)
  set(${files} "${paths}" PARENT_SCOPE)
endfunction()

# Sets `result` to the stage of these specs; makes it at their first use.
function(_lh_implicit_stage result)
  set(key "${ARGN}")
  if(DEFINED ARG_TOOL)
    _lh_tool_path(tool_path program "${ARG_TOOL}")
    _lh_tool_key(tool_key "${program}")
    string(PREPEND key "${tool_key}\n")
  endif()
  get_property(file_spec GLOBAL PROPERTY _LH_FILE_SPEC_REGEX)
  foreach(spec IN LISTS ARGN)
    if(spec MATCHES "${file_spec}")
      # Another directory has another file of that name. Relative, so that the name is the same in every tree.
      cmake_path(RELATIVE_PATH CMAKE_CURRENT_SOURCE_DIR BASE_DIRECTORY "${CMAKE_SOURCE_DIR}" OUTPUT_VARIABLE directory)
      string(PREPEND key "${directory}\n")
      break()
    endif()
  endforeach()
  string(SHA256 digest "${key}")
  string(SUBSTRING "${digest}" 0 12 digest)
  set(name "lh_stage_${digest}")
  if(NOT TARGET "${name}")
    list(JOIN ARGN ", " label)
    string(LENGTH "${label}" length)
    if(length GREATER 60)
      string(SUBSTRING "${label}" 0 57 label)
      string(APPEND label "...")
    endif()
    # In COMMENT, a generator expression would be expanded.
    string(REPLACE "$<" "$ <" label "${label}")
    _lh_create_stage("${name}" LABEL "${label}" STAGES ${ARGN} TOOL ${ARG_TOOL})
  endif()
  set(${result} "${name}" PARENT_SCOPE)
endfunction()

# Sets `result` to whether MLIR has a pass of this name. Asks the driver once for each name that could be one.
function(_lh_is_pass result name)
  set(${result} FALSE PARENT_SCOPE)
  if(NOT name MATCHES "^[a-z][a-z0-9-]*$")
    return()
  endif()
  set(key "${LH_PYTHON_EXECUTABLE} ${_LH_MLIR_PROVIDER} ${name}")
  if(key IN_LIST _LH_NOT_PASSES)
    return()
  endif()
  _lh_driver_command(driver)
  execute_process(COMMAND ${driver} "--stage=${name}" --emit=stage OUTPUT_QUIET ERROR_QUIET RESULT_VARIABLE status)
  if(status EQUAL 0)
    set(${result} TRUE PARENT_SCOPE)
  else()
    set(_LH_NOT_PASSES ${_LH_NOT_PASSES} "${key}" CACHE INTERNAL "Names of stages that are no passes")
  endif()
endfunction()

# Refuses a stage of which it is known now that it runs Python when it is applied: it cannot `wish`.
function(_lh_check_needs_no_python stage wish)
  get_target_property(specs "${stage}" LH_STAGE_SPECS)
  get_target_property(arguments "${stage}" _LH_STAGE_ARGUMENTS)
  get_target_property(directory "${stage}" _LH_STAGE_DIRECTORY)
  get_property(file_spec GLOBAL PROPERTY _LH_FILE_SPEC_REGEX)
  set(questions "")
  foreach(spec IN LISTS specs)
    set(inner "")
    if(TARGET "${spec}")
      _lh_find_stage(inner "${spec}")
    endif()
    if(inner)
      _lh_check_needs_no_python("${inner}" "${wish}")
    elseif(spec MATCHES "${file_spec}" AND spec MATCHES "\\.(py|yaml|yml)")
      list(APPEND questions "--stage=${spec}")
    endif()
  endforeach()
  if(NOT questions)
    return()
  endif()
  list(FILTER arguments INCLUDE REGEX "^-I")
  _lh_driver_command(driver)
  execute_process(
    COMMAND ${driver} --needs-python ${questions} ${arguments}
    WORKING_DIRECTORY "${directory}"
    OUTPUT_VARIABLE answer
    ERROR_QUIET # what is wrong with a stage is told when it is resolved
    OUTPUT_STRIP_TRAILING_WHITESPACE
  )
  if(answer)
    string(REGEX MATCH "[^\n]*" first "${answer}")
    _lh_fatal("the stage '${stage}' cannot ${wish}: it runs Python when it is applied (${first})")
  endif()
endfunction()
