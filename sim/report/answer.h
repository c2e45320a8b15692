#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/report/run.h"

namespace headroom::report {

/// The scenario's question in one line.
struct Answer {
  /// yes: all objectives are surely met; no: one is surely missed; open: neither can be told, or there are
  /// none.
  enum class Kind { yes, no, open };
  Kind kind = Kind::open;
  std::string text;  ///< "yes: yield 99.93 % (objective ≥ 99.9 %), …"
};
Answer answer(const Run&);

/// A line of a table for people.
struct Line {
  std::string name;
  std::string value, spread, unit;
  std::string definition;
};
/// One metric; its unit and definition from the catalogue, else by its name.
Line line(const Run&, const metrics::StudyMetric&);
/// The names of the few metrics that matter most.
std::span<const std::string_view> key_metric_names();
/// The few metrics that matter most, of those that the run has.
std::vector<Line> key_metrics(const Run&);
/// "rejected 2.1 %, late 0.4 %" of offered requests, the most frequent failures first; empty if none failed.
std::string failures(const Run&);
/// "yes: yield was back 3 s after the last fault"; empty if the run does not say (see heal_s).
std::string healed(const Run&);
/// "latency.p99_ms: about 40 min would do, or 20 replications": of what matters most, the metrics that have
/// no interval because the run is too short; empty if there are none.
std::string too_short(const Run&);
/// How the intervals were made, in one sentence.
std::string interval_note(const Run&);

}  // namespace headroom::report
