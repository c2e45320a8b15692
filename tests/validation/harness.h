#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/validation/theory.h"

/// Runs the real executable on a scenario and holds its summary against theory.
namespace headroom::validation {

/// How long is simulated; seconds.
struct RunLength {
  double warmup = 0;
  double window = 0;
  int replications = 1;  ///< 1: the interval comes from 64 batches of the window
};

/// A number of summary.json and its interval.
struct Reported {
  double mean = 0;
  double low = 0;
  double high = 0;
};

/// What `headroom run` wrote. Fails the test unless it ended with status 0 and all invariants hold.
class Summary {
 public:
  /// `scenario`: its YAML without `scenario`, `seed` and `run`.
  Summary(const std::string& scenario, const RunLength& run, int seed);
  Reported operator[](const std::string& metric) const;
  /// "batch means" or "replications".
  std::string interval_source() const;

 private:
  std::string text_;
};

/// What is checked of one metric.
struct Check {
  std::string metric;
  Expected expected;         ///< in the metric's unit
  double within = 0.05;      ///< relative distance from theory that is allowed at most
  double half_width = 0.02;  ///< 95 % half-width, relative to the value, that the run must be long enough for
  double bias = 0;           ///< relative, known to be part of the model compared with (finite size)
  bool complement = false;   ///< the metric is 1 − the expected quantity
};

/// How many seeds each case is run at: 1 to 5 in the long form of the tests (HEADROOM_LONG is set), else 1
/// and 2.
int seeds();

/// Runs `scenario` at seeds 1 to `seeds()`. At every seed, for every check:
/// - the expected value lies in the run's 99.9 % interval (widened by `bias`) and `within` the distance
/// given;
/// - the 95 % half-width is 0.7–1.4 times 1.96·σ, σ being theory's standard deviation for a run of that
/// length. Prints a table row per check at seed 1.
void validate(const std::string& title, const std::string& scenario, const RunLength& run,
              const std::vector<Check>& checks);

/// A quantity in seconds as one in milliseconds.
Expected in_ms(const Expected& seconds);

/// A row of the table in README.md: printed, for whoever updates it.
void print_row(const std::string& title, const std::string& metric, double theory, const Reported& found,
               const std::string& width);

}  // namespace headroom::validation
