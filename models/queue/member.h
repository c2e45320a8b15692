#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "models/calls/environment.h"
#include "models/queue/elections.h"
#include "models/queue/observer.h"
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
  int append_window = 256;
  bool report_elections = true;  ///< in metrics, the series queue.leader, and the journal
};

/// The members that replicate one log, and what their disks hold, which outlives their processes. It lives as
/// long as the hosts.
class Group {
 public:
  /// `hosts[m]` is where member m runs. Election timeouts are drawn from streams below `key`.
  Group(const GroupConfig& config, const calls::Environment& env, const std::vector<world::Host*>& hosts,
        StreamKey key, Observer* observer = nullptr);
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  ~Group();

  int members() const { return static_cast<int>(nodes_.size()); }
  world::Host& host(raft::MemberId m) const { return *node(m).host; }
  /// The live member; nullptr while it is down.
  Member* live(raft::MemberId m) const { return node(m).live; }
  /// The live leader of the highest term: who is meant by `queue.leader`. Omniscient, so not for the service
  /// itself. kNobody: there is none.
  raft::MemberId leader() const;
  /// What the member's disk holds.
  const raft::Storage& storage(raft::MemberId m) const { return node(m).storage; }

  /// Leader changes, time without a leader, and how long elections took; call once, at the end.
  void report(metrics::ResultBuilder& results);

 private:
  friend class Member;
  class Parcel;
  /// A connection delivers in the order of sending: what overtook something waits for it. (Messages are flows
  /// that share bandwidth, and a short one would be faster.) What is lost is not waited for.
  struct Stream {
    std::uint64_t sent = 0;
    std::uint64_t passed = 0;                                       ///< all before it were delivered, or lost
    std::map<std::uint64_t, std::optional<raft::Message>> early{};  ///< empty: lost
  };
  struct Node {
    Node(world::Host* h, Engine e) : host(h), engine(e) {}
    world::Host* host;
    raft::Storage storage;
    Member* live = nullptr;
    Engine engine;                ///< of its election timeouts; a restart does not begin it anew
    std::vector<Stream> streams;  ///< of AppendEntries, by the member they come from
  };
  const Node& node(raft::MemberId m) const { return nodes_[static_cast<std::size_t>(m)]; }
  Node& node(raft::MemberId m) { return nodes_[static_cast<std::size_t>(m)]; }
  raft::Settings settings(raft::MemberId m);
  void send(raft::Message&& message);
  void deliver(raft::Message&& message);
  void arrived(std::uint64_t number, std::optional<raft::Message> message, raft::MemberId from,
               raft::MemberId to);
  void elected(raft::MemberId m);

  GroupConfig config_;
  world::World& world_;
  std::vector<Node> nodes_;
  std::optional<Elections> elections_;
  Observer* observer_;
};

/// A member of a group, as a part of a process: runs consensus over the network and the host's disk, and
/// calls the process's state machine. It must be a member object of the process, so that they die together.
///
/// What gathers while an fsync is under way is written, and as a leader sent, when that one is over (group
/// commit). At the very start the first member stands for election at once, so that a run begins with a
/// leader after a round trip and two fsyncs.
class Member {
 public:
  /// Starts from what the host's disk holds; calls `machine` from now on, but not inside the constructor.
  Member(Group& group, raft::MemberId id, world::Process& process, StateMachine& machine);
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;
  ~Member();

  raft::MemberId id() const { return raft_.self(); }
  bool leads() const { return raft_.leads(); }
  raft::Term term() const { return raft_.term(); }
  /// Whom this member takes for the leader; kNobody.
  raft::MemberId leader() const { return raft_.leader(); }
  /// To the log, if this member leads. `StateMachine::apply` gets it when it is committed.
  std::optional<raft::Index> propose(raft::PayloadPtr command);
  /// Whether this member's state machine is as new as any answer given by any member (lease read, D 6.4).
  bool may_read() const { return raft_.may_read(scheduler_.now()); }

 private:
  friend class Group;
  class Timer final : public world::Event {
   public:
    explicit Timer(Member& member) : member_(member) {}
    ~Timer() override = default;

   private:
    void fire() override { member_.wake(); }
    Member& member_;
  };
  static world::Task<> write(Member* self);
  void wake();
  void receive(raft::Message&& message);
  void settle();
  void note_role(const raft::RoleChange& change);
  void send_messages();
  void apply_committed();
  void compact_if_long();
  void arm_timer();

  Group& group_;
  world::Process& process_;
  world::Scheduler& scheduler_;
  StateMachine& machine_;
  raft::Raft raft_;
  bool led_ = false;      ///< and its state machine was not told that this is over
  bool serving_ = false;  ///< its state machine knows that it leads
  raft::Term led_term_ = 0;
  Bytes log_size_;       ///< applied since the last snapshot
  Bytes snapshot_size_;  ///< of the last snapshot
  bool started_ = false;
  Timer timer_{*this};
  TimePoint timer_at_;
  world::Condition unwritten_;
};

}  // namespace headroom::queue
