#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/units.h"
#include "sim/metrics/limits.h"
#include "sim/metrics/metric_info.h"
#include "sim/metrics/result.h"
#include "sim/metrics/settled.h"
#include "sim/metrics/slo.h"
#include "sim/metrics/window.h"

namespace headroom::report {

/// A time during which a fault was active.
struct Band {
  std::string name;  ///< "crash host/worker-7"
  TimePoint begin, end;
};

/// How precisely a metric was to be known.
struct Precision {
  std::string metric;
  double asked = 0;           ///< the interval's wider side as a share of the mean
  std::optional<double> got;  ///< none: there is no interval
  bool reached() const { return got && *got <= asked; }
};

/// All that a result folder is written from.
struct Run {
  std::string scenario;  ///< its name
  std::string question;  ///< may be empty
  std::uint64_t seed = 0;
  std::string fingerprint;
  metrics::Window window;
  metrics::StudyResult result;
  std::vector<int> numbers;            ///< of the replications in `result`, counted from 1
  std::vector<metrics::Limit> limits;  ///< in their worst minutes, the nearest to its bound first
  /// None: not asked, because something is scheduled to change in the window, or it is too short to tell.
  std::optional<metrics::Settled> settled;
  std::vector<metrics::Verdict> slo;
  std::optional<Precision> precision{};  ///< none: not asked
  std::span<const metrics::MetricInfo> catalogue;
  std::vector<Band> faults;
  bool partial = false;              ///< interrupted: only the replications that were complete
  std::string scenario_yaml;         ///< fully resolved
  double wall_clock_s = 0;           ///< for machine.json
  double cpu_s = 0;                  ///< for machine.json: of all replications
  std::int64_t peak_memory_mib = 0;  ///< for machine.json: of the largest replication
  std::vector<std::pair<std::string, std::string>>
      versions;  ///< for machine.json: headroom, simgrid, libvips …
};

}  // namespace headroom::report
