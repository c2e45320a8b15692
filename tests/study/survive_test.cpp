#include "sim/study/survive.h"

#include <catch2/catch.hpp>
#include <string>
#include <variant>
#include <vector>

#include "tests/study/files.h"

namespace headroom::study {
namespace {

/// Three API servers in one zone, warm-up and window as given.
ScenarioConfig scenario(const std::string& run, const std::string& rest = "") {
  const Folder folder;
  return valid(
      folder.write("s.yaml",
                   "scenario: s\nplatform: {hosts: {api: {count: 3}}}\n"
                   "workload: {arrivals: {constant: 50/s}}\ndeployment: {api: {hosts: api, cpu: 1ms}}\n"
                   "run: {" +
                       run + "}\n" + rest));
}

SurvivalPlan plan(const ScenarioConfig& s, const SurviveOptions& options = {}) {
  auto planned = survival_of(s, options);
  REQUIRE(std::holds_alternative<SurvivalPlan>(planned));
  return std::move(std::get<SurvivalPlan>(planned));
}

double seconds(TimePoint t) {
  return t.since_start().seconds();
}

TEST_CASE("things break after a third of the window, which is lengthened to hold it all") {
  // A third of 60 s before, 30 s broken, 60 s to boot, 20 s more.
  const SurvivalPlan p = plan(scenario("warmup: 10s, duration: 60s"));
  CHECK(p.undisturbed.run.duration == Duration::s(130));
  CHECK(p.scenario_duration == Duration::s(60));
  REQUIRE(p.breaks.size() == 1);  // a host; its process takes the same with it
  CHECK(p.breaks[0].what == "host/api-1");
  CHECK(p.breaks[0].stands_for == "3 hosts, 3 processes");
  CHECK(p.breaks[0].like.size() == 5);
  CHECK(seconds(p.breaks[0].begin) == 30);
  CHECK(seconds(p.breaks[0].end) == 120);
  CHECK(p.breaks[0].scenario.run.duration == Duration::s(130));
  CHECK(p.undisturbed.faults.empty());
}

TEST_CASE("a window that is long enough stays as it is; a short one has 10 s to compare with") {
  CHECK(plan(scenario("warmup: 10s, duration: 1000s")).undisturbed.run.duration == Duration::s(1000));
  const SurvivalPlan brief = plan(scenario("warmup: 1s, duration: 2s"));
  CHECK(seconds(brief.breaks[0].begin) == 11);
  CHECK(brief.undisturbed.run.duration == Duration::s(10 + 30 + 60 + 10));
  // Whole seconds, which are whole slots of the time series.
  const SurvivalPlan odd = plan(scenario("warmup: 10s, duration: 100s"));
  CHECK(seconds(odd.breaks[0].begin) == 43);
}

TEST_CASE("kinds that were asked for are broken each as such, and come up in their own time") {
  SurviveOptions options;
  options.each = {ThingKind::process, ThingKind::host};
  options.length = Duration::s(5);
  options.at = Duration::s(25);
  const SurvivalPlan p = plan(scenario("warmup: 10s, duration: 60s"), options);
  REQUIRE(p.breaks.size() == 2);
  CHECK(p.breaks[0].kind == "process");
  CHECK(p.breaks[0].what == "process of host/api-1");
  CHECK(seconds(p.breaks[0].begin) == 25);
  CHECK(seconds(p.breaks[0].end) == 32);  // it restarts in 2 s
  CHECK(seconds(p.breaks[1].end) == 90);
  CHECK(p.undisturbed.run.duration == Duration::s(15 + 65 + 20));
}

TEST_CASE("faults of the scenario stay, and each variant is a scenario that can be run again") {
  SurviveOptions options;
  options.pairs = true;
  const SurvivalPlan p = plan(
      scenario("warmup: 10s, duration: 60s", "faults: [{at: 1s, slow: {target: host/api-3, cpu: 50%}}]\n"),
      options);
  REQUIRE(p.breaks.size() == 2);
  CHECK(p.undisturbed.faults.size() == 1);
  CHECK(p.breaks[0].scenario.faults.size() == 2);
  CHECK(p.breaks[1].kind == "pair");
  CHECK(p.breaks[1].what == "host/api-1 and host/api-2");
  CHECK(to_text(p.breaks[1].falls) == "2 of 3 api");
  CHECK(p.breaks[1].scenario.faults.size() == 3);
  const Folder folder;
  for (const SurvivalPlan::Break& one : p.breaks) {
    const std::string text = resolved_yaml(one.scenario);
    CHECK(resolved_yaml(valid(folder.write("again.yaml", text))) == text);
  }
}

TEST_CASE("every variant of every kind of the reference region can be written down and read again") {
  SurviveOptions options;
  options.each = {ThingKind::host,  ThingKind::process, ThingKind::rack, ThingKind::network_switch,
                  ThingKind::power, ThingKind::cooling, ThingKind::zone};
  const SurvivalPlan p = plan(valid(HEADROOM_SOURCE_DIR "/scenarios/baseline.yaml"), options);
  CHECK(p.breaks.size() == 34);
  const Folder folder;
  for (const SurvivalPlan::Break& one : p.breaks) {
    INFO(one.what);
    CHECK(valid(folder.write("again.yaml", resolved_yaml(one.scenario))).faults.size() == 1);
  }
  CHECK(plan(valid(HEADROOM_SOURCE_DIR "/scenarios/baseline.yaml")).breaks.size() == 20);
}

TEST_CASE("a date outside of the window is refused") {
  const ScenarioConfig s = scenario("warmup: 10s, duration: 60s");
  const auto refused = [&](Duration at) {
    SurviveOptions options;
    options.at = at;
    const auto planned = survival_of(s, options);
    const auto* problem = std::get_if<SurvivalProblem>(&planned);
    return problem != nullptr ? problem->option + ": " + problem->message : "";
  };
  const std::string rest =
      " is not in the window, which is from 10s to 70s since the start of the simulation, expected a date in "
      "it";
  CHECK(refused(Duration::s(70)) == "--at: 70s" + rest);
  CHECK(refused(Duration::s(9)) == "--at: 9s" + rest);
  CHECK(refused(Duration::s(10)).empty());
  CHECK(refused(Duration::s(69)).empty());
}

/// A series of one-second slots with so many requests offered and answered in each.
metrics::ReplicationResult course(const std::vector<double>& offered, const std::vector<double>& answered) {
  metrics::ReplicationResult result;
  result.series.slot = Duration::s(1);
  result.series.rows = offered.size();
  result.series.columns = {{"offered", true, offered}, {"answered", true, answered}};
  return result;
}

TEST_CASE("a stretch has the slots that lie within it, of all replications") {
  const std::vector<metrics::ReplicationResult> two = {course({10, 10, 10, 10}, {10, 5, 0, 10}),
                                                       course({10, 20, 0, 10}, {10, 15, 0, 10})};
  const auto at = [](double s) { return TimePoint::at(Duration::from_seconds(s)); };
  const Stretch middle = stretch(two, at(1), at(3));
  CHECK(middle.offered == 40);
  CHECK(middle.answered == 20);
  CHECK(middle.yields == std::vector<double>{.5, 0, .75});  // a slot without requests says nothing
  CHECK(middle.yield() == .5);
  CHECK(stretch(two, at(.5), at(2.5)).offered == 30);   // slot 1 of both
  CHECK(stretch(two, at(2.2), at(2.4)).offered == 10);  // none lies within: the one that it touches
  CHECK_FALSE(stretch(two, at(5), at(6)).yield().has_value());
}

TEST_CASE("a service fails if less is answered than must be, and less than undisturbed by more than chance") {
  const auto of = [](double offered, double answered) {
    const std::vector<metrics::ReplicationResult> one = {
        course({offered, offered, offered, offered}, {answered, answered, answered, answered})};
    return stretch(one, TimePoint(), TimePoint::at(Duration::s(4)));
  };
  CHECK(fails(of(1000, 1000), of(1000, 500), .999));
  CHECK_FALSE(fails(of(1000, 1000), of(1000, 999), .999));  // as promised
  CHECK(fails(of(1000, 1000), of(1000, 990), .999));
  // It fails with nothing broken, too: not by what was broken.
  CHECK_FALSE(fails(of(1000, 900), of(1000, 900), .999));
  CHECK(fails(of(1000, 900), of(1000, 400), .999));
  // 4 of 400 failed; of 400 undisturbed none did, so that 3 in 403 may: 3 √2 √(.0074 · .9926 / 400) = 1.8 %.
  CHECK_FALSE(fails(of(100, 100), of(100, 99), .999));
  CHECK(fails(of(100, 100), of(100, 98), .999));
  // Nothing was asked for.
  CHECK_FALSE(fails(of(0, 0), of(0, 0), .999));
}

}  // namespace
}  // namespace headroom::study
