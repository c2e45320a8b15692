/// Planted bugs, each outside of the product, in the whole simulated service: whatever a run promises of its
/// queue, its consensus and its bill must be seen to fail when it is broken. tests/invariants tests the
/// checkers alone; here they have to see through the whole of it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/random.h"
#include "tests/models/chaos.h"
#include "tests/models/queue/victim.h"

namespace headroom {
namespace {

namespace raft = queue::raft;

// What a run says of its invariants.
constexpr std::string_view kConsensus = "one leader per term, logs that match, committed entries stay";
constexpr std::string_view kNothingLost =
    "no acknowledged job lost; each is done, dropped, given up or still there";
constexpr std::string_view kOrder = "jobs are first delivered in the order of commitment";
constexpr std::string_view kOnce = "no result is released twice";
constexpr std::string_view kBill = "billed + lost - duplicated = done, to the unit";
constexpr std::string_view kBatches = "no acknowledged usage batch lost";
constexpr std::string_view kOutcomes = "each offered request has exactly one outcome";
constexpr std::string_view kMessages = "messages sent = received + lost + refused + in flight";
constexpr std::string_view kSum = "outcomes sum to offered";
constexpr std::string_view kAttempts = "each attempt has exactly one ending";
constexpr std::string_view kLittle[] = {"Little's law: clients", "Little's law: load_balancer",
                                        "Little's law: api", "Little's law: processing"};

using Bug = std::function<void(Victim&)>;
const Bug kNone = [](Victim&) {};

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// A service that is short of workers, so that jobs wait; with a bill.
study::ScenarioConfig busy() {
  auto s = tiny();
  hosts(s, "worker", 1, 2);
  add_usage(s);
  s.workload.arrivals = client::Poisson{Rate{80}};  // 67 would be all that the workers can do
  measure(s, Duration(), Duration::s(2));
  s.run.drain = Duration::s(10);
  return s;
}

void after_a_while(Victim& v, std::function<void()> act) {
  v.at(Duration::s(1), std::move(act));
}

TEST_CASE("planted bugs, none of them: all holds") {
  Victim v(busy());
  v.run();
  CHECK(v.violated().empty());
  CHECK(v["queue.lost_acknowledged"] == 0);
  CHECK(v["usage.lost_records"] == 0);
  CHECK(v["usage.duplicate_records"] == 0);
  CHECK(v["usage.billing_error"] == 0);
}

// Consensus

/// Every acknowledgement that the leader waits for comes at once, from nobody.
void forge_acknowledgements(Victim& v) {
  v.every(Duration::us(500), Duration::s(4), [&v] {
    const raft::MemberId leader = v.leader();
    if (leader == raft::kNobody) return;
    const raft::Index last = v.state(leader).log().last_index();
    for (raft::MemberId m = 0; m < v.group().members(); ++m)
      if (m != leader) v.forge({m, leader, v.state(leader).term(), raft::AppendReply{true, last, {}}});
  });
}

TEST_CASE("planted bug: entries are committed without a majority") {
  for (const bool planted : {false, true}) {
    INFO((planted ? "with" : "without") << " the bug");
    Victim v(busy());
    if (planted) forge_acknowledgements(v);
    // The only one that has them is gone.
    after_a_while(v, [&v] { v.member(v.leader()).crash(); });
    v.run();
    INFO(v.detail(kConsensus));
    CHECK(v.holds(kConsensus) == !planted);
    CHECK(contains(v.detail(kConsensus), "members had it on disk") == planted);
    CHECK(v.holds(kNothingLost) == !planted);
    CHECK((v["queue.lost_acknowledged"] > 0) == planted);
  }
}

/// Disks that say that all is durable, and write it down every 50 ms.
void lie_about_fsync(Victim& v) {
  struct Platters {
    std::vector<raft::Storage> written;
  };
  const auto platters = std::make_shared<Platters>();
  platters->written.resize(static_cast<std::size_t>(v.group().members()));
  v.every(Duration::ms(50), Duration::s(4), [&v, platters] {
    for (const raft::MemberId m : v.live()) platters->written[static_cast<std::size_t>(m)] = v.disk(m);
  });
  for (raft::MemberId m = 0; m < v.group().members(); ++m)
    v.member(m).on_change([&v, m, platters](world::Host& host) {
      if (!host.up()) v.disk(m) = platters->written[static_cast<std::size_t>(m)];
    });
}

TEST_CASE("planted bug: a disk that does not do its fsync, and the power fails") {
  for (const bool planted : {false, true}) {
    INFO((planted ? "with" : "without") << " the bug");
    Victim v(busy());
    if (planted) lie_about_fsync(v);
    for (const raft::MemberId m : {0, 1, 2}) {
      v.at(Duration::ms(1040), [&v, m] { v.member(m).crash(); });
      v.at(Duration::ms(1200), [&v, m] { v.member(m).boot(); });
    }
    v.run();
    INFO(v.detail(kConsensus));
    CHECK(v.holds(kConsensus) == !planted);
    CHECK(contains(v.detail(kConsensus), "was removed from the disk") == planted);
    CHECK(v.holds(kNothingLost) == !planted);
    CHECK((v["queue.lost_acknowledged"] > 0) == planted);
  }
}

/// The first seed whose random schedule shows that something is wrong; 0: none does.
std::uint64_t first_caught(std::uint64_t seeds, const Bug& bug, std::string_view invariant) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    auto s = tiny();
    s.seed = static_cast<std::int64_t>(seed);
    s.run.drain = Duration::s(5);
    Victim v(s);
    const Chaos chaos(v, seed);
    bug(v);
    v.run();
    if (!v.holds(invariant)) return seed;
  }
  return 0;
}

