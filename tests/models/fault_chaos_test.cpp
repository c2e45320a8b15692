// Any faults, in any composition, on a small region: every request has one outcome, what is to be safe is
// safe, nothing is left of them, and the service heals. And faults that do not strike change nothing at all.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "sim/config/config.h"
#include "sim/study/codecs.h"
#include "sim/study/load.h"
#include "tests/models/fault_dice.h"
#include "tests/world/child.h"
#include "tests/world/support.h"

namespace headroom {
namespace {

using world::HostId;

/// What faults could have left behind, measured by what hosts do while the service runs on them: whether
/// hosts and processes are up and sound, what clocks show, who reaches whom, and how long a little work, a
/// write, a packet and a flow take at best, of several tries beside what the service does.
class Look {
 public:
  /// Looks for two seconds.
  Look(Trial& trial, Duration from) : world_(trial.world()), hosts_(world_.hosts().size()) {
    cpu_ = disk_ = std::vector<double>(hosts_, kNever);
    trips_ = std::vector<Trip>((hosts_ + 1) * (hosts_ + 1) * kSizes.size());
    trial.at(from, [this] {
      for (const auto& host : world_.hosts()) scope_.spawn(work(host.get()));
      scope_.spawn(talk());
    });
    trial.run_until(from + Duration::s(2));
    for (const auto& host : world_.hosts()) see(*host);
    for (const world::Log::Entry& entry : log_.entries) {
      Trip& trip = trips_[trip_of_[static_cast<std::size_t>(entry.tag)]];
      ++trip.arrived;
      trip.best = std::min(trip.best, entry.at - sent_[static_cast<std::size_t>(entry.tag)]);
    }
    for (std::uint32_t a = 0; a <= hosts_; ++a)
      for (std::uint32_t b = 0; b <= hosts_; ++b) see(HostId{a}, HostId{b});
  }

  /// How many things differ; they are told to stderr.
  static int differences(const Look& a, const Look& b) {
    int n = 0;
    for (std::size_t i = 0; i < a.seen_.size(); ++i) {
      if (std::abs(a.seen_[i].second - b.seen_[i].second) < 1e-8) continue;
      ++n;
      std::fprintf(stderr, "%s: %.9g before, %.9g after\n", a.seen_[i].first.c_str(), a.seen_[i].second,
                   b.seen_[i].second);
    }
    return n;
  }

 private:
  static constexpr int kTries = 6;
  static constexpr double kNever = 1e9;
  static constexpr std::array<int, 2> kSizes = {100, 2000};  // a packet, a flow
  struct Trip {
    int arrived = 0;
    double best = kNever;
  };

  world::Task<> work(world::Host* host) {
    for (int n = 0; n < kTries; ++n) {
      if (!host->up()) co_return;
      TimePoint start = world_.now();
      co_await host->cpu().run(Duration::us(123));
      double& cpu = cpu_[host->id().value - 1];
      cpu = std::min(cpu, (world_.now() - start).seconds());
      start = world_.now();
      co_await host->disk().write(Bytes(1234));
      double& disk = disk_[host->id().value - 1];
      disk = std::min(disk, (world_.now() - start).seconds());
      co_await world::Sleep(world_.scheduler(), Duration::ms(50));
    }
  }
  /// Each way between each two, clients included, one after the other.
  world::Task<> talk() {
    for (int n = 0; n < kTries; ++n)
      for (std::uint32_t a = 0; a <= hosts_; ++a)
        for (std::uint32_t b = 0; b <= hosts_; ++b)
          for (std::size_t k = 0; k < kSizes.size(); ++k) {
            if (a == b) continue;
            trip_of_.push_back(trip(a, b) + k);
            sent_.push_back(world_.now().since_start().seconds());
            world::send(world_, log_, static_cast<int>(sent_.size()) - 1, HostId{a}, HostId{b}, kSizes[k]);
            co_await world::Sleep(world_.scheduler(), Duration::us(500));
          }
  }
  std::size_t trip(std::uint32_t from, std::uint32_t to) const {
    return (from * (hosts_ + 1) + to) * kSizes.size();
  }
  void see(world::Host& host) {
    const auto note = [&](const char* what, double value) {
      seen_.emplace_back(host.name() + ": " + what, value);
    };
    note("up", host.up() ? 1 : 0);
    note("clock ahead", (host.local_time() - world_.now()).seconds());
    note("cpu", cpu_[host.id().value - 1]);
    note("disk", disk_[host.id().value - 1]);
    for (const auto& slot : host.slots()) {
      note("process alive", slot->get() != nullptr ? 1 : 0);
      note("error rate", slot->defect().error_rate);
      note("speed of the process", slot->defect().speed);
    }
  }
  void see(HostId from, HostId to) {
    const auto name = [&](HostId id) { return id == world::kClients ? "clients" : world_.host(id).name(); };
    const std::string both = name(from) + " to " + name(to);
    seen_.emplace_back(both + ": reachable", world_.network().reachable(from, to) ? 1 : 0);
    for (std::size_t k = 0; k < kSizes.size(); ++k) {
      seen_.emplace_back(both + ": arrived", trips_[trip(from.value, to.value) + k].arrived);
      seen_.emplace_back(both + ": takes", trips_[trip(from.value, to.value) + k].best);
    }
  }

