#pragma once

#include <cstdint>
#include <string>

namespace headroom::report {

/// Says on stderr how far a run is: rate, time to go. On a terminal a line with a bar, redrawn at most ten
/// times a second, and gone when the object is; elsewhere (a log, a batch job) a plain line now and then, so
/// that a run that is short says nothing. Silent unless `wanted`.
class Progress {
 public:
  /// `simulated_s`: all the time that is to be simulated; 0 if nothing is. `plain_every_s`: wall time between
  /// plain lines.
  Progress(std::string what, double simulated_s, bool wanted, double plain_every_s = 30);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  /// `share` of the work is done (0 to 1).
  void show(double share);
  /// Makes room for something else on stderr, until it is shown again.
  void hide();

 private:
  std::string what_;
  double simulated_s_;
  bool terminal_;
  bool on_;
  std::int64_t every_ns_;
  std::int64_t started_ns_;
  std::int64_t shown_ns_;  ///< when a line was shown last
  bool shown_ = false;
};

/// The text of the line: "baseline  [#####---------------]  25 %  3.1 x real time  0:42 left".
std::string progress_line(const std::string& what, double share, double simulated_s, double elapsed_s);
/// The same without a bar: "headroom: baseline: 25 % done  3.1 x real time  0:42 left".
std::string plain_progress_line(const std::string& what, double share, double simulated_s, double elapsed_s);

}  // namespace headroom::report
