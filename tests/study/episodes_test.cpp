#include "sim/study/episodes.h"

#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>
#include <string>
#include <variant>
#include <vector>

#include "tests/study/files.h"

namespace headroom::study {
namespace {

ScenarioConfig scenario(const std::string& faults) {
  const Folder folder;
  return valid(folder.write(
      "s.yaml",
      "scenario: s\nplatform: {layout: {zones: 1, racks_per_zone: 2, power_feeds_per_rack: 2}, hosts: {api: "
      "{count: 4}, "
      "worker: {count: 4, power_cords: 2}}}\nworkload: {arrivals: {constant: 50/s}}\n"
      "deployment: {api: {hosts: api, cpu: 1ms}, processing: {hosts: worker, service_time: 1ms}}\nfaults: [" +
          faults + "]\n"));
}

/// A scenario's parts, and all that is needed to speak of them.
struct Ground {
  explicit Ground(const std::string& faults)
      : config(scenario(faults)),
        topology(config.platform),
        roles(config, topology, Moment::start),
        parts(faults::parts_of(config.faults, topology, StreamKey(1))),
        traits(traits_of(parts, topology, roles)),
        states(traits, topology, roles) {}
  ScenarioConfig config;
  world::Topology topology;
  Roles roles;
  std::vector<faults::Part> parts;
  std::vector<PartTraits> traits;
  States states;
  std::size_t same(const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b) {
    return states.class_of(states.of(a)) == states.class_of(states.of(b));
  }
};

constexpr const char* kHosts =
    "{mttf: {exponential: {mean: 10h}}, mttr: 10min, crash: {target: [group/api, group/worker]}}";

Failure failure(std::uint32_t part, int begin, int end, int again) {
  const auto at = [](int s) { return TimePoint::at(Duration::s(s)); };
  return {part, at(begin), at(end), at(again)};
}

Settling settling(int lead, int settles) {
  return {Duration::s(lead), Duration::s(1800),
          [settles](const Change&, std::size_t) { return Duration::s(settles); }};
}

double s(TimePoint t) {
  return t.since_start().seconds();
}

TEST_CASE("states are alike if as many of each group fall, whatever their names") {
  Ground g(kHosts);
  REQUIRE(g.parts.size() == 8);  // api-1 … worker-4
  CHECK(g.same({0}, {3}));
  CHECK(g.same({0, 1}, {2, 3}));
  CHECK(g.same({0, 4}, {1, 7}));
  CHECK_FALSE(g.same({0}, {4}));
  CHECK_FALSE(g.same({0}, {0, 1}));
  CHECK_FALSE(g.same({}, {0}));
  CHECK(g.traits[0].cause == "crash 1 of 4 api");
  CHECK(g.traits[0].stops);
}

TEST_CASE(
    "what falls with several is what falls together: a host of a rack is no more than the rack, two feeds "
    "are "
    "more than each") {
  Ground g(
      "{mttf: {exponential: {mean: 10h}}, mttr: 10min, crash: {target: [host/api-1, host/api-2, rack/a1]}}");
  // api-1 and api-3 stand in rack a1, api-2 and api-4 in a2.
  CHECK_FALSE(g.same({0, 2}, {1, 2}));
  CHECK(fallen(std::vector<PartTraits>{g.traits[0], g.traits[2]}, g.topology).size() == 4);
  CHECK(fallen(std::vector<PartTraits>{g.traits[1], g.traits[2]}, g.topology).size() == 5);

  Ground f(
      "{mttf: {exponential: {mean: 10h}}, mttr: 10min, outage: {target: [power/a1-1, power/a1-2, "
      "power/a2-1]}}");
  const auto falls = [&](std::vector<PartTraits> parts) { return fallen(parts, f.topology).size(); };
  CHECK(falls({f.traits[0]}) + falls({f.traits[1]}) == 2);  // the api of that rack, which has one cord
  CHECK(falls({f.traits[0], f.traits[1]}) == 4);            // and its workers, which have two
  CHECK_FALSE(f.same({0, 1}, {0, 2}));
}

TEST_CASE("causes are called by the names of what fails where these are few, and otherwise by what falls") {
  const auto cause = [](const std::string& strikes) {
    return Ground("{mttf: {exponential: {mean: 10h}}, mttr: 10min, " + strikes + "}").traits[0].cause;
  };
  CHECK(cause("crash: {target: [rack/a1, zone/a]}") == "crash rack/a1");
  CHECK(cause("crash: {target: [rack/a1, rack/a2]}") ==
        "crash rack/a1 or rack/a2");  // as much falls with each
  CHECK(cause("crash: {target: [host/api-1, host/api-2]}") == "crash 1 of 4 api");
  CHECK(cause("outage: {target: [power/a1-1, power/a1-2, power/a2-1, power/a2-2]}") ==
        "outage power: 1 of 4 api");
}

TEST_CASE("a failure that lasts is two transients with a stay between; a brief one is one") {
  Ground g(kHosts);
  const Levels levels = std::get<Levels>(Levels::of(client::Poisson{Rate{1}}));
  const TimePoint end = TimePoint::at(Duration::s(10'000));
  const Chain chain = chain_of({failure(0, 1000, 3000, 3060), failure(1, 5000, 5010, 5070)}, end, g.traits,
                               g.states, levels, settling(10, 30));
  REQUIRE(chain.transients.size() == 3);
  REQUIRE(chain.stays.size() == 4);
  const Transient& begins = chain.transients[0];
  CHECK(s(begins.from) == 990);
  CHECK(s(begins.first) == 1000);
  CHECK(s(begins.to) == 1030);
  CHECK(g.states.parts(begins.before).empty());
  CHECK(g.states.parts(begins.after) == std::vector<std::uint32_t>{0});
  const Transient& ends = chain.transients[1];
  CHECK(s(ends.from) == 2990);
  CHECK(s(ends.to) == 3060 + 30);  // the boot belongs to it
  CHECK(g.states.parts(ends.after).empty());
  CHECK(ends.failures.size() == 1);
  const Transient& both = chain.transients[2];
  CHECK(s(both.from) == 4990);
  CHECK(s(both.to) == 5070 + 30);
  CHECK(g.states.parts(chain.stays[1].state) == std::vector<std::uint32_t>{0});
  CHECK(s(chain.stays[3].to) == 10'000);
}

TEST_CASE("a change that comes before the last one has settled is part of the same transient") {
  Ground g(kHosts);
  const Levels levels = std::get<Levels>(Levels::of(client::Poisson{Rate{1}}));
  const TimePoint end = TimePoint::at(Duration::s(10'000));
  const auto chain = [&](int second) {
    return chain_of({failure(0, 1000, 3000, 3060), failure(5, second, 4000, 4060)}, end, g.traits, g.states,
                    levels, settling(10, 30));
  };
  CHECK(chain(1040).transients[0].failures.size() == 2);  // 10 s before it the other has just not settled
  CHECK(chain(1041).transients[0].failures.size() == 1);
  CHECK(g.states.parts(chain(1041).transients[1].before).size() == 1);
}

TEST_CASE("a state that never settles is one transient with what leads out of it, covered if that is short") {
  Ground g(kHosts);
  const Levels levels = std::get<Levels>(Levels::of(client::Poisson{Rate{1}}));
  const TimePoint end = TimePoint::at(Duration::s(100'000));
  Settling never = settling(10, 30);
  never.settles = [&](const Change& change, std::size_t) {
    return g.states.parts(change.after).empty() ? Duration::s(30) : Duration::max();
  };
  const Chain chain = chain_of({failure(0, 1000, 2000, 2060), failure(1, 10'000, 20'000, 20'060),
                                failure(2, 99'000, 200'000, 200'060)},
                               end, g.traits, g.states, levels, never);
  REQUIRE(chain.transients.size() == 3);
  CHECK(s(chain.transients[0].to) == 2090);
  CHECK(chain.transients[0].covered);
  CHECK_FALSE(chain.transients[1].covered);
  CHECK(s(chain.transients[2].to) == 100'000);
}

TEST_CASE("how long a repair takes to settle may depend on what led to it and on how long that lasted") {
  Ground g(kHosts);
  const Levels levels = std::get<Levels>(Levels::of(client::Poisson{Rate{1}}));
  const TimePoint end = TimePoint::at(Duration::s(100'000));
  Settling slow = settling(10, 30);
  slow.settles = [&](const Change& change, std::size_t) {
    CHECK((change.lasted > Duration()) ==
          (g.states.parts(change.before).size() > g.states.parts(change.after).size()));
    return std::max(Duration::s(30), change.lasted / 2);
  };
  // The first is repaired while the second is broken.
  const Chain chain = chain_of({failure(0, 1000, 3000, 3060), failure(1, 2000, 10'000, 10'060)}, end,
                               g.traits, g.states, levels, slow);
  REQUIRE(chain.transients.size() == 4);
  CHECK(s(chain.transients[0].to) == 1030);
  CHECK(s(chain.transients[1].to) == 2030);
  CHECK(s(chain.transients[2].to) == 3060 + 1000);
  CHECK(chain.transients[2].settles == Duration::s(1000));
  CHECK(g.states.parts(chain.transients[2].slowest.before) == std::vector<std::uint32_t>{0, 1});
  CHECK(g.states.parts(chain.transients[2].slowest.after) == std::vector<std::uint32_t>{1});
  CHECK(s(chain.transients[3].to) == 10'060 + 4000);
}

TEST_CASE("the longest of several times to settle counts, not the last") {
  Ground g(kHosts);
  const Levels levels = std::get<Levels>(Levels::of(client::Poisson{Rate{1}}));
  Settling slow = settling(10, 30);
  slow.settles = [](const Change& change, std::size_t) {
    return std::max(Duration::s(30), change.lasted / 2);
  };
  const Chain chain = chain_of({failure(0, 1000, 3000, 3060), failure(1, 3100, 3110, 3120)},
                               TimePoint::at(Duration::s(100'000)), g.traits, g.states, levels, slow);
  REQUIRE(chain.transients.size() == 2);
  CHECK(s(chain.transients[1].to) == 3060 + 1000);
  CHECK(chain.transients[1].slowest.lasted == Duration::s(2000));
}

TEST_CASE("a chain covers its timeline without gaps, and each failure begins and ends in one transient") {
  Ground g(
      "{mttf: {exponential: {mean: 3h}}, mttr: {exponential: {mean: 20min}}, common_cause: 20%, crash: "
      "{target: "
      "[group/api, group/worker]}}, {mttf: {exponential: {mean: 9h}}, mttr: 5min, outage: {target: "
      "power/a1-1}}");
  client::Profile day;
  day.diurnal = client::Diurnal{Rate{5}, Rate{9}, Duration::s(86'400), Duration::s(50'000)};
  const Levels levels = std::get<Levels>(Levels::of(day));
  CHECK(rc::check([&](std::uint16_t number) {
    const TimePoint end = TimePoint::at(Duration::s(*rc::gen::inRange(1, 400'000)));
    const auto failures = timeline_of(g.parts, number, end);
    const Chain chain = chain_of(failures, end, g.traits, g.states, levels,
                                 settling(*rc::gen::inRange(1, 60), *rc::gen::inRange(1, 4000)));
    std::vector<std::pair<TimePoint, TimePoint>> pieces;
    for (const Stay& one : chain.stays) pieces.emplace_back(one.from, one.to);
    for (const Transient& one : chain.transients) pieces.emplace_back(one.from, one.to);
    std::sort(pieces.begin(), pieces.end());
    TimePoint now;
    for (const auto& [from, to] : pieces) {
      RC_ASSERT(from == now);
      RC_ASSERT(to > from);
      now = to;
    }
    RC_ASSERT(now == end);
    std::size_t begun = 0;
    for (const Transient& one : chain.transients)
      for (const Failure& f : one.failures) begun += f.begin >= one.first && f.begin < one.to ? 1 : 0;
    RC_ASSERT(begun == failures.size());
    double levelled = 0;
    for (const Stay& one : chain.stays) {
      const auto times = levels.time_in(one.from, one.to);
      levelled += std::accumulate(times.begin(), times.end(), 0.0) - (one.to - one.from).seconds();
    }
    RC_ASSERT(std::abs(levelled) < 1e-3);
  }));
}

TEST_CASE("levels of a day are the mean rates of its hours") {
  client::Profile day;
  day.diurnal = client::Diurnal{Rate{1000}, Rate{1500}, Duration::s(86'400), Duration::s(12 * 3600)};
  const Levels levels = std::get<Levels>(Levels::of(day));
  REQUIRE(levels.count() == 24);
  double sum = 0;
  for (std::size_t h = 0; h < 24; ++h) {
    const double middle = 1000 + 500 * std::cos(2 * M_PI * (static_cast<double>(h) + 0.5 - 12) / 24);
    CHECK(levels.rate(h) == Approx(middle).epsilon(0.005));
    sum += levels.rate(h);
  }
  CHECK(sum / 24 == Approx(1000).epsilon(1e-4));
  CHECK(levels.at(TimePoint::at(Duration::s(25 * 3600 + 1))) == 1);
  CHECK(levels.rate(levels.by_rate().back()) == Approx(levels.rate(11)));  // and of hour 12
  const auto times =
      levels.time_in(TimePoint::at(Duration::s(1800)), TimePoint::at(Duration::s(2 * 86'400 + 5400)));
  CHECK(times[0] == 2 * 3600 + 1800);
  CHECK(times[1] == 2 * 3600 + 1800);
  CHECK(times[2] == 2 * 3600);
}

TEST_CASE("loads that are no steady ones by the hour are refused, with what would do") {
  const auto why = [](const client::Arrivals& arrivals) {
    return std::get<std::string>(Levels::of(arrivals));
  };
  client::Profile day;
  day.points = {{Duration(), Rate{1}}, {Duration::s(3600), Rate{2}}};
  CHECK(why(day).find("expected repeat: 1d") != std::string::npos);
  day.repeat = Duration::s(7200);
  CHECK(why(day).find("expected at least 4h") != std::string::npos);
  CHECK(why(client::NoArrivals{}).find("nobody") != std::string::npos);
  CHECK(why(client::Trace{}).find("recorded") != std::string::npos);
}

}  // namespace
}  // namespace headroom::study
