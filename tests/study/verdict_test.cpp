#include <catch2/catch.hpp>
#include <string>

#include "sim/report/answer.h"
#include "sim/report/sweep.h"
#include "sim/report/verdicts.h"
#include "sim/study/run.h"
#include "sim/study/steady.h"
#include "tests/study/files.h"

// What limits a run, by name and by how much, against values that follow from the scenario; and whether it
// has settled.

namespace headroom::study {
namespace {

report::Run run_of(const std::string& yaml, const std::vector<std::string>& sets = {}) {
  const Folder folder;
  RunOutcome outcome = run_scenario(valid(folder.write("s.yaml", yaml), sets), 2);
  REQUIRE(outcome.run.has_value());
  return std::move(*outcome.run);
}

/// The bottleneck; the test fails if there is none.
metrics::Limit limit_of(const report::Run& run) {
  const auto limit = metrics::bottleneck(run.limits);
  REQUIRE(limit.has_value());
  INFO(limit->name << " " << limit->share << " " << metrics::alive_text(*limit));
  return *limit;
}

metrics::Limit limit_named(const report::Run& run, const std::string& name) {
  for (const auto& limit : run.limits)
    if (limit.name == name) return limit;
  INFO("no limit " << name);
  REQUIRE(false);
  return {};
}

double value(const report::Run& run, const std::string& metric) {
  const auto* found = run.result.find(metric);
  REQUIRE(found != nullptr);
  return found->mean.value_or(-1);
}

/// API servers of one core and 10 ms a request: 100/s each.
const char* const kTier = R"(scenario: tier
platform: {network: ideal, hosts: {api: {count: 3}, worker: {count: 4}}}
workload: {arrivals: {poisson: 150/s}, deadline: 30s}
deployment:
  load_balancer: {policy: round_robin, health_check: {interval: 1s, timeout: 500ms, unhealthy_after: 1}}
  api: {hosts: api, cpu: 10ms}
  processing: {hosts: worker, service_time: 5ms}
run: {warmup: 5s, duration: 40s}
slo: {yield: 99%, latency.p99_ms: 20000}
)";

TEST_CASE("all up: the tier nearest its bound, with its share, and no link where the network is ideal") {
  const report::Run run = run_of(kTier);
  const auto limit = limit_of(run);
  CHECK(limit.name == "api");
  CHECK(limit.share == Approx(.5).margin(.02));
  CHECK(metrics::alive_text(limit) == "3 of 3");
  CHECK(limit.at_s == 5);
  CHECK(report::busiest_link(run).empty());
  REQUIRE(run.settled.has_value());
  CHECK(run.settled->settled);
  CHECK(report::answer(run).kind == report::Answer::Kind::yes);
}

TEST_CASE("a tier that lost a member is judged by what is left of it; exactly full is not sustained") {
  // 200/s on two servers of 100/s: 66.7 % of what is configured, all of what is alive.
  const report::Run run =
      run_of(kTier, {"workload.arrivals.poisson=200/s", "faults=[{at: 1s, crash: {target: host/api-3}}]"});
  const auto limit = limit_of(run);
  CHECK(limit.name == "api");
  CHECK(limit.share > .97);
  CHECK(metrics::alive_text(limit) == "2 of 3");
  CHECK(value(run, "api.utilization") < .68);
  CHECK_THAT(report::bottleneck(run),
             Catch::StartsWith("api: 2 of 3 servers, ") && Catch::EndsWith(" % busy"));
  REQUIRE(run.settled.has_value());
  CHECK_FALSE(run.settled->settled);
  for (const auto& verdict : run.slo) {
    CHECK(verdict.met);
    CHECK_FALSE(verdict.sure);
  }
  const report::Answer answer = report::answer(run);
  CHECK(answer.kind == report::Answer::Kind::open);
  CHECK_THAT(answer.text, Catch::StartsWith("cannot be told: ") && Catch::Contains("not sustained"));
  const report::Summary summary = report::summary(run);
  CHECK(summary.bottleneck->name == "api");
  CHECK(summary.settled == false);
  CHECK(report::met_at(summary).met);
  CHECK_FALSE(report::met_at(summary).holds());
}

TEST_CASE("more workers do not change what limits, and each point says so") {
  for (const char* workers : {"2", "4", "8"}) {
    const report::Run run = run_of(kTier, {"workload.arrivals.poisson=240/s", "workload.deadline=1s",
                                           std::string("platform.hosts.worker.count=") + workers,
                                           "faults=[{at: 1s, crash: {target: host/api-3}}]"});
    CHECK(limit_of(run).name == "api");
    CHECK(limit_of(run).share > .999);
    CHECK_THAT(report::limit_text(*report::summary(run).bottleneck),
               Catch::Equals("api: 2 of 3 servers, 100 % busy"));
  }
}

TEST_CASE("dead and frozen workers are no workers, slowed ones are; a tier that is all dead is the limit") {
  const std::vector<std::string> light = {"deployment.processing.service_time=50ms",
                                          "workload.arrivals.poisson=40/s"};
  const auto with = [&](const std::string& fault) {
    std::vector<std::string> sets = light;
    sets.push_back("faults=[" + fault + "]");
    return limit_of(run_of(kTier, sets));
  };
  CHECK(with("").share == Approx(.5).margin(.03));  // 40/s x 50 ms on 4
  const auto dead = with("{at: 0s, crash: {target: host/worker-4, process: true}}");
  CHECK(dead.name == "processing");
  CHECK(metrics::alive_text(dead) == "3 of 4");
  const auto frozen = with("{at: 0s, slow: {target: host/worker-4, cpu: 0%}}");
  CHECK(metrics::alive_text(frozen) == "3 of 4");
  CHECK(frozen.share < .6);  // what is stuck on it does not count
  const auto slowed = with("{at: 0s, slow: {target: host/worker-4, cpu: 50%}}");
  CHECK(metrics::alive_text(slowed) == "4 of 4");
  // A quarter of the jobs takes twice as long: 40/s x 62.5 ms on 4.
  CHECK(slowed.share == Approx(.625).margin(.03));
  const auto gone = with("{at: 0s, crash: {target: group/worker}}");
  CHECK(gone.name == "processing");
  CHECK(gone.share == 1);
  CHECK(metrics::alive_text(gone) == "0 of 4");
}

TEST_CASE("who nobody can reach is not alive for the service") {
  const auto limit =
      limit_of(run_of(kTier, {"workload.arrivals.poisson=160/s",
                              "faults=[{at: 1s, partition: {between: [host/api-3, clients]}}]"}));
  CHECK(limit.name == "api");
  CHECK(metrics::alive_text(limit) == "2 of 3");
  CHECK(limit.share == Approx(.8).margin(.03));
}

TEST_CASE(
    "a fault in the middle of the window: the worst minute, by what was alive, and nobody asks whether it "
    "settled") {
  const report::Run run = run_of(
      kTier, {"run.duration=180s", "workload.arrivals.poisson=100/s",
              "faults=[{at: 65s, for: 60s, crash: {target: host/api-3, process: true, restart: 0s}}]"});
  const auto limit = limit_of(run);
  CHECK(metrics::alive_text(limit) == "2 of 3");
  CHECK(limit.share == Approx(.5).margin(.03));
  CHECK(limit.at_s == Approx(65).margin(6));
  CHECK_FALSE(run.settled.has_value());
}

/// 1 MB over 10 MB/s.
const char* const kLink = R"(scenario: link
platform: {network: {internet: {bandwidth: 80Mbps}}, hosts: {worker: {count: 4, cores: 8}}}
workload: {arrivals: {constant: 9/s}, image_bytes: 1MB, rendition_bytes: 1%, deadline: 5s}
deployment: {processing: {hosts: worker, service_time: 10ms}}
run: {warmup: 5s, duration: 20s, drain: 1s}
)";

