#pragma once

#include <cstdint>
#include <string>

namespace headroom::report {

/// A line on stderr that says how far a run is: bar, rate, time to go. Silent unless stderr is a terminal
/// (and `wanted`); redraws at most ten times a second; gone when the object is.
class Progress {
 public:
  /// `simulated_s`: all the time that is to be simulated; 0 if nothing is.
  Progress(std::string what, double simulated_s, bool wanted);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  /// `share` of the work is done (0 to 1).
  void show(double share);

 private:
  std::string what_;
  double simulated_s_;
  bool on_;
  std::int64_t started_ns_;
  std::int64_t shown_ns_ = 0;
};

/// The text of the line: "baseline  [#####---------------]  25 %  3.1 x real time  0:42 left".
std::string progress_line(const std::string& what, double share, double simulated_s, double elapsed_s);

}  // namespace headroom::report