TEST_CASE("planted bugs are found by the random schedules, too") {
  constexpr std::uint64_t kSeeds = 60;  // without a bug: queue_chaos_test.cpp
  CHECK(first_caught(kSeeds, forge_acknowledgements, kConsensus) > 0);
  CHECK(first_caught(kSeeds, forge_acknowledgements, kNothingLost) > 0);
  CHECK(first_caught(kSeeds, lie_about_fsync, kConsensus) > 0);
}

/// Elections all the time, among five: members that die for a moment, messages that take their time.
Victim& many_elections(Victim& v, std::uint64_t seed) {
  const auto draw = std::make_shared<Engine>((StreamKey(seed) / "elections").engine());
  world::Impairment slow;
  for (raft::MemberId m = 0; m < 5; ++m) slow.a.push_back(v.member(m).id());
  slow.b = slow.a;
  slow.delay = Distribution<Duration>(law::Uniform{0, 60e6});
  v.world().network().add(slow);
  v.every(Duration::ms(40), Duration::s(2), [&v, draw] {
    world::Host& host = v.member(static_cast<raft::MemberId>(uniform_below(*draw, 5)));
    host.crash();
    host.boot();
  });
  return v;
}

study::ScenarioConfig five() {
  auto s = tiny();
  add_queue(s, 5, Duration::ms(1));
  s.deployment.queue->pre_vote = false;
  s.deployment.queue->heartbeat = Duration::ms(10);
  s.deployment.queue->election_timeout = Distribution<Duration>(law::Uniform{50e6, 80e6});
  measure(s, Duration(), Duration::s(2));
  s.run.drain = Duration::s(5);
  return s;
}

TEST_CASE("planted bug: a member forgets its vote, and votes again") {
  const auto caught = [](bool planted) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      auto s = five();
      s.seed = static_cast<std::int64_t>(seed);
      Victim v(s);
      if (planted)
        for (raft::MemberId m = 0; m < 5; ++m)
          v.member(m).on_change([&v, m](world::Host&) { v.disk(m).hard_state.vote = raft::kNobody; });
      many_elections(v, seed).run();
      if (!v.holds(kConsensus)) return v.detail(kConsensus);
    }
    return std::string();
  };
  CHECK(caught(false) == "");
  CHECK(contains(caught(true), "voted twice"));
}

/// From now on nothing passes between the hosts of these members and all other hosts, or each other.
void isolate(Victim& v, const std::vector<raft::MemberId>& members) {
  for (const raft::MemberId m : members) {
    world::Impairment cut;
    cut.a.push_back(v.member(m).id());
    for (const auto& host : v.world().hosts()) cut.b.push_back(host->id());
    cut.blocked = true;
    v.world().network().add(cut);
  }
}

