// Wrong software: bad configurations, bugs, poison.
#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim/faults/injector.h"
#include "tests/faults/traffic.h"

namespace headroom::faults {
namespace {

constexpr std::size_t kInstances = 10;

class Idle final : public world::Process {
 public:
  using Process::Process;
};

/// Ten hosts with a process of the API on each.
class Ground final : public Service {
 public:
  explicit Ground(std::vector<FaultConfig> faults, std::uint64_t seed = 1)
      : world_(platform(), StreamKey(seed)), faults_(std::move(faults)) {
    for (world::Host* host : world_.group("api"))
      slots.push_back(&host->install([](world::Host& h) { return std::make_unique<Idle>(h); }));
    injector_ = std::make_unique<Injector>(faults_, world_, *this, journal_, StreamKey(seed) / "faults");
    injector_->start();
  }
  Ground(const Ground&) = delete;
  Ground& operator=(const Ground&) = delete;
  ~Ground() override = default;

  std::vector<world::ProcessSlot*> players(std::string_view) const override { return {}; }
  std::vector<world::ProcessSlot*> instances(Component component) const override {
    CHECK(component == Component::api);
    return slots;
  }
  world::Traffic& traffic() override { return senders; }
  world::Caches& caches(Component) override { return auth_caches; }
  Ground& at(Duration date) {
    world_.run_until(TimePoint::at(date));
    return *this;
  }
  std::size_t wrong() const {
    return static_cast<std::size_t>(
        std::count_if(slots.begin(), slots.end(), [](auto* s) { return s->defect().errs(); }));
  }
  std::size_t dead() const {
    return static_cast<std::size_t>(
        std::count_if(slots.begin(), slots.end(), [](auto* s) { return s->get() == nullptr; }));
  }
  std::vector<double> when(std::string_view kind) const {
    std::vector<double> dates;
    for (const metrics::Event& e : journal_.events())
      if (e.kind == kind) dates.push_back(e.at.since_start().seconds());
    return dates;
  }

  std::vector<world::ProcessSlot*> slots;
  Senders senders;
  CountedCaches auth_caches;

