#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sim/metrics/batch_means.h"
#include "sim/metrics/metric_info.h"

namespace headroom::report {

/// For machines: the shortest decimal that reads back as the same double.
std::string shortest(double x);

/// For people: `digits` significant digits, no exponent for ordinary sizes, thousands separated ("48,210").
std::string significant(double x, int digits = 4);

/// A share (0 to 1) in percent, for people: "99.93"; with more digits if it would look like 100 without them.
std::string percent(double share, int digits = 4);

/// A length of time, for people: "45 s", "2 h 46 min 40 s", "7,300 d"; up to two minutes in seconds alone.
std::string time_in_words(double seconds, int digits = 4);

/// A value and how far it may be off, with the same number of decimals; a share (0 to 1) in percent.
struct Readable {
  std::string value;   ///< "99.93", "–" if there is none
  std::string spread;  ///< "± 0.02", empty if there is no interval
  std::string unit;    ///< "%", "ms", …, empty for counts
};
/// `unit` as in the metrics' catalogue ("share", "count", "ms" …). A lopsided interval shows its wider side.
Readable readable(std::optional<double> mean, std::optional<metrics::Interval> ci95, std::string_view unit);

/// The unit that a metric's name ends with ("_ms", "_rps", "usd_per_hour" …); "share" or "count" for
/// well-known endings without one; empty if nothing is known.
std::string_view unit_from_name(std::string_view name);
/// A metric's unit: what the catalogue says, or else what its name does.
std::string_view unit_of(std::span<const metrics::MetricInfo> catalogue, std::string_view metric);

}  // namespace headroom::report
