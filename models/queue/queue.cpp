#include "models/queue/queue.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <unordered_map>
#include <utility>

#include "models/queue/log.h"
#include "sim/world/task.h"

namespace headroom::queue {

/// A member that follows: makes what the leader sends durable, and says so. What arrives during an fsync
/// shares the next one (group commit).
class Follower final : public world::Process {
 public:
  Follower(world::Host& host, Queue& queue, int member) : Process(host), queue_(queue), member_(member) {
    scope().spawn(store(this));
  }
  ~Follower() override { scope().clear(); }
  void append(std::uint64_t last, Bytes bytes) {
    received_ = std::max(received_, last);
    unwritten_ += bytes;
    more_.notify_one();
  }

 private:
  static world::Task<> store(Follower* self);
  Queue& queue_;
  int member_;
  std::uint64_t received_ = 0;
  std::uint64_t stored_ = 0;
  Bytes unwritten_;
  world::Condition more_;
};

/// The member that leads: orders jobs, commits them, and delivers them first in, first out to workers that
/// have a free slot.
class Leader final : public calls::JobQueue {
 public:
  Leader(world::Host& host, Queue& queue)
      : JobQueue(host), queue_(queue), commit_(static_cast<int>(queue.members_.size())) {
    scope().spawn(replicate(this));
  }
  ~Leader() override { scope().clear(); }

  void enqueue(calls::Job job) override {
    Queue::Counts& counts = queue_.counts_;
    if (queue_.config_.capacity && counts.waiting + counts.uncommitted >= *queue_.config_.capacity) {
      queue_.rejected_.add(job.request->probe ? -1 : queue_.window_.batch(now()));
      refuse(std::move(job), Failure::rejected);
      return;
    }
    ++counts.accepted;
    ++counts.uncommitted;
    uncommitted_.push_back({append_entry(), std::move(job)});
  }

  void pull(calls::Endpoint worker, std::int64_t slots) override {
    workers_.push_back({worker, slots});
    deliver_waiting();
  }

  void acknowledge(std::uint64_t delivery) override {
    if (in_progress_.erase(delivery) == 0) return;
    --queue_.counts_.in_progress;
    ++queue_.counts_.done;
    append_entry();  // so that a later leader does not deliver it again
  }

  /// A member has the log up to `last` on disk.
  void stored(int member, std::uint64_t last) {
    const std::uint64_t committed = commit_.stored(member, last);
    while (!uncommitted_.empty() && uncommitted_.front().index <= committed) {
      commit_job(std::move(uncommitted_.front().job));
      uncommitted_.pop_front();
    }
    deliver_waiting();
  }

 private:
  struct Uncommitted {
    std::uint64_t index;
    calls::Job job;
  };
  struct Waiting {
    TimePoint committed;
    calls::Job job;
  };
  struct Free {
    calls::Endpoint worker;
    std::int64_t slots;
  };
  TimePoint now() { return host().scheduler().now(); }
  world::Network& network() { return queue_.world_.network(); }

  std::uint64_t append_entry() {
    more_.notify_one();
    return ++last_;
  }

  static world::Task<> replicate(Leader* self) {
    world::Scheduler& scheduler = self->host().scheduler();
    std::uint64_t sent = 0;
    while (true) {
      if (self->last_ == sent) co_await self->more_.wait(scheduler);
      const std::uint64_t last = self->last_;
      const Bytes bytes(static_cast<std::int64_t>(last - sent) * self->queue_.config_.entry_bytes.count());
      for (std::size_t m = 1; m < self->queue_.members_.size(); ++m) {
        const calls::Endpoint& member = self->queue_.members_[m];
        calls::send_to<Follower>(self->network(), {self->host().id(), member.host}, bytes, *member.slot,
                                 [last, bytes](Follower& f) { f.append(last, bytes); });
      }
      sent = last;
      co_await self->host().disk().write(bytes);
      co_await self->host().disk().fsync();
      self->stored(0, last);
    }
  }

  void commit_job(calls::Job job) {
    --queue_.counts_.uncommitted;
    calls::send_note(network(), {host().id(), job.origin.host}, calls::kControl,
                     [&counts = queue_.counts_] { ++counts.acknowledged; });
    waiting_.push_back({now(), std::move(job)});
  }

  /// Jobs that are committed and delivered at the same instant have not waited.
  void publish_depth() {
    queue_.counts_.waiting = static_cast<std::int64_t>(waiting_.size());
    queue_.depth_.set(now(), queue_.counts_.waiting);
    queue_.depth_series_.set(now(), queue_.counts_.waiting);
  }

