#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/calls/environment.h"
#include "models/calls/job.h"
#include "models/calls/members.h"
#include "models/calls/queue_protocol.h"
#include "models/processing/config.h"
#include "models/processing/cost.h"
#include "sim/metrics/batches.h"
#include "sim/metrics/integral.h"
#include "sim/metrics/result.h"
#include "sim/metrics/series.h"
#include "sim/metrics/station.h"
#include "sim/metrics/time_average.h"
#include "sim/metrics/window.h"
#include "sim/world/host.h"
#include "sim/world/world.h"

namespace headroom::processing {

/// The worker fleet as a whole: its hosts, and what is counted.
class Fleet {
 public:
  struct Parts {
    std::optional<calls::QueueContract> queue;  ///< workers pull from it; none: jobs are pushed to them
    bool proxied = false;                       ///< a balancer's proxies send what the answers carry
    Encoding format = Encoding::jpeg;           ///< of the images; selects a profile's kernel
    bool images_travel = true;                  ///< false: the network is ideal, nothing has to be fetched
    calls::ConversionWatch* books = nullptr;    ///< keeps the true books; null: nobody meters
  };
  Fleet(const ProcessingConfig& config, CostModel cost, const calls::Environment& env);
  /// Starts a worker on each host.
  void install(const std::vector<world::Host*>& hosts, const Parts& parts);

  /// No conversion waits or runs.
  bool idle() const { return station_.present() == 0; }

  const calls::Members& members() const { return members_; }
  const ProcessingConfig& config() const { return config_; }
  /// Jobs that wait on workers, their integral over time up to now, in jobs·ns.
  double waiting(TimePoint now) const { return waiting_.at(now); }
  void report(metrics::ResultBuilder& results) const;

 private:
  friend class Worker;
  void set_busy(TimePoint now, std::int64_t change) {
    busy_.add(now, change);
    busy_series_->add(now, change);
  }
  /// Slots that only wait for an image: one more, or one fewer.
  void set_held(TimePoint now, std::int64_t change) {
    held_.add(now, change);
    held_series_->add(now, change);
  }
  ProcessingConfig config_;
  CostModel cost_;
  world::World& world_;
  metrics::Window window_;
  metrics::Series& series_;
  Parts parts_;
  calls::Members members_;
  std::int64_t total_slots_ = 0;
  metrics::TimeAverage busy_;
  metrics::TimeAverage held_;
  metrics::BatchSum arrived_;
  metrics::BatchSum waited_;
  metrics::BatchSum wait_ns_;
  metrics::BatchSum served_;
  metrics::BatchSum service_ns_;
  metrics::BatchSum actual_cpu_ns_;
  metrics::BatchSum wasted_cpu_ns_;
  metrics::BatchSum repeated_;
  metrics::Station station_;
  metrics::Integral waiting_;
  metrics::Series::Counter* actual_series_ = nullptr;
  metrics::Series::Level* busy_series_ = nullptr;
  metrics::Series::Level* held_series_ = nullptr;  ///< with a queue
};

}  // namespace headroom::processing
