# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

cmake_minimum_required(VERSION 3.23...4.4)
include_guard(GLOBAL)

define_property(
  TARGET
  PROPERTY LH_OUTPUTS
  BRIEF_DOCS "On a lowered library: all files that lowering writes."
  FULL_DOCS "On a target made by lh_lower(): the absolute paths of what lowering writes, but for the header; in order."
)
define_property(
  TARGET
  PROPERTY LH_HEADER
  BRIEF_DOCS "On a lowered library: the generated header."
  FULL_DOCS "On a target made by lh_lower(): the absolute path of the generated header; not set without one."
)
define_property(
  TARGET
  PROPERTY LH_STAGES
  BRIEF_DOCS "On a lowered library: the stages it was lowered by."
  FULL_DOCS "On a target made by lh_lower(): the stage targets in order, the implicit ones of specs included."
)
define_property(
  TARGET
  PROPERTY LH_TARGET
  BRIEF_DOCS "On a lowered library: what code is generated for."
  FULL_DOCS
    "On a target made by lh_lower(): triple, CPU and features as three list items; not set where no triple is needed."
)

#[=======================================================================[.md:
## lh_lower

Lowers payloads by stages into a library, or into files of another kind.

```cmake
lh_lower(<name>
  SOURCES <payload.mlir|payload.py>...
  STAGES <stage|spec>...
  [EMIT object|assembly|llvmir|bitcode|cpp|mlir|bytecode ...]
  [STATIC|SHARED|OBJECT]
  [HEADER <file.h> | NO_HEADER] [NAMESPACE <C++ namespace>] [CLASS <name>] [SYMBOL_PREFIX <prefix>]
  [TARGET_TRIPLE <triple>] [CPU <cpu>] [FEATURES <feature>...] [OPTIMIZE 0|1|2|3]
  [LINK_LIBRARIES <library>...] [ALLOW_UNDEFINED <glob>...]
  [TOOL <target|program>]
  [OUTPUT_DIRECTORY <dir>] [DEPENDS <file|target>...]
  [TIMEOUT <seconds>] [JOB_POOL <pool>] [BATCH_SIZE <count>])
```

* `SOURCES`: the payloads, `.mlir` or `.mlirbc`, or Python files that generate one: `mlp.py`, `mlp.py{layers=3}`,
  `mlp.py[function]{layers=3}`; the function is `create_payload` by default. Files that the build generates must be in
  the binary directory or have the source property `GENERATED`.
* `STAGES`: what lowers them, in order: stages that `lh_add_stage()` declared, by target name or alias, and specs of
  the stage language. A bare name that is no target is a pass. Quote what holds spaces or parentheses. After the last
  stage the payload must be in the LLVM dialect, or in EmitC for `cpp`, unless only `mlir` or `bytecode` is emitted.
* `EMIT`: what is written for each payload; by default `object`.

  | kind | file | |
  |---|---|---|
  | `object` | `.o` (`.obj`) | linked into the library |
  | `assembly` | `.s` | linked into the library when there is no object; ASM must be enabled |
  | `llvmir`, `bitcode` | `.ll`, `.bc` | |
  | `cpp` | `.cpp` | compiled into the library by the project's C++ compiler; excludes all above |
  | `mlir`, `bytecode` | `.mlir`, `.mlirbc` | |

* `STATIC`, `SHARED`, `OBJECT`: the type of the library; by default what `BUILD_SHARED_LIBS` says, as for
  `add_library()`. An OBJECT library is assembled from assembly, so that `$<TARGET_OBJECTS:name>` holds its objects;
  ASM must be enabled.
* `HEADER`: the name of the header that declares every public function of the payloads; by default `<name>.h`. It may
  have directories: `kernels/mlp.h`. Names of standard headers, such as `math.h`, are refused. `NO_HEADER`: none.
* `NAMESPACE`: the C++ namespace of the declarations; of models `<name>` by default.
* `CLASS`: the C++ class of a model, in which `{}` stands for the model's name in CamelCase; by default `{}`.
* `SYMBOL_PREFIX`: goes before the name of every exported function.
* `TARGET_TRIPLE`: by default that of the project's C++ or C compiler.
* `CPU`, `FEATURES`: by default the baseline of the triple. Features are `+name` or `-name`. `CPU native` is the CPU
  of the build machine with its features, determined when CMake runs.
* `OPTIMIZE`: of the code generator; 2 by default, in every configuration. Code is always position-independent.
* `LINK_LIBRARIES`: libraries that define what the payloads declare and call. libm is linked where there is one.
* `ALLOW_UNDEFINED`: symbols that code may need and that are neither declared in the payload nor of libc or libm.
* `TOOL`: the project's own opt tool, an executable target or a program, which takes the options of `mlir-opt`. It reads the payloads
  and applies the stages, in one process, in place of the bindings: for dialects and passes that only it knows. What it makes crosses to
  the code generator as text. It is a dependency with its shared libraries, but for those of the system, by their contents: a tool that is
  built again to the same bytes lowers nothing again. Stages that run Python when they are applied do not go with it.
