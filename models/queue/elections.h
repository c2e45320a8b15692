#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/calls/environment.h"
#include "models/queue/raft/types.h"
#include "sim/base/distribution.h"
#include "sim/metrics/batches.h"
#include "sim/metrics/histogram.h"
#include "sim/metrics/result.h"
#include "sim/metrics/series.h"

namespace headroom::queue {

/// When a group had a leader, and how long it took to find the next one.
class Elections {
 public:
  explicit Elections(const calls::Environment& env);

  /// The member on `host` has won an election. `useful_until`: when the leader before it, if that one still
  /// thinks that it leads, last had an answer from a majority.
  void elected(TimePoint now, raft::Term term, const std::string& host, TimePoint useful_until);
  /// The leader of a term has died, or leads no more.
  void lost(raft::Term term, TimePoint useful_until);
  /// The run is over: call once, before `report`.
  void finish(TimePoint now);
  /// `published`: what others measured in the same setting.
  void report(metrics::ResultBuilder& results, std::vector<metrics::PublishedPoint> published) const;

 private:
  void led_until(TimePoint end);
  void leaderless_until(TimePoint end);

  metrics::Window window_;
  metrics::Journal& journal_;
  Duration slot_;
  metrics::Series::Counter& series_;
  std::optional<raft::Term> term_;  ///< that is led; none: there is no leader
  TimePoint since_;                 ///< so since then
  bool first_ = true;
  metrics::BatchSum changes_;
  metrics::BatchSum leaderless_ns_;
  metrics::BatchHistogram took_;
};

/// Figure 16 of the Raft paper, if it has this law of the election timeout.
std::vector<metrics::PublishedPoint> published_elections(const Distribution<Duration>& election_timeout);

}  // namespace headroom::queue
