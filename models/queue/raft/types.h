#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "sim/base/counted.h"
#include "sim/base/units.h"

/// The vocabulary of the Raft paper: D. Ongaro, J. Ousterhout, "In search of an understandable consensus
/// algorithm (extended version)", 2014. Section numbers (§) in this folder are those of that paper, and with
/// a "D" those of D. Ongaro's dissertation, Stanford 2014.
namespace headroom::queue::raft {

/// Terms and indexes count from 1; 0 is before the first.
using Term = std::uint64_t;
using Index = std::uint64_t;
/// The members of a group are 0 … members − 1, for ever.
using MemberId = int;
inline constexpr MemberId kNobody = -1;

enum class Role : std::uint8_t { follower, pre_candidate, candidate, leader };

/// What an entry or a snapshot carries. Consensus looks at its size only. Immutable once proposed, and shared
/// between the members of a simulated group: they exchange pointers, the network charges the size.
class Payload : public Counted<Payload> {
 public:
  Payload() = default;
  Payload(const Payload&) = delete;
  Payload& operator=(const Payload&) = delete;
  virtual ~Payload() = default;
  /// On the wire and on disk.
  virtual Bytes size() const = 0;
};
using PayloadPtr = boost::intrusive_ptr<const Payload>;

/// Without a command: the no-op with which a leader begins its term (§8).
struct Entry {
  Term term = 0;
  PayloadPtr command{};
};

/// Entries that follow one another in a log; one batch serves all followers that need the same ones.
class Batch : public Counted<Batch> {
 public:
  explicit Batch(std::vector<Entry> entries);
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  const std::vector<Entry>& entries() const { return entries_; }
  Bytes size() const { return size_; }

 private:
  std::vector<Entry> entries_;
  Bytes size_;
};
using BatchPtr = boost::intrusive_ptr<const Batch>;

/// A position in a log: all up to it is known by it (§5.3, log matching).
struct Position {
  Index index = 0;
  Term term = 0;
  friend bool operator==(const Position&, const Position&) = default;
};

/// The state machine after applying everything up to `last` (§7). `last.index` 0: there is none.
struct Snapshot {
  Position last{};
  PayloadPtr state{};
};

/// What a member must remember besides its log (§5.1, figure 2).
struct HardState {
  Term term = 0;
  MemberId vote = kNobody;
  friend bool operator==(const HardState&, const HardState&) = default;
};

/// §5.2, and with `pre` the question that comes before it (D 9.6); then the message's term is the one that
/// the candidate would begin.
struct RequestVote {
  Position last{};  ///< of the candidate's log
  bool pre = false;
};
struct Vote {
  /// As asked. A candidate that crashed before its log was on disk asks again in the same term with a shorter
  /// log; the votes for the longer one must not count.
  Position last{};
  bool pre = false;
  bool granted = false;
};
struct AppendEntries {
  Position previous{};
  Index commit = 0;
  BatchPtr batch{};  ///< null: no entries
};
struct AppendReply {
  bool success = false;
  Index index =
      0;  ///< success: all up to it matches and is on disk; else the previous index that did not match
  Position hint{};  ///< no success: the follower's last entry that may match (the end of §5.3)
};
/// Keeps followers from standing for election, and their commit index fresh. Not subject to the in-flight
/// window.
struct Heartbeat {
  Index commit = 0;
  TimePoint sent{};  ///< by the leader's clock
};
struct HeartbeatReply {
  TimePoint sent{};  ///< of the heartbeat
};
/// §7. Answered by AppendReply.
struct InstallSnapshot {
  Snapshot snapshot{};
};

struct Message {
  MemberId from = kNobody;
  MemberId to = kNobody;
  Term term = 0;
  std::variant<RequestVote, Vote, AppendEntries, AppendReply, Heartbeat, HeartbeatReply, InstallSnapshot>
      body;
};

/// What a message carries besides its header.
Bytes payload_size(const Message& message);

}  // namespace headroom::queue::raft
