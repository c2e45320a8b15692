#include "sim/study/run.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "sim/study/catalogue.h"
#include "sim/study/outline.h"
#include "sim/study/simulate.h"
#include "tests/study/files.h"

namespace headroom::study {
namespace {

const char* const kSmall = R"(scenario: small
platform:
  network: {nic: {bandwidth: 1Gbps, latency: 100us}, internet: {bandwidth: 10Gbps, latency: 5ms}}
  hosts:
    lb: {price: 1USD/h}
    api: {count: 2, cores: 4}
    auth: {cores: 2, watts: {idle: 10W, busy: 20W}}
    queue: {count: 3, cores: 2}
    store: {count: 2}
    worker: {count: 2, cores: 8}
workload:
  users: 1000
  popularity: {zipf: 0.9}
  arrivals: {poisson: 100/s}
  image_bytes: {lognormal: {mean: 100KB, p99: 500KB}}
  renditions: 2
  connections: {reuse: 90%}
  deadline: 2s
  probe: 1s
deployment:
  load_balancer: {hosts: lb, policy: power_of_two_choices}
  api: {hosts: api, cpu: 500us, max_in_flight: 100, deadline: 1s, at_deadline: partial}
  auth: {edge_cache: {ttl: 10s}, data_plane: {hosts: auth, cpu: 100us}}
  queue: {hosts: queue, capacity: 100}
  processing: {hosts: worker, cost: {conversions_per_core: 20/s}}
  usage: {store: {hosts: store}}
run: {warmup: 1s, duration: 4s, replications: 3}
slo: {yield: 99%, latency.p99_ms: 500, only: {image_bytes: below 1MB}}
)";

report::Run outcome_of(const ScenarioConfig& scenario, int jobs) {
  RunOutcome outcome = run_scenario(scenario, jobs);
  REQUIRE(outcome.run.has_value());
  CHECK(outcome.failures.empty());
  CHECK_FALSE(outcome.interrupted);
  return std::move(*outcome.run);
}

TEST_CASE("a run is a function of scenario and seed: jobs and file names do not matter") {
  const Folder folder;
  const ScenarioConfig s = valid(folder.write("s.yaml", kSmall));
  const report::Run one = outcome_of(s, 1);
  const report::Run three = outcome_of(valid(folder.write("x/y.yaml", one.scenario_yaml)), 3);
  CHECK(one.fingerprint == three.fingerprint);
  REQUIRE(one.result.metrics.size() == three.result.metrics.size());
  for (std::size_t i = 0; i < one.result.metrics.size(); ++i) {
    INFO(one.result.metrics[i].name);
    CHECK(one.result.metrics[i].values == three.result.metrics[i].values);
  }
  CHECK(one.result.events == three.result.events);
  const report::Run other = outcome_of(valid(folder.write("s.yaml", kSmall), {"seed=2"}), 3);
  CHECK(one.result.find("latency.mean_ms")->values != other.result.find("latency.mean_ms")->values);
}

TEST_CASE("all invariants hold, every metric is in the catalogue, objectives are judged") {
  const Folder folder;
  const report::Run run = outcome_of(valid(folder.write("s.yaml", kSmall)), 3);
  CHECK(run.result.invariants.size() >= 8);
  for (const auto& i : run.result.invariants) {
    INFO(i.name << ": " << i.detail);
    CHECK(i.holds);
    CHECK(i.checked > 0);
  }
  for (const auto& m : run.result.metrics) {
    INFO(m.name);
    CHECK(find_metric(m.name) != nullptr);
    CHECK(m.values.size() == 3);
  }
  REQUIRE(run.slo.size() == 2);
  CHECK(run.slo[0].objective.starts_with("yield"));
  CHECK(run.slo[1].objective.starts_with("latency.p99_ms"));  // as it was written
  double sum = 0;
  for (const auto& m : run.result.metrics)
    if (m.name.starts_with("outcome.")) sum += *m.mean;
  CHECK(sum == Approx(*run.result.find("requests.offered")->mean));
}

TEST_CASE("a check that fails says when, in which replication of which scenario") {
  const Folder folder;
  const ScenarioConfig scenario = valid(folder.write("s.yaml", kSmall));
  auto before = std::make_unique<Replication>(scenario, 4);
  Replication replication(scenario, 1);
  before.reset();  // whichever ends first
  replication.run_until(TimePoint::at(Duration::ms(1500)));
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    signal(SIGABRT, SIG_DFL);
    HEADROOM_CHECK(scenario.seed < 0, "a seed is negative");
    _exit(0);
  }
  close(ends[1]);
  std::string said;
  char buffer[512];
  for (ssize_t n = 0; (n = read(ends[0], buffer, sizeof buffer)) > 0;)
    said.append(buffer, static_cast<std::size_t>(n));
  close(ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT));
  CHECK_THAT(
      said,
      Catch::Contains(
          "internal error: a seed is negative (scenario.seed < 0), at 1.500000000 s of replication 2 of "
          "small, seed 1\n"));
}

TEST_CASE("the outline says what would be simulated") {
  const Folder folder;
  const std::string text = outline(valid(folder.write("s.yaml", kSmall)));
  CHECK(text.starts_with("small is valid\n"));
  CHECK(text.find("clients → load_balancer → api (auth) → queue → processing → usage") != std::string::npos);
  // 200 jobs/s of 50 ms, and 3 % more for the ways that a slot waits: 0.4 ms to the queue and back, as much
  // for the image, and that over 1 Gb/s.
  CHECK(text.find("needed       processing ") != std::string::npos);
  CHECK(text.find(" 65 %  10.3 of 16 slots\n") != std::string::npos);
  CHECK(text.find("  1 %  0.05 of 8 cores\n") != std::string::npos);
  CHECK(text.find("about 1,500 requests") != std::string::npos);
}

}  // namespace
}  // namespace headroom::study
