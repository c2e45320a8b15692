# One target per folder; the link lists state the layers (see the include-edge test in tests/architecture).

# headroom_library(NAME sources... DEPENDS targets...): the library of the current folder.
function(headroom_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS)
    add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
    target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} PUBLIC ${ARG_DEPENDS})
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} INTERFACE ${ARG_DEPENDS})
  endif()
endfunction()

# Builds every test that carries the label `unit`: what the sanitizer build runs.
add_custom_target(headroom_unit_tests)

# headroom_test(NAME sources... DEPENDS targets... [LABELS unit|validation|scenarios|bench] [TIMEOUT seconds]):
# a Catch2 executable, registered with ctest under its name. `unit` (the default) is for tests that take seconds:
# they run again under the sanitizers.
function(headroom_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "DEPENDS;LABELS" ${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 600)
  endif()
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE headroom_test_main ${ARG_DEPENDS})
  add_test(NAME ${name} COMMAND ${name})
  # rapidcheck tries the same cases every time; an executable run by hand tries new ones.
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT} ENVIRONMENT RC_PARAMS=seed=1)
  if("unit" IN_LIST ARG_LABELS)
    add_dependencies(headroom_unit_tests ${name})
  endif()
endfunction()
