#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace headroom::report {

/// A complete event (`"ph": "X"`) of a trace, times in nanoseconds, as a viewer makes them of its numbers.
struct TraceSlice {
  std::string name, category, process;
  std::uint64_t pid = 0;
  std::uint64_t tid = 0;
  std::int64_t begin = 0;
  std::int64_t end = 0;
  nlohmann::json args;
};

struct TraceInstant {
  std::string name, process;
  std::int64_t at = 0;
  std::string scope;
  nlohmann::json args;
};

/// A trace as a strict viewer reads it: `problems` says all at which Perfetto or Chrome's viewer would
/// complain, or show something else than was meant. The rules are those of the Trace Event Format, and what
/// Perfetto's importer does with it:
/// every event has a phase, a process, a thread and a name, every process and thread that occurs is named,
/// and thread numbers are unique in the file, because thread names are looked up by them alone; complete
/// events have a time and a length, numbers of microseconds that are not negative; those of a thread lie one
/// after the other or within each other, to the nanosecond (what overlaps is dropped), and come in the order
/// of their beginning, the outer one first; instants have a scope; a flow goes in only where it came out
/// before.
struct TraceReading {
  explicit TraceReading(const std::string& text);
  std::vector<std::string> problems;
  std::vector<TraceSlice> slices;
  std::vector<TraceInstant> instants;
  nlohmann::json other;

  /// Of a request, in the order of the file: itself first.
  std::vector<TraceSlice> of(std::uint64_t request) const;
  /// Those that are requests.
  std::vector<TraceSlice> requests() const;
};

}  // namespace headroom::report
