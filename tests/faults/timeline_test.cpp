#include "sim/faults/timeline.h"

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "tests/faults/ground.h"

namespace headroom::faults {
namespace {

FaultConfig failing(Kind kind, double mttf_s, double mttr_s) {
  FaultConfig f;
  f.mttf = Distribution<Duration>::exponential(Duration::from_seconds(mttf_s));
  f.mttr = Distribution<Duration>::exponential(Duration::from_seconds(mttr_s));
  f.kind = std::move(kind);
  return f;
}

/// When faults begin and end in a run, by name.
std::map<std::string, std::vector<double>> journal(const Ground& ground, const std::string& what) {
  std::map<std::string, std::vector<double>> dates;
  for (const std::string& event : ground.events(what)) {
    const std::size_t space = event.find(' ');
    dates[event.substr(space + 1)].push_back(std::stod(event.substr(0, space)));
  }
  return dates;
}

TEST_CASE("a timeline that is sampled without a simulator is what a run goes through") {
  Crash hosts;
  hosts.target = {"group/a", {}, 0};
  hosts.boot = Duration::s(5);
  Outage feed;
  feed.target = {"power/a1-1", {}, 0};
  std::vector<FaultConfig> faults = {failing(hosts, 100, 15), failing(feed, 400, 60)};
  faults[0].common_cause = Share{0.2};
  faults[1].probability = Share{0.5};
  Ground ground(faults, 7);
  constexpr int kSeconds = 20'000;
  const TimePoint end = TimePoint::at(Duration::s(kSeconds));
  ground.at(Duration::s(kSeconds));

  const world::Topology topology(platform());
  std::map<std::string, std::vector<double>> begins, ends;
  const std::vector<Part> parts = parts_of(faults, topology, StreamKey(7) / "faults");
  CHECK(parts.size() == 4 + 1 + 1);  // members, what they have in common, the feed
  for (const Part& part : parts) {
    RandomStrikes strikes(part);
    while (const auto next = strikes.next(end)) {
      begins[name_of(part.kind)].push_back(next->begin.since_start().seconds());
      if (next->end <= end) ends[name_of(part.kind)].push_back(next->end.since_start().seconds());
      CHECK(next->again - next->end == (part.number == 0 ? Duration::s(5) : Duration::s(60)));
    }
  }
  const auto same = [](const auto& a, const auto& b) {
    REQUIRE(a.size() == b.size());
    for (const auto& [name, dates] : a) {
      INFO(name);
      REQUIRE(b.contains(name));
      REQUIRE(dates.size() == b.at(name).size());
      for (std::size_t i = 0; i < dates.size(); ++i) CHECK(dates[i] == Approx(b.at(name)[i]).epsilon(1e-5));
    }
  };
  same(begins, journal(ground, "fault begins"));
  same(ends, journal(ground, "fault ends"));
}

TEST_CASE("what comes in steps or grows says how long that takes") {
  Outage cooling;
  cooling.target = {"cooling/a", {}, 0};
  cooling.stops_after = Duration::s(40);
  CHECK(onset(cooling) == Duration::s(40));
  Outage feed;
  feed.target = {"power/a1-1", {}, 0};
  CHECK(onset(feed) == Duration());
  CHECK(onset(Surge{2, Duration::s(7)}) == Duration::s(7));
}

}  // namespace
}  // namespace headroom::faults
