# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

cmake_minimum_required(VERSION 3.23...4.4)
include_guard(GLOBAL)

#[=======================================================================[.md:
## lh_embed_stage

Compiles resolved stages as data into a library, for a C++ compiler that applies them without Python.

```cmake
lh_embed_stage(<name>
  STAGES <stage>...
  [HEADER <file.h>] [NAMESPACE <C++ namespace>] [TOOL <target|program>])
```

* `STAGES`: stages that `lh_add_stage()` declared, by target name or alias. Each becomes a constant of its name; what C++
  names cannot hold becomes `_`. A stage whose generator takes the target is the one for the baseline CPU.
* `HEADER`: the name of the header; by default `<name>.h`. It may have directories.
* `NAMESPACE`: of the constants; by default `<name>`.
* `TOOL`: an opt tool with the dialects, passes and version of MLIR of the compiler, which reads the stages while building: what
  the compiler could not parse then fails the build.

In the program, with MLIR's own headers at hand:

```cpp
#include "lighthouse/apply_stage.h"
#include "stages.h"

if (failed(lh::applyStage(module, stages::vectorize)))
  return failure();
```

applies the steps in order, each pass pipeline in a pass manager of its own, and verifies; errors go to the diagnostic engine. To
parse a stage once and apply it often, keep a `lh::ParsedStage`. Call it where no pass manager runs on the context. The generated
header is plain C++, without LLVM, and `lighthouse/apply_stage.h` is header-only.

### Targets, properties, outputs

`<name>` is a static library, which can be installed, exported, and linked as any other. Its file set `HEADERS` has the header,
`lighthouse/embedded_stage.h` and `lighthouse/apply_stage.h`. When a stage changes, the library is compiled and what uses it is linked
again, and nothing else happens: the header holds names alone.

* `LH_HEADER`: the header;
* `LH_STAGES`: the stages.

### Errors

Fatal when CMake runs: unknown, empty, repeated and contradictory arguments; what is no declared stage; two stages whose constants
would have one name; a stage with a step that runs Python when it is applied, as far as the text tells: a stage class, a generator that
takes the payload. A stage that turns out to have such a step when it is resolved fails the build.

### Example

```cmake
lh_add_stage(vectorize SCHEDULE vectorize.py OPTIONS width=8)
lh_add_stage(to_llvm STAGES bufferize.yaml lower-to-llvm.yaml)
lh_embed_stage(stages STAGES vectorize to_llvm)
target_link_libraries(compiler PRIVATE stages)
```
#]=======================================================================]
function(lh_embed_stage name)
  list(APPEND CMAKE_MESSAGE_CONTEXT "lh_embed_stage")
  set(_lh_call "lh_embed_stage(${name})")
  _lh_parse_arguments(1 "" "HEADER;NAMESPACE;TOOL" "STAGES")
  _lh_check_no_keywords(STAGES)
  _lh_check_generator()
  _lh_check_new_target("${name}")
  if(NOT DEFINED ARG_STAGES)
    _lh_fatal("STAGES is missing")
  endif()
  if(NOT CMAKE_CXX_COMPILER_LOADED)
    _lh_fatal("stages are embedded in C++: enable CXX in project()")
  endif()
  string(MAKE_C_IDENTIFIER "${name}" default_namespace)
  if(NOT DEFINED ARG_NAMESPACE)
    set(ARG_NAMESPACE "${default_namespace}")
  endif()
  if(NOT DEFINED ARG_HEADER)
    set(ARG_HEADER "${name}.h")
  endif()
  _lh_check_header("${name}")
  _lh_check_header_name("${ARG_HEADER}")

  set(stages "")
  set(files "")
  set(arguments "")
  set(constants "")
  foreach(item IN LISTS ARG_STAGES)
    set(stage "")
    if(TARGET "${item}" OR item MATCHES "::")
      _lh_find_stage(stage "${item}")
    endif()
    if(NOT stage)
      _lh_fatal("'${item}' is not a declared stage; declare it with lh_add_stage() to give it a name")
    endif()
    if(stage IN_LIST stages)
      _lh_fatal("the stage '${item}' is named twice")
    endif()
    string(REGEX REPLACE "[^A-Za-z0-9_]" "_" constant "${stage}")
    if(constant IN_LIST constants)
      _lh_fatal("the constant of '${item}' would be called '${constant}', as that of another stage; rename one")
    endif()
    _lh_check_needs_no_python("${stage}" "be embedded")
    get_target_property(file "${stage}" LH_STAGE_FILE)
    _lh_spec_path(spec "${file}")
    list(APPEND stages "${stage}")
    list(APPEND constants "${constant}")
    list(APPEND files "${file}")
    list(APPEND arguments "--stage=${spec}")
  endforeach()
  _lh_makers(makers ${stages})
  set(tool_depends "")
  if(DEFINED ARG_TOOL)
    _lh_tool(tool_arguments tool_depends "${ARG_TOOL}")
    list(APPEND arguments ${tool_arguments})
  endif()

  set(include_directory "${CMAKE_CURRENT_BINARY_DIR}/${name}/include")
  set(header "${include_directory}/${ARG_HEADER}")
  set(source "${CMAKE_CURRENT_BINARY_DIR}/${name}/${name}.cpp")
  _lh_add_edge(
    edge_sources
    NOTES "${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${name}.lh/embed"
    OUTPUTS "${header}" "${source}"
    ARGUMENTS
      ${arguments}
      "--emit=embedded-header=${header}"
      "--emit=embedded-source=${source}"
      "--namespace=${ARG_NAMESPACE}"
    DEPENDS ${makers} ${files} ${tool_depends}
    COMMENT "Embedding stages ${name}"
    OWNER "${name}.embed"
  )
  add_library("${name}" STATIC "${source}" ${edge_sources})
  get_property(include GLOBAL PROPERTY _LH_INCLUDE)
  set_source_files_properties("${source}" PROPERTIES GENERATED TRUE)
  target_sources(
    "${name}"
    PUBLIC
      FILE_SET HEADERS
        BASE_DIRS "${include_directory}" "${include}"
        FILES "${header}" "${include}/lighthouse/embedded_stage.h" "${include}/lighthouse/apply_stage.h"
  )
  # The source includes its header by name alone.
  cmake_path(GET header PARENT_PATH header_directory)
  target_include_directories("${name}" PRIVATE "${header_directory}")
  target_compile_features("${name}" PUBLIC cxx_std_17)
  set_target_properties(
    "${name}"
    PROPERTIES POSITION_INDEPENDENT_CODE TRUE LH_HEADER "${header}" LH_STAGES "${stages}"
  )
  _lh_order_after("${name}" "${name}.embed")
endfunction()
