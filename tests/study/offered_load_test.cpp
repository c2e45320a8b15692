#include "sim/study/offered_load.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "sim/study/estimate.h"
#include "sim/study/outline.h"
#include "tests/study/files.h"

// The arithmetic by hand. tests/scenarios/offered_load_test.cpp holds it against simulated utilisation.

namespace headroom::study {
namespace {

ScenarioConfig shipped(const std::string& name, const std::vector<std::string>& sets = {}) {
  return valid(HEADROOM_SOURCE_DIR "/scenarios/" + name + ".yaml", sets);
}

ResourceLoad of(const std::vector<ResourceLoad>& loads, const std::string& name) {
  for (const ResourceLoad& load : loads)
    if (load.name == name) return load;
  FAIL("no " + name);
  return {};
}

ScenarioConfig scenario(const std::string& platform, const std::string& workload,
                        const std::string& deployment, const std::string& rest = "") {
  const Folder folder;
  return valid(folder.write("s.yaml", "scenario: s\nplatform: {" + platform + "}\nworkload: {" + workload +
                                          "}\ndeployment: {" + deployment +
                                          "}\nrun: {warmup: 10s, duration: 90s, replications: 2}\n" + rest));
}

TEST_CASE("the reference deployment, number for number") {
  const ScenarioConfig s = shipped("baseline");
  const std::vector<PhaseLoad> load = offered_load(s);
  REQUIRE(load.size() == 1);
  CHECK(load[0].requests_per_s == 10'000);
  const auto& all = load[0].resources;
  // 10 000/s × 0.8 ms on 3 × 4 cores; TLS ends at the balancer: 50 µs + 5 % of 1 ms on 2 × 16.
  CHECK(of(all, "api").offered == Approx(8));
  CHECK(of(all, "api").share() == Approx(8. / 12));
  CHECK(of(all, "lb").share() == Approx(1. / 32));
  // 1 000 cores of conversions; 1.1 ms more per slot: two round trips of 0.46 to 0.66 ms (0.56 on average),
  // and 82 µs for the image over 25 Gb/s.
  CHECK(of(all, "processing").capacity == 1280);
  CHECK(of(all, "processing").busy == Approx(1000. / 1280));
  CHECK(of(all, "processing").share() == Approx(1000. / 1280 * 1.012).epsilon(.003));
  // Images in, renditions (20 %) out, half of each through each balancer's card: towards it come both.
  const double in = 256'000 + 512;
  const double out = 51'200 + 512;
  CHECK(of(all, "internet").offered == Approx(10'000 * in));
  CHECK(of(all, "internet").capacity == Approx(50e9));
  CHECK(of(all, "nic host/lb-1").offered == Approx(5'000 * (in + out)));
  // A third of the requests per API server: the image comes and goes to a worker, the rendition comes and
  // goes.
  CHECK(of(all, "nic host/api-1").share() == Approx(10'000. / 3 * (in + out) / 3.125e9).epsilon(1e-6));
  CHECK(of(all, "nic host/worker-7").offered == Approx(250 * in));
  CHECK(std::is_sorted(all.begin(), all.end(),
                       [](const auto& a, const auto& b) { return a.share() > b.share(); }));
}

TEST_CASE("with a rack down, two of three API servers are exactly full") {
  // The README's headline case: 10 000/s × 0.8 ms on 8 cores.
  const ScenarioConfig s = shipped("seed-design", {"faults=[{at: 2s, crash: {target: rack/a1}}]"});
  const std::vector<PhaseLoad> load = offered_load(s);
  REQUIRE(load.size() == 2);
  const ResourceLoad api = of(load[1].resources, "api");
  CHECK(api.alive == 2);
  CHECK(api.members == 3);
  CHECK(api.share() == Approx(1));
  const ResourceLoad workers = of(load[1].resources, "processing");
  CHECK(workers.alive == 33);  // seven of the fourteen workers of zone a
  CHECK(workers.busy == Approx(1000. / 1280));
  CHECK(workers.share() == Approx(1000. / (33 * 32) * 1.012).epsilon(.003));
  const auto warnings = load_warnings(s);
  REQUIRE(warnings.size() == 1);
  CHECK(
      warnings[0].starts_with("with crash rack/a1 (at 2s): api needs 8 of 8 cores (100 %, 2 of 3 hosts) at "
                              "10,000 requests/s; "));
  // With four servers there is room.
  CHECK(load_warnings(shipped("seed-design",
                              {"faults=[{at: 2s, crash: {target: rack/a1}}]", "platform.hosts.api.count=4"}))
            .empty());
}

TEST_CASE("one narrow card of a balancer is the limit, by name") {
  // 500 Mb/s against images of 1 000 × 256.5 KB towards it, and renditions: 4.9 times too much.
  const ScenarioConfig s = scenario(
      "network: {nic: {bandwidth: 25Gbps}}, hosts: {lb: {count: 1, cores: 16, nic: 500Mbps}, worker: {count: "
      "4, "
      "cores: 32}}",
      "arrivals: {poisson: 1000/s}, image_bytes: 256KB, deadline: 2s",
      "load_balancer: {hosts: lb}, processing: {hosts: worker, service_time: 10ms}");
  const auto loads = offered_load(s)[0].resources;
  CHECK(loads.front().name == "nic host/lb-1");
  CHECK(loads.front().share() == Approx(1000 * (256'512 + 51'712) / 62.5e6));
  const auto warnings = load_warnings(s);
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0] ==
        "nic host/lb-1 needs 308 of 62.5 MB/s (493 %) at 1,000 requests/s; what is more than that is "
        "rejected, or "
        "too late");
}

TEST_CASE("images inline pass the log of every member, and its disk") {
  const std::string platform =
      "network: {nic: {bandwidth: 10Gbps}}, hosts: {api: {count: 2, cores: 8}, queue: {count: 3}, worker: "
      "{count: "
      "4, cores: 8}}";
  const std::string workload = "arrivals: {poisson: 100/s}, image_bytes: 1MB, deadline: 5s, renditions: 2";
  const auto with = [&](const std::string& payload) {
    return offered_load(scenario(platform, workload,
                                 "api: {hosts: api, cpu: 1ms}, queue: {hosts: queue, payload: " + payload +
                                     "}, processing: {hosts: worker, service_time: 50ms}"))[0]
        .resources;
  };
  // 200 jobs/s: the leader sends each image to two followers and to a worker.
  const auto in_line = with("inline");
  CHECK(of(in_line, "nic host/queue-1").offered == Approx(200 * 3e6).epsilon(.002));
  CHECK(of(in_line, "nic host/queue-2").offered == Approx(200 * 1e6).epsilon(.002));
  CHECK(of(in_line, "disk host/queue-3").share() == Approx(200 * 1e6 / 500e6).epsilon(.002));
  // By reference the API servers send them to the workers.
  const auto reference = with("reference");
  CHECK(std::none_of(reference.begin(), reference.end(),
                     [](const auto& load) { return load.name.starts_with("nic host/queue"); }));
  CHECK(of(reference, "nic host/api-1").offered == Approx(50 * (2 * 1'000'512 + 400'512)).epsilon(.001));
}

TEST_CASE("busy cores slow each other: capacity is that of all of them") {
  // Two cores that are 0.8 as fast together: 1.6 cores' worth.
  const std::string deployment =
      "processing: {hosts: worker, cost: {profile: {profile: p, fixed: 10ms, contention: [1, "
      "0.8]}}}";
  const ScenarioConfig s =
      scenario("hosts: {worker: {cores: 2}}", "arrivals: {poisson: 80/s}, image_bytes: 100KB, deadline: 1s",
               deployment);
  const ResourceLoad load = of(offered_load(s)[0].resources, "processing");
  CHECK(load.share() == Approx(.8 / 1.6));
  CHECK(load.offered == Approx(1));
  // 0.8 cores of work: nobody there with weight 1, one busy 0.8, two 0.8 * 0.8 / 1.6, and as much again
  // waiting.
  CHECK(load.busy == Approx((.8 + 2 * .4 + 2 * .4) / 2.6 / 2));
}

TEST_CASE("the peak of the load is what counts") {
  const auto peak = [](const std::string& arrivals, const std::string& rest = "") {
    return offered_load(scenario("hosts: {worker: {cores: 8}}", "arrivals: " + arrivals,
                                 "processing: {hosts: worker, service_time: 10ms}", rest))
        .back()
        .requests_per_s;
  };
  CHECK(peak("{bursts: {calm: 10/s, burst: 50/s, mean_calm: 10s, mean_burst: 1s}}") == 50);
  CHECK(peak("{profile: {points: [{at: 0s, rate: 1/s}, {at: 50s, rate: 9/s}, {at: 70s, rate: 2/s}]}}") == 9);
  // The run ends at 100 s, at half of the way to 200.
  CHECK(peak("{profile: {points: [{at: 0s, rate: 0/s}, {at: 200s, rate: 100/s}]}}") == Approx(50));
  CHECK(peak("{profile: {diurnal: {mean: 10/s, peak: 15/s, period: 80s, peak_at: 40s}}}") == Approx(15));
  CHECK(peak("{profile: {diurnal: {mean: 10/s, peak: 15/s, period: 1d, peak_at: 12h}}}") < 5.01);
  CHECK(peak("{trace: [{at: 11s}, {at: 15s}, {at: 15100ms}, {at: 15900ms}, {at: 16s}]}") == 3);
  // Surges add what is more; abusers what they send.
  CHECK(peak("{poisson: 10/s}",
             "faults: [{at: 20s, for: 30s, surge: {factor: 3}}, {at: 30s, for: 5s, surge: "
             "{factor: 2}}]") == 40);
  CHECK(peak("{poisson: 10/s}", "faults: [{at: 20s, abuse: {rate: 500/s}}]") == 510);
  // Ten users who think for a second and are served in 10 ms.
  CHECK(peak("{closed: {users: 10, think_time: 990ms}}") == Approx(10));
}

TEST_CASE("each scheduled fault is looked at with what still lasts then") {
  const ScenarioConfig s = scenario(
      "layout: {zones: 3}, hosts: {worker: {count: 6, cores: 4}}",
      "arrivals: {poisson: 1000/s}, deadline: 1s, users: 100, connections: {reuse: 100%}",
      "load_balancer: {policy: least_requests}, processing: {hosts: worker, service_time: 10ms}",
      "faults: [{at: 20s, for: 10s, outage: {target: zone/a, boot: 20s}}, {at: 45s, slow: {target: "
      "host/worker-2, cpu: 50%}}, {at: 60s, crash: {target: {pick: 1, of: group/worker}}}, {at: 70s, dns: "
      "{probability: 10%}}]");
  const auto load = offered_load(s);
  REQUIRE(load.size() == 4);  // names that cannot be looked up take no capacity
  const auto alive = [&](std::size_t i) { return of(load[i].resources, "processing").alive; };
  CHECK(alive(0) == 6);
  CHECK(alive(1) == 4);
  CHECK(of(load[1].resources, "processing").share() == Approx(10. / 16));
  CHECK(load[2].phase.faults == std::vector<std::size_t>{0, 1});  // the zone boots until 50 s
  CHECK(of(load[2].resources, "processing").share() == Approx(10. / 14));
  CHECK(load[3].phase.faults == std::vector<std::size_t>{1, 2});
  CHECK(alive(3) == 5);
}

TEST_CASE("load that is spread without looking fills the slowest first") {
  const auto share = [](const std::string& policy) {
    const ScenarioConfig s =
        scenario("hosts: {worker: {count: 10, cores: 2}}", "arrivals: {poisson: 100/s}, deadline: 1s",
                 "load_balancer: {policy: " + policy + "}, processing: {hosts: worker, service_time: 100ms}",
                 "faults: [{at: 20s, slow: {target: host/worker-3, cpu: 20%}}]");
    return of(offered_load(s)[1].resources, "processing").share();
  };
  CHECK(share("round_robin") == Approx(10 * .5 / 2));  // 10/s of 0.5 s each on 2 cores
  CHECK(share("least_requests") == Approx(10 / 18.4));
}

TEST_CASE("a quota keeps abusers away before they cost anything") {
  const auto api = [](const std::string& quota) {
    const ScenarioConfig s =
        scenario("hosts: {api: {cores: 4}, worker: {cores: 8}}",
                 "arrivals: {poisson: 100/s}, deadline: 1s, users: 100",
                 "api: {hosts: api, cpu: 10ms" + quota + "}, processing: {hosts: worker, service_time: 10ms}",
                 "faults: [{at: 20s, abuse: {users: 2, rate: 500/s}}]");
    return of(offered_load(s)[1].resources, "api").offered;
  };
  CHECK(api("") == Approx(6));
  CHECK(api(", quota_per_user: 5/s") == Approx(1.1));  // the others', and what two of them may
}

TEST_CASE("who is cut off does not serve") {
  const auto alive = [](const std::string& fault) {
    const ScenarioConfig s = scenario(
        "layout: {zones: 3}, network: {nic: {latency: 10us}}, hosts: {api: {count: 3, cores: 4}, queue: "
        "{count: 3}, "
        "worker: {count: 6}}",
        "arrivals: {poisson: 10/s}, deadline: 1s, retry: {attempts: 2}",
        "api: {hosts: api, cpu: 1ms}, queue: {hosts: queue}, processing: {hosts: worker, service_time: 10ms}",
        "faults: [{at: 20s, " + fault + "}]");
    const auto loads = offered_load(s)[1].resources;
    return std::vector<std::int64_t>{of(loads, "api").alive, of(loads, "processing").alive};
  };
  CHECK(alive("outage: {target: switch/b1}") == std::vector<std::int64_t>{2, 4});
  CHECK(alive("partition: {between: [group/worker, zone/a]}") == std::vector<std::int64_t>{3, 0});
  CHECK(alive("partition: {between: [clients, host/api-2]}") == std::vector<std::int64_t>{2, 6});
  CHECK(alive("crash: {target: queue.leader}") == std::vector<std::int64_t>{3, 6});
}

TEST_CASE("a queue without a majority takes nothing in") {
  const ScenarioConfig s =
      scenario("hosts: {api: {count: 1, cores: 4}, queue: {count: 3}, worker: {count: 2}}",
               "arrivals: {poisson: 10/s}, deadline: 1s",
               "api: {hosts: api}, queue: {hosts: queue}, processing: {hosts: worker, service_time: 10ms}",
               "faults: [{at: 20s, crash: {target: [host/queue-1, host/queue-3]}}]");
  const auto loads = offered_load(s)[1].resources;
  CHECK(loads.front().name == "queue");
  CHECK(std::isinf(loads.front().share()));
  CHECK(load_warnings(s).at(0).starts_with(
      "with crash host/queue-1, host/queue-3 (at 20s): the queue has no leader"));
}

TEST_CASE("what nothing bounds is said") {
  const auto warned = [](const std::string& workload, const std::string& queue) {
    return load_warnings(scenario("hosts: {queue: {count: 1}, worker: {count: 2}}", workload,
                                  queue + "processing: {hosts: worker, service_time: 10ms}"));
  };
  const auto alone = warned("arrivals: {poisson: 150/s}", "queue: {hosts: queue}, ");
  REQUIRE(alone.size() == 1);
  CHECK(alone[0].starts_with(
      "nothing bounds what waits in the queue (no workload.deadline, no queue.capacity)"));
  CHECK(warned("arrivals: {poisson: 150/s}, deadline: 1s", "queue: {hosts: queue}, ").empty());
  CHECK(warned("arrivals: {poisson: 150/s}", "queue: {hosts: queue, capacity: 5}, ").empty());
  CHECK(warned("arrivals: {poisson: 10/s}", "queue: {hosts: queue}, ").empty());  // far from it
  CHECK(warned("arrivals: {poisson: 150/s}", "").empty());  // the textbook's queue: said in the outline
  const auto full = warned("arrivals: {poisson: 250/s}", "");
  REQUIRE(full.size() == 1);
  CHECK(full[0] ==
        "processing needs 2.5 of 2 slots (125 %) at 250 requests/s; nothing bounds what waits (no "
        "workload.deadline, no processing.max_waiting), so it grows as long as that lasts");
}

TEST_CASE("a cache of credentials is asked by users as often as they come back after the TTL") {
  // 100 users at 1/s each on one cache; an entry lives 9 s, then it is a second to the next request: every
  // tenth request misses.
  const auto share = [](const std::string& cache) {
    const ScenarioConfig s =
        scenario("hosts: {api: {cores: 4}, auth: {cores: 2}, worker: {cores: 4}}",
                 "arrivals: {poisson: 100/s}, users: 100, deadline: 1s",
                 "api: {hosts: api}, auth: {" + cache +
                     "data_plane: {hosts: auth, cpu: 10ms}}, processing: {hosts: worker, "
                     "service_time: 10ms}");
    return of(offered_load(s)[0].resources, "auth").share();
  };
  CHECK(share("") == Approx(.5));
  CHECK(share("edge_cache: {ttl: 9s}, ") == Approx(.05));
  // A cache of 10 users hardly ever has the right one of 100.
  CHECK(share("edge_cache: {ttl: 9s, entries: 10}, ") == Approx(.45).epsilon(.03));
}

TEST_CASE("the cost of a run is told within a factor of three") {
  // CPU seconds per request of the shipped scenarios, README, speed: 0.54 and 18 microseconds.
  const auto per_request = [](const ScenarioConfig& s) {
    const RunEstimate e = estimate(s);
    return e.cpu_s / e.requests * 1e6;
  };
  CHECK(estimate(shipped("baseline")).requests == Approx(3 * 70 * 10'000));
  CHECK(per_request(shipped("baseline")) > 18. / 2);
  CHECK(per_request(shipped("baseline")) < 18. * 2);
  CHECK(per_request(shipped("fleet")) > .54 / 2);
  CHECK(per_request(shipped("fleet")) < .54 * 2);
  CHECK(estimate(scenario("hosts: {worker: {}}", "arrivals: {poisson: 10/s}",
                          "processing: {hosts: worker, service_time: 1ms}",
                          "faults: [{at: 50s, for: 10s, surge: {factor: 3}}]"))
            .requests == Approx(2 * (100 * 10 + 10 * 20)));
}

TEST_CASE("what strikes very often is counted, not gone through one by one") {
  // 10^11 strikes, each of which doubles the load for half of the time to the next one.
  const RunEstimate e = estimate(
      shipped("fleet", {"workload.arrivals={poisson: 10/s}", "run.warmup=0s", "run.duration=1000000s",
                        "run.replications=1", "faults=[{every: 10us, for: 5us, surge: {factor: 2}}]"}));
  CHECK(e.requests == Approx(1.5e7));
  CHECK(e.cpu_s > 1e11 * 1e-6);
  // 4 320 strikes in 30 days of a load that rises and falls: half of them as before.
  const RunEstimate days =
      estimate(shipped("fleet", {"workload.arrivals={profile: {diurnal: {mean: 10/s, peak: 15/s}}}",
                                 "run.warmup=0s", "run.duration=30d", "run.replications=1",
                                 "faults=[{every: 10min, for: 5min, surge: {factor: 2}}]"}));
  CHECK(days.requests == Approx(1.5 * 10 * 30 * 86'400).epsilon(.01));
}

TEST_CASE("ten thousand hosts of a million slots that are alike are computed once") {
  const ScenarioConfig s =
      scenario("hosts: {worker: {count: 10000, cores: 4}}, network: ideal", "arrivals: {poisson: 10000/s}",
               "processing: {hosts: worker, slots: 1000000, service_time: 1s}");
  // Work of 1 on four cores: by Erlang's formula a job waits with probability 1/49, and 1 + (1/49)·(1/3) are
  // there on average.
  CHECK(of(offered_load(s)[0].resources, "processing").busy * 1e6 == Approx(1 + 1. / 147));
}

TEST_CASE("work beyond every measure fills all slots, whatever busy cores do to each other") {
  const ScenarioConfig s =
      scenario("hosts: {queue: {count: 3}, worker: {count: 2, cores: 8, speed: 1.0e-15}}",
               "arrivals: {poisson: 1000000/s}, image_bytes: 900TB",
               "queue: {hosts: queue}, processing: {hosts: worker, cost: {profile: " HEADROOM_SOURCE_DIR
               "/models/processing/profiles/epyc-2vcpu.yaml}}");
  const ResourceLoad load = of(offered_load(s)[0].resources, "processing");
  CHECK(load.busy == Approx(1));
  CHECK(load.share() > 1e20);
}

}  // namespace
}  // namespace headroom::study