TEST_CASE("more load on a link never makes it look less busy, and no window is too short") {
  const report::Run light = run_of(kLink);
  CHECK(value(light, "network.utilization_max") == Approx(.9).margin(.01));
  CHECK(limit_of(light).name == "internet");
  CHECK(limit_of(light).share == Approx(.9).margin(.01));
  for (const char* rate : {"workload.arrivals.constant=12/s", "workload.arrivals.constant=40/s"}) {
    const report::Run full = run_of(kLink, {rate});
    CHECK(value(full, "network.utilization_max") > .99);
    CHECK(value(full, "network.utilization_max") <= 1);
    CHECK(limit_of(full).name == "internet");
    CHECK(limit_of(full).share > .99);
    CHECK(report::summary(full).busiest_link->name == "internet");
  }
  for (const char* length : {"10ms", "100ms", "1s"}) {
    const report::Run brief =
        run_of(kLink, {"workload.arrivals.constant=40/s", std::string("run.duration=") + length});
    CHECK(value(brief, "network.utilization_max") <= 1);
    CHECK(limit_of(brief).share == Approx(1).margin(.001));
  }
}

TEST_CASE("a link of which a fault leaves a part is full when that part is") {
  const auto limit = limit_of(run_of(kLink, {"faults=[{at: 0s, bandwidth: {target: clients, to: 50%}}]"}));
  CHECK(limit.name == "internet");
  CHECK(limit.share > .99);
}

