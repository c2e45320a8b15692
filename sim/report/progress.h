#pragma once

#include <cstdint>
#include <string>

namespace headroom::report {

/// A line on stderr that says how far a run is: bar, rate, time to go. Silent unless stderr is a terminal
/// (and `wanted`); redraws at most ten times a second; gone when the object is.
class Progress {
 public:
  Progress(std::string what, bool wanted);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  /// `share` of the work is done (0 to 1); `events` executed so far, 0 if not known.
  void show(double share, std::int64_t events);

 private:
  std::string what_;
  bool on_;
  std::int64_t started_ns_;
  std::int64_t shown_ns_ = 0;
};

/// The text of the line: "baseline  [#####---------------]  25 %  2.1 M events/s  0:42 left".
std::string progress_line(const std::string& what, double share, std::int64_t events, double elapsed_s);

}  // namespace headroom::report
