# One target per folder; the link lists state the layers (see the include-edge test in tests/architecture).

# Headers of others, which take two thirds of the time of most files, are read once. Each set is a target of its own;
# whoever compiles takes one with headroom_precompiled. Sources still include what they use (clang-tidy reads them
# without), and -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON builds without all of this.
file(WRITE ${PROJECT_BINARY_DIR}/precompiled.cpp "")
function(headroom_precompile name)
  add_library(${name} OBJECT EXCLUDE_FROM_ALL ${PROJECT_BINARY_DIR}/precompiled.cpp)
  target_link_libraries(${name} PRIVATE Boost::headers fmt::fmt)
  target_precompile_headers(${name} PRIVATE ${ARGN})
endfunction()
function(headroom_precompiled name set)
  # A precompiled header is only valid with the macros that it was made with.
  target_compile_definitions(${name} PRIVATE $<TARGET_PROPERTY:${set},COMPILE_DEFINITIONS>)
  target_precompile_headers(${name} REUSE_FROM ${set})
endfunction()
set(HEADROOM_COMMON_HEADERS
  <algorithm> <array> <charconv> <cmath> <compare> <concepts> <coroutine> <cstdint> <cstdio> <cstring> <deque> <filesystem>
  <functional> <limits> <map> <memory> <numeric> <optional> <set> <span> <string> <string_view>
  <system_error> <tuple> <unordered_map> <utility> <variant> <vector> <fmt/format.h>)
headroom_precompile(headroom_headers ${HEADROOM_COMMON_HEADERS})

# headroom_library(NAME sources... DEPENDS targets...): the library of the current folder.
function(headroom_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS)
    add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
    headroom_precompiled(${name} headroom_headers)
    target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} PUBLIC ${ARG_DEPENDS})
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} INTERFACE ${ARG_DEPENDS})
  endif()
endfunction()

# Build every test that carries the label `unit` (the sanitizer build runs them), and every other one.
add_custom_target(headroom_unit_tests)
add_custom_target(headroom_release_tests)

# headroom_test(NAME sources... DEPENDS targets... [LABELS unit|validation|scenarios|cluster|bench] [TIMEOUT seconds]
#               [SLOW]):
# a Catch2 executable, registered with ctest under its name. `unit` (the default) is for tests that take seconds:
# they run under the sanitizers. With SLOW those of its cases that are tagged [slow] are a test of their own, NAME_slow,
# labelled `slow`: they run in Release, and under the sanitizers in the long form of tests/run only.
function(headroom_test name)
  cmake_parse_arguments(ARG "SLOW" "TIMEOUT" "DEPENDS;LABELS" ${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 1200)
  endif()
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE headroom_test_main ${ARG_DEPENDS})
  headroom_precompiled(${name} headroom_test_headers)
  if(ARG_SLOW)
    add_test(NAME ${name} COMMAND ${name} ~[slow])
    add_test(NAME ${name}_slow COMMAND ${name} [slow])
    set_tests_properties(${name}_slow PROPERTIES LABELS slow TIMEOUT 3600 ENVIRONMENT RC_PARAMS=seed=1)
    add_dependencies(headroom_release_tests ${name})
  else()
    add_test(NAME ${name} COMMAND ${name})
  endif()
  # rapidcheck tries the same cases every time; an executable run by hand tries new ones.
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT} ENVIRONMENT RC_PARAMS=seed=1)
  if("unit" IN_LIST ARG_LABELS)
    add_dependencies(headroom_unit_tests ${name})
  else()
    add_dependencies(headroom_release_tests ${name})
  endif()
endfunction()
