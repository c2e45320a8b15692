#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "models/queue/raft/raft.h"
#include "models/queue/state_machine.h"
#include "sim/base/distribution.h"
#include "sim/base/random.h"
#include "sim/world/host.h"
#include "sim/world/task.h"
#include "sim/world/world.h"

namespace headroom::queue {

class Member;

struct GroupConfig {
  Distribution<Duration> election_timeout{law::Uniform{150e6, 300e6}};
  Duration heartbeat = Duration::ms(50);
  bool pre_vote = true;
};

/// Who replicates with whom, and what outlives a member's crash: its disk's contents. Lives as long as the
/// hosts.
class Group {
 public:
  /// `hosts[m]` is where member m runs. Its randomness comes from `key`.
  Group(const GroupConfig& config, world::World& world, const std::vector<world::Host*>& hosts,
        StreamKey key);
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  ~Group();

  int members() const;
  world::Host& host(raft::MemberId m);
  /// The live member; nullptr while it is down.
  Member* live(raft::MemberId m);
  /// The live leader of the highest term: who is meant by `queue.leader`. Not for the service itself, whose
  /// parts cannot know it. kNobody: there is none.
  raft::MemberId leader() const;
};

/// A member of a group, as a part of a process: runs consensus over the network and the host's disk, and
/// calls the process's state machine. It must be a member object of the process, so that they die together.
class Member {
 public:
  /// Starts from what the host's disk holds; calls `machine` from now on (never inside the constructor).
  Member(Group& group, raft::MemberId id, world::Process& process, StateMachine& machine);
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;
  ~Member();

  bool leads() const;
  raft::Term term() const;
  /// Whom this member takes for the leader; kNobody.
  raft::MemberId leader() const;
  /// To the log, if this member leads. `StateMachine::apply` gets it when it is committed.
  std::optional<raft::Index> propose(raft::PayloadPtr command);
  /// Whether this member's state machine is as new as any answer given by any member (lease read, D 6.4).
  bool may_read() const;
};

}  // namespace headroom::queue
