#include "sim/study/year.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <variant>

#include "sim/study/run.h"
#include "tests/study/files.h"

// `headroom year` against brute force (the scenario itself, with its failures, straight through for so long
// that every sort of failure happens hundreds of times) and against the closed form of k of n.
namespace headroom::study {
namespace {

/// The long form of the tests: at least a hundred times as many requests by brute force as for the year.
bool long_form() {
  return std::getenv("HEADROOM_LONG") != nullptr;
}

ScenarioConfig scenario(const std::string& text) {
  const Folder folder;
  return valid(folder.write("s.yaml", "scenario: s\nseed: 3\n" + text));
}

report::Year year_of(const ScenarioConfig& config, const YearOptions& options) {
  const Folder folder;
  auto kept = KeptReplications::open(folder.path() / "result");
  REQUIRE(std::holds_alternative<KeptReplications>(kept));
  YearOutcome outcome = run_year(config, options, on_this_machine(2), std::get<KeptReplications>(kept));
  REQUIRE(outcome.year.has_value());
  CHECK(outcome.year->violated.empty());
  return *outcome.year;
}

/// Held against `hours` of simulation, in 20 replications.
void against_brute_force(const std::string& name, const std::string& text, double hours, double long_hours) {
  INFO(name);
  ScenarioConfig config = scenario(text);
  YearOptions options;
  options.years = 0.1;  // the starts of the timelines, when all is new, are of no account
  const report::Year year = year_of(config, options);
  CHECK_FALSE(year.straight);

  constexpr int kReplications = 20;
  config.run.duration = Duration::from_seconds((long_form() ? long_hours : hours) * 3600 / kReplications);
  config.run.replications = kReplications;
  const RunOutcome brute = run_scenario(config, 2);
  REQUIRE(brute.run.has_value());
  const auto* yield = brute.run->result.find("yield");
  const auto* offered = brute.run->result.find("requests.offered");
  REQUIRE(yield != nullptr);
  REQUIRE(yield->mean.has_value());
  REQUIRE(yield->ci95.has_value());
  const double lost = 1 - year.yield.mean;
  const double brute_lost = 1 - *yield->mean;
  // 95 % intervals to the 99 % one of the difference.
  const double half = 2.576 / 1.96 *
                      std::hypot((year.yield.ci95.high - year.yield.ci95.low) / 2,
                                 (yield->ci95->high - yield->ci95->low) / 2);
  const double sent = offered != nullptr && offered->mean ? *offered->mean * kReplications : 0;
  fmt::print("| {} | {:.3e} ± {:.1e} | {:.3e} ± {:.1e} | {:.3g} | {:.3g} |\n", name, lost,
             (year.yield.ci95.high - year.yield.ci95.low) / 2, brute_lost,
             (yield->ci95->high - yield->ci95->low) / 2, year.simulated, sent);
  CHECK(std::abs(lost - brute_lost) <= half);
  // What is not covered (what piled up in a very long failure is not worked off within the longest transient)
  // would not matter if all of it failed.
  double not_covered = 0;
  for (const auto& one : year.not_covered) not_covered += one.time_share;
  CHECK(not_covered < 0.25 * half);
  // Precise enough to be wrong.
  CHECK(half < (long_form() ? 0.3 : 0.8) * brute_lost);
  if (long_form()) CHECK(sent >= 100 * year.simulated);
}

TEST_CASE("a year of a fleet that loses servers is what brute force says", "[year]") {
  against_brute_force("4 servers at 62 %, one fails every 5 h",
                      R"(
platform: {network: ideal, hosts: {worker: {count: 4, cores: 1}}}
workload: {arrivals: {poisson: 25/s}, deadline: 2s}
deployment:
  load_balancer: {policy: least_requests}
  processing: {hosts: worker, service_time: {exponential: {mean: 100ms}}}
run: {warmup: 10s}
faults:
  - {mttf: {exponential: {mean: 20h}}, mttr: {exponential: {mean: 5min}}, crash: {target: group/worker, boot: 30s}}
slo: {yield: 99.9%}
)",
                      300, 3000);
}

TEST_CASE("a year of a day's load, retries and a common cause is what brute force says", "[year]") {
  against_brute_force("6 servers, a day's load, a fifth of the failures strike all",
                      R"(
platform: {network: ideal, hosts: {worker: {count: 6, cores: 1}}}
workload:
  arrivals: {profile: {diurnal: {mean: 20/s, peak: 36/s}}}
  deadline: 3s
  retry: {attempts: 3, backoff: {exponential: {base: 50ms, cap: 1s}}}
deployment:
  load_balancer: {policy: round_robin}
  processing: {hosts: worker, service_time: {exponential: {mean: 100ms}}}
run: {warmup: 10s}
faults:
  - {mttf: {exponential: {mean: 20h}}, mttr: {exponential: {mean: 3min}}, common_cause: 20%, crash: {target: group/worker, boot: 20s}}
slo: {yield: 99.9%}
)",
                      240, 9600);
}