 private:
  static world::PlatformConfig platform() {
    world::PlatformConfig p;
    p.platform = "test";
    p.hosts["api"].count = kInstances;
    return p;
  }
  world::World world_;
  metrics::Journal journal_{1'000'000};
  std::vector<FaultConfig> faults_;
  std::unique_ptr<Injector> injector_;
};

Malfunction errors(double share) {
  Malfunction m;
  m.error_rate = Share{share};
  return m;
}
Malfunction slowness(double left) {
  Malfunction m;
  m.slow = Share{left};
  return m;
}
Malfunction death() {
  Malfunction m;
  m.crash = true;
  return m;
}

FaultConfig push(Duration at, std::vector<Wave> waves, Malfunction effect) {
  BadConfig b;
  b.component = Component::api;
  b.waves = std::move(waves);
  b.wave_every = Duration::s(10);
  b.effect = effect;
  b.detect_after = Duration::s(25);
  b.roll_back = Duration::s(5);
  FaultConfig f;
  f.at = at;
  f.kind = b;
  return f;
}

FaultConfig bug(Distribution<Duration> trigger, std::optional<Duration> length, Malfunction effect) {
  FaultConfig f;
  f.length = length;
  f.kind = Bug{Component::api, std::move(trigger), effect};
  return f;
}

TEST_CASE("a bad configuration spreads wave by wave, until it is noticed, and is gone when rolled back") {
  Ground g({push(Duration::s(100), {{1, {}}, {0, Share{.25}}, {0, Share{.5}}, {0, Share{1}}}, errors(.5))});
  CHECK(g.at(Duration::ms(99'999)).wrong() == 0);
  CHECK(g.at(Duration::s(100)).wrong() == 1);
  CHECK(g.at(Duration::ms(109'999)).wrong() == 1);
  CHECK(g.at(Duration::s(110)).wrong() == 3);  // a quarter of ten, rounded up
  CHECK(g.at(Duration::s(120)).wrong() == 5);
  CHECK(g.at(Duration::ms(129'999)).wrong() == 5);  // noticed at 125: the last wave never comes
  CHECK(g.at(Duration::s(130)).wrong() == 0);
  CHECK(g.when("fault begins") == std::vector<double>{100});
  CHECK(g.when("bad config spreads") == std::vector<double>{110, 120});
  CHECK(g.when("bad config noticed") == std::vector<double>{125});
  CHECK(g.when("fault ends") == std::vector<double>{130});
  for (const world::ProcessSlot* slot : g.slots) CHECK(slot->defect().speed == 1);
}

TEST_CASE("which instances are first is drawn, another way at each push and in each replication") {
  std::set<std::size_t> first;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    FaultConfig f = push(Duration::s(1), {{1, {}}}, errors(1));
    f.every = Duration::s(50);
    Ground g({f}, seed);
    for (const int date : {1, 51}) {
      g.at(Duration::s(date));
      CHECK(g.wrong() == 1);
      for (std::size_t i = 0; i < kInstances; ++i)
        if (g.slots[i]->defect().errs()) first.insert(i);
    }
  }
  CHECK(first.size() == kInstances);  // 120 draws of ten: one is missing with probability 3e-5
}

TEST_CASE("instances that crash of a bad configuration stay dead until it is rolled back") {
  Ground g({push(Duration::s(1), {{2, {}}, {0, Share{1}}}, death())});
  CHECK(g.at(Duration::s(1)).dead() == 2);
  CHECK(g.at(Duration::s(11)).dead() == 10);
  CHECK(g.at(Duration::ms(30'999)).dead() == 10);
  CHECK(g.at(Duration::s(31)).dead() == 0);
}

TEST_CASE("what nobody notices lasts") {
  FaultConfig f = push(Duration::s(1), {{0, Share{1}}}, slowness(.2));
  auto& config = std::get<BadConfig>(f.kind);
  config.detect_after.reset();
  config.roll_back.reset();
  Ground g({f});
  g.at(Duration::s(100'000));
  for (const world::ProcessSlot* slot : g.slots) CHECK(slot->defect().speed == .2);
  CHECK(g.when("fault ends").empty());
}

TEST_CASE("a bug fires in every instance at the same instant, by chance, once") {
  std::vector<double> dates;
  double sum = 0;
  constexpr int kRuns = 400;
  for (std::uint64_t seed = 0; seed < kRuns; ++seed) {
    FaultConfig f = bug(Distribution<Duration>::exponential(Duration::s(50)), Duration::s(20), death());
    f.at = Duration::s(10);
    Ground g({f}, seed);
    dates = g.at(Duration::s(2000)).when("fault begins");
    REQUIRE(dates.size() == 1);
    CHECK(g.when("process down") == std::vector<double>(kInstances, dates.front()));
    for (const double up : g.when("process up")) CHECK(up == Approx(dates.front() + 22));  // 2 s to restart
    CHECK(g.dead() == 0);
    sum += dates.front() - 10;
  }
  CHECK(sum / kRuns == Approx(50).margin(4 * 50 / std::sqrt(kRuns)));
}

TEST_CASE("poison comes as a Poisson process while the fault lasts, and kills then and later") {
  FaultConfig f;
  f.at = Duration::s(1000);
  f.length = Duration::s(10'000);
  Poison p;
  p.component = Poisoned::api;
  p.rate = Rate{.04};
  f.kind = p;
  Ground g({f});
  int poisonous = 0;
  world::Killer* killer = nullptr;
  for (int second = 0; second <= 20'000; ++second) {
    g.at(Duration::s(second));
    // Three requests a second; of what falls due within one, each makes another one poison.
    for (int i = 0; i < 3; ++i) {
      const world::Asked request = g.senders.send();
      CHECK(request.kills_worker == nullptr);
      if (request.kills_server == nullptr) continue;
      ++poisonous;
      killer = request.kills_server;
      CHECK(second > 1000);
      CHECK(second <= 11'000);
    }
  }
  CHECK(poisonous == Approx(400).margin(4 * 20));
  killer->kill(*g.slots[3], 7);
  CHECK(g.at(Duration::s(20'000)).slots[3]->get() == nullptr);
  CHECK(g.at(Duration::ms(20'001'999)).dead() == 1);
  CHECK(g.at(Duration::s(20'002)).dead() == 0);
  CHECK(g.when("killed by poison") == std::vector<double>{20'000});
}

TEST_CASE("malfunctions together: errors are independent, speeds multiply, and nothing is left") {
  CHECK(rc::check("composition", [] {
    struct Planned {
      Duration begin, end;
      Malfunction effect;
    };
    std::vector<Planned> planned;
    std::vector<FaultConfig> faults;
    const auto count = *rc::gen::inRange(1, 8);
    for (int i = 0; i < count; ++i) {
      const Duration begin = Duration::ms(10 * *rc::gen::inRange(0, 150));
      const Duration length = Duration::ms(10 * *rc::gen::inRange(1, 100));
      const double share = .1 * *rc::gen::inRange(1, 10);
      const auto effect = *rc::gen::element(errors(share), slowness(share), death());
      Duration end = begin + length;
      FaultConfig f;
      if (*rc::gen::arbitrary<bool>()) {
        f = bug(Distribution<Duration>::constant(begin), length, effect);
        if (effect.crash) end += Duration::s(2);
      } else {
        f = push(begin, {{0, Share{1}}}, effect);
        std::get<BadConfig>(f.kind).detect_after = length;
        std::get<BadConfig>(f.kind).roll_back.reset();
      }
      faults.push_back(f);
      planned.push_back({begin, end, effect});
    }
    Ground g(faults);
    for (Duration t = Duration::ms(5); t < Duration::s(6); t += Duration::ms(10)) {
      g.at(t);
      double right = 1, speed = 1;
      bool dead = false;
      for (const Planned& p : planned) {
        if (t < p.begin || t >= p.end) continue;
        if (p.effect.error_rate) right *= 1 - p.effect.error_rate->value;
        if (p.effect.slow) speed *= p.effect.slow->value;
        if (p.effect.crash) dead = true;
      }
      const world::Defect& defect = g.slots[4]->defect();
      RC_ASSERT(std::abs(defect.error_rate - (1 - right)) < 1e-12);
      RC_ASSERT(std::abs(defect.speed - speed) < 1e-12);
      RC_ASSERT((g.slots[4]->get() == nullptr) == dead);
    }
    for (const world::ProcessSlot* slot : g.slots) {
      RC_ASSERT(slot->defect().error_rate == 0);
      RC_ASSERT(slot->defect().speed == 1);
      RC_ASSERT(slot->get() != nullptr);
    }
  }));
}

}  // namespace
}  // namespace headroom::faults
