# libFuzzer targets: what reads files and command lines, and little else. Included by the top CMakeLists.txt in place
# of everything else with -DHEADROOM_FUZZERS=ON; the target is headroom_fuzzers. See README.md.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  message(FATAL_ERROR "libFuzzer comes with clang, expected -DCMAKE_CXX_COMPILER=clang++-19")
endif()
find_package(yaml-cpp REQUIRED)

# Who adds a source that readers need, and is told here of an undefined reference, adds it to one of these lists.
# What is executed most, for each byte that is read:
set(hot
  sim/base/distribution.cpp sim/base/printable.cpp
  sim/config/change.cpp sim/config/composite.cpp sim/config/decimal.cpp sim/config/diagnostics.cpp
  sim/config/emit.cpp sim/config/law.cpp sim/config/load.cpp sim/config/node.cpp sim/config/plain.cpp
  sim/config/reader.cpp sim/config/record.cpp sim/config/schema.cpp sim/config/set.cpp sim/config/units.cpp
  sim/config/vary.cpp)
# The other readers, and what they link.
set(other
  models/client/arrivals.cpp models/client/config.cpp models/processing/cost.cpp models/processing/profile.cpp
  sim/base/command.cpp sim/base/interrupt.cpp sim/base/this_process.cpp
  sim/faults/abuse.cpp sim/faults/bad_config.cpp sim/faults/bandwidth.cpp sim/faults/between.cpp sim/faults/bug.cpp
  sim/faults/clock.cpp sim/faults/config.cpp sim/faults/crash.cpp sim/faults/dns.cpp sim/faults/flush.cpp
  sim/faults/hardware.cpp sim/faults/jointly.cpp sim/faults/malfunction.cpp sim/faults/outage.cpp
  sim/faults/poison.cpp sim/faults/slow.cpp sim/faults/surge.cpp sim/faults/target.cpp
  sim/metrics/batch_means.cpp sim/metrics/difference.cpp sim/metrics/histogram.cpp sim/metrics/interval.cpp
  sim/metrics/journal.cpp sim/metrics/limits.cpp sim/metrics/resource.cpp sim/metrics/result.cpp
  sim/metrics/serialise.cpp sim/metrics/series.cpp sim/metrics/slo.cpp sim/metrics/statistics.cpp
  sim/report/answer.cpp sim/report/chart.cpp sim/report/comparison.cpp sim/report/comparison_table.cpp
  sim/report/csv.cpp sim/report/durations.cpp sim/report/fault_bands.cpp sim/report/figures.cpp
  sim/report/figures/auth.cpp sim/report/figures/bill.cpp sim/report/figures/latency.cpp
  sim/report/figures/members.cpp sim/report/figures/outcomes.cpp sim/report/figures/queue.cpp
  sim/report/figures/utilization.cpp sim/report/figures/yield_harvest.cpp
  sim/report/files.cpp sim/report/gnuplot.cpp sim/report/html.cpp sim/report/journal_lines.cpp
  sim/report/machine.cpp sim/report/numbers.cpp sim/report/page.cpp sim/report/paint.cpp
  sim/report/replications.cpp sim/report/result_folder.cpp sim/report/summary.cpp sim/report/sweep.cpp
  sim/report/sweep_answer.cpp sim/report/sweep_figures.cpp sim/report/sweep_report.cpp sim/report/time_series.cpp
  sim/report/timeline.cpp
  sim/report/verdicts.cpp
  sim/study/catalogue.cpp sim/study/codecs.cpp sim/study/degraded.cpp sim/study/estimate.cpp sim/study/grid.cpp
  sim/study/language.cpp sim/study/load.cpp sim/study/offered_load.cpp sim/study/outline.cpp
  sim/study/trace.cpp sim/study/traits.cpp sim/study/vary_config.cpp
  sim/world/disk.cpp sim/world/fluid.cpp sim/world/hold.cpp sim/world/host.cpp sim/world/network.cpp sim/world/platform.cpp
  sim/world/processor.cpp sim/world/topology.cpp)
set(targets scenario platform profile table set replication result)

# Null pointers, wrong types and places outside of objects fault under AddressSanitizer anyway, and checking for them at
# each access takes half of the time to build. A number that does not fit its integer is a mistake in a reader, though
# clang does not count it among the undefined.
set(sanitizers -fsanitize=fuzzer-no-link,address,undefined,float-cast-overflow
               -fno-sanitize=null,vptr,alignment,object-size,function,pointer-overflow
               -fno-sanitize-recover=all -fno-omit-frame-pointer -gline-tables-only)
# Two thirds of the time to compile goes to headers. In precompiled ones clang does not see the pragmas by which the
# standard library of g++ silences warnings about itself.
set(headers ${HEADROOM_COMMON_HEADERS} <fstream> <iterator> <sstream> <nlohmann/json.hpp>)
set(CMAKE_CXX_FLAGS_DEBUG "")

add_library(headroom_fuzzers_hot OBJECT ${hot})
target_compile_options(headroom_fuzzers_hot PRIVATE -O1)
target_precompile_headers(headroom_fuzzers_hot PRIVATE ${headers} ${PROJECT_SOURCE_DIR}/sim/config/node.h)

list(TRANSFORM targets REPLACE "(.+)" "tests/fuzz/fuzz_\\1.cpp" OUTPUT_VARIABLE of_targets)
add_executable(headroom_fuzzers ${other} ${of_targets} tests/fuzz/main.cpp tests/fuzz/reading.cpp)
# What is precompiled there says when Boost was compiled.
target_compile_options(headroom_fuzzers PRIVATE -O0 -Wno-pch-date-time)
target_compile_definitions(headroom_fuzzers PRIVATE HEADROOM_SOURCE_FOLDER="${PROJECT_SOURCE_DIR}")
target_precompile_headers(headroom_fuzzers PRIVATE ${headers} ${PROJECT_SOURCE_DIR}/sim/study/codecs.h)
target_link_libraries(headroom_fuzzers PRIVATE headroom_fuzzers_hot yaml-cpp)
target_link_options(headroom_fuzzers PRIVATE -fsanitize=fuzzer,address,undefined)

foreach(target headroom_fuzzers_hot headroom_fuzzers)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_options(${target} PRIVATE ${sanitizers} -Wno-deprecated-declarations)
  target_link_libraries(${target} PRIVATE Boost::headers fmt::fmt nlohmann_json::nlohmann_json)
endforeach()
# One executable under the name of each target.
foreach(what ${targets})
  add_custom_command(TARGET headroom_fuzzers POST_BUILD COMMAND ${CMAKE_COMMAND} -E create_symlink headroom_fuzzers fuzz_${what})
endforeach()