/// Whoever stands for election is given the votes of all.
void stuff_the_ballot_box(Victim& v) {
  v.every(Duration::us(500), Duration::s(3), [&v] {
    for (const raft::MemberId m : v.live()) {
      if (v.state(m).role() != raft::Role::candidate) continue;
      const raft::Message vote{0, m, v.state(m).term(), raft::Vote{v.state(m).log().last(), false, true}};
      for (raft::MemberId voter = 0; voter < v.group().members(); ++voter) {
        if (voter == m) continue;
        raft::Message forged = vote;
        forged.from = voter;
        v.forge(std::move(forged));
      }
    }
  });
}

TEST_CASE("planted bug: two leaders of one term") {
  for (const bool planted : {false, true}) {
    auto s = busy();
    s.deployment.queue->pre_vote = false;
    s.deployment.queue->election_timeout = Distribution<Duration>(law::Uniform{150e6, 151e6});
    Victim v(s);
    if (planted) stuff_the_ballot_box(v);
    // The two that are left stand for election at almost the same time, and hear nothing of each other.
    after_a_while(v, [&v] {
      const raft::MemberId old = v.leader();
      v.member(old).crash();
      isolate(v, {(old + 1) % 3, (old + 2) % 3});
    });
    v.run();
    INFO(v.detail(kConsensus));
    CHECK(contains(v.detail(kConsensus), "two leaders") == planted);
  }
}

TEST_CASE("planted bug: a leader that lacks what was committed") {
  for (const bool planted : {false, true}) {
    auto s = busy();
    s.deployment.queue->pre_vote = false;
    Victim v(s);
    if (planted) stuff_the_ballot_box(v);
    v.at(Duration::ms(500), [&v] { isolate(v, {(v.leader() + 1) % 3}); });
    v.run();
    INFO(v.detail(kConsensus));
    CHECK(contains(v.detail(kConsensus), "lacks committed entry") == planted);
  }
}

/// A disk that gives back the last two entries of a term in the wrong order.
void swap_entries(raft::Storage& disk) {
  const std::size_t n = disk.entries.size();
  REQUIRE(n >= 2);
  raft::Entry before = disk.entries[n - 2];
  raft::Entry last = disk.entries[n - 1];
  REQUIRE(before.term == last.term);
  disk.entries.truncate(n - 2);
  disk.entries.push_back(std::move(last));
  disk.entries.push_back(std::move(before));
}

TEST_CASE("planted bug: logs that do not match") {
  for (const bool planted : {false, true}) {
    Victim v(busy());
    after_a_while(v, [&v, planted] {
      const raft::MemberId m = (v.leader() + 1) % 3;
      v.member(m).on_change([&v, m, planted](world::Host& host) {
        if (!host.up() && planted) swap_entries(v.disk(m));
      });
      v.member(m).crash();
      v.member(m).boot();
    });
    v.run();
    INFO(v.detail(kConsensus));
    CHECK(contains(v.detail(kConsensus), "applied another") == planted);
  }
}

// The queue

/// The invariants that are violated with a bug; without it none must be.
std::set<std::string> violated(const study::ScenarioConfig& s, const Bug& bug,
                               const std::function<void(const Victim&)>& look = {}) {
  std::set<std::string> names;
  Victim v(s);
  bug(v);
  v.run();
  for (const metrics::Invariant& i : v.result().invariants)
    if (!i.holds) names.insert(i.name);
  if (look) look(v);
  return names;
}

bool breaks(std::string_view invariant, const study::ScenarioConfig& s, const Bug& bug,
            const std::function<void(const Victim&)>& look = {}) {
  return violated(s, bug, look).contains(std::string(invariant));
}

