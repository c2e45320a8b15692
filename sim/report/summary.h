#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/metrics/batch_means.h"
#include "sim/metrics/result.h"
#include "sim/report/files.h"
#include "sim/report/run.h"

namespace headroom::report {

/// summary.json.
struct Summary {
  struct Metric {
    std::optional<double> mean;
    std::optional<metrics::Interval> ci95;
  };
  struct Objective {
    std::string objective;  ///< "yield >= 0.999"
    std::string of;         ///< "images below 1MB", if it looks at these alone
    std::optional<double> value;
    bool met = false;
    std::optional<bool> sure = std::nullopt;  ///< none: written before there was such a field
  };
  /// What was nearest its bound (metrics::Limit).
  struct Limit {
    std::string name;
    double share = 0;
    std::string alive;  ///< "2 of 3"
    double at_s = 0;
  };
  struct Link {
    std::string name;
    double share = 0;
  };
  std::string scenario;
  std::uint64_t seed = 0;
  int replications = 0;
  double measured_s = 0;
  metrics::IntervalSource interval = metrics::IntervalSource::replications;
  bool partial = false;
  std::string fingerprint;
  std::map<std::string, Metric> metrics;
  std::vector<Objective> slo;
  std::optional<Limit> bottleneck{};  ///< none: nothing is bounded, or an older file
  std::optional<Link> busiest_link{};
  std::optional<bool> settled{};  ///< none: not asked, cannot be told, or an older file
  std::vector<metrics::Invariant> invariants;
};

Summary summary(const Run&);
/// Keys in the order of the specification, metrics sorted by name; numbers read back as the same doubles.
std::string to_json(const Summary&);
std::variant<Summary, Problem> parse_summary(std::string_view json);
/// Reads the summary.json of a result folder.
std::variant<Summary, Problem> load_summary(const std::filesystem::path& folder);

}  // namespace headroom::report
