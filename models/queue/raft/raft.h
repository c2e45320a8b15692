#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "models/queue/raft/log.h"
#include "models/queue/raft/progress.h"
#include "models/queue/raft/storage.h"
#include "models/queue/raft/types.h"
#include "sim/base/units.h"

namespace headroom::queue::raft {

struct Settings {
  MemberId self = 0;
  int members = 1;
  Duration heartbeat = Duration::ms(50);
  /// Draws a randomised election timeout (§5.2).
  std::function<Duration()> election_timeout{};
  /// The least that `election_timeout` gives: for so long after hearing from a leader no member votes for
  /// another one (D 4.2.3), which is what a leader's lease rests on (D 6.4.1).
  Duration least_timeout{};
  bool pre_vote = true;
  /// AppendEntries on their way to one follower without an answer.
  int append_window = 256;
  /// Entries' bytes in one AppendEntries, which carries at least one entry.
  Bytes append_bytes{1'000'000};
  /// Entries kept behind a snapshot, for followers that are a little late.
  Index trailing_entries = 1'000;
  /// A snapshot without an answer is sent again after so long: long enough for its bytes. Only the follower
  /// that is to get it waits; a majority commits without it.
  Duration snapshot_retry = Duration::s(5);
};

struct RoleChange {
  Role role = Role::follower;
  Term term = 0;
};

/// One member of a Raft group, as a step machine: inputs and the time in, messages and writes out. It has no
/// clock, no disk, no network; who drives it
///  - calls `tick` at `next_tick()` (early is harmless), `receive` for each message, `propose`, `persisted`;
///  - after each of them sends `take_messages()` at once, hands `next_committed()` (after `take_restore()`)
///  to
///    the state machine, and looks at `take_role_changes()`;
///  - when the disk is free calls `take_write()`, makes it durable, then applies it to the `Storage` and
///  calls
///    `persisted` (group commit: what gathers meanwhile goes into the next write).
///
/// Nothing is sent that rests on what is not yet on disk: votes and acknowledgements are held back until
/// `persisted`. Two things go out in parallel with a member's own fsync: a candidate's RequestVote (it wins
/// only once its own vote is on disk) and a leader's entries (D 10.2.1; it counts itself only once they are
/// on its disk).
///
/// A restart is a new object made from the `Storage`.
class Raft {
 public:
  Raft(Settings settings, const Storage& storage, TimePoint now);

  // Inputs
  void tick(TimePoint now);
  void receive(Message message, TimePoint now);
  /// Appends a command to the leader's log; it goes out with the next `take_write`. None: it does not lead.
  std::optional<Index> propose(PayloadPtr command);
  /// Writes up to this number are on disk.
  void persisted(std::uint64_t write, TimePoint now);
  /// Stands for election now, not when its timeout has passed.
  void campaign(TimePoint now);
  /// `state` is the state machine after `applied()`: the log up to there may be forgotten (§7).
  void compact(PayloadPtr state);

  // Outputs
  /// When `tick` has something to do.
  TimePoint next_tick() const;
  std::vector<Message> take_messages() { return std::exchange(messages_, {}); }
  std::vector<RoleChange> take_role_changes() { return std::exchange(role_changes_, {}); }
  /// All that is not on disk, nor in an earlier write; as a leader, sends the new entries to the followers.
  std::optional<Write> take_write(TimePoint now);
  /// Whether `take_write` would give one.
  bool must_write() const;
  /// A snapshot that replaces the state machine's state; comes before further committed entries.
  std::optional<Snapshot> take_restore() { return std::exchange(restore_, std::nullopt); }
  struct Committed {
    Index index;
    Entry entry;
  };
  /// The next committed entry to apply, each once.
  std::optional<Committed> next_committed();

