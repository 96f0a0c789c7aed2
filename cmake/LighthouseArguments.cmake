# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# Checks of what the public functions are called with. A mistake is fatal at once and says what is accepted: nothing
# that a user wrote is ignored.

cmake_minimum_required(VERSION 3.23...4.4)
include_guard(GLOBAL)

# Stops, naming the call; the public function has set `_lh_call`.
function(_lh_fatal text)
  message(FATAL_ERROR "${_lh_call}: ${text}")
endfunction()

# Parses the arguments of the public function that calls it, after the first `skip`, into ARG_*.
#
# A macro, since ARGV and ARGV<n> belong to the function itself: if() and list() read the function's.
macro(_lh_parse_arguments skip options one_value multi_value)
  set(_lh_keywords ${options} ${one_value} ${multi_value})
  # Most calls have nothing that could be wrong: no argument twice, none that is empty or that a list does not carry.
  list(LENGTH ARGV _lh_count)
  list(SUBLIST ARGV 0 -1 _lh_unique)
  list(REMOVE_DUPLICATES _lh_unique)
  list(LENGTH _lh_unique _lh_unique)
  if(NOT _lh_count EQUAL ARGC OR NOT _lh_unique EQUAL ARGC OR ARGV MATCHES "[][()\\]|^;|;;|;$")
    _lh_check_arguments(${skip})
  endif()
  cmake_parse_arguments(PARSE_ARGV ${skip} ARG "${options}" "${one_value}" "${multi_value}")
  if(DEFINED ARG_UNPARSED_ARGUMENTS)
    list(GET ARG_UNPARSED_ARGUMENTS 0 _lh_argument)
    _lh_unknown("${_lh_argument}")
  endif()
  if(DEFINED ARG_KEYWORDS_MISSING_VALUES)
    list(GET ARG_KEYWORDS_MISSING_VALUES 0 _lh_keyword)
    _lh_fatal("${_lh_keyword} has no value")
  endif()
endmacro()

# Refuses arguments, after the first `skip`, that CMake lists cannot carry unharmed, and a keyword that comes twice.
#
# Only one by one, as ARGV<n>, are arguments what the user wrote: in a list, one with an unbalanced bracket swallows
# those after it. In a macro ${ARGC} would be its own; if() reads the function's.
macro(_lh_check_arguments skip)
  set(_lh_keyword "")
  set(_lh_seen "")
  set(_lh_index ${skip})
  while(_lh_index LESS ARGC)
    # Most have nothing that could be wrong; a call of a function for each would be a tenth of what lh_lower() costs.
    if(NOT "${ARGV${_lh_index}}" MATCHES "^[^][;()\\]+$")
      _lh_check_argument("${ARGV${_lh_index}}")
    endif()
    if("${ARGV${_lh_index}}" IN_LIST _lh_keywords)
      set(_lh_keyword "${ARGV${_lh_index}}")
      if(_lh_keyword IN_LIST _lh_seen)
        _lh_fatal("${_lh_keyword} is given twice")
      endif()
      list(APPEND _lh_seen "${_lh_keyword}")
    endif()
    math(EXPR _lh_index "${_lh_index} + 1")
  endwhile()
endmacro()

# Refuses an argument that CMake lists cannot carry unharmed.
function(_lh_check_argument argument)
  if(argument STREQUAL "")
    if(_lh_keyword STREQUAL "")
      _lh_fatal("an argument is empty")
    endif()
    _lh_fatal("an argument of ${_lh_keyword} is empty; leave the keyword out, or give it a value")
  endif()
  if(argument MATCHES "^[()]$")
    _lh_fatal("a '${argument}' stands by itself; quote what holds parentheses: \"func.func(cse)\"")
  endif()
  if(argument MATCHES ";")
    _lh_fatal("'${argument}' holds a semicolon, which CMake lists cannot carry; write a list without quotes around it")
  endif()
  if(argument MATCHES "\\\\$")
    _lh_fatal("'${argument}' ends in a backslash, which CMake lists cannot carry")
  endif()
  string(REGEX REPLACE "[^[]" "" opening "${argument}")
  string(REGEX REPLACE "[^]]" "" closing "${argument}")
  string(LENGTH "${opening}" opening)
  string(LENGTH "${closing}" closing)
  if(NOT opening EQUAL closing)
    set(advice "close it, put the text in a YAML pipeline, or rename the file")
    _lh_fatal("'${argument}' has an unbalanced square bracket, which CMake lists cannot carry; ${advice}")
  endif()
