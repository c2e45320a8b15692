#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/calls/environment.h"
#include "models/calls/job.h"
#include "models/calls/members.h"
#include "models/calls/queue_protocol.h"
#include "models/queue/config.h"
#include "models/queue/jobs.h"
#include "models/queue/member.h"
#include "models/queue/watch.h"
#include "sim/base/random.h"
#include "sim/metrics/batches.h"
#include "sim/metrics/integral.h"
#include "sim/metrics/result.h"
#include "sim/metrics/series.h"
#include "sim/metrics/time_average.h"
#include "sim/metrics/window.h"
#include "sim/world/host.h"
#include "sim/world/world.h"

namespace headroom::queue {

class Gossip;
class Node;

/// The queue as a whole: its members, and what is counted. API servers enqueue through sessions, workers pull
/// by its contract.
class Queue final : calls::ReleaseWatch {
 public:
  /// `watch`, `consensus` may be null.
  Queue(const QueueConfig& config, const calls::Environment& env, const std::vector<world::Host*>& hosts,
        StreamKey key, JobWatch* watch, Observer* consensus);
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;
  ~Queue() override;

  /// For a process (or for the clients) that enqueues jobs: a part of it.
  std::unique_ptr<calls::Dispatcher> session(const calls::Origin& origin);
  /// How workers deal with it. They are told when the leader changes.
  calls::QueueContract contract();
  void serve(const calls::Members& workers) { workers_ = &workers; }

  /// Who leads now, and who does not, for faults that strike them.
  std::vector<world::ProcessSlot*> leaders() const;
  std::vector<world::ProcessSlot*> followers() const;

  const calls::Members& members() const { return members_; }

  /// Every job has ended, and every session has its answers.
  bool idle() const { return counts_.open == 0 && counts_.session_open == 0; }
  /// Deliveries so far of jobs that had been delivered before, inside of the window or not.
  std::int64_t all_redeliveries() const { return redeliveries_.total() + redeliveries_.outside(); }
  void report(metrics::ResultBuilder& results);

  /// What is there, according to the member that leads; null if nobody does. One per group.
  const Jobs* jobs(int group) const;
  TimePoint now() const { return world_.now(); }
  int groups() const { return static_cast<int>(groups_.size()); }
  const QueueConfig& config() const { return config_; }
  /// Jobs that wait, their integral over time up to now, in jobs·ns.
  double held() const { return held_.at(now()); }

 private:
  friend class Gossip;
  friend class Node;
  friend class Session;
  /// What agrees on one log.
  struct GroupState {
    std::unique_ptr<Group> group;
    raft::Index applied = 0;  ///< by any member
    raft::Term depth_term = 0;
    std::int64_t depth = 0;
  };
  /// Jobs, over the whole run.
  struct Counts {
    std::int64_t committed = 0;
    std::int64_t open = 0;
    std::int64_t session_open = 0;
  };

  // For sessions
  world::Scheduler& scheduler() { return world_.scheduler(); }
  void session_open(int change) { counts_.session_open += change; }
  void send(int member, calls::Submission submission);
  void acknowledged(int member, const calls::Origin& origin, std::uint64_t serial);

  // For nodes
  world::Network& network() { return world_.network(); }
  const calls::Endpoint& member(int m) const { return members_[m]; }
  /// A member that has not been heard for so long is taken for dead.
  Duration silence() const { return config_.visibility_timeout; }
  bool alone() const { return config_.replication == Replication::availability_first; }
  Duration report_every() const;
  int group_of(int member) const { return alone() ? member : 0; }
  /// The first of all members that applies the entry: it counts.
  bool first(int group, raft::Index index);
  /// The leader of a term says how many jobs wait.
  void set_depth(int group, raft::Term term, std::int64_t depth);
  int batch(bool probe) const { return probe ? -1 : window_.batch(now()); }
  /// A job is a dead letter, after so many deliveries.
  void gave_up(const Content& content, int deliveries, bool probe);
  void released(const calls::Job& job) override;

  QueueConfig config_;
  world::World& world_;
  metrics::Window window_;
  metrics::Journal& journal_;
  JobWatch* watch_;
  std::vector<GroupState> groups_;
  calls::Members members_;
  const calls::Members* workers_ = nullptr;
  Counts counts_;
  std::int64_t depth_now_ = 0;
  metrics::Integral held_;
  metrics::TimeAverage depth_;
  metrics::Tally wait_ms_;
  metrics::BatchSum rejected_, expired_, dropped_, redeliveries_, dead_;
  metrics::Series::Level& depth_series_;
};

}  // namespace headroom::queue