  /// First in, first out; workers with free slots in turn.
  void deliver_waiting() {
    while (!waiting_.empty() && !workers_.empty()) {
      Waiting next = std::move(waiting_.front());
      waiting_.pop_front();
      const bool probe = next.job.request->probe;
      const int batch = probe ? -1 : queue_.window_.batch(now());
      if (queue_.config_.drop_expired && next.job.deadline <= now()) {
        ++queue_.counts_.dropped;
        queue_.expired_.add(batch);
        refuse(std::move(next.job), Failure::timeout);
        continue;
      }
      queue_.wait_ms_.add(batch, (now() - next.committed).milliseconds());
      Free worker = workers_.front();
      workers_.pop_front();
      if (--worker.slots > 0) workers_.push_back(worker);
      const std::uint64_t delivery = ++deliveries_;
      in_progress_.emplace(delivery, worker.worker.host);
      ++queue_.counts_.delivered;
      ++queue_.counts_.in_progress;
      calls::send_to<calls::JobServer>(network(), {host().id(), worker.worker.host}, calls::kControl,
                                       *worker.worker.slot,
                                       [job = std::move(next.job), delivery](calls::JobServer& w) mutable {
                                         w.take(std::move(job), delivery);
                                       });
    }
    publish_depth();
  }

  void refuse(calls::Job job, Failure why) { calls::refuse_job(network(), host().id(), std::move(job), why); }

  Queue& queue_;
  CommitIndex commit_;
  std::uint64_t last_ = 0;
  std::deque<Uncommitted> uncommitted_;
  std::deque<Waiting> waiting_;
  std::deque<Free> workers_;
  std::uint64_t deliveries_ = 0;
  std::unordered_map<std::uint64_t, world::HostId> in_progress_;  // never iterated
  world::Condition more_;
};

world::Task<> Follower::store(Follower* self) {
  world::Scheduler& scheduler = self->host().scheduler();
  while (true) {
    if (self->received_ == self->stored_) co_await self->more_.wait(scheduler);
    const std::uint64_t last = self->received_;
    co_await self->host().disk().write(std::exchange(self->unwritten_, Bytes()));
    co_await self->host().disk().fsync();
    self->stored_ = last;
    const calls::Endpoint& leader = self->queue_.leader();
    calls::send_to<Leader>(self->queue_.world_.network(), {self->host().id(), leader.host}, calls::kControl,
                           *leader.slot,
                           [member = self->member_, last](Leader& l) { l.stored(member, last); });
  }
}

Queue::Queue(const QueueConfig& config, const calls::Environment& env, const std::vector<world::Host*>& hosts)
    : config_(config),
      world_(env.world),
      window_(env.window),
      depth_(env.window),
      depth_series_(env.series.level("queue.depth")) {
  const std::size_t members = config.replication == Replication::none ? 1 : hosts.size();
  for (std::size_t m = 0; m < members; ++m) {
    world::Host& host = *hosts[m];
    if (config.fsync) host.disk().set_fsync(*config.fsync);
    world::ProcessSlot& slot = host.install([this, m](world::Host& h) -> std::unique_ptr<world::Process> {
      if (m == 0) return std::make_unique<Leader>(h, *this);
      return std::make_unique<Follower>(h, *this, static_cast<int>(m));
    });
    members_.push_back({host.id(), &slot});
  }
}

std::vector<world::ProcessSlot*> Queue::followers() const {
  std::vector<world::ProcessSlot*> slots;
  for (std::size_t m = 1; m < members_.size(); ++m) slots.push_back(members_[m].slot);
  return slots;
}

void Queue::dispatch(calls::Job job) {
  calls::send_job<calls::JobQueue>(world_.network(), leader(), calls::kControl, std::move(job),
                                   [](calls::JobQueue& queue, calls::Job j) { queue.enqueue(std::move(j)); });
}

void Queue::report(metrics::ResultBuilder& results) const {
  metrics::TimeAverage depth = depth_;
  depth.finish(world_.now());
  results.time_average("queue.depth_mean", depth);
  results.maximum("queue.depth_max", depth);
  results.mean("queue.wait_mean_ms", wait_ms_);
  results.total("queue.rejected", rejected_);
  if (config_.drop_expired) results.total("queue.expired", expired_);
  const Counts& c = counts_;
  const bool holds = c.accepted == c.uncommitted + c.waiting + c.dropped + c.delivered &&
                     c.delivered == c.in_progress + c.done;
  results.invariant("jobs enqueued = finished + waiting", holds, c.accepted,
                    holds ? ""
                          : "accepted " + std::to_string(c.accepted) + ", delivered " +
                                std::to_string(c.delivered) + ", waiting " +
                                std::to_string(c.waiting + c.uncommitted));
}

const std::vector<metrics::MetricInfo> kMetrics = {
    {"queue.depth_mean", "count", "time average of committed jobs that wait for a worker",
     metrics::Better::lower},
    {"queue.depth_max", "count", "most committed jobs that waited at once", metrics::Better::lower},
    {"queue.wait_mean_ms", "ms", "mean time from commit to delivery, zero waits included",
     metrics::Better::lower},
    {"queue.rejected", "count", "jobs refused because the queue was full", metrics::Better::lower},
    {"queue.expired", "count",
     "jobs dropped at delivery because their deadline (the client's or the API's) had passed",
     metrics::Better::lower},
};

}  // namespace headroom::queue