* `OUTPUT_DIRECTORY`: where outputs are written; by default the current binary directory.
* `DEPENDS`: files and targets that lowering needs besides payloads and stages.
* `TIMEOUT`: after which lowering one payload is given up, in seconds; by default never.
* `JOB_POOL`: the pool of Ninja that lowering runs in. It must be defined.
* `BATCH_SIZE`: how many payloads a build rule has at most; by default the variable `LH_BATCH_SIZE`, else 16. A rule lowers
  those of its payloads again that must be, and no other ones, each in a process of its own; what they have in common is
  loaded once. With `DEPENDS`, `TOOL` or `EMIT cpp`, and for payloads that Python or the build generates, there is a rule a payload. More than
  the jobs that the build tool was told to run may be at work, up to one a processor in a build tree, but with `JOB_POOL`.

Locations, which bytecode, debug information and `.interface.json` files hold, name files relative to the top-level
source or binary directory (`--prefix-map` of lh-opt), so that what is written is the same in every tree.

### Targets, properties, outputs

With `object`, `assembly` or `cpp`, `<name>` is a real library, which can be installed, exported, and linked as any other.
Linking it brings the include directories of its header, which is written before anything that links the library is
compiled. The header and `lighthouse/memref.h`, of models `lighthouse/model.h`, are in its file set `HEADERS`. Nothing of
this package is in its link interface. Otherwise `<name>` is an INTERFACE library, built by default.

A payload `dir/file.mlir` becomes `<OUTPUT_DIRECTORY>/<name>/dir/file.<extension>`; one outside the source and binary
directories `<OUTPUT_DIRECTORY>/<name>/file.<extension>`. The header is below `<OUTPUT_DIRECTORY>/<name>/include`.

* `LH_OUTPUTS`: all files written for the payloads;
* `LH_HEADER`: the header;
* `LH_STAGES`: the stages;
* `LH_TARGET`: triple, CPU and features.

### Errors

Fatal when CMake runs: unknown, empty, repeated and contradictory arguments; a triple, CPU or feature that LLVM does not
know; missing payloads; a `::` name that is no stage, or a
target that is none; two outputs of one name; a language that must be enabled; an unbalanced square bracket, a
semicolon, or a `#` in a path.

### Example