  // State
  MemberId self() const { return settings_.self; }
  Role role() const { return role_; }
  bool leads() const { return role_ == Role::leader; }
  Term term() const { return hard_state_.term; }
  HardState hard_state() const { return hard_state_; }
  /// Whom it takes for the leader; kNobody.
  MemberId leader() const { return leader_; }
  Index commit() const { return commit_; }
  Index applied() const { return applied_; }
  const Log& log() const { return log_; }
  /// While it leads, has committed an entry of its term, and no other leader can exist (D 6.4): it may answer
  /// from its own state.
  bool may_read(TimePoint now) const;
  /// A leader: when it last was in touch with a majority.
  TimePoint quorum_heard(TimePoint now) const;
  const Progress& progress(MemberId follower) const { return progress_[static_cast<std::size_t>(follower)]; }

 private:
  using Body = decltype(Message::body);
  /// A message that rests on a write.
  struct Held {
    std::uint64_t write;
    Message message;
  };
  /// A write that is on its way to disk, and the last of its entries that is still in the log.
  struct Pending {
    std::uint64_t number;
    Index last;
  };

  void on(const RequestVote& request, const Message& message, TimePoint now);
  void on(const Vote& vote, const Message& message, TimePoint now);
  void on(const AppendEntries& append, const Message& message, TimePoint now);
  void on(const AppendReply& reply, const Message& message, TimePoint now);
  void on(const Heartbeat& heartbeat, const Message& message, TimePoint now);
  void on(const HeartbeatReply& reply, const Message& message, TimePoint now);
  void on(const InstallSnapshot& install, const Message& message, TimePoint now);
  bool settle_terms(const Message& message, TimePoint now);

  void become(Role role);
  void step_down(Term term, TimePoint now);
  bool follow(MemberId leader, TimePoint now);
  void stand(bool pre, TimePoint now);
  void count_votes(TimePoint now);
  void lead(TimePoint now);
  void restart_election_timer(TimePoint now) { election_at_ = now + settings_.election_timeout(); }

  void send(MemberId to, Term term, Body body);
  void send_after(std::uint64_t write, MemberId to, Body body);
  void acknowledge(MemberId to, Index index);
  std::uint64_t write_of_hard_state() const;
  std::uint64_t write_of(Index index) const;
  bool own_vote_on_disk() const;
  void append(const AppendEntries& append);
  void truncate(Index first);

  bool send_entries(MemberId to, bool even_if_none, TimePoint now);
  void send_all_entries(MemberId to, TimePoint now);
  BatchPtr batch_from(Index first);
  void send_heartbeats(TimePoint now);
  void check_quorum(TimePoint now);
  void advance_commit();
  TimePoint majority_at(TimePoint Progress::* stamp, TimePoint now) const;
  Progress& of(MemberId follower) { return progress_[static_cast<std::size_t>(follower)]; }
  std::size_t majority() const { return static_cast<std::size_t>(settings_.members / 2 + 1); }

  Settings settings_;
  HardState hard_state_;
  Snapshot snapshot_;
  Log log_;
  Index commit_ = 0;
  Index applied_ = 0;
  Role role_ = Role::follower;
  MemberId leader_ = kNobody;
  TimePoint withhold_votes_until_;
  TimePoint election_at_;
  TimePoint heartbeat_at_;
  TimePoint quorum_since_;   ///< a leader steps down if a majority has not answered between here …
  TimePoint quorum_at_;      ///< … and here
  std::vector<bool> votes_;  ///< granted, by member
  std::vector<Progress> progress_;
  BatchPtr batch_;  ///< the last one sent, for the next follower that needs the same
  Index batch_first_ = 0;
  Index batch_log_last_ = 0;
  std::vector<Index> match_;  ///< scratch of advance_commit

  // What is on disk, or on its way there.
  std::uint64_t writes_ = 0;   ///< taken
  std::uint64_t written_ = 0;  ///< on disk
  HardState hard_state_taken_;
  std::uint64_t hard_state_write_ = 0;  ///< the last write that changed it
  bool snapshot_taken_ = true;
  Index taken_ = 0;    ///< entries up to here are on disk or in a write
  Index durable_ = 0;  ///< entries up to here are on disk
  std::deque<Pending> pending_;
  std::vector<Held> held_;

  std::vector<Message> messages_;
  std::vector<RoleChange> role_changes_;
  std::optional<Snapshot> restore_;
};

}  // namespace headroom::queue::raft
