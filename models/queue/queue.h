#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/calls/environment.h"
#include "models/calls/job.h"
#include "models/queue/config.h"
#include "sim/metrics/batches.h"
#include "sim/metrics/metric_info.h"
#include "sim/metrics/result.h"
#include "sim/metrics/series.h"
#include "sim/metrics/time_average.h"
#include "sim/metrics/window.h"
#include "sim/world/host.h"
#include "sim/world/world.h"

namespace headroom::queue {

class Leader;

/// The queue as a whole: its members, and what is counted. API servers enqueue through it (Dispatcher).
class Queue final : public calls::Dispatcher {
 public:
  Queue(const QueueConfig& config, const calls::Environment& env, const std::vector<world::Host*>& hosts);

  /// Ships the job to the leader. A job that is refused fails in its gather when the API server learns of it.
  void dispatch(calls::Job job) override;
  /// Where workers pull from.
  const calls::Endpoint& leader() const { return members_.front(); }
  /// Who leads now, and who does not, for faults that strike them.
  std::vector<world::ProcessSlot*> leaders() const { return {members_.front().slot}; }
  std::vector<world::ProcessSlot*> followers() const;

  /// No job is in the queue or with a worker.
  bool idle() const { return counts_.uncommitted + counts_.waiting + counts_.in_progress == 0; }
  void report(metrics::ResultBuilder& results) const;

 private:
  friend class Leader;
  friend class Follower;
  /// Jobs by what became of them, over the whole run.
  struct Counts {
    std::int64_t accepted = 0;
    std::int64_t acknowledged = 0;  ///< API servers that were told so
    std::int64_t delivered = 0;
    std::int64_t dropped = 0;  ///< expired
    std::int64_t done = 0;     ///< a worker acknowledged
    std::int64_t waiting = 0;
    std::int64_t uncommitted = 0;
    std::int64_t in_progress = 0;
  };
  QueueConfig config_;
  world::World& world_;
  metrics::Window window_;
  std::vector<calls::Endpoint> members_;
  Counts counts_;
  metrics::TimeAverage depth_;
  metrics::Tally wait_ms_;
  metrics::BatchSum rejected_;
  metrics::BatchSum expired_;
  metrics::Series::Level& depth_series_;
};

extern const std::vector<metrics::MetricInfo> kMetrics;

}  // namespace headroom::queue