```cmake
lh_add_stage(tile SCHEDULE tile_and_vectorize.py OPTIONS tile=[8,32])
lh_lower(mlp SOURCES mlp.mlir STAGES tile lower-to-llvm.yaml CPU native)
target_link_libraries(app PRIVATE mlp) # and in C++: #include "mlp.h"

install(TARGETS mlp EXPORT kernels FILE_SET HEADERS)
```
#]=======================================================================]
function(lh_lower name)
  list(APPEND CMAKE_MESSAGE_CONTEXT "lh_lower")
  set(_lh_call "lh_lower(${name})")
  set(options STATIC SHARED OBJECT NO_HEADER)
  set(
    one_value
    HEADER
    NAMESPACE
    CLASS
    SYMBOL_PREFIX
    TARGET_TRIPLE
    CPU
    OPTIMIZE
    OUTPUT_DIRECTORY
    TIMEOUT
    TOOL
    JOB_POOL
    BATCH_SIZE
  )
  set(
    multi_value
    SOURCES
    STAGES
    EMIT
    FEATURES
    LINK_LIBRARIES
    ALLOW_UNDEFINED
    DEPENDS
  )
  _lh_parse_arguments(1 "${options}" "${one_value}" "${multi_value}")
  _lh_check_no_keywords(
    SOURCES
    STAGES
    EMIT
    FEATURES
    DEPENDS
  )
  _lh_check_generator()
  _lh_check_new_target("${name}")
  foreach(keyword IN ITEMS SOURCES STAGES)
    if(NOT DEFINED ARG_${keyword})
      _lh_fatal("${keyword} is missing")
    endif()
  endforeach()

  _lh_check_models()
  # What does not depend on name and payloads is the same for most calls of a project, and found out once.
  list(SUBLIST ARGV 1 -1 call)
  string(REPLACE "SOURCES;${ARG_SOURCES}" "SOURCES" call "${call}")
  set(
    memo
    "_LH_LOWER ${CMAKE_CURRENT_SOURCE_DIR} ${LH_BATCH_SIZE} ${CMAKE_CXX_COMPILER_TARGET} ${CMAKE_C_COMPILER_TARGET} ${call}"
  )
  set(
    settings
    kinds
    extensions
    type
    language
    target
    arguments
    stages
    depends
    batch_size
    EDGE_COMMAND
    EDGE_COMMON_DEPENDS
  )
  get_property(known GLOBAL PROPERTY "${memo}")
  if(NOT known)
    _lh_lower_settings("${memo}")
  endif()
  foreach(setting IN LISTS settings)
    get_property(${setting} GLOBAL PROPERTY "${memo} ${setting}")
  endforeach()

  _lh_lower_sources(sources stems)
  if(type STREQUAL "cpp")
    _lh_claim_namespace("${ARG_NAMESPACE}")
    _lh_mlir_translate(translate_arguments translate_depends)
    list(APPEND arguments ${translate_arguments})
    list(APPEND depends ${translate_depends})
  endif()
  list(APPEND arguments "--declared-by=${CMAKE_CURRENT_LIST_FILE}:${_lh_call}")

  if(NOT DEFINED ARG_OUTPUT_DIRECTORY)
    set(ARG_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}")
  endif()
  cmake_path(
    ABSOLUTE_PATH ARG_OUTPUT_DIRECTORY
    BASE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}"
    NORMALIZE
    OUTPUT_VARIABLE output_directory
  )
  set(output_directory "${output_directory}/${name}")
  set(notes_directory "${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${name}.lh")
  set(header_notes_directory "${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${name}.header.lh") # a payload may have any name
  _lh_check_paths("${output_directory}" "${notes_directory}")

  set(header "") # of a library
  set(header_arguments "")
  if("interface" IN_LIST kinds)
    list(REMOVE_ITEM kinds interface)
    if(NOT DEFINED ARG_HEADER)
      set(ARG_HEADER "${name}.h")
    endif()
    _lh_check_header_name("${ARG_HEADER}")
    set(header "${output_directory}/include/${ARG_HEADER}")
    _lh_lower_header_arguments(header_arguments)
  endif()

  # What each payload is lowered to, and by which arguments.
  foreach(kind IN LISTS kinds)
    set(${kind}_files "")
  endforeach()
  set(interface_files "") # what the header is made of, and tests read
  set(index 0)
  foreach(source payload stem IN ZIP_LISTS sources payloads stems)
    set(outputs_${index} "")
    set(arguments_${index} "${payload}")
    foreach(kind extension IN ZIP_LISTS kinds extensions)
      set(file "${output_directory}/${stem}${extension}")
      list(APPEND outputs_${index} "${file}")
      list(APPEND arguments_${index} "--emit=${kind}=${file}")
      list(APPEND ${kind}_files "${file}")
    endforeach()
    if(header)
      set(file "${notes_directory}/${stem}.interface.json")
      list(APPEND arguments_${index} "--emit=interface=${file}")
      list(APPEND interface_files "${file}")
    endif()
    math(EXPR index "${index} + 1")
  endforeach()

  # The rules. That which has all payloads makes the header, too; else one merges what the others say of theirs.
  _lh_lower_groups(groups)
  set(merged_files "")
  if(header AND groups MATCHES ";")
    set(header_rule merge)
  elseif(header)
    set(header_rule same)
  else()
    set(header_rule "")
  endif()
  set(outputs "")
  set(marks "")
  set(EDGE_OWNER "${name}.lower")
  set(EDGE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
  set(EDGE_JOB_POOL "${ARG_JOB_POOL}")
  foreach(group IN LISTS groups)
    string(REPLACE "," ";" group "${group}")
    list(GET group 0 first)
    list(GET stems ${first} first_stem)
    set(EDGE_NOTES "${notes_directory}/${first_stem}")
    set(EDGE_COMMENT "Lowering ${name}/${first_stem}")
    set(EDGE_DEPENDS ${depends} ${ARG_DEPENDS})
    if(group MATCHES ";")
      _lh_lower_batch()
    else()
      _lh_lower_alone()
    endif()
    if(header_rule STREQUAL "same")
      list(APPEND EDGE_OUTPUTS "${header}")
      list(APPEND EDGE_ARGUMENTS "--emit=header=${header}" ${header_arguments})
    endif()
    _lh_write_edge()
    list(APPEND outputs ${EDGE_OUTPUTS})
    list(APPEND marks "${EDGE_MARK}")
  endforeach()
  # Or lowering would wait for libraries that are linked. A header's target has the rules that it needs, too.
  set(always FALSE)
  if(DEFINED ARG_LINK_LIBRARIES AND NOT header_rule STREQUAL "merge")
    set(always TRUE)
  endif()
  _lh_own_edges(library_sources "${name}.lower" "${marks}" "${outputs}" ${always})

  if(NOT type)
    add_library("${name}" INTERFACE)
    target_sources("${name}" PRIVATE ${library_sources})
  else()
    _lh_lower_create_library()
    if(header)
      if(header_rule STREQUAL "merge")
        _lh_lower_merge_header()
        list(REMOVE_ITEM outputs ${merged_files})
      endif()
      list(REMOVE_ITEM outputs "${header}")
      _lh_lower_add_header()
    endif()
  endif()
  # Lowerings, then the header, then the rest.
  _lh_order_after("${name}" "${name}.lower")
  _lh_order_after("${name}" "${name}.header")
  if(TARGET "${name}.header")
    _lh_order_after("${name}.header" "${name}.lower")
  endif()
  set_target_properties("${name}" PROPERTIES LH_OUTPUTS "${outputs}" LH_STAGES "${stages}")
  if(target)
    set_target_properties("${name}" PROPERTIES LH_TARGET "${target}")
  endif()
endfunction()

# The helpers below read and write the variables of lh_lower().

# Finds out and notes `settings` as the global properties `<memo> <setting>`.
function(_lh_lower_settings memo)
  _lh_link_language(language)
  _lh_lower_kinds(kinds type)
  _lh_lower_extensions(extensions)
  _lh_lower_check_values()
  _lh_lower_target_arguments(arguments target)
  _lh_lower_stages(stages depends stage_arguments)
  list(APPEND arguments ${stage_arguments} "--project-root=${CMAKE_SOURCE_DIR}")
  _lh_prefix_map(names)
  list(APPEND arguments ${names})
  _lh_lower_batch_size(batch_size)
  _lh_start_edges()
  if(CMAKE_GENERATOR MATCHES "Ninja")
    list(APPEND EDGE_COMMAND --depfile-omit-named) # the rules below name them; a build looks at each name anew
  endif()
  foreach(setting IN LISTS settings)
    set_property(GLOBAL PROPERTY "${memo} ${setting}" "${${setting}}")
  endforeach()
  set_property(GLOBAL PROPERTY "${memo}" TRUE)
endfunction()

# Sets `size` to how many payloads a rule may have.
function(_lh_lower_batch_size size)
  set(result 16)
  if(DEFINED ARG_BATCH_SIZE)
    set(result "${ARG_BATCH_SIZE}")
  elseif(NOT "${LH_BATCH_SIZE}" STREQUAL "")
    set(result "${LH_BATCH_SIZE}")
  endif()
  if(NOT result MATCHES "^[1-9][0-9]*$")
    _lh_fatal("BATCH_SIZE '${result}' is not a whole number greater than 0")
  endif()
  # Which payloads have to be lowered again, the driver then finds out by the files that it knows. What DEPENDS names may
  # be anything, a tool is a process a payload in any case, and a batch file has an argument a line.
  if(DEFINED ARG_DEPENDS OR DEFINED ARG_TOOL OR type STREQUAL "cpp" OR arguments MATCHES "\n")
    set(result 1)
  endif()
  set(${size} "${result}" PARENT_SCOPE)
endfunction()

# Sets `kinds` to what is written for each payload, and `type` to the kind that is linked, or to nothing.
function(_lh_lower_kinds kinds type)
  if(DEFINED ARG_EMIT)
    _lh_lower_check_emit()
  else()
    set(ARG_EMIT object)
  endif()

  if((ARG_STATIC AND (ARG_SHARED OR ARG_OBJECT)) OR (ARG_SHARED AND ARG_OBJECT))
    set(types STATIC SHARED OBJECT)
    foreach(keyword IN LISTS types)
      if(NOT ARG_${keyword})
        list(REMOVE_ITEM types ${keyword})
      endif()
    endforeach()
    list(JOIN types " and " types)
    _lh_fatal("${types} exclude each other")
  endif()
  if(ARG_NO_HEADER AND DEFINED ARG_HEADER)
    _lh_fatal("HEADER and NO_HEADER exclude each other")
  endif()
  if(ARG_NO_HEADER AND DEFINED ARG_NAMESPACE)
    _lh_fatal("NAMESPACE is for the header, but NO_HEADER is given")
  endif()

  set(linked "")
  if("object" IN_LIST ARG_EMIT)
    set(linked object)
  elseif("assembly" IN_LIST ARG_EMIT)
    set(linked assembly)
  elseif("cpp" IN_LIST ARG_EMIT)
    set(linked cpp)
  endif()
  if(NOT linked)
    foreach(keyword IN ITEMS HEADER NAMESPACE LINK_LIBRARIES ALLOW_UNDEFINED)
      if(DEFINED ARG_${keyword})
        _lh_fatal("${keyword} is for a library, but EMIT has no object, assembly or cpp")
      endif()
    endforeach()
    if(ARG_STATIC OR ARG_SHARED OR ARG_OBJECT OR ARG_NO_HEADER)
      _lh_fatal("STATIC, SHARED, OBJECT and NO_HEADER are for a library, but EMIT has no object, assembly or cpp")
    endif()
    set(${kinds} "${ARG_EMIT}" PARENT_SCOPE)
    set(${type} "" PARENT_SCOPE)
    return()
  endif()

  if(NOT language)
    _lh_fatal("a library needs a linker: enable C or CXX in project(), or EMIT neither object nor assembly")
  endif()
  if(ARG_OBJECT AND NOT linked STREQUAL "cpp")
    # CMake knows the objects of an OBJECT library only if it makes them itself.
    if(NOT DEFINED ARG_EMIT OR ARG_EMIT STREQUAL "object")
      set(ARG_EMIT assembly)
    elseif(NOT "assembly" IN_LIST ARG_EMIT)
      list(APPEND ARG_EMIT assembly)
    endif()
    set(linked assembly)
  endif()
  if(linked STREQUAL "assembly" AND NOT CMAKE_ASM_COMPILER_LOADED)
    set(why "a library of assembly is assembled by CMake")
    if(ARG_OBJECT)
      set(why "an OBJECT library is assembled by CMake")
    endif()
    _lh_fatal("${why}: enable ASM, project(... LANGUAGES ${language} ASM)")
  endif()
  if(NOT ARG_NO_HEADER)
    list(APPEND ARG_EMIT interface)
  endif()
  set(${kinds} "${ARG_EMIT}" PARENT_SCOPE)
  set(${type} "${linked}" PARENT_SCOPE)
endfunction()

# Refuses what EMIT does not take.
function(_lh_lower_check_emit)
  set(
    all
    object
    assembly
    llvmir
    bitcode
    cpp
    mlir
    bytecode
  )
  foreach(kind IN LISTS ARG_EMIT)
    if(NOT kind IN_LIST all)
      list(JOIN all ", " accepted)
      _lh_fatal("unknown EMIT '${kind}'; accepted are ${accepted}")
    endif()
  endforeach()
  set(unique ${ARG_EMIT})
  list(REMOVE_DUPLICATES unique)
  if(NOT unique STREQUAL "${ARG_EMIT}")
    _lh_fatal("EMIT names a kind twice")
  endif()
endfunction()

# Refuses values that can only be mistakes.
function(_lh_lower_check_values)
  if(DEFINED ARG_OPTIMIZE AND NOT ARG_OPTIMIZE MATCHES "^[0-3]$")
    _lh_fatal("OPTIMIZE '${ARG_OPTIMIZE}' is not 0, 1, 2 or 3")
  endif()
  _lh_check_timeout()
  if(DEFINED ARG_SYMBOL_PREFIX AND NOT ARG_SYMBOL_PREFIX MATCHES "^[A-Za-z_][A-Za-z0-9_]*$")
    _lh_fatal("SYMBOL_PREFIX '${ARG_SYMBOL_PREFIX}' is not the beginning of a C identifier")
  endif()
  _lh_check_header("${name}")
  foreach(feature IN LISTS ARG_FEATURES)
    if(NOT feature MATCHES "^[+-][A-Za-z0-9_.-]+$")
      _lh_fatal("the feature '${feature}' is not of the form +name or -name")
    endif()
  endforeach()
  if(DEFINED ARG_JOB_POOL AND CMAKE_GENERATOR MATCHES "Ninja")
    get_property(pools GLOBAL PROPERTY JOB_POOLS)
    list(APPEND pools ${CMAKE_JOB_POOLS})
    list(TRANSFORM pools REPLACE "=.*" "")
    if(NOT ARG_JOB_POOL IN_LIST pools AND NOT ARG_JOB_POOL STREQUAL "console")
      _lh_fatal("the JOB_POOL '${ARG_JOB_POOL}' is not defined; set the global property JOB_POOLS before")
    endif()
  endif()
endfunction()

# Sets `sources` to the payloads' files as absolute paths, `payloads` to what the driver is given for them, and `stems`
# to what their outputs are called, without extension.
function(_lh_lower_sources sources stems)
  set(payload_arguments "")
  set(paths "")
  set(names "")
  foreach(source IN LISTS ARG_SOURCES)
    set(call "") # of a payload generator: file.py[function]{options}
    if(NOT source MATCHES "\\.(mlir|mlirbc)$")
      if(NOT source MATCHES "^([^[{]*\\.py)[ \t]*([[{].*)?$")
        _lh_check_path("${source}")
        _lh_fatal("the source '${source}' is not a .mlir or .mlirbc file, or a .py file that generates one")
      endif()
      set(source "${CMAKE_MATCH_1}")
      set(call "${CMAKE_MATCH_2}")
    endif()
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE OUTPUT_VARIABLE path)
    _lh_check_paths("${source}${call}" "${path}")
    if(NOT EXISTS "${path}")
      cmake_path(IS_PREFIX CMAKE_BINARY_DIR "${path}" NORMALIZE in_build_tree)
      get_source_file_property(generated "${path}" GENERATED)
      if(NOT in_build_tree AND NOT generated)
        _lh_fatal("the source '${source}' does not exist")
      endif()
    endif()
    set(base "${CMAKE_CURRENT_SOURCE_DIR}")
    cmake_path(IS_PREFIX CMAKE_CURRENT_BINARY_DIR "${path}" in_binary_directory)
    if(in_binary_directory)
      set(base "${CMAKE_CURRENT_BINARY_DIR}")
    endif()
    cmake_path(RELATIVE_PATH path BASE_DIRECTORY "${base}" OUTPUT_VARIABLE stem)
    if(stem MATCHES "^\\.\\./|^$") # elsewhere, or on another drive
      cmake_path(GET path FILENAME stem)
    endif()
    string(REGEX REPLACE "\\.[^.]+$" "" stem "${stem}")
    list(APPEND paths "${path}")
    if(source MATCHES "\\.py$")
      _lh_spec_path(path "${path}") # others are given as they are: they are not of the stage language
      string(REGEX REPLACE "[^A-Za-z0-9_.]+" "-" suffix "${call}")
      string(REGEX REPLACE "-$" "" suffix "${suffix}")
      string(APPEND stem "${suffix}")
    endif()
    list(APPEND payload_arguments "${path}${call}")
    list(APPEND names "${stem}")
  endforeach()
  if(payload_arguments MATCHES ";")
    _lh_lower_check_unique("${payload_arguments}")
  endif()
  set(${sources} "${paths}" PARENT_SCOPE)
  set(${stems} "${names}" PARENT_SCOPE)
  set(payloads "${payload_arguments}" PARENT_SCOPE)
