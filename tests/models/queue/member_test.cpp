#include <catch2/catch.hpp>

#include "tests/models/queue/group_service.h"

namespace headroom::queue {
namespace {

using test::Counting;
using test::GroupService;

constexpr Duration kLatency = Duration::us(200);
constexpr Duration kFsync = Duration::ms(1);

TEST_CASE("member: a group begins with a leader, and a commit costs a round trip and an fsync") {
  GroupService service(3, {}, 1, kLatency, kFsync);
  service.run_for(Duration::ms(5));
  REQUIRE(service.group().leader() == 0);
  REQUIRE(service.process(0)->serving);
  CHECK(service.process(1)->member.leader() == 0);
  service.run_for(Duration::ms(1));
  REQUIRE(service.propose(7));
  service.run_for(kLatency * 2 + kFsync - Duration::us(1));
  CHECK(service.process(0)->sum == 0);
  service.run_for(Duration::us(5));  // and the writing, some nanoseconds
  CHECK(service.process(0)->sum == 7);
  service.run_for(Duration::ms(60));  // followers learn of it with the next heartbeat
  CHECK(service.process(1)->sum == 7);
  CHECK(service.process(2)->sum == 7);
}

TEST_CASE("member: what was committed survives any crash; what was not on disk does not") {
  GroupService service(3, {}, 2, kLatency, kFsync);
  service.run_for(Duration::ms(20));
  for (int i = 1; i <= 10; ++i) REQUIRE(service.propose(i));
  service.run_for(Duration::ms(20));
  // These reach nobody's disk: all hosts lose power before an fsync is over.
  REQUIRE(service.propose(1000));
  service.run_for(kFsync / 2);
  for (raft::MemberId m = 0; m < 3; ++m) service.group().host(m).crash();
  service.run_for(Duration::s(1));
  for (raft::MemberId m = 0; m < 3; ++m) service.group().host(m).boot();
  service.run_for(Duration::s(2));
  REQUIRE(service.group().leader() != raft::kNobody);
  for (raft::MemberId m = 0; m < 3; ++m) CHECK(service.process(m)->sum == 55);
  CHECK(service.watch.checker().holds());
}

TEST_CASE("member: the leader on the minority side steps down; the others go on; then they are one again") {
  GroupService service(5, {}, 3, kLatency, kFsync);
  service.run_for(Duration::ms(100));
  const raft::MemberId old = service.group().leader();
  const raft::MemberId with = (old + 1) % 5;
  world::Impairment cut;
  for (raft::MemberId m = 0; m < 5; ++m)
    (m == old || m == with ? cut.a : cut.b).push_back(service.group().host(m).id());
  cut.blocked = true;
  const auto id = service.world().network().add(cut);
  REQUIRE(service.process(old)->member.propose(raft::PayloadPtr(new test::Number(1))));
  service.run_for(Duration::s(1));
  CHECK_FALSE(service.process(old)->member.leads());
  CHECK_FALSE(service.process(old)->serving);
  CHECK(service.process(old)->sum == 0);
  const raft::MemberId now = service.group().leader();
  REQUIRE(now != raft::kNobody);
  CHECK((now != old && now != with));
  REQUIRE(service.propose(10));
  service.run_for(Duration::s(1));
  service.world().network().remove(id);
  service.run_for(Duration::s(1));
  CHECK(service.group().leader() == now);  // pre-vote: who comes back does not disturb (D 9.6)
  for (raft::MemberId m = 0; m < 5; ++m) CHECK(service.process(m)->sum == 10);
  CHECK(service.watch.checker().holds());
}

TEST_CASE("member: a lease ends before another leader can be elected") {
  GroupService service(3, {}, 4, kLatency, kFsync);
  service.run_for(Duration::ms(200));
  const raft::MemberId old = service.group().leader();
  CHECK(service.process(old)->member.may_read());
  CHECK_FALSE(service.process((old + 1) % 3)->member.may_read());
  world::Impairment cut;
  for (raft::MemberId m = 0; m < 3; ++m) (m == old ? cut.a : cut.b).push_back(service.group().host(m).id());
  cut.blocked = true;
  service.world().network().add(cut);
  bool could_read = true;
  for (int ms = 0; ms < 1000; ++ms) {
    service.run_for(Duration::ms(1));
    const bool can_read = service.process(old)->member.may_read();
    CHECK((could_read || !can_read));  // once over, for ever
    could_read = can_read;
    if (service.group().leader() != old && service.group().leader() != raft::kNobody) CHECK_FALSE(can_read);
  }
  CHECK(service.group().leader() != old);
}

TEST_CASE("member: a follower that was away for long gets a snapshot") {
  GroupService service(3, {}, 5, kLatency, kFsync);
  service.run_for(Duration::ms(20));
  service.slot(2).kill();
  std::int64_t sum = 0;
  for (int i = 1; i <= 20'000; ++i) {
    REQUIRE(service.propose(i, Bytes(1'000)));
    sum += i;
    if (i % 100 == 0) service.run_for(Duration::ms(2));
  }
  service.run_for(Duration::ms(20));
  CHECK(service.group().storage(0).snapshot.last.index > 10'000);
  CHECK(service.group().storage(0).entries.size() < 10'000);
  service.slot(2).start();
  service.run_for(Duration::s(1));
  CHECK(service.process(2)->sum == sum);
  CHECK(service.process(2)->applied < 10'000);
  CHECK(service.watch.checker().holds());
}

TEST_CASE("member: crashes and partitions at any moment, and nothing is violated") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    GroupConfig config;
    config.pre_vote = seed % 2 == 0;
    GroupService service(seed % 3 == 0 ? 5 : 3, config, seed, kLatency, kFsync);
    Engine engine = StreamKey(seed).engine();
    const int members = service.group().members();
    for (int step = 0; step < 300; ++step) {
      for (int i = 0; i < 5; ++i) service.propose(step * 5 + i + 1);
      const auto m = static_cast<raft::MemberId>(uniform_below(engine, static_cast<std::uint64_t>(members)));
      const std::uint64_t what = uniform_below(engine, 10);
      if (what == 0) service.group().host(m).crash();
      if (what == 1) service.slot(m).kill();
      if (what >= 2 && what <= 4) {
        service.group().host(m).boot();
        service.slot(m).start();
      }
      service.run_for(Duration::from_seconds(uniform01(engine) * 0.1));
    }
    for (raft::MemberId m = 0; m < members; ++m) {
      service.group().host(m).boot();
      service.run_for(Duration());
      service.slot(m).start();
    }
    service.run_for(Duration::s(3));
    INFO(service.watch.checker().detail());
    CHECK(service.watch.checker().holds());
    CHECK(service.watch.checker().committed() > 100);
    REQUIRE(service.group().leader() != raft::kNobody);
    for (raft::MemberId m = 1; m < members; ++m) CHECK(service.process(m)->sum == service.process(0)->sum);
  }
}

}  // namespace
}  // namespace headroom::queue