TEST_CASE("planted bug: an acknowledgement of what is not committed") {
  const auto lossy = [](Victim& v) {
    world::Impairment loss = everywhere(v.world());
    loss.loss = .2;
    v.world().network().add(loss);
  };
  const auto bug = [&](Victim& v) {
    lossy(v);
    v.every(Duration::ms(1), Duration::s(2), [&v] {
      for (const std::size_t server : {1, 2})
        v.host("api", server)
            .slots()[0]
            ->as<calls::ConvertingServer>()
            ->answered({calls::QueueAnswer::Kind::accepted, 0, 1'000'000});
    });
  };
  auto s = busy();
  s.workload.deadline = Duration::s(3);
  CHECK(violated(s, lossy).empty());
  CHECK(breaks(kNothingLost, s, bug, [](const Victim& v) {
    CHECK(v["queue.lost_acknowledged"] > 0);
    CHECK(contains(v.detail(kNothingLost), "before it was committed"));
  }));
}

TEST_CASE("planted bug: a job that was acknowledged is dropped without a word") {
  const auto bug = [](Victim& v) {
    after_a_while(v, [&v] {
      queue::Jobs& jobs = v.jobs(v.leader());
      REQUIRE(jobs.waiting() > 3);
      jobs.apply(queue::Drop{jobs.last() - 1, false}, v.world().now());
    });
  };
  CHECK(breaks(kNothingLost, busy(), bug, [](const Victim& v) {
    CHECK(v["queue.lost_acknowledged"] == 1);
    CHECK(contains(v.detail(kNothingLost), "1 committed jobs lost, 1 acknowledged"));
  }));
}

TEST_CASE("planted bug: the members go back to an old state, and jobs are completed twice") {
  auto s = busy();
  s.workload.arrivals = burst(60);
  s.workload.image_bytes.reset();
  const auto bug = [](Victim& v) {
    const auto old = std::make_shared<std::map<raft::MemberId, queue::Jobs>>();
    v.at(Duration::ms(300), [&v, old] {
      for (const raft::MemberId m : v.live()) old->emplace(m, v.jobs(m));
    });
    v.at(Duration::ms(600), [&v, old] {
      for (const auto& [m, jobs] : *old) v.jobs(m) = jobs;
    });
  };
  CHECK(violated(s, kNone).empty());
  CHECK(breaks(kNothingLost, s, bug, [](const Victim& v) {
    INFO(v.detail(kNothingLost));
    CHECK(contains(v.detail(kNothingLost), "ended twice"));
  }));
}

TEST_CASE("planted bug: sessions' numbers are forgotten, and what is sent again makes a second job") {
  const auto slow_answers = [](Victim& v) {
    world::Impairment slow;
    for (const auto* host : v.world().group("queue")) slow.a.push_back(host->id());
    for (const auto* host : v.world().group("api")) slow.b.push_back(host->id());
    slow.delay = always(Duration::ms(200));  // a session waits 100 ms
    slow.delay_probability = .3;
    v.world().network().add(slow);
  };
  const auto bug = [&](Victim& v) {
    slow_answers(v);
    v.every(Duration::ms(1), Duration::s(2), [&v] {
      for (const raft::MemberId m : v.live()) in<TheSessions>(v.jobs(m)).clear();
    });
  };
  CHECK(violated(busy(), slow_answers).empty());
  CHECK(breaks(kNothingLost, busy(), bug, [](const Victim& v) {
    INFO(v.detail(kNothingLost));
    CHECK(contains(v.detail(kNothingLost), "sent and committed before"));
  }));
}

TEST_CASE("planted bug: a leader hands out the job that came last") {
  const auto bug = [](Victim& v) {
    after_a_while(v, [&v] {
      const queue::Jobs& jobs = v.jobs(v.leader());
      REQUIRE(jobs.waiting() > 3);
      in<TheLead>(v.node(v.leader()))->courier.give_back_applied(jobs.last(), true);
    });
  };
  CHECK(violated(busy(), bug) == std::set{std::string(kOrder)});
}

TEST_CASE("planted bug: idempotency keys are forgotten, and a result is released twice") {
  auto s = busy();
  s.deployment.queue->delivery = queue::Delivery::exactly_once;
  s.workload.attempt_timeout = Duration::ms(50);
  s.workload.retry.emplace().attempts = 3;
  s.workload.deadline = Duration::s(5);
  const auto bug = [](Victim& v) {
    v.every(Duration::ms(1), Duration::s(2), [&v] {
      for (const raft::MemberId m : v.live()) in<TheKeys>(v.jobs(m)) = {};
    });
  };
  CHECK(violated(s, kNone).empty());
  CHECK(violated(s, bug) == std::set{std::string(kOnce)});
}

