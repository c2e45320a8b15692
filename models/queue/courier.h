#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <vector>

#include "models/calls/job.h"
#include "models/calls/queue_protocol.h"
#include "models/queue/command.h"
#include "models/queue/jobs.h"
#include "sim/base/units.h"

namespace headroom::queue {

/// A leader's volatile side: which workers have free slots, what is under way, what comes next. It dies with
/// the leader; the next one begins with what the jobs say, and with what workers report. Pure.
///
/// What a worker holds is a set, not a count: a report that comes late, twice or not at all changes nothing
/// that the next one does not put right.
class Courier {
 public:
  struct Settings {
    Duration visibility_timeout = Duration::s(30);
    /// A delivery that is so old and that its worker does not know of was lost on the way.
    Duration lost_after = Duration::s(2);
    bool once = false;  ///< at most once: nothing is ever delivered again
  };
  /// Begins with the deliveries that are under way according to `jobs`, which must outlive it.
  Courier(const Jobs& jobs, const Settings& settings, TimePoint now);

  // Workers

  /// What must be proposed after a report.
  struct Reported {
    std::vector<GiveBack> lost;            ///< deliveries that came to nothing
    std::vector<Deliver> adopted;          ///< deliveries of the leader before, which nobody has written down
    std::vector<std::uint64_t> settled{};  ///< done, and settled
  };
  Reported report(const calls::WorkerReport& report, TimePoint now);
  /// A worker has a slot free again. The number of the delivery that this ends; 0: none that is known.
  int delivery_ended(const calls::WorkerName& worker, JobId job);
  /// A worker has done the job, and its Settle is proposed: it is not to be given to anybody meanwhile,
  /// although nobody may have written down that it was delivered.
  void settle_proposed(JobId job);
  /// A GiveBack of the job is proposed, other than those that are returned here.
  void give_back_proposed(JobId job) { giving_back_.insert(job); }
  /// Deliveries whose workers have been silent for too long; they get no more until they report.
  std::vector<GiveBack> expire(TimePoint now);
  /// When `expire` may have something to do.
  TimePoint next_expiry() const;
  /// Workers that have reported.
  std::size_t known_workers() const { return known_; }

  // Jobs

  /// The first that waits and is not spoken for; 0: there is none.
  JobId next_job();
  bool free_worker();
  /// Where a worker can be reached; null: it has not reported.
  const calls::Endpoint* find(const Life& worker) const;
  /// Gives `next_job()` to the worker whose turn it is.
  struct Given {
    calls::Endpoint to;
    Life worker;
    int number;  ///< of the delivery
  };
  Given give(TimePoint now);
  /// `next_job()` is to be dropped.
  void skip();
  /// A Deliver or a Drop that follows from the above was applied.
  void delivery_applied(JobId job);
  /// A Settle was applied.
  void settle_applied(JobId job) {
    if (!settling_.empty()) settling_.erase(job);
  }
  /// A GiveBack was applied; `waits`: and the job waits again.
  void give_back_applied(JobId job, bool waits);
  /// Waiting, and not spoken for.
  std::int64_t ready() const { return jobs_.waiting() - static_cast<std::int64_t>(taken_.size()); }
  std::int64_t ready_probes() const { return jobs_.waiting_probes() - taken_probes_; }

 private:
  struct Out {
    int number;
    TimePoint lost_at;  ///< a report that does not know of it then means that it was lost
    TimePoint held;     ///< when the worker was last known to have it
  };
  struct Taken {
    JobId job;
    bool probe;
  };
  struct Worker {
    calls::Endpoint at{};
    std::uint64_t life = 0;
    std::int64_t limit = 0;
    bool reported = false;
    bool listed = false;        ///< in free_
    std::vector<JobId> jobs{};  ///< that it has; apart, as they are searched for each job that ends
    std::vector<Out> out{};     ///< what is known of each of `jobs`
    bool free() const { return static_cast<std::int64_t>(jobs.size()) < limit; }
    void add(JobId job, const Out& what) {
      jobs.push_back(job);
      out.push_back(what);
    }
  };
  Worker& worker(world::HostId host);
  void list(Worker& w);
  void take(JobId job);
  bool waits(JobId job) const;
  static void take_off_at(Worker& w, std::size_t place);
  /// The number of the delivery of this job that the worker had; 0: it had none.
  static int take_off(Worker& w, JobId job);
  void lose(Worker& w, std::size_t place, std::vector<GiveBack>& lost);

  const Jobs& jobs_;
  Settings settings_;
  std::vector<Worker> workers_;  // by host
  std::size_t known_ = 0;
  std::deque<world::HostId> free_;  // in turn
  JobId fresh_;                     // those before are spoken for, or in again_, or do not wait
  std::set<JobId> again_;
  std::set<JobId> adopted_;           // wait, but are not for giving: their Deliver is not applied yet
  std::set<JobId> settling_;          // wait or soon may, and are not for giving: nor is their Settle
  std::multiset<JobId> giving_back_;  // their GiveBack is not applied yet
  std::deque<Taken> taken_;           // their Deliver or Drop is not applied yet; in order
  std::int64_t taken_probes_ = 0;
};

}  // namespace headroom::queue