endfunction()

# Refuses a payload that is named twice.
function(_lh_lower_check_unique payloads)
  set(unique ${payloads})
  list(REMOVE_DUPLICATES unique)
  if(NOT unique STREQUAL payloads)
    foreach(source payload IN ZIP_LISTS ARG_SOURCES payloads)
      if(NOT payload IN_LIST unique)
        _lh_fatal("the source '${source}' is named twice")
      endif()
      list(REMOVE_ITEM unique "${payload}")
    endforeach()
  endif()
endfunction()

# Sets `stages` to what STAGES stands for, `depends` to what lowering with them depends on, and `arguments` to those of
# the driver that name them.
function(_lh_lower_stages stages depends arguments)
  _lh_resolve_stages(found files ${ARG_STAGES})
  set(list "")
  set(tool_depends "")
  if(DEFINED ARG_TOOL)
    _lh_tool(list tool_depends "${ARG_TOOL}")
    foreach(stage IN LISTS found)
      _lh_check_needs_no_python("${stage}" "be applied by a tool")
    endforeach()
  endif()
  _lh_check_stage_tools("${ARG_TOOL}" ${found})
  set(python_arguments "")
  foreach(stage file IN ZIP_LISTS found files)
    _lh_spec_path(spec "${file}")
    list(APPEND list "--stage=${spec}")
    # A Python step runs while the payload is lowered, and needs there what its stage was declared with.
    get_target_property(declared "${stage}" _LH_STAGE_ARGUMENTS)
    list(FILTER declared INCLUDE REGEX "^--(python-path|environment)=")
    list(APPEND python_arguments ${declared})
  endforeach()
  list(REMOVE_DUPLICATES python_arguments)
  set(${stages} "${found}" PARENT_SCOPE)
  _lh_makers(makers ${found})
  set(${depends} ${makers} ${files} ${tool_depends} PARENT_SCOPE)
  set(${arguments} ${list} ${python_arguments} PARENT_SCOPE)