// The bill

TEST_CASE("planted bug: usage records vanish from the store's disks") {
  const auto bug = [](Victim& v) {
    v.at(Duration::ms(2500), [&v] {
      for (usage::Replica& disk : v.store().disks) {
        const auto items = disk.items();
        for (const auto& [key, item] : items) disk.remove(key);
      }
    });
  };
  CHECK(violated(busy(), bug, [](const Victim& v) {
          CHECK(v["usage.lost_records"] > 50);
          CHECK(v["usage.billing_error"] < -.2);
        }) == std::set{std::string(kBatches)});
}

TEST_CASE("planted bug: a batch of usage records is kept under a second name, too") {
  const auto bug = [](Victim& v) {
    v.at(Duration::ms(2500), [&v] {
      const auto items = v.store().disks[0].items();
      REQUIRE_FALSE(items.empty());
      for (const auto& [key, item] : items) {
        usage::Item again = *item;
        again.key.id += 1'000'000;
        for (usage::Replica& disk : v.store().disks) disk.add(std::make_shared<const usage::Item>(again));
      }
    });
  };
  // The books see it, and say how much of the bill it is.
  CHECK(violated(busy(), bug, [](const Victim& v) {
          CHECK(v["usage.duplicate_records"] > 50);
          CHECK(v["usage.billing_error"] > .2);
        }).empty());
}

TEST_CASE("planted bugs: a bill that is not what was done") {
  auto s = busy();
  s.deployment.usage->billing.every = Duration::s(1);
  s.deployment.usage->billing.delay = Duration::ms(500);
  const auto falsify = [](const std::function<void(usage::Use&)>& change) {
    return [change](Victim& v) {
      v.at(Duration::ms(1900), [&v, change] {
        auto& invoices = in<TheInvoices>(in<TheBill>(v.usage()));
        REQUIRE_FALSE(invoices.empty());
        change(invoices.begin()->second.begin()->second);
      });
    };
  };
  CHECK(violated(s, kNone).empty());
  CHECK(violated(s, falsify([](usage::Use& u) { ++u.cpu_ns; })) == std::set{std::string(kBill)});
  CHECK(violated(s, falsify([](usage::Use& u) { --u.bytes; })) == std::set{std::string(kBill)});
  CHECK(violated(s, falsify([](usage::Use& u) { --u.records; })) == std::set{std::string(kBill)});
  const auto invent = [](Victim& v) {
    v.at(Duration::ms(2500), [&v] {
      const calls::ConversionPtr conversion(new calls::Conversion);
      conversion->job = 1'000'000 * calls::kRenditionsPerRequest;
      conversion->cpu_ns = 1;
      usage::Item item{{0, 0, 1'000'000}, Bytes(100), {{conversion, 0}}};
      for (usage::Replica& disk : v.store().disks) disk.add(std::make_shared<const usage::Item>(item));
    });
  };
  CHECK(violated(s, invent, [](const Victim& v) { CHECK(contains(v.detail(kBill), "not done")); }) ==
        std::set{std::string(kBill)});
}

// Requests and messages

TEST_CASE("planted bug: an outcome is counted twice") {
  const auto bug = [](Victim& v) {
    after_a_while(v, [&v] {
      REQUIRE_FALSE(v.ended().empty());
      in<TheRequests>(v.replication()).ended(v.ended().front());
    });
  };
  CHECK(violated(busy(), bug) == std::set{std::string(kOutcomes)});
}

