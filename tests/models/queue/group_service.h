#pragma once

#include <memory>
#include <vector>

#include "models/queue/member.h"
#include "sim/metrics/journal.h"
#include "sim/metrics/result.h"
#include "sim/metrics/series.h"
#include "sim/study/consensus_watch.h"
#include "sim/world/world.h"

/// The smallest service on a group of members: it counts commands.
namespace headroom::queue::test {

class Number final : public raft::Payload {
 public:
  explicit Number(std::int64_t n, Bytes size = Bytes(100)) : n_(n), size_(size) {}
  std::int64_t value() const { return n_; }
  Bytes size() const override { return size_; }

 private:
  std::int64_t n_;
  Bytes size_;
};

class Counting final : public world::Process, public StateMachine {
 public:
  Counting(world::Host& host, Group& group, raft::MemberId id)
      : Process(host), member(group, id, *this, *this) {}
  ~Counting() override { scope().clear(); }
  void apply(raft::Index, const raft::Payload& command) override {
    sum += static_cast<const Number&>(command).value();
    ++applied;
  }
  void became_leader(raft::Term) override { serving = true; }
  void stepped_down() override { serving = false; }
  raft::PayloadPtr take_snapshot() override { return {new Number(sum, Bytes(1'000))}; }
  void restore(const raft::Payload& state) override { sum = static_cast<const Number&>(state).value(); }

  std::int64_t sum = 0;
  std::int64_t applied = 0;  ///< in this life
  bool serving = false;
  Member member;
};

/// Hosts `queue-1` … with a one-way latency and an fsync of constant length.
class GroupService {
 public:
  GroupService(int members, const GroupConfig& config, std::uint64_t seed, Duration latency, Duration fsync,
               metrics::Window window = {})
      : watch(members),
        window_(window),
        series_(Duration::s(20'000)),
        world_(std::make_unique<world::World>(platform(members, latency, fsync), StreamKey(seed))),
        group_(config, {*world_, window_, series_, journal}, world_->group("queue"), StreamKey(seed),
               &watch) {
    for (raft::MemberId m = 0; m < members; ++m)
      slots_.push_back(&group_.host(m).install(
          [this, m](world::Host& host) { return std::make_unique<Counting>(host, group_, m); }));
  }
  ~GroupService() { world_.reset(); }

  world::World& world() { return *world_; }
  Group& group() { return group_; }
  world::ProcessSlot& slot(raft::MemberId m) { return *slots_[static_cast<std::size_t>(m)]; }
  Counting* process(raft::MemberId m) { return slot(m).as<Counting>(); }
  void run_for(Duration d) { world_->run_until(world_->now() + d); }
  /// By the leader, if there is one.
  bool propose(std::int64_t n, Bytes size = Bytes(100)) {
    const raft::MemberId leader = group_.leader();
    return leader != raft::kNobody &&
           process(leader)->member.propose(raft::PayloadPtr(new Number(n, size))).has_value();
  }

  study::ConsensusWatch watch;
  metrics::Journal journal;

 private:
  static world::PlatformConfig platform(int members, Duration latency, Duration fsync) {
    world::PlatformConfig p;
    p.network.ideal = false;
    p.network.nic.latency = latency / 2;
    p.hosts["queue"].count = members;
    p.hosts["queue"].disk.fsync = Distribution<Duration>::constant(fsync);
    return p;
  }
  metrics::Window window_;
  metrics::Series series_;
  std::unique_ptr<world::World> world_;
  Group group_;
  std::vector<world::ProcessSlot*> slots_;
};

}  // namespace headroom::queue::test
