#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/metrics/batches.h"
#include "sim/metrics/metric_info.h"
#include "sim/metrics/result.h"
#include "sim/metrics/series.h"
#include "sim/metrics/window.h"
#include "sim/world/task.h"
#include "sim/world/world.h"

namespace headroom::study {

/// What is read off the hardware: busy cores of each tier, energy, load of links. Counters of the world are
/// read at the edges of batches and of time-series slots, so that nothing is paid per job.
class Gauges {
 public:
  Gauges(world::World& world, const metrics::Window& window, metrics::Series& series);
  /// Adds a metric and a column, each the share of the tier's cores that were busy.
  void add_tier(const metrics::MetricInfo& metric, const metrics::SeriesInfo& column,
                const std::vector<world::Host*>& hosts);
  void start();
  void tear_down() { scope_.clear(); }
  /// `answered`: requests of the window.
  void report(metrics::ResultBuilder& results, const metrics::BatchSum& answered) const;

 private:
  struct Tier {
    metrics::MetricName metric;
    std::vector<world::Host*> hosts;
    std::int64_t cores = 0;
    Duration seen{};
    metrics::BatchSum busy_ns{};
    metrics::Series::Counter* series = nullptr;
  };
  /// How long a host had power, and how busy it was, since the last look.
  struct Meter {
    world::Host* host = nullptr;
    Duration busy_seen;
    Duration on;
    TimePoint since;
    bool up = true;
    /// Power comes or goes, or is looked at.
    void until(TimePoint now, bool up_from_now);
  };
  world::Task<> watch();
  void read(TimePoint since);

  world::World& world_;
  metrics::Window window_;
  metrics::Series& series_;
  std::vector<Tier> tiers_;
  std::vector<std::unique_ptr<Meter>> meters_;  ///< of hosts with watts
  metrics::Tally joules_;
  std::vector<world::LinkLoad> links_at_begin_;
  std::vector<world::LinkLoad> links_at_end_;
  world::Scope scope_;
};

}  // namespace headroom::study
