# libFuzzer targets: what reads files and command lines, and little else. Included by the top CMakeLists.txt in place
# of everything else with -DHEADROOM_FUZZERS=ON; the target is headroom_fuzzers. See README.md.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  message(FATAL_ERROR "libFuzzer comes with clang, expected -DCMAKE_CXX_COMPILER=clang++-19")
endif()

# Null pointers fault under AddressSanitizer anyway. A number that does not fit its integer is a mistake in a reader,
# though clang does not count it among the undefined.
set(sanitizers -fsanitize=fuzzer-no-link,address,undefined,float-cast-overflow -fno-sanitize=null,vptr
               -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)

foreach(folder base config metrics world faults report)
  add_subdirectory(sim/${folder})
endforeach()
# The readers among the sources of folders that otherwise need all models. catalogue.cpp stands in for the one of
# sim/study, which asks every component for the names of its metrics.
add_library(headroom_readers STATIC
  models/client/config.cpp models/processing/cost.cpp models/processing/profile.cpp
  sim/study/availability.cpp sim/study/codecs.cpp sim/study/grid.cpp sim/study/language.cpp sim/study/load.cpp sim/study/outline.cpp
  sim/study/sweep_config.cpp sim/study/trace.cpp sim/study/traits.cpp tests/fuzz/catalogue.cpp tests/fuzz/reading.cpp)
target_link_libraries(headroom_readers PUBLIC headroom_config headroom_world headroom_metrics headroom_faults
                                              headroom_report)
target_compile_definitions(headroom_readers PUBLIC HEADROOM_SOURCE_FOLDER="${PROJECT_SOURCE_DIR}")

foreach(library base config metrics report readers)
  target_compile_options(headroom_${library} PRIVATE ${sanitizers})
endforeach()
# What only simulates is linked, but not fuzzed: building it fast is all that matters.
foreach(library world faults)
  target_compile_options(headroom_${library} PRIVATE -O0 -g0)
endforeach()

# Two thirds of the time to compile goes to headers. In precompiled ones clang does not see the pragmas by which the
# standard library of g++ silences warnings about itself.
set(headers <algorithm> <cmath> <cstdint> <filesystem> <functional> <map> <memory> <optional> <set> <string>
            <string_view> <variant> <vector> <fmt/format.h> <nlohmann/json.hpp>)
foreach(library config world readers)
  target_precompile_headers(headroom_${library} PRIVATE ${headers})
endforeach()
foreach(library metrics report)
  target_precompile_headers(headroom_${library} REUSE_FROM headroom_config)
endforeach()
target_precompile_headers(headroom_faults REUSE_FROM headroom_world)
foreach(library config metrics world faults report)
  target_compile_options(headroom_${library} PRIVATE -Wno-deprecated-declarations)
endforeach()

add_custom_target(headroom_fuzzers)
foreach(what scenario platform profile table set replication result)
  add_executable(fuzz_${what} tests/fuzz/fuzz_${what}.cpp)
  target_compile_options(fuzz_${what} PRIVATE ${sanitizers})
  target_link_options(fuzz_${what} PRIVATE -fsanitize=fuzzer,address,undefined)
  target_link_libraries(fuzz_${what} PRIVATE headroom_readers)
  add_dependencies(headroom_fuzzers fuzz_${what})
endforeach()
