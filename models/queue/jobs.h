#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <vector>

#include "models/queue/command.h"
#include "models/queue/config.h"
#include "models/queue/keys.h"
#include "models/queue/serials.h"
#include "sim/base/units.h"

namespace headroom::queue {

/// The jobs that a queue keeps: what its members replicate. Every member applies the same committed commands
/// in the same order, so all have the same jobs. Pure; copies share what jobs contain.
///
/// A job waits, is with a worker, waits again … and ends: settled, dropped, or given up (a dead letter) when
/// it has come back `max_deliveries` times. With `at_most_once` it has ended as soon as it is delivered.
class Jobs {
 public:
  struct Settings {
    Delivery delivery = Delivery::at_least_once;
    int max_deliveries = 20;
    Duration retention{};  ///< of idempotency keys (exactly_once)
  };
  explicit Jobs(const Settings& settings) : settings_(settings) {}

  enum class State : std::uint8_t { waiting, out, ended };
  struct Entry {
    ContentPtr content{};
    std::uint64_t key = 0;
    Life worker{};  ///< out: with whom
    int deliveries = 0;
    State state = State::waiting;
    bool probe = false;
  };

  enum class Admission {
    accepted,
    repeated,   ///< the session has sent it before
    forgotten,  ///< the session has had its answer long ago; or it is of an earlier life
    joined,     ///< a job with the same key is there: its result will be for both
    done,       ///< a job with the same key was done
    given_up,   ///< a job with the same key was given up
  };
  struct Admitted {
    Admission how = Admission::accepted;
    JobId job = 0;  ///< not if repeated or forgotten
    Life worker{};  ///< done: who has the result
  };
  Admitted apply(const Enqueue& command, TimePoint date);

  /// Whether it waited.
  bool apply(const Deliver& command);

  /// A job that has ended, and who else asked for the same.
  struct Ended {
    JobId job = 0;  ///< 0: nothing ended
    ContentPtr content{};
    std::vector<ContentPtr> joined{};
    explicit operator bool() const { return job != 0; }
  };
  /// The first completion ends the job, whichever delivery it is of; others change nothing.
  Ended apply(const Settle& command, TimePoint date);
  /// Of the latest delivery only; others change nothing. The job waits again, or ends as a dead letter.
  Ended apply(const GiveBack& command, TimePoint date);
  /// If it waits.
  Ended apply(const Drop& command, TimePoint date);

  /// Whether the session's job with this serial number need not be proposed (again).
  Serials::Seen seen(const Life& session, std::uint64_t serial) const;
  /// What is remembered about a key.
  std::optional<Keys::Known> known(std::uint64_t key) const { return keys_.find(key); }

  /// nullptr: it has ended, or is not there yet.
  const Entry* find(JobId job) const {
    if (job < first_ || job >= first_ + entries_.size()) return nullptr;
    const Entry& entry = entries_[job - first_];
    return entry.state == State::ended ? nullptr : &entry;
  }
  /// All that have not ended lie in [first(), last()].
  JobId first() const { return first_; }
  JobId last() const { return first_ + entries_.size() - 1; }
  /// Those in [fresh(), last()] were never delivered, nor any after them.
  JobId fresh() const { return fresh_; }
  /// Those below fresh() that wait: they came back, or were passed over.
  const std::set<JobId>& again() const { return again_; }
  std::int64_t waiting() const { return waiting_; }
  std::int64_t waiting_probes() const { return waiting_probes_; }
  /// Not ended.
  std::int64_t open() const { return open_; }
  /// What it takes to write all this down.
  Bytes size() const { return bytes_ + Bytes(static_cast<std::int64_t>(keys_.size()) * kKeyBytes); }

 private:
  static constexpr std::int64_t kKeyBytes = 32;
  struct Session {
    std::uint64_t life = 0;
    Serials serials{};
  };
  Entry* entry(JobId job) { return const_cast<Entry*>(find(job)); }
  void wait(const Entry& entry, int change) {
    waiting_ += change;
    if (entry.probe) waiting_probes_ += change;
  }
  void leave_waiting(JobId job, Entry& entry);
  Ended end(JobId job, Entry& entry);

  Settings settings_;
  JobId first_ = 1;
  std::deque<Entry> entries_;  // from first_ on
  JobId fresh_ = 1;
  std::set<JobId> again_;
  std::int64_t waiting_ = 0;
  std::int64_t waiting_probes_ = 0;
  std::int64_t open_ = 0;
  Bytes bytes_;
  std::map<JobId, std::vector<ContentPtr>> joined_;
  std::map<world::HostId, Session> sessions_;  // the latest life of each host's
  Keys keys_;
};

}  // namespace headroom::queue
