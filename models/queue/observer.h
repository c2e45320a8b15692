#pragma once

#include "models/queue/raft/raft.h"
#include "models/queue/raft/storage.h"

namespace headroom::queue {

/// Told what every member of a group does, so that somebody who trusts none of them can check it.
class Observer {
 public:
  virtual ~Observer() = default;
  /// A vote (no pre-vote) for `candidate` leaves the member.
  virtual void voted(raft::MemberId member, raft::Term term, raft::MemberId candidate) = 0;
  /// The member has won an election.
  virtual void elected(raft::MemberId member, const raft::Raft& state) = 0;
  /// The write has reached the member's disk.
  virtual void stored(raft::MemberId member, const raft::Write& write) = 0;
  /// The member's state machine is given an entry (or, for a no-op, could be).
  virtual void applied(raft::MemberId member, raft::Index index, const raft::Entry& entry) = 0;
  /// The member's state machine begins anew, with everything up to `index`.
  virtual void restored(raft::MemberId member, raft::Index index) = 0;
};

}  // namespace headroom::queue
