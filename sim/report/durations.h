#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/metrics/result.h"
#include "sim/report/chart.h"
#include "sim/report/files.h"

namespace headroom::report {

/// A distribution function: the share of observations of at most `ms`, beginning at 0 ms.
struct DurationCurve {
  struct Published {
    std::string source;
    double ms = 0;
    double share = 0;
  };
  std::string name;  ///< "store.consistent_after"
  std::vector<double> ms, share;
  std::vector<Published> published;
};

/// Those that were observed at all.
std::vector<DurationCurve> duration_curves(const std::vector<metrics::Durations>&);

/// durations.csv: one row per point; published ones name their source.
std::string to_csv(const std::vector<DurationCurve>&);
std::variant<std::vector<DurationCurve>, Problem> parse_duration_curves(std::string_view csv);

struct NamedDurations {
  std::string name;  ///< in the key
  const DurationCurve* curve;
};

/// The figure of one quantity, on a logarithmic time axis, with a line for each result; none if nothing is
/// known of a quantity of that name.
std::optional<Chart> chart(const std::vector<NamedDurations>&);
std::optional<Chart> chart(const DurationCurve&);

}  // namespace headroom::report