endfunction()

# Sets `arguments` to those of the driver that hold for every payload, and `target` to triple, CPU and features.
function(_lh_lower_target_arguments arguments target)
  set(result "")
  set(triple "${ARG_TARGET_TRIPLE}")
  if(NOT triple)
    _lh_compiler_triple(triple)
  endif()
  set(needs_triple ${kinds})
  list(REMOVE_ITEM needs_triple mlir bytecode cpp)
  if(NOT triple AND (needs_triple OR DEFINED ARG_CPU))
    _lh_fatal("there is no compiler to take the target triple from; give TARGET_TRIPLE, or enable C or CXX")
  endif()
  set(cpu "${ARG_CPU}")
  list(JOIN ARG_FEATURES "," features)
  if(cpu STREQUAL "native")
    _lh_native_target(cpu native_features "${triple}")
    list(PREPEND ARG_FEATURES ${native_features})
    list(JOIN ARG_FEATURES "," features)
  endif()
  if(triple)
    list(APPEND result "--target-triple=${triple}")
  endif()
  if(cpu)
    list(APPEND result "--cpu=${cpu}")
  endif()
  if(features)
    list(APPEND result "--features=${features}")
  endif()
  set(chosen ${result}) # what a stage may ask for
  if(DEFINED ARG_TARGET_TRIPLE OR DEFINED ARG_CPU OR DEFINED ARG_FEATURES)
    _lh_check_target(${chosen})
  endif()
  if(NOT DEFINED ARG_OPTIMIZE)
    set(ARG_OPTIMIZE 2)
  endif()
  list(APPEND result "-O${ARG_OPTIMIZE}")
  if(DEFINED ARG_SYMBOL_PREFIX)
    list(APPEND result "--symbol-prefix=${ARG_SYMBOL_PREFIX}")
  endif()
  if(DEFINED ARG_TIMEOUT)
    list(APPEND result "--timeout=${ARG_TIMEOUT}")
  endif()
  foreach(glob IN LISTS ARG_ALLOW_UNDEFINED)
    list(APPEND result "--allow-undefined=${glob}")
  endforeach()
  set(${arguments} "${result}" PARENT_SCOPE)
  set(_lh_target_arguments "${chosen}" PARENT_SCOPE)
  set(${target} "" PARENT_SCOPE)
  if(triple)
    set(${target} "${triple};${cpu};${features}" PARENT_SCOPE)
  endif()
