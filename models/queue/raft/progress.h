#pragma once

#include <cstdint>
#include <deque>

#include "models/queue/raft/types.h"

namespace headroom::queue::raft {

/// A leader's view of one follower, as in etcd/raft (tracker/progress.go): `probe` sends one AppendEntries
/// and waits for the answer, to find where the logs agree; `replicate` sends entries as they come, at most a
/// window of messages ahead of the answers; `snapshot` waits until the follower has installed one.
struct Progress {
  enum class State : std::uint8_t { probe, replicate, snapshot };
  State state = State::probe;
  Index match = 0;                ///< the follower has all up to here on disk
  Index next = 1;                 ///< of the entry to send next
  bool probing = false;           ///< probe: one is on its way
  Index pending_snapshot = 0;     ///< snapshot: its last index
  TimePoint snapshot_sent{};      ///< snapshot: when
  std::deque<Index> in_flight{};  ///< replicate: last index of each AppendEntries without an answer
  TimePoint heard{};              ///< when its last answer came
  TimePoint lease{};              ///< when the last heartbeat was sent that it has answered

  void become_probe(Index from) {
    state = State::probe;
    next = from;
    probing = false;
    in_flight.clear();
  }
  void become_replicate() {
    state = State::replicate;
    next = match + 1;
    probing = false;
    in_flight.clear();
  }
  void become_snapshot(Index last, TimePoint now) {
    state = State::snapshot;
    pending_snapshot = last;
    snapshot_sent = now;
    probing = false;
    in_flight.clear();
  }
  /// No more may be sent before an answer.
  bool full(int window) const {
    return state == State::replicate && in_flight.size() >= static_cast<std::size_t>(window);
  }
  /// Everything up to `index` is answered for.
  void free_up_to(Index index) {
    while (!in_flight.empty() && in_flight.front() <= index) in_flight.pop_front();
  }
};

}  // namespace headroom::queue::raft