TEST_CASE("a year of gray failures and lost power is what brute force says", "[year]") {
  against_brute_force("API and workers, gray failures, power feeds",
                      R"(
platform:
  layout: {zones: 1, racks_per_zone: 2, power_feeds_per_rack: 2}
  hosts: {api: {count: 2, cores: 1}, worker: {count: 4, cores: 1}}
workload: {arrivals: {poisson: 20/s}, deadline: 2s}
deployment:
  api: {hosts: api, cpu: 5ms}
  processing: {hosts: worker, service_time: {exponential: {mean: 100ms}}}
run: {warmup: 10s}
faults:
  - {mttf: {exponential: {mean: 20h}}, mttr: {exponential: {mean: 4min}}, slow: {target: group/worker, cpu: 20%}}
  - {mttf: {exponential: {mean: 50h}}, mttr: {uniform: [1min, 9min]}, outage: {target: [power/a1-1, power/a2-1], boot: 30s}}
slo: {yield: 99.9%}
)",
                      250, 6000);
}

TEST_CASE("the availability of k of n is the closed form", "[year]") {
  constexpr int kServers = 5;
  for (const int need : {5, 4, 3}) {
    const ScenarioConfig config = scenario(fmt::format(R"(
platform: {{network: ideal, hosts: {{worker: {{count: {}, cores: 1}}}}}}
workload: {{arrivals: {{poisson: 1/s}}}}
deployment: {{processing: {{hosts: worker, service_time: 1ms}}}}
run: {{warmup: 10s}}
faults: [{{mttf: {{exponential: {{mean: 99h}}}}, mttr: {{exponential: {{mean: 1h}}}}, crash: {{target: group/worker, boot: 0s}}}}]
watch: [{{group: worker, need: {}}}]
)",
                                                       kServers, need));
    YearOptions options;
    options.samples = 1000;
    options.runs = 1;
    const report::Year year = year_of(config, options);
    double expected = 0;
    for (int up = need; up <= kServers; ++up)
      expected += std::tgamma(kServers + 1) / std::tgamma(up + 1) / std::tgamma(kServers - up + 1) *
                  std::pow(0.99, up) * std::pow(0.01, kServers - up);
    REQUIRE(year.availability.size() == 1);
    const auto& found = year.availability[0].share;
    INFO(need << " of " << kServers);
    // All are new at the start: an hour of a year, less than 1e-4 of what is missing.
    const double half = 2.576 / 1.96 * (found.ci95.high - found.ci95.low) / 2 + 1e-4 * (1 - expected);
    CHECK(std::abs(found.mean - expected) <= half);
    CHECK(half < 0.5 * (1 - expected));
    CHECK(year.availability[0].group == "worker");
  }
}

}  // namespace
}  // namespace headroom::study