TEST_CASE("one balancer card of 500 Mbps under 960 Mbps of images limits, and no worker does") {
  // A tenth of that: 96 Mbps of images through a card of 50 Mbps.
  const report::Run run = run_of(R"(scenario: card
platform:
  network: {nic: {bandwidth: 10Gbps}}
  hosts: {lb: {cores: 8, nic: 50Mbps}, worker: {count: 4, cores: 8}}
workload: {arrivals: {poisson: 48/s}, image_bytes: 250KB, rendition_bytes: 20%, deadline: 2s}
deployment:
  load_balancer: {hosts: lb}
  processing: {hosts: worker, service_time: 10ms}
run: {warmup: 5s, duration: 20s, drain: 2s}
slo: {yield: 99%}
)");
  CHECK(value(run, "yield") < .5);
  const auto limit = limit_of(run);
  CHECK(limit.name == "nic host/lb-1");
  CHECK(limit.share > .99);
  CHECK(limit_named(run, "processing").share < .1);
  CHECK(report::bottleneck(run) == "nic host/lb-1, 100 % busy");
  CHECK(report::answer(run).kind == report::Answer::Kind::no);
}

TEST_CASE("a disk is as full as the bytes that it writes; fsyncs of the log, which gather, do not fill it") {
  // 40/s x 100 KB of images through the log onto 10 MB/s; four times as much is more than it can write.
  const char* const payload = R"(scenario: payload
platform:
  network: ideal
  hosts: {queue: {cores: 2, disk: {bandwidth: 10MBps, fsync: 1ms}}, worker: {count: 4, cores: 8}}
workload: {arrivals: {poisson: 40/s}, image_bytes: 100KB, deadline: 2s}
deployment:
  queue: {hosts: queue, replication: none, payload: inline}
  processing: {hosts: worker, service_time: 10ms}
run: {warmup: 5s, duration: 30s}
)";
  const auto limit = limit_of(run_of(payload));
  CHECK(limit.name == "disk host/queue-1");
  CHECK(limit.share == Approx(.42).margin(.03));  // 0.4, and snapshots now and then
  CHECK(limit_of(run_of(payload, {"workload.arrivals.poisson=160/s"})).share > .97);
  CHECK(limit_of(run_of(payload, {"deployment.queue.payload=reference"})).name == "processing");
}

TEST_CASE("a concurrency limit: as many in flight as Erlang's loss formula says") {
  // 10 Erlang offered to 2 places: B = 0.8197, so 10 (1 - B) = 1.803 are taken on average. What holds the
  // places is a network of 100 ms, there and back.
  const report::Run run = run_of(R"(scenario: flight
platform: {network: {nic: {latency: 25ms}}, hosts: {api: {cores: 4}, worker: {count: 4, cores: 8}}}
workload: {arrivals: {poisson: 100/s}, deadline: 2s}
deployment:
  api: {hosts: api, cpu: 0s, max_in_flight: 2}
  processing: {hosts: worker, service_time: 1us}
run: {warmup: 5s, duration: 60s}
)");
  const auto limit = limit_of(run);
  CHECK(limit.name == "api.max_in_flight");
  CHECK(limit.share == Approx(.9015).margin(.01));
  CHECK_THAT(report::bottleneck(run),
             Catch::StartsWith("api.max_in_flight, 9") && Catch::EndsWith(" % in use"));
}

TEST_CASE("a quota is used up as far as those who ask have used theirs") {
  const char* const quota = R"(scenario: quota
platform: {network: ideal, hosts: {api: {cores: 8}}}
workload: {arrivals: {constant: 20/s}, deadline: 2s}
deployment: {api: {hosts: api, cpu: 1ms, quota_per_user: 10/s, quota_burst: 1}}
run: {warmup: 5s, duration: 60s}
)";
  const report::Run full = run_of(quota);
  CHECK(limit_of(full).name == "api.quota_per_user");
  CHECK(limit_of(full).share == Approx(1).margin(.01));
  CHECK(limit_of(run_of(quota, {"workload.arrivals.constant=5/s"})).share == Approx(.5).margin(.01));
  // Many users, each of whom asks seldom.
  CHECK(limit_named(run_of(quota, {"workload.users=1000"}), "api.quota_per_user").share < .01);
}

TEST_CASE("what waits on workers is held, what serves limits") {
  const char* const bounded = R"(scenario: bounded
platform: {network: ideal, hosts: {worker: {count: 2}}}
workload: {arrivals: {poisson: 40/s}}
deployment: {processing: {hosts: worker, service_time: 100ms, max_waiting: 10}}
run: {warmup: 5s, duration: 30s}
)";
  const report::Run run = run_of(bounded);
  CHECK(limit_of(run).name == "processing");
  CHECK(limit_of(run).share > .99);
  CHECK(limit_named(run, "processing.max_waiting").share > .8);
  REQUIRE(run.settled.has_value());
  CHECK(run.settled->settled);  // the excess is turned away
}

