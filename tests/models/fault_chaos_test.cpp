// Any faults, in any composition, on a small region: every request has one outcome, what is to be safe is
// safe, and the service heals. And faults that do not strike change nothing at all.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "sim/base/random.h"
#include "tests/models/trial.h"

namespace headroom {
namespace {

study::ScenarioConfig region() {
  auto s = workers(4, 4, Distribution<Duration>::exponential(Duration::ms(30)));
  add_api(s, 3, Duration::us(500));
  add_queue(s);
  s.deployment.queue->visibility_timeout = Duration::s(2);
  s.deployment.queue->max_deliveries = 5;
  add_usage(s);
  s.deployment.usage->aggregator.journal = true;
  hosts(s, "auth", 2, 2);
  s.deployment.auth.emplace();
  s.deployment.auth->edge_cache.emplace();
  s.deployment.auth->data_plane.hosts = Ref{"auth"};
  hosts(s, "lb", 2, 2);
  s.deployment.load_balancer.emplace();
  s.deployment.load_balancer->hosts = Ref{"lb"};
  s.platform.layout.zones = 2;
  two_milliseconds(s);
  s.workload.users = 100;
  s.workload.image_bytes = Distribution<Bytes>::constant(Bytes(10'000));
  s.workload.arrivals = client::Poisson{Rate{100}};
  s.workload.deadline = Duration::s(1);
  s.workload.retry.emplace().attempts = 3;
  s.workload.retry->backoff = calls::FixedBackoff{Duration::ms(50)};
  s.deployment.api->deadline = Duration::ms(800);
  measure(s, Duration::s(2), Duration::s(38));
  s.run.drain = Duration::s(20);
  return s;
}

/// Draws compositions.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : draw_((StreamKey(seed) / "chaos").engine()) {}
  std::uint64_t below(std::uint64_t n) { return uniform_below(draw_, n); }
  Duration up_to(Duration most) { return most * uniform01(draw_); }

  /// Strikes between the 10th and the 18th second and is over by the 20th.
  faults::FaultConfig fault() {
    faults::FaultConfig f;
    f.at = Duration::s(10) + up_to(Duration::s(8));
    f.length = up_to(Duration::s(2));
    switch (below(6)) {
      case 0: {
        faults::Crash c{target(), false, up_to(Duration::s(1)), {}};
        f.kind = c;
        break;
      }
      case 1: {
        faults::Crash c{target(), true, {}, up_to(Duration::s(1))};
        f.kind = c;
        break;
      }
      case 2: {
        faults::Partition p;
        p.between = {target()};
        p.between.push_back(target());
        p.direction = static_cast<faults::Direction>(below(3));
        f.kind = p;
        break;
      }
      case 3: {
        faults::BadConfig b;
        b.component = component();
        b.waves = {{1, {}}, {0, Share{.5}}, {0, Share{1}}};
        b.wave_every = Duration::ms(400);
        b.effect = malfunction(b.component);
        b.detect_after = f.length;
        b.roll_back = Duration::ms(1);
        f.length.reset();
        f.kind = b;
        break;
      }
      case 4: {
        faults::Bug b;
        b.component = component();
        b.effect = malfunction(b.component);
        b.trigger = always(Duration());
        f.kind = b;
        break;
      }
      default: {
        faults::Poison p;
        p.component = below(2) == 0 ? faults::Poisoned::api : faults::Poisoned::processing;
        p.rate = Rate{.5};
        p.restart = up_to(Duration::s(1));
        f.kind = p;
      }
    }
    return f;
  }

 private:
  faults::Target target() {
    static const std::vector<const char*> names = {
        "queue.leader", "queue.followers", "host/worker-2", "group/api", "group/lb",   "group/auth",
        "group/store",  "group/worker",    "zone/a",        "rack/b1",   "host/api-1", "region/region"};
    faults::Target t;
    t.name = names[below(names.size() - 1)];
    return t;
  }
  faults::Component component() { return static_cast<faults::Component>(below(6)); }
  faults::Malfunction malfunction(faults::Component component) {
    const bool on_disks =
        component == faults::Component::queue || component == faults::Component::usage_store;
    faults::Malfunction m;
    switch (below(on_disks ? 2 : 3)) {
      case 0:
        m.error_rate = Share{.5};
        break;
      case 1:
        m.crash = true;
        break;
      default:
        m.slow = Share{.1};
    }
    return m;
  }
  Engine draw_;
};

TEST_CASE("any faults together: one outcome for each request, nothing lost, and the service heals") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Dice dice(seed);
    auto s = region();
    std::string what;
    for (std::uint64_t n = 1 + dice.below(5); n > 0; --n) {
      s.faults.push_back(dice.fault());
      what += faults::describe_fault(s.faults.back()) + "\n";
    }
    INFO("composition " << seed << ":\n" << what);
    Trial trial(s);
    trial.run();
    double outcomes = 0;
    for (const auto ending : client::kEndings) outcomes += trial["outcome." + std::string(ending)];
    CHECK(outcomes == trial["requests.offered"]);
    CHECK(trial.violated() == "");
    CHECK(trial["queue.lost_acknowledged"] == 0);
    CHECK(trial["heal_watched_s"] >= 20);
    const auto heal = trial.find("heal_s");
    REQUIRE(heal.has_value());
    CHECK(*heal < 15);
    for (const auto& host : trial.world().hosts()) {
      CHECK(host->up());
      for (const auto& slot : host->slots()) {
        CHECK(slot->get() != nullptr);
        CHECK_FALSE(slot->defect().errs());
        CHECK(slot->defect().speed == 1);
      }
    }
  }
}

TEST_CASE("a service that does not heal says so") {
  auto s = region();
  // Nobody tells the queue to give up: poison goes round and round.
  s.deployment.queue->max_deliveries = 1'000'000;
  faults::Poison p;
  p.component = faults::Poisoned::processing;
  p.rate = Rate{2};
  faults::FaultConfig f;
  f.at = Duration::s(10);
  f.length = Duration::s(5);
  f.kind = p;
  s.faults = {f};
  Trial trial(s);
  trial.run();
  CHECK(trial["heal_watched_s"] == 25);
  CHECK_FALSE(trial.find("heal_s").has_value());
}

TEST_CASE("whether a run heals is not said of faults at random, or that last, or without time before them") {
  const auto said = [](const faults::FaultConfig& fault) {
    auto s = region();
    s.faults = {fault};
    Trial trial(s);
    trial.run();
    const auto& all = trial.result().metrics;
    return std::any_of(all.begin(), all.end(), [](const auto& m) { return m.name == "heal_s"; });
  };
  faults::Crash crash;
  crash.target.name = "host/worker-1";
  faults::FaultConfig f;
  f.kind = crash;
  f.at = Duration::s(10);
  CHECK_FALSE(said(f));
  f.length = Duration::s(10);
  CHECK(said(f));
  f.length = Duration::s(31);  // over after the window
  CHECK_FALSE(said(f));
  f.at.reset();
  f.length.reset();
  f.mttf = f.mttr = always(Duration::s(10));
  CHECK_FALSE(said(f));
}

TEST_CASE("faults that do not strike change nothing, to the last bit") {
  const auto bytes = [](std::vector<faults::FaultConfig> faults) {
    auto s = region();
    measure(s, Duration::s(1), Duration::s(5));
    s.faults = std::move(faults);
    Trial trial(s);
    trial.run();
    return metrics::serialise(trial.result());
  };
  const std::string without = bytes({});
  std::vector<faults::FaultConfig> late;
  Dice dice(1);
  for (int n = 0; n < 60; ++n) {
    late.push_back(dice.fault());
    late.back().at = Duration::s(1'000'000);
  }
  CHECK(bytes(late) == without);
  faults::Crash crash;
  crash.target.name = "region/region";
  faults::FaultConfig rare;
  rare.kind = crash;
  rare.mttf = rare.mttr = always(Duration::s(1'000'000));
  CHECK(bytes({rare}) == without);
}

}  // namespace
}  // namespace headroom