TEST_CASE("planted bug: a message that neither arrives nor is lost") {
  class Nothing final : public world::Message {
    void deliver() override {}
  };
  const auto bug = [](Victim& v) {
    after_a_while(v, [&v] {
      auto message = std::make_unique<Nothing>();
      Nothing* vanishes = message.get();
      v.world().network().send({v.member(0).id(), v.member(1).id()}, Bytes(100), std::move(message));
      delete vanishes;
    });
  };
  CHECK(violated(busy(), bug) == std::set{std::string(kMessages)});
  const auto forgotten = [](Victim& v) {
    after_a_while(v, [&v] {
      auto message = std::make_unique<Nothing>();
      Nothing* taken_off = message.get();
      v.world().network().send({v.member(0).id(), v.member(1).id()}, Bytes(100), std::move(message));
      taken_off->cancel();
    });
  };
  CHECK(violated(busy(), forgotten) == std::set{std::string(kMessages)});
}

TEST_CASE("planted bugs: a message is received that nobody sent, or one that was sent is received twice") {
  const auto bug = [](Victim& v) {
    after_a_while(v, [&v] { ++in<TheMessages>(v.world().network()).received; });
  };
  CHECK(violated(busy(), bug) == std::set{std::string(kMessages)});
  const auto unsent = [](Victim& v) {
    after_a_while(v, [&v] { --in<TheMessages>(v.world().network()).sent; });
  };
  CHECK(violated(busy(), unsent) == std::set{std::string(kMessages)});
}

TEST_CASE("planted bugs: somebody who comes, stays or goes is counted wrongly") {
  const auto proxied = [] {
    auto s = busy();
    hosts(s, "lb", 1, 2);
    s.deployment.load_balancer.emplace();
    s.deployment.load_balancer->hosts = Ref{"lb"};
    return s;
  };
  const auto miscount = [](const std::function<metrics::Station&(Victim&)>& station) {
    return [station](Victim& v) {
      after_a_while(v, [&v, station] {
        const TimePoint now = v.world().now();
        station(v).enter(now);
        station(v).leave(now, now - Duration::ns(1));
      });
    };
  };
  const auto broken = [&](std::size_t n, const std::function<metrics::Station&(Victim&)>& station) {
    CHECK(violated(proxied(), miscount(station)) == std::set{std::string(kLittle[n])});
  };
  broken(0, [](Victim& v) -> auto& { return in<AtTheClients>(v.deployment().clients()); });
  broken(1, [](Victim& v) -> auto& { return in<AtTheBalancer>(*in<TheBalancer>(v.deployment())); });
  broken(2, [](Victim& v) -> auto& { return in<AtTheApi>(*in<TheApi>(v.deployment())); });
  broken(3, [](Victim& v) -> auto& { return in<AtTheWorkers>(*in<TheFleet>(v.deployment())); });
  const auto one_more_ending = [](Victim& v) {
    after_a_while(v, [&v] { in<TheEndings>(v.deployment().clients())[0].add(0); });
  };
  CHECK(violated(busy(), one_more_ending) == std::set{std::string(kSum)});
  auto retried = busy();
  retried.workload.attempt_timeout = Duration::s(1);
  const auto one_more_attempt = [](Victim& v) {
    after_a_while(v, [&v] { in<TheAttempts>(v.deployment().clients()).add(0); });
  };
  CHECK(violated(retried, one_more_attempt) == std::set{std::string(kAttempts)});
}

TEST_CASE("planted bugs: one for every invariant that a run can print") {
  std::set<std::string_view> broken = {kConsensus, kNothingLost, kOrder,    kOnce, kBill,
                                       kBatches,   kOutcomes,    kMessages, kSum,  kAttempts};
  broken.insert(std::begin(kLittle), std::end(kLittle));
  auto s = busy();
  hosts(s, "lb", 1, 2);
  s.deployment.load_balancer.emplace();
  s.deployment.load_balancer->hosts = Ref{"lb"};
  hosts(s, "auth", 1, 2);
  s.deployment.auth.emplace();
  s.deployment.auth->data_plane.hosts = Ref{"auth"};
  s.deployment.queue->delivery = queue::Delivery::exactly_once;
  s.workload.attempt_timeout = Duration::s(1);
  Victim v(s);
  v.run();
  std::set<std::string_view> printed;
  for (const metrics::Invariant& i : v.result().invariants) printed.insert(i.name);
  CHECK(printed == broken);
}

}  // namespace
}  // namespace headroom