endfunction()

# Sets `extensions` to those of the outputs of each of `kinds`.
function(_lh_lower_extensions extensions)
  set(object ".o")
  foreach(language IN ITEMS CXX C)
    if(CMAKE_${language}_OUTPUT_EXTENSION)
      set(object "${CMAKE_${language}_OUTPUT_EXTENSION}")
    endif()
  endforeach()
  set(assembly ".s")
  set(llvmir ".ll")
  set(bitcode ".bc")
  set(cpp ".cpp")
  set(mlir ".mlir")
  set(bytecode ".mlirbc")
  set(list "")
  foreach(kind IN LISTS kinds)
    if(NOT kind STREQUAL "interface") # a note of ours
      list(APPEND list "${${kind}}")
    endif()
  endforeach()
  set(${extensions} "${list}" PARENT_SCOPE)
endfunction()

# Sets `groups` to lists with commas of the payloads, by number, that a rule has: in order, and as large as batches may be.
# Those of a rule of their own are a list of one.
function(_lh_lower_groups groups)
  set(list "")
  set(run "")
  set(index 0)
  foreach(source IN LISTS sources)
    # What generates a payload may take any time, or need another one.
    get_source_file_property(generated "${source}" GENERATED)
    set(in_build_tree FALSE)
    if(NOT CMAKE_BINARY_DIR STREQUAL CMAKE_SOURCE_DIR)
      cmake_path(IS_PREFIX CMAKE_BINARY_DIR "${source}" in_build_tree)
    endif()
    if(batch_size EQUAL 1 OR source MATCHES "\\.py$" OR generated OR in_build_tree)
      _lh_lower_split(list "${run}")
      set(run "")
      list(APPEND list "${index}")
    else()
      list(APPEND run "${index}")
    endif()
    math(EXPR index "${index} + 1")
  endforeach()
  _lh_lower_split(list "${run}")
  set(${groups} "${list}" PARENT_SCOPE)