endfunction()

# Refuses `argument` as something that no keyword takes.
function(_lh_unknown argument)
  list(JOIN _lh_keywords ", " accepted)
  _lh_fatal("unknown argument '${argument}'; accepted are ${accepted}")
endfunction()

# Refuses words in capitals among the values of these keywords: mistyped keywords, which one with many values swallows.
function(_lh_check_no_keywords)
  set(values "")
  foreach(keyword IN LISTS ARGN)
    string(APPEND values ";${ARG_${keyword}};")
  endforeach()
  if(NOT values MATCHES ";[A-Z][A-Z_]+;")
    return() # as most have none
  endif()
  foreach(keyword IN LISTS ARGN)
    foreach(value IN LISTS ARG_${keyword})
      if(value MATCHES "^[A-Z][A-Z_]+$" AND NOT TARGET "${value}")
        _lh_unknown("${value}")
      endif()
    endforeach()
  endforeach()
endfunction()

# Refuses a TIMEOUT that is none.
function(_lh_check_timeout)
  if(DEFINED ARG_TIMEOUT AND NOT ARG_TIMEOUT MATCHES "^[0-9]*[1-9][0-9]*$")
    _lh_fatal("TIMEOUT '${ARG_TIMEOUT}' is not a number of seconds")
  endif()
endfunction()

# Refuses a path that rules or depfiles cannot hold: one that matches nothing, so that a rule runs at every build.
function(_lh_check_path path)
  if(path MATCHES "^[A-Za-z0-9_./+=,@~-]+$" AND NOT CMAKE_BINARY_DIR MATCHES "\\$")
    return() # as most are
  endif()
  if(path MATCHES "\\$<")
    _lh_fatal("the path '${path}' holds a generator expression; the files must be known when CMake runs")
  endif()
  set(refused "#*?;<>|^`\"\n\\\\")
  if(CMAKE_GENERATOR MATCHES "Makefiles")
    string(APPEND refused "%")
  elseif(path MATCHES "['&]")
    _lh_ninja_version(version)
    if(version VERSION_LESS 1.13)
      string(APPEND refused "'&")
    endif()
  endif()
  if(path MATCHES "[${refused}]")
    set(character "${CMAKE_MATCH_0}")
    _lh_fatal("the path '${path}' holds a '${character}', which build rules of ${CMAKE_GENERATOR} cannot; rename it")
  endif()
  if(CMAKE_GENERATOR MATCHES "Ninja" AND CMAKE_VERSION VERSION_LESS 4.4 AND CMAKE_BINARY_DIR MATCHES "\\$")
    _lh_fatal("the build tree's path holds a '$', which CMake before 4.4 cannot hand to Ninja; build elsewhere")
  endif()
endfunction()

# Refuses paths as _lh_check_path() does.
function(_lh_check_paths)
  list(LENGTH ARGV count)
  list(JOIN ARGV "" all)
  if(count EQUAL ARGC AND all MATCHES "^[A-Za-z0-9_./+=,@~-]*$" AND NOT CMAKE_BINARY_DIR MATCHES "\\$")
    return() # as most are
  endif()
  math(EXPR last "${ARGC} - 1")
  foreach(index RANGE "${last}")
    _lh_check_path("${ARGV${index}}")
  endforeach()
endfunction()

