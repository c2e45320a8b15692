#pragma once

#include "models/queue/raft/types.h"

namespace headroom::queue {

/// What a group of members replicates: every member has one and applies the same commands in the same order.
/// The calls come from the member's own process; `propose` may be called inside any of them.
class StateMachine {
 public:
  virtual ~StateMachine() = default;
  /// A command is committed. The object is the one that was proposed (on every member), so its proposer
  /// recognises it. After a restart, commands since the last snapshot come again, from the beginning.
  virtual void apply(raft::Index index, const raft::Payload& command) = 0;
  /// All that is known to be committed by now was applied: once after each run of `apply`.
  virtual void caught_up() {}
  /// This member leads, and has applied all that was committed in earlier terms (§8): it may serve. (Commands
  /// may be proposed from the election on, a little earlier: Member::leads().)
  virtual void became_leader(raft::Term term) = 0;
  /// It leads no more. Commands that it proposed and that were not applied yet may be applied later, or
  /// never.
  virtual void stepped_down() = 0;
  /// The whole state; immutable, as it is sent to others and kept.
  virtual raft::PayloadPtr take_snapshot() = 0;
  /// Replaces the whole state by one that `take_snapshot` gave, here or on another member.
  virtual void restore(const raft::Payload& state) = 0;
};

}  // namespace headroom::queue
