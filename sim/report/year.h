#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/metrics/batch_means.h"
#include "sim/report/files.h"

namespace headroom::report {

/// What random failures cost a service in a year.
struct Year {
  struct Estimate {
    double mean = 0;
    metrics::Interval ci95;
  };
  /// Over the timelines.
  struct Spread {
    double median = 0;
    double worst_of_20 = 0;  ///< as bad as this or worse in one of twenty
  };
  struct Cause {
    std::string what;     ///< "crash 1 of 40 worker"; "nothing broken"
    double per_year = 0;  ///< how often it strikes
    double time_share = 0;
    double failed = 0;  ///< requests per year, above what fails with nothing broken
    double share = 0;   ///< of all that fail
    double downtime_min = 0;
  };
  struct Availability {
    std::string group;
    std::int64_t need = 0;
    Estimate share;
  };
  struct NotCovered {
    std::string what;
    double time_share = 0;
  };
  /// What was simulated for one sort of stays or transients.
  struct Stratum {
    std::string what;
    bool transient = false;
    double per_year = 0;  ///< how often
    double s = 0;         ///< time per year
    int runs = 0;
    double failed = 0;       ///< share of its requests
    double uncertainty = 0;  ///< share of the variance that comes from the runs
  };
  /// One timeline.
  struct Sample {
    double yield = 0;
    double downtime_min = 0;
    std::int64_t failures = 0;
  };
  std::string scenario;
  std::string question;  ///< may be empty
  std::uint64_t seed = 0;
  double years = 0;  ///< of a timeline
  std::int64_t samples = 0;
  std::string fingerprint;
  double needed = 0;          ///< a minute with a yield below it is down
  bool needed_is_slo = true;  ///< false: there is no objective for it
  bool straight = false;      ///< the scenario itself was run; nothing was put together
  bool partial = false;
  Estimate yield, downtime_min, nines;
  std::optional<Spread> yield_spread, downtime_spread;
  double requests = 0;   ///< offered in a year
  double simulated = 0;  ///< really simulated, in windows
  std::int64_t runs = 0;
  double undisturbed = 0;     ///< share of the time in which nothing is broken
  double longest_settle = 0;  ///< seconds that the slowest change takes to settle
  double lead_s = 0;
  bool day = false;           ///< the load has levels
  double runs_share = 0;      ///< of the variance of what fails: from the runs, not from the timelines
  std::vector<Cause> causes;  ///< the most expensive first
  std::vector<Availability> availability;
  std::vector<NotCovered> not_covered;
  std::vector<Stratum> strata;
  std::vector<Sample> timelines;
  std::int64_t checked = 0;  ///< invariants
  std::vector<std::string> violated;

  double not_covered_share() const;
  bool met() const { return !needed_is_slo || yield.mean >= needed; }
};

/// −log10(1 − yield)
double nines(double yield);

/// year.json; timelines.csv; strata.csv
std::string to_json(const Year&);
std::string timelines_csv(const Year&);
std::string strata_csv(const Year&);

bool is_year(const std::filesystem::path& folder);
/// Reads year.json and timelines.csv.
std::variant<Year, Problem> load_year(const std::filesystem::path& folder);

}  // namespace headroom::report