# Sets `result` to the version of Ninja.
function(_lh_ninja_version result)
  get_property(version GLOBAL PROPERTY _LH_NINJA_VERSION)
  if(NOT version)
    execute_process(COMMAND "${CMAKE_MAKE_PROGRAM}" --version OUTPUT_VARIABLE version OUTPUT_STRIP_TRAILING_WHITESPACE)
    set_property(GLOBAL PROPERTY _LH_NINJA_VERSION "${version}")
  endif()
  set(${result} "${version}" PARENT_SCOPE)
endfunction()

# Refuses a NAMESPACE and a HEADER, of the target `name`, that can only be mistakes.
function(_lh_check_header name)
  if(DEFINED ARG_NAMESPACE AND NOT ARG_NAMESPACE MATCHES "^[A-Za-z_][A-Za-z0-9_]*(::[A-Za-z_][A-Za-z0-9_]*)*$")
    _lh_fatal("NAMESPACE '${ARG_NAMESPACE}' is not a C++ namespace")
  endif()
  if(DEFINED ARG_HEADER)
    _lh_check_path("${ARG_HEADER}")
    if(NOT ARG_HEADER MATCHES "\\.(h|hh|hpp|hxx|H)$" OR ARG_HEADER MATCHES "^/|^[A-Za-z]:|(^|/)\\.\\.(/|$)")
      _lh_fatal("HEADER '${ARG_HEADER}' is not a relative path of a header, such as kernels/${name}.h")
    endif()
  endif()
endfunction()

# Refuses the name of a header that would be found in place of C's, Unix' or ours, since its directory is searched first.
function(_lh_check_header_name header)
  string(
    CONCAT taken
    " aio alloca assert complex ctype dirent dlfcn elf endian errno fcntl features fenv float glob grp iconv inttypes"
    " iso646 limits link locale malloc math memory monetary poll pthread pwd regex sched search semaphore setjmp signal"
    " spawn stdalign stdarg stdatomic stdbit stdbool stdckdint stddef stdint stdio stdlib stdnoreturn string strings"
    " termios tgmath threads time uchar unistd utime values wchar wctype"
    " lighthouse/apply_stage lighthouse/embedded_stage lighthouse/memref lighthouse/model "
  )
  string(TOLOWER "${header}" lower) # as some file systems see it
  string(REGEX REPLACE "\\.h$" "" stem "${lower}")
  string(FIND "${taken}" " ${stem} " place)
  if(NOT place EQUAL -1)
    _lh_fatal(
      "the header '${header}' would take the place of another: #include <${lower}> would find it; give a HEADER of "
      "another name, such as kernels/${header}"
    )
  endif()
endfunction()

# Refuses a target name that cannot be declared.
function(_lh_check_new_target name)
  if(NOT name MATCHES "^[A-Za-z0-9_][A-Za-z0-9_.+-]*$")
    _lh_fatal("'${name}' is no name for a target; use letters, digits, '_', '.', '+' and '-'")
  endif()
  # CMake's policy CMP0037, and what it makes of enable_testing() and CPack.
  if(
    name
      MATCHES
      "^(all|ALL_BUILD|clean|edit_cache|help|install|INSTALL|package|PACKAGE|package_source|preinstall|rebuild_cache|test|RUN_TESTS|ZERO_CHECK)$"
  )
    _lh_fatal("'${name}' is a target that CMake makes itself; choose another name")
  endif()
  if(TARGET "${name}")
    get_target_property(directory "${name}" SOURCE_DIR)
    _lh_fatal("there is a target '${name}' already, made in ${directory}")
  endif()
endfunction()

# Notes that the rules of `_lh_call` write `paths`, and refuses one that another rule of ours writes.
function(_lh_claim_outputs)
  foreach(path IN LISTS ARGN)
    get_property(owner GLOBAL PROPERTY "_LH_OWNER_${path}")
    if(owner)
      _lh_fatal(
        "'${path}' would be written twice, the other time by ${owner}; rename a source, or give OUTPUT_DIRECTORY"
      )
    endif()
    set_property(GLOBAL PROPERTY "_LH_OWNER_${path}" "${_lh_call}")
  endforeach()
endfunction()
