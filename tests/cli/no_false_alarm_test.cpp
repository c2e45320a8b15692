// Valid scenarios that used to end with a violated invariant although nothing was wrong with the simulation.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/cli/program.h"
#include "tests/report/temporary_folder.h"

namespace headroom::cli_test {
namespace {

struct Result {
  Finished finished;
  nlohmann::json summary;
  double metric(const std::string& name) const { return summary.at("metrics").at(name).at("mean"); }
};

Result result_of(const std::string& text) {
  const report::TemporaryFolder folder;
  write_file(folder.path() / "s.yaml", text);
  Result result{run({"run", "s.yaml", "--no-figures", "--out", "r"}, {folder.path()}), {}};
  INFO(text);
  CHECK(result.finished.err.find("violated") == std::string::npos);
  REQUIRE(result.finished.status == 0);
  result.summary = nlohmann::json::parse(read_file(folder.path() / "r/summary.json"));
  for (const auto& invariant : result.summary.at("invariants")) {
    INFO(invariant.dump());
    CHECK(invariant.at("holds") == true);
  }
  return result;
}

/// Images over network cards of 1 Gbps; `rate` of them.
std::string images(const std::string& rate, const std::string& more, const std::string& network = "") {
  return "scenario: s\n"
         "platform: {network: {nic: {bandwidth: 1Gbps}" +
         network +
         "}, hosts: {worker: {count: 2}}}\n"
         "workload: {arrivals: {poisson: " +
         rate +
         "}, image_bytes: 100KB, deadline: 1s}\n"
         "deployment: {processing: {hosts: worker, service_time: 10ms}}\n" +
         more;
}

}  // namespace

TEST_CASE("a flow that stands still, and a message that takes minutes, are not overdue") {
  const std::string window = "run: {duration: 10s}\n";
  SECTION("a link without bandwidth") {
    const auto r = result_of(
        images("20/s", window + "faults: [{at: 5s, bandwidth: {target: host/worker-1, to: 0%}}]\n"));
    CHECK(r.metric("outcome.late") > 20);  // half of what comes in five seconds: 50
  }
  SECTION("a network card without bandwidth") {
    result_of(images("20/s", window + "faults: [{at: 5s, slow: {target: host/worker-1, nic: 0%}}]\n"));
  }
  SECTION("two minutes of added latency") {
    const auto r = result_of(images(
        "20/s", window + "faults: [{at: 5s, latency: {between: [clients, group/worker], add: 2min}}]\n"));
    CHECK(r.metric("outcome.late") > 60);  // all of five seconds: 100
  }
  SECTION("a minute and a half to the clients") {
    const auto r = result_of(images("20/s", window, ", internet: {latency: 90s}"));
    CHECK(r.metric("yield") == 0);
  }
  SECTION("a link that gets more than it can carry") {  // 1500/s × 800 kbit = 1.2 Gbps each way
    const auto r = result_of(images("3000/s", "run: {duration: 1s}\n"));
    CHECK(r.metric("yield") < 0.9);
  }
}

TEST_CASE("a job that is dropped overtakes nobody, also while others' delivery is being committed") {
  const auto queue = [](const std::string& more, const std::string& deadline) {
    return "scenario: s\n"
           "platform: {hosts: {queue: {count: 3}, worker: {count: 2}}}\n"
           "workload: {arrivals: {poisson: 50/s}, deadline: " +
           deadline +
           "}\n"
           "deployment:\n"
           "  queue: {hosts: queue, delivery: at_most_once, " +
           more +
           "}\n"
           "  processing: {hosts: worker, service_time: 100ms}\n"
           "run: {duration: 30s}\n";
  };
  SECTION("dropped to make room") {
    const auto r = result_of(queue("capacity: 3, when_full: drop_oldest", "500ms"));
    CHECK(r.metric("queue.dropped") > 600);  // of 1500, two workers do 600
  }
  SECTION("dropped because it has expired") {
    const auto r = result_of(queue("drop_expired: true", "500ms"));
    CHECK(r.metric("queue.expired") > 600);
  }
  SECTION("both") {
    result_of(queue("capacity: 3, when_full: drop_oldest, drop_expired: true", "120ms"));
  }
}

TEST_CASE("a usage batch that is lost because its hint has expired, as configured, is counted and no fault") {
  const auto r = result_of(
      "scenario: s\n"
      "platform: {hosts: {api: {cores: 2}, worker: {count: 2}, store: {count: 2}}}\n"
      "workload: {arrivals: {poisson: 20/s}}\n"
      "deployment:\n"
      "  api: {hosts: api}\n"
      "  processing: {hosts: worker, service_time: 10ms}\n"
      "  usage:\n"
      "    aggregator: {flush_every: 500ms}\n"
      "    store: {hosts: store, replicas: 1, hint_ttl: 5s, hint_every: 1s, timeout: 500ms}\n"
      "    billing: {every: 10s}\n"
      "run: {duration: 30s}\n"
      "faults: [{at: 5s, crash: {target: host/store-1}}]\n");
  CHECK(r.metric("store.hints_expired") > 0);
  CHECK(r.metric("usage.lost_records") > 0);
}

TEST_CASE("members that are taken for dead too early do each job once more each, and no more than that") {
  const auto at = [](const std::string& timeout, const std::string& latency) {
    return result_of(
        "scenario: s\n"
        "platform:\n"
        "  network: {nic: {latency: " +
        latency +
        "}}\n"
        "  hosts: {queue: {count: 3}, worker: {count: 4, cores: 4}}\n"
        "workload: {arrivals: {poisson: 5/s}}\n"
        "deployment:\n"
        "  queue: {hosts: queue, replication: availability_first, visibility_timeout: " +
        timeout +
        "}\n"
        "  processing: {hosts: worker, service_time: 150ms}\n"
        "run: {duration: 20s}\n");
  };
  const double once = 5 * 0.15 / 16;  // utilisation if each job is done once
  for (const std::string timeout : {"100ms", "50ms", "10ms"}) {
    INFO(timeout);
    const auto r = at(timeout, "10us");
    CHECK(r.metric("yield") == 1);
    CHECK(r.metric("processing.utilization") < once * 1.4);  // nobody is silent: as often as it was asked for
  }
  // News take longer than the timeout: everybody is always taken for dead.
  const auto r = at("10ms", "20ms");
  CHECK(r.metric("processing.utilization") > once * 1.4);
  CHECK(r.metric("processing.utilization") < once * 3 * 1.4);
}

}  // namespace headroom::cli_test