  world::World& world_;
  std::size_t hosts_;
  std::vector<double> cpu_, disk_;    // by host
  std::vector<Trip> trips_;           // by sender, receiver and size
  std::vector<double> sent_;          // by message
  std::vector<std::size_t> trip_of_;  // by message
  std::vector<std::pair<std::string, double>> seen_;
  world::Log log_;
  world::Scope scope_;
};

/// What the dice draw can be written in a scenario.
std::string refused(const study::ScenarioConfig& s) {
  config::Diagnostics diagnostics;
  const auto read = study::scenario_from(config::dump(s), diagnostics);
  return diagnostics.text();
}

std::string text_of(const study::ScenarioConfig& s) {
  std::string text;
  for (const auto& fault : s.faults) text += faults::describe_fault(fault) + "\n";
  return text;
}

/// What came of a run.
struct Came {
  double without_outcome, violated, lost_acknowledged, watched, healed_after, differences;
  std::string composition{};
};
/// `ends`: faults are over 20 s after the start, so that there is a state after the last one.
Came run(const study::ScenarioConfig& s, bool ends) {
  const auto numbers = world::in_child([&]() -> std::vector<double> {
    Trial trial(s);
    int differences = 0;
    if (ends) {
      const Look before(trial, Duration::s(6));
      const Look after(trial, Duration::s(37));
      differences = Look::differences(before, after);
    }
    trial.run();
    const auto metric = [&](std::string_view name) { return trial.find(name).value_or(-1); };
    double outcomes = 0;
    for (const auto ending : client::kEndings) outcomes += metric("outcome." + std::string(ending));
    const std::string violated = trial.violated();
    if (!violated.empty()) std::fprintf(stderr, "violated: %s\n", violated.c_str());
    return {metric("requests.offered") - outcomes,
            violated.empty() ? 0. : 1.,
            metric("queue.lost_acknowledged"),
            metric("heal_watched_s"),
            metric("heal_s"),
            static_cast<double>(differences)};
  });
  REQUIRE(numbers.size() == 6);
  return {numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]};
}

/// Runs 1 to `most` faults that `draw` draws for `seed`; whatever they are, each request has one outcome and
/// nothing is lost.
Came survive(std::uint64_t seed, std::uint64_t most, faults::FaultConfig (Dice::*draw)(), bool ends) {
  const bool wired = seed % 3 == 2;
  Dice dice(seed, wired);
  auto s = region(seed % 8, wired);
  for (std::uint64_t n = 1 + dice.below(most); n > 0; --n) s.faults.push_back((dice.*draw)());
  const std::string composition = "composition " + std::to_string(seed) + ":\n" + text_of(s);
  INFO(composition);
  REQUIRE(refused(s) == "");
  Came came = run(s, ends);
  came.composition = composition;
  CHECK(came.without_outcome == 0);
  CHECK(came.violated == 0);
  CHECK(came.lost_acknowledged == 0);
  return came;
}

TEST_CASE("any faults together: one outcome for each request, nothing lost or left, and the service heals") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const Came came = survive(seed, 5, &Dice::once, true);
    INFO(came.composition);
    CHECK(came.differences == 0);
    if (came.watched < 0) continue;  // by chance nothing struck
    CHECK(came.watched >= 20);
    CHECK(came.healed_after >= 0);
    CHECK(came.healed_after < 15);
  }
}

TEST_CASE("any faults again and again: one outcome for each request, and nothing lost") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) survive(seed, 4, &Dice::often, false);
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
    s.slo.objectives.push_back({"others.yield", .5, metrics::Better::higher});  // told with abusers anyway
    s.faults = std::move(faults);
    Trial trial(s);
    trial.run();
    return metrics::serialise(trial.result());
  };
  const std::string without = bytes({});
  // The first wait all through the run; the others are due when it must be over, and are not waited for.
  for (const Duration at : {Duration::s(60), Duration::s(1'000'000)}) {
    std::vector<faults::FaultConfig> late;
    Dice dice(1);
    for (int n = 0; n < 60; ++n) {
      late.push_back(dice.once());
      late.back().at = at;
    }
    CHECK((bytes(late) == without));
  }
  faults::Crash crash;
  crash.target.name = "region/region";
  faults::FaultConfig rare;
  rare.kind = crash;
  rare.mttf = rare.mttr = always(Duration::s(1'000'000));
  CHECK((bytes({rare}) == without));
}

}  // namespace
}  // namespace headroom