TEST_CASE("a queue's bound is full where its workers are; a dead member of it changes nothing") {
  const char* const queue = R"(scenario: queue
platform: {network: {nic: {latency: 100us}}, hosts: {queue: {count: 3, cores: 2}, worker: {count: 2}}}
workload: {arrivals: {poisson: 30/s}}
deployment:
  queue: {hosts: queue, capacity: 20}
  processing: {hosts: worker, service_time: 100ms}
run: {warmup: 10s, duration: 30s}
faults: [{at: 2s, crash: {target: host/queue-3}}]
)";
  const report::Run run = run_of(queue);
  CHECK(limit_of(run).name == "processing");
  CHECK(limit_of(run).share > .98);
  const auto bound = limit_named(run, "queue.capacity");
  CHECK(bound.share > .85);
  CHECK(bound.share <= 1);
}

TEST_CASE("balancers: one that stands by is not what there is") {
  // All of 400/s x 2 ms goes to one of two.
  const auto limit = limit_of(run_of(R"(scenario: standby
platform: {network: ideal, hosts: {lb: {count: 2}, worker: {count: 4, cores: 8}}}
workload: {arrivals: {poisson: 400/s}}
deployment:
  load_balancer: {hosts: lb, cpu: 2ms, redundancy: active_passive}
  processing: {hosts: worker, service_time: 1ms}
run: {warmup: 5s, duration: 30s}
)"));
  CHECK(limit.name == "lb");
  CHECK(limit.share == Approx(.8).margin(.03));
}

const char* const kQueue = R"(scenario: mmc
platform: {network: ideal, hosts: {worker: {cores: 4}}}
workload: {arrivals: {poisson: 32/s}}
deployment: {processing: {hosts: worker, service_time: {exponential: {mean: 100ms}}}}
run: {warmup: 10s, duration: 200s}
)";

TEST_CASE("settled: below what is alive, or users who wait; not above it, and not at it") {
  const auto settled = [](const std::vector<std::string>& sets) { return run_of(kQueue, sets).settled; };
  CHECK(settled({})->settled);
  CHECK_FALSE(settled({"workload.arrivals.poisson=48/s"})->settled);
  CHECK_FALSE(settled({"workload.arrivals={constant: 40/s}", "deployment.processing.service_time=100ms",
                       "workload.arrivals.constant=40.4/s"})
                  ->settled);
  CHECK(settled({"workload.arrivals={closed: {users: 50, think_time: 100ms}}"})->settled);
}

TEST_CASE("whether anything is scheduled to change in the window") {
  const Folder folder;
  const std::string file = folder.write("s.yaml", kQueue);
  const auto still = [&](const std::vector<std::string>& sets) { return steady(valid(file, sets)); };
  CHECK(still({}));
  CHECK(still({"workload.arrivals={closed: {users: 5, think_time: 1s}}"}));
  CHECK_FALSE(still({"workload.arrivals={bursts: {calm: 1/s, burst: 9/s, mean_calm: 5s, mean_burst: 1s}}"}));
  CHECK_FALSE(still({"workload.arrivals={trace: [{at: 15s}]}"}));
  CHECK_FALSE(still({"workload.arrivals={profile: {diurnal: {mean: 5/s, peak: 9/s}}}"}));
  CHECK_FALSE(still({"workload.arrivals={profile: {points: [{at: 0s, rate: 1/s}, {at: 50s, rate: 2/s}]}}"}));
  // The rate grows before the window only.
  CHECK(
      still({"workload.arrivals={profile: {points: [{at: 0s, rate: 1/s}, {at: 5s, rate: 2/s}, {at: 300s, "
             "rate: 2/s}]}}"}));
  const auto fault = [&](const std::string& f) { return still({"faults=[" + f + "]"}); };
  CHECK(fault("{at: 2s, slow: {target: host/worker-1, cpu: 50%}}"));
  CHECK(fault("{at: 2s, for: 1s, slow: {target: host/worker-1, cpu: 50%}}"));
  CHECK(fault("{at: 2s, for: 300s, slow: {target: host/worker-1, cpu: 50%}}"));
  CHECK_FALSE(fault("{at: 2s, for: 30s, slow: {target: host/worker-1, cpu: 50%}}"));
  CHECK_FALSE(fault("{at: 20s, slow: {target: host/worker-1, cpu: 50%}}"));
  CHECK_FALSE(fault("{every: 60s, for: 1s, slow: {target: host/worker-1, cpu: 50%}}"));
  CHECK_FALSE(fault("{mttf: 1h, mttr: 1min, crash: {target: host/worker-1}}"));
  CHECK_FALSE(fault("{at: 1s, for: 1s, crash: {target: host/worker-1}}"));  // boots 60 s after
  CHECK_FALSE(fault("{at: 9s, surge: {factor: 2, ramp: 10s}}"));
  CHECK(fault("{at: 0s, surge: {factor: 2, ramp: 10s}}"));
}

}  // namespace
}  // namespace headroom::study