endfunction()

# Appends to `groups` the payloads `run` in groups of about the same size.
function(_lh_lower_split groups run)
  set(list "${${groups}}")
  list(LENGTH run count)
  set(first 0)
  while(first LESS count)
    math(EXPR left "${count} - ${first}")
    math(EXPR rules "(${left} + ${batch_size} - 1) / ${batch_size}")
    math(EXPR size "(${left} + ${rules} - 1) / ${rules}")
    list(SUBLIST run ${first} ${size} group)
    string(REPLACE ";" "," group "${group}")
    list(APPEND list "${group}")
    math(EXPR first "${first} + ${size}")
  endwhile()
  set(${groups} "${list}" PARENT_SCOPE)
endfunction()

# Sets EDGE_* to what is particular to the rule of the one payload in `group`.
macro(_lh_lower_alone)
  set(EDGE_OUTPUTS ${outputs_${group}})
  set(EDGE_ARGUMENTS ${arguments_${group}} ${arguments})
  list(GET sources ${group} source)
  list(PREPEND EDGE_DEPENDS "${source}")
  if(header_rule STREQUAL "merge")
    list(GET interface_files ${group} file)
    list(APPEND EDGE_OUTPUTS "${file}")
    list(APPEND merged_files "${file}")
    if(type STREQUAL "cpp")
      list(APPEND EDGE_ARGUMENTS "--namespace=${ARG_NAMESPACE}")
    endif()
  endif()
endmacro()

# Sets EDGE_* to what is particular to the rule of the payloads in `group`, and writes the file that says what they become:
# an argument a line, in paragraphs; see batch.py.
macro(_lh_lower_batch)
  set(file "${EDGE_NOTES}.batch")
  set(EDGE_OUTPUTS "")
  list(JOIN arguments "\n" text)
  foreach(index IN LISTS group)
    list(GET sources ${index} source)
    list(GET stems ${index} stem)
    list(APPEND EDGE_OUTPUTS ${outputs_${index}})
    list(APPEND EDGE_DEPENDS "${source}")
    list(JOIN arguments_${index} "\n" paragraph)
    string(APPEND text "\n\n${notes_directory}/${stem}.lowered.json\n${paragraph}")
  endforeach()
  file(GENERATE OUTPUT "${file}" CONTENT "${text}\n") # only if it differs
  list(LENGTH group others)
  math(EXPR others "${others} - 1")
  string(APPEND EDGE_COMMENT " and ${others} more")
  list(APPEND EDGE_DEPENDS "${file}")
  _lh_prefix_map(names)
  set(EDGE_ARGUMENTS "--batch=${file}" ${names} "--declared-by=${CMAKE_CURRENT_LIST_FILE}:${_lh_call}")
  if(DEFINED ARG_JOB_POOL)
    list(APPEND EDGE_ARGUMENTS --jobs=1) # the pool says how many run at once
  endif()
  if(header_rule STREQUAL "merge")
    set(file "${header_notes_directory}/${first_stem}.interface.json")
    list(APPEND EDGE_OUTPUTS "${file}")
    list(APPEND EDGE_ARGUMENTS "--emit=interface=${file}")
    list(APPEND merged_files "${file}")
  endif()
