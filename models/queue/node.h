#pragma once

#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "models/calls/job.h"
#include "models/calls/queue_protocol.h"
#include "models/queue/courier.h"
#include "models/queue/gossip.h"
#include "models/queue/jobs.h"
#include "models/queue/member.h"
#include "models/queue/state_machine.h"
#include "sim/world/host.h"
#include "sim/world/scheduler.h"

namespace headroom::queue {

class Queue;

/// The process on one of the queue's hosts: a member of the group that agrees on the jobs, and while it
/// leads, the one that takes jobs in and hands them out.
///
/// A job is acknowledged, and sent to a worker, once it is committed; that it was sent is proposed alongside
/// and not waited for, except with `at_most_once`, which sends nothing before that is committed, too.
class Node final : public calls::JobQueue, StateMachine {
 public:
  Node(world::Host& host, Queue& queue, int member);
  ~Node() override;

  void submit(calls::Submission submission) override;
  void ended(const calls::WorkerName& worker, const calls::Delivery& delivery, bool done) override;
  void report(const calls::WorkerReport& report) override;

  const Jobs& jobs() const { return jobs_; }
  /// Only with `availability_first`.
  Gossip& gossip() { return *gossip_; }
  /// Takes over what another member had.
  void adopt(Enqueue orphan);
  /// Another member has seen to one of this one's jobs.
  void done_elsewhere(JobId job);
  bool serves() const { return lead_.has_value(); }

 private:
  /// While it leads, and is up to date.
  struct Lead {
    Lead(raft::Term t, const Jobs& jobs, const Courier::Settings& settings, TimePoint now, TimePoint from)
        : term(t), begins(from), courier(jobs, settings, now) {}
    raft::Term term;
    TimePoint begins;  ///< delivers from then on even if not all workers have reported
    Courier courier;
    std::int64_t uncommitted = 0;  ///< jobs
    std::deque<calls::Submission> blocked{};
    std::map<JobId, Courier::Given> given{};  ///< at most once: to send when that is committed
  };
  /// Committed jobs of a session, in a row, that it is to be told of.
  struct Accepted {
    calls::Origin origin;
    std::uint64_t serial;
    std::uint64_t count;
  };
  class Timer final : public world::Event {
   public:
    explicit Timer(Node& node) : node_(node) {}
    ~Timer() override = default;

   private:
    void fire() override { node_.wake(); }
    Node& node_;
  };

  // StateMachine
  void apply(raft::Index index, const raft::Payload& payload) override;
  void caught_up() override;
  void became_leader(raft::Term term) override;
  void stepped_down() override;
  raft::PayloadPtr take_snapshot() override;
  void restore(const raft::Payload& state) override;

  void apply(const Enqueue& command, TimePoint date, bool first);
  void apply(const Deliver& command, TimePoint date, bool first);
  void apply(const Settle& command, TimePoint date, bool first);
  void apply(const GiveBack& command, TimePoint date, bool first);
  void apply(const Drop& command, TimePoint date, bool first);

  TimePoint now() const;
  world::Network& network();
  bool once() const;
  bool keyed() const;
  void propose(Command::Body body, Bytes size);
  void enter(calls::Submission submission);
  void admit(calls::Submission submission);
  bool full() const;
  void work();
  void deliver();
  void deliver_next(JobId job);
  void pass_over(JobId job);
  void send_take(JobId job, const Courier::Given& given, Content& content, std::uint64_t key);
  void wake();
  void set_timer();
  void inform(const calls::Endpoint& worker, std::vector<std::uint64_t> settled);
  void judge(const calls::Endpoint& worker, JobId job, bool accepted, std::vector<calls::Job> also);
  bool accepted(JobId job, std::uint64_t key, const Life& worker) const;
  void answer(const calls::Origin& origin, calls::QueueAnswer::Kind kind, std::uint64_t serial,
              Failure why = Failure::rejected);
  void acknowledge(const calls::Origin& origin, std::uint64_t serial);
  void refuse(const Jobs::Ended& ended, Failure why);
  void ended_for_good(const Jobs::Ended& ended, bool first);

  Queue& queue_;
  int member_;
  int group_;
  Jobs jobs_;
  std::optional<Lead> lead_;
  std::deque<calls::Submission> early_;  ///< it leads, but is not up to date yet
  std::vector<Accepted> accepted_;       ///< while entries are applied
  Timer timer_{*this};
  Member consensus_;
  std::optional<Gossip> gossip_;
};

}  // namespace headroom::queue
