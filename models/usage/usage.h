#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/calls/environment.h"
#include "models/calls/job.h"
#include "models/usage/config.h"
#include "models/usage/record.h"
#include "sim/metrics/batches.h"
#include "sim/metrics/histogram.h"
#include "sim/metrics/metric_info.h"
#include "sim/metrics/result.h"
#include "sim/metrics/series.h"
#include "sim/metrics/window.h"
#include "sim/world/host.h"
#include "sim/world/network.h"
#include "sim/world/world.h"

namespace headroom::usage {

/// The bill, as it stands on the disks of the store: sums in whole nanoseconds and bytes, by the part of the
/// measured window in which the conversion ended. It survives the store's processes.
struct Bill {
  metrics::BatchSum cpu_ns;
  metrics::BatchSum bytes;
  std::int64_t records = 0;
};

/// All of the usage pipeline that belongs to no single process: configuration, the store's hosts, the bill.
class Pipeline {
 public:
  Pipeline(const UsageConfig& config, const calls::Environment& env, const std::vector<world::Host*>& store);

  const UsageConfig& config() const { return config_; }
  world::World& world() { return world_; }
  /// Where the API server with this number ships to.
  world::ProcessSlot& store_for(int api_index) {
    return *store_[static_cast<std::size_t>(api_index) % store_.size()];
  }
  /// A batch is durable: its records are in the bill.
  void bill(const std::vector<Record>& records, TimePoint now);
  bool settled() const { return bill_.records == metered_; }
  void shipped(std::size_t records) { metered_ += static_cast<std::int64_t>(records); }
  /// `actual_cpu_ns`: what the workers spent, by the same window.
  void report(metrics::ResultBuilder& results, const metrics::BatchSum& actual_cpu_ns) const;

 private:
  UsageConfig config_;
  world::World& world_;
  metrics::Window window_;
  std::vector<world::ProcessSlot*> store_;
  Bill bill_;
  std::int64_t metered_ = 0;
  metrics::BatchHistogram lag_;
  metrics::Series::Counter& billed_;
};

/// Sums up records on one API server, in its memory, and ships them in batches. Part of the API's process.
class Aggregator {
 public:
  Aggregator(Pipeline& pipeline, world::Host& host);
  /// Runs for ever in the API process's scope.
  world::Task<> flush_regularly();
  void add(const Record& record);
  void flush();

 private:
  Pipeline& pipeline_;
  world::Host& host_;
  std::vector<Record> records_;
};

/// Metrics of this component.
extern const std::vector<metrics::MetricInfo> kMetrics;

}  // namespace headroom::usage
