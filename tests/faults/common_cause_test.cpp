// Failures that members of a group have in common, against the beta-factor model.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "tests/faults/ground.h"

namespace headroom::faults {
namespace {

/// n hosts of which k have to be up, each up for `mttf` on average and then down for `mttr` and a boot.
struct Group {
  int n, k;
  double beta;
  double mttf_s = 100;
  Distribution<Duration> mttr = Distribution<Duration>::exponential(Duration::ms(500));
  double boot_s = 0.5;

  double down_s() const { return mttr.mean().seconds() + boot_s; }
  /// Down time of a part that fails at a share of the failure rate: alternating renewal, for any law of
  /// repair.
  double share_down(double share) const {
    const double load = share * down_s() / mttf_s;
    return load / (1 + load);
  }
  /// That fewer than k of n are up, each down with probability q, independently.
  double short_of(double q) const {
    double sum = 0;
    for (int down = n - k + 1; down <= n; ++down)
      sum += std::exp(std::lgamma(n + 1) - std::lgamma(down + 1) - std::lgamma(n - down + 1)) *
             std::pow(q, down) * std::pow(1 - q, n - down);
    return sum;
  }
  /// Beta factor: members and what they have in common fail independently.
  double unavailability() const {
    const double independent = beta < 1 ? short_of(share_down(1 - beta)) : 0;
    return 1 - (1 - share_down(beta)) * (1 - independent);
  }
  /// What follows if members are taken to fail independently, each as often as it does: P^N for k = 1.
  double if_independent() const { return short_of(share_down(1)); }
};

FaultConfig failures(const Group& group, const std::string& name) {
  FaultConfig f;
  f.mttf = Distribution<Duration>::exponential(Duration::from_seconds(group.mttf_s));
  f.mttr = group.mttr;
  if (group.beta > 0) f.common_cause = Share{group.beta};
  f.kind = crash(named("group/" + name), Duration::from_seconds(group.boot_s));
  return f;
}

world::PlatformConfig hosts(int n) {
  world::PlatformConfig p;
  p.hosts["a"].count = n;
  return p;
}

/// Share of time in which fewer than k were up.
double simulated(const Group& group, double length_s, std::uint64_t seed) {
  Ground g({failures(group, "a")}, seed, hosts(group.n));
  int up = group.n;
  double since_s = 0;
  double short_s = 0;
  for (const auto& host : g.world_of().hosts())
    host->on_change([&](world::Host& h) {
      const double now_s = h.scheduler().now().since_start().seconds();
      if (up < group.k) short_s += now_s - since_s;
      since_s = now_s;
      up += h.up() ? 1 : -1;
    });
  g.at(Duration::from_seconds(length_s));
  if (up < group.k) short_s += length_s - since_s;
  return short_s / length_s;
}

TEST_CASE("k of n with a common cause is unavailable as the beta-factor model says") {
  Group fleet{40, 36, 0.1};
  fleet.mttr = Distribution<Duration>{law::Lognormal{2.5e9, 1.0}};
  struct Case {
    Group group;
    double length_s;
    double half_width;  // of the interval, relative: what so long a run must reach
  };
  for (const Case& c :
       {Case{{3, 1, 0.1}, 200'000, 0.15}, Case{{3, 2, 0.1}, 200'000, 0.15}, Case{{3, 2, 0}, 200'000, 0.15},
        Case{{3, 1, 1}, 100'000, 0.1}, Case{{2, 1, 0.3}, 100'000, 0.1}, Case{fleet, 20'000, 0.2}}) {
    constexpr int kRuns = 20;
    constexpr double kT = 3.883;  // 99.9 %, 19 degrees of freedom
    double sum = 0, squares = 0;
    for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
      const double x = simulated(c.group, c.length_s, seed);
      sum += x;
      squares += x * x;
    }
    const double mean = sum / kRuns;
    const double half = kT * std::sqrt((squares / kRuns - mean * mean) / (kRuns - 1));
    const double theory = c.group.unavailability();
    std::printf("| %d of %d, beta %g | %.3g | %.3g ± %.2g | %.3g | %.3g |\n", c.group.k, c.group.n,
                c.group.beta, theory, mean, half, c.group.if_independent(), mean / c.group.if_independent());
    INFO(c.group.k << " of " << c.group.n << ", beta " << c.group.beta);
    CHECK(std::abs(mean - theory) < half);
    CHECK(half < c.half_width * theory);
  }
}

TEST_CASE("members fail as often as without a common cause, and together when they share one") {
  Group group{4, 1, 0.25};
  Ground g({failures(group, "a")}, 3, hosts(4));
  constexpr int kSeconds = 400'000;
  g.at(Duration::s(kSeconds));
  std::map<std::string, int> strikes;
  for (const std::string& event : g.events("fault begins")) ++strikes[event.substr(event.find(' ') + 1)];
  const auto close = [&](const std::string& name, double share) {
    const double mean = kSeconds / (group.mttf_s / share + group.down_s());
    INFO(name << ": " << strikes[name] << ", expected " << mean);
    CHECK(std::abs(strikes[name] - mean) < 4 * std::sqrt(mean));
  };
  for (int i = 1; i <= 4; ++i) close("crash host/a-" + std::to_string(i), 0.75);
  close("crash group/a", 0.25);
}

// Ford et al., “Availability in globally distributed storage systems”, OSDI 2010: 37 % of the failures of
// nodes fall in bursts (each within 120 s of another one), where independent failures as frequent would make
// it 8 %. Here cells of racks whose hosts have a third of their failures in common; the window is as long as
// makes chance 8 %.
TEST_CASE("a third of the failures in common puts 37 % of them into bursts, against 8 % by chance") {
  constexpr int kRacks = 10;
  constexpr int kHosts = 4;
  constexpr double kMttf = 10'000;
  const double window = -std::log(1 - 0.08) / 2 / ((kRacks * kHosts - 1) / kMttf);
  const auto in_bursts = [&](double beta) {
    world::PlatformConfig p;
    std::vector<FaultConfig> faults;
    Group rack{kHosts, 1, beta, kMttf};
    for (int r = 0; r < kRacks; ++r) {
      const std::string name(1, static_cast<char>('a' + r));
      p.hosts[name].count = kHosts;
      faults.push_back(failures(rack, name));
    }
    Ground g(faults, 1, p);
    std::vector<double> dates;
    for (const auto& host : g.world_of().hosts())
      host->on_change([&](world::Host& h) {
        if (!h.up()) dates.push_back(h.scheduler().now().since_start().seconds());
      });
    g.at(Duration::s(8'000'000));
    std::size_t bursts = 0;
    for (std::size_t i = 0; i < dates.size(); ++i)
      bursts += (i > 0 && dates[i] - dates[i - 1] < window) ||
                (i + 1 < dates.size() && dates[i + 1] - dates[i] < window);
    CHECK(dates.size() > 28'000);
    return static_cast<double>(bursts) / static_cast<double>(dates.size());
  };
  CHECK(in_bursts(0) == Approx(0.08).margin(0.012));
  CHECK(in_bursts(1.0 / 3) == Approx(0.37).margin(0.02));
}

}  // namespace
}  // namespace headroom::faults