endmacro()

# Makes the library `name` of the rules.
function(_lh_lower_create_library)
  set(keyword "")
  if(ARG_STATIC)
    set(keyword STATIC)
  elseif(ARG_SHARED)
    set(keyword SHARED)
  elseif(ARG_OBJECT)
    set(keyword OBJECT)
  endif()
  set(linked ${${type}_files})
  list(PREPEND library_sources ${linked}) # objects in the order of the payloads
  list(REMOVE_DUPLICATES library_sources)
  add_library("${name}" ${keyword} ${library_sources})
  set_target_properties("${name}" PROPERTIES LINKER_LANGUAGE ${language})
  if(type STREQUAL "object")
    set_source_files_properties(${linked} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
    if("assembly" IN_LIST kinds)
      set_source_files_properties(${assembly_files} PROPERTIES HEADER_FILE_ONLY TRUE) # or it would be assembled
    endif()
  elseif(type STREQUAL "cpp")
    # Two payloads may have constants of one name.
    set_source_files_properties(
      ${linked}
      PROPERTIES GENERATED TRUE SKIP_AUTOGEN TRUE SKIP_UNITY_BUILD_INCLUSION TRUE SKIP_PRECOMPILE_HEADERS TRUE
    )
    target_compile_features("${name}" PRIVATE cxx_std_17)
  else()
    set_source_files_properties(${linked} PROPERTIES LANGUAGE ASM GENERATED TRUE)
  endif()
  set(libm "")
  if(UNIX AND NOT APPLE AND NOT HAIKU) # the others have no libm of its own
    # By flag: a target would have to be in the user's export set, and a name could be that of a target.
    set(libm -lm)
  endif()
  target_link_libraries("${name}" PRIVATE ${ARG_LINK_LIBRARIES} ${libm})
endfunction()

# Sets `arguments` to those of the driver that the header needs.
function(_lh_lower_header_arguments arguments)
  set(list "")
  if(DEFINED ARG_NAMESPACE)
    list(APPEND list "--namespace=${ARG_NAMESPACE}")
  endif()
  if(DEFINED ARG_CLASS)
    list(APPEND list "--class-name=${ARG_CLASS}")
  endif()
  set(${arguments} "${list}" PARENT_SCOPE)
endfunction()

# Adds the rule that merges the interfaces of the payloads into the header.
function(_lh_lower_merge_header)
  set(EDGE_NOTES "${header_notes_directory}/merge")
  set(EDGE_OUTPUTS "${header}")
  _lh_prefix_map(names)
  set(EDGE_ARGUMENTS ${merged_files} "--emit=header=${header}" ${header_arguments} ${names})
  list(APPEND EDGE_ARGUMENTS "--declared-by=${CMAKE_CURRENT_LIST_FILE}:${_lh_call}")
  set(EDGE_DEPENDS ${merged_files})
  set(EDGE_COMMENT "Writing the header of ${name}")
  set(EDGE_OWNER "${name}.header")
  set(EDGE_JOB_POOL "")
  _lh_write_edge()
  # Nothing that is linked depends on the header, which is made with the library in this way, to be installed.
  _lh_own_edges(sources "${EDGE_OWNER}" "${EDGE_MARK}" "${header}" TRUE)
  target_sources("${name}" PRIVATE ${sources})
endfunction()

# Adds the header to the library.
function(_lh_lower_add_header)
  get_property(include GLOBAL PROPERTY _LH_INCLUDE)
  set(shared_header memref.h)
  if(type STREQUAL "cpp")
    set(shared_header model.h)
  endif()
  target_sources(
    "${name}"
    PUBLIC
      FILE_SET HEADERS
        BASE_DIRS "${output_directory}/include" "${include}"
        FILES "${header}" "${include}/lighthouse/${shared_header}"
  )
  set_target_properties("${name}" PROPERTIES LH_HEADER "${header}" _LH_INTERFACES "${interface_files}")
  if(CMAKE_CXX_COMPILER_LOADED)
    target_compile_features("${name}" INTERFACE cxx_std_17) # what the header is written in
  endif()
endfunction()
