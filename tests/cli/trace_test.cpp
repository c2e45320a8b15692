// `headroom run --trace`, as a viewer and a person see it.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/cli/program.h"
#include "tests/report/temporary_folder.h"
#include "tests/report/trace_check.h"

namespace headroom::cli_test {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;
using report::TraceReading;
using report::TraceSlice;
using Texts = std::vector<std::string>;

/// A folder to run in.
struct Place {
  report::TemporaryFolder folder;
  Finished operator()(const std::string& out, Texts arguments) const {
    arguments.insert(arguments.begin(), "run");
    arguments.insert(arguments.end(), {"--no-figures", "--out", (folder.path() / out).string()});
    return run(arguments, {folder.path()});
  }
  std::string read(const std::string& name) const { return read_file(folder.path() / name); }
  TraceReading trace(const std::string& out) const { return TraceReading(read(out + "/trace.json")); }
  /// Writes a scenario and runs it with and without a trace, which must not make any difference.
  TraceReading traced(const std::string& scenario, const Texts& more = {}) const {
    const fs::path file =
        scenario.ends_with(".yaml") ? root() / "scenarios" / scenario : folder.path() / "s.yaml";
    if (!scenario.ends_with(".yaml")) write_file(file, scenario);
    Texts arguments = {file.string(), "--replications", "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Finished off = (*this)("off", arguments);
    arguments.emplace_back("--trace");
    const Finished on = (*this)("on", arguments);
    INFO(off.err << on.err);
    CHECK(off.status == 0);
    CHECK(on.status == 0);
    Texts files = files_in(folder.path() / "off");
    for (const std::string& name : files)
      if (name != "machine.json") CHECK(read("off/" + name) == read("on/" + name));
    files.emplace_back("trace.json");
    std::sort(files.begin(), files.end());
    CHECK(files_in(folder.path() / "on") == files);
    TraceReading trace = this->trace("on");
    CHECK(trace.problems == Texts());
    check_requests(trace);
    return trace;
  }

 private:
  /// What holds in any trace.
  static void check_requests(const TraceReading& trace) {
    const std::set<std::string> endings = {"complete",    "partial",  "dns_failed", "refused",
                                           "unreachable", "rejected", "denied",     "error",
                                           "died",        "late",     "lost",       "unfinished"};
    std::map<std::string, int> chosen;
    for (const TraceSlice& request : trace.requests()) {
      INFO(request.name);
      const std::string outcome = request.args["outcome"];
      const std::string why = request.args["chosen"];
      const bool answered = outcome == "complete" || outcome == "partial";
      CHECK(endings.contains(outcome));
      CHECK(request.args["latency_ms"].get<double>() ==
            Approx(static_cast<double>(request.end - request.begin) / 1e6));
      CHECK((request.args["delivered"] > 0) == answered);
      for (const char* reason : {"slowest", "failed", "random"})
        if (why.find(reason) != std::string::npos) ++chosen[reason];
      CHECK((why.find("slowest") == std::string::npos || answered));
      CHECK((why.find("failed") == std::string::npos || !answered));
      int attempts = 0;
      for (const TraceSlice& slice : trace.of(request.args["request"])) {
        CHECK(slice.begin >= request.begin);
        attempts += slice.name.starts_with("attempt ");
      }
      CHECK(attempts > 0);
    }
    const std::int64_t all = trace.other["requests"];
    const std::int64_t failed = trace.other["requests_failed"];
    CHECK(chosen["slowest"] == std::min<std::int64_t>(100, all - failed));
    CHECK(chosen["failed"] == std::min<std::int64_t>(100, failed));
    CHECK(chosen["random"] == std::min<std::int64_t>(100, all));
  }
};

bool is_part(const TraceSlice& slice) {
  return slice.category != "request" && slice.category != "stay";
}

/// The time between a request's beginning and its end in which it is nowhere, doing nothing, waiting for
/// nothing.
std::int64_t unexplained(const TraceReading& trace, const TraceSlice& request) {
  std::vector<TraceSlice> slices = trace.of(request.args["request"]);
  std::erase_if(slices, [](const TraceSlice& s) { return !is_part(s); });
  std::sort(slices.begin(), slices.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
  std::int64_t at = request.begin;
  std::int64_t sum = 0;
  for (const TraceSlice& s : slices) {
    sum += std::max<std::int64_t>(0, std::min(s.begin, request.end) - at);
    at = std::max(at, s.end);
  }
  return sum + std::max<std::int64_t>(0, request.end - at);
}

/// Names of the parts of requests, with the kind of host on which each is: "balancer cpu on lb".
std::set<std::string> kinds(const TraceReading& trace) {
  std::set<std::string> all;
  for (const TraceSlice& s : trace.slices)
    if (is_part(s) || s.category == "stay")
      all.insert((s.name.starts_with("attempt") ? "attempt" : s.name) + " on " +
                 s.process.substr(0, s.process.find('-')));
  return all;
}

int count(const TraceReading& trace, const std::string& instant) {
  return static_cast<int>(std::count_if(trace.instants.begin(), trace.instants.end(), [&](const auto& i) {
    return i.name.find(instant) != std::string::npos;
  }));
}

}  // namespace

TEST_CASE("trace of a bare M/M/c: the wait and the service are the latency") {
  const Place place;
  const TraceReading trace = place.traced("mmc.yaml", {"--set", "run={warmup: 10s, duration: 100s}"});
  CHECK(kinds(trace) == std::set<std::string>{"attempt on clients", "send on clients",
                                              "worker wait on worker", "conversion on worker",
                                              "answer on worker"});
  CHECK(trace.other["requests_failed"] == 0);
  double slowest = 0;
  for (const TraceSlice& request : trace.requests()) {
    INFO(request.name);
    CHECK(unexplained(trace, request) == 0);
    std::int64_t parts = 0;
    for (const TraceSlice& slice : trace.of(request.args["request"]))
      if (is_part(slice)) parts += slice.end - slice.begin;
    CHECK(parts == request.end - request.begin);
    slowest = std::max(slowest, request.args["latency_ms"].get<double>());
  }
  // The slowest of all is among them.
  const auto summary = nlohmann::json::parse(place.read("on/summary.json"));
  CHECK(slowest == Approx(summary["metrics"]["latency.max_ms"]["mean"].get<double>()).epsilon(0.006));
}

TEST_CASE("trace of the whole region: every hop, on its host, and no gap") {
  const Place place;
  const TraceReading trace =
      place.traced("baseline.yaml", {"--set", "run.warmup=1s", "--set", "run.duration=2s"});
  CHECK(kinds(trace) == std::set<std::string>{"attempt on clients", "connect on clients", "send on clients",
                                              "balancer on lb", "balancer cpu on lb", "send on lb",
                                              "answer on lb", "api on api", "api cpu on api", "auth on api",
                                              "auth cpu on auth", "enqueue on api", "queue wait on queue",
                                              "send on queue", "fetch on worker", "conversion on worker",
                                              "result on worker", "metering on api", "answer on api"});
  for (const TraceSlice& request : trace.requests()) {
    INFO(request.name);
    CHECK(unexplained(trace, request) == 0);
  }
  CHECK(count(trace, "window begins") == 1);
}

TEST_CASE("trace with retries, faults and elections") {
  const Place place;
  const TraceReading trace =
      place.traced("zone-loss.yaml", {"--set", "run={warmup: 1s, duration: 20s}", "--set",
                                      "faults=[{at: 5s, for: 5s, outage: {target: zone/a, boot: 2s}}]"});
  CHECK(count(trace, "fault begins: outage zone/a") == 1);
  CHECK(count(trace, "fault ends: outage zone/a") == 1);
  CHECK(count(trace, "election: queue") >= 2);  // at the start, and when the first leader is gone
  const auto down = std::find_if(trace.instants.begin(), trace.instants.end(),
                                 [](const auto& i) { return i.name == "host down"; });
  REQUIRE(down != trace.instants.end());
  CHECK(down->scope == "p");
  CHECK(down->args["subject"] == "host/" + down->process);
  // Retries are siblings of the first attempt: each has its own beginning, and waits lie in between.
  CHECK(trace.other["requests_failed"] > 0);
  int again = 0;
  for (const TraceSlice& request : trace.requests()) {
    INFO(request.name);
    const auto slices = trace.of(request.args["request"]);
    std::vector<TraceSlice> attempts, waits;
    for (const TraceSlice& s : slices) {
      if (s.name.starts_with("attempt ")) attempts.push_back(s);
      if (s.name == "backoff") waits.push_back(s);
    }
    CHECK(attempts.front().begin == request.begin);
    CHECK(waits.size() >= attempts.size() - 1);  // the last wait may bring the answer to an earlier attempt
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      CHECK(attempts[i].name == "attempt " + std::to_string(i + 1));
      CHECK(attempts[i].process == "clients");
      CHECK(attempts[i].args.contains("ended"));
      CHECK(attempts[i].end <= request.end);
      if (i > 0) CHECK(attempts[i].begin == waits[i - 1].end);
    }
    again += attempts.size() > 1;
  }
  CHECK(again > 0);
}

TEST_CASE("trace of what is in the way only sometimes: several renditions, exactly once, a full API") {
  const Place place;
  const TraceReading trace = place.traced(R"(
scenario: rare
platform: {hosts: {api: {count: 1, cores: 1}, queue: {count: 3}, worker: {count: 2, cores: 2}, store: {count: 3}}}
workload: {arrivals: {poisson: 40/s}, image_bytes: 100KB, renditions: 3, deadline: 2s}
deployment:
  api: {hosts: api, cpu: 1ms, max_in_flight: 6, deadline: 1s}
  queue: {hosts: queue, delivery: exactly_once}
  processing: {hosts: worker, service_time: {exponential: {mean: 50ms}}}
  usage: {store: {hosts: store}}
run: {warmup: 1s, duration: 10s}
)");
  const auto all = kinds(trace);
  CHECK(all.contains("release on worker"));
  CHECK(all.contains("api on api"));
  std::set<std::string> ended;
  std::set<int> renditions;
  for (const TraceSlice& s : trace.slices) {
    if (s.args.contains("ended")) ended.insert(s.name + ": " + s.args["ended"].get<std::string>());
    if (s.args.contains("rendition")) renditions.insert(s.args["rendition"].get<int>());
  }
  CHECK(renditions == std::set<int>{1, 2, 3});
  CHECK(ended.contains("api: rejected: max_in_flight"));
  CHECK(ended.contains("attempt 1: rejected"));
}

TEST_CASE("trace of requests that die and of messages that are lost") {
  const Place place;
  const TraceReading trace = place.traced(R"(
scenario: lossy
platform: {network: {nic: {latency: 1ms}}, hosts: {api: {count: 2}, worker: {count: 2, cores: 2}}}
workload: {arrivals: {poisson: 40/s}, deadline: 1s}
deployment:
  load_balancer: {policy: round_robin}
  api: {hosts: api, cpu: 1ms}
  processing: {hosts: worker, service_time: 40ms}
faults:
  - {at: 3s, for: 2s, loss: {between: [clients, group/api], probability: 20%}}
  - {at: 6s, for: 1s, crash: {target: host/worker-1, process: true, restart: 500ms}}
run: {warmup: 1s, duration: 10s}
)");
  std::set<std::string> ended;
  for (const TraceSlice& s : trace.slices)
    if (s.args.contains("ended")) ended.insert(s.name + ": " + s.args["ended"].get<std::string>());
  for (const char* end : {"send: lost", "answer: lost", "api: died", "attempt 1: lost", "attempt 1: died"}) {
    INFO(end);
    CHECK(ended.contains(end));
  }
}

TEST_CASE("a trace is the same whatever --jobs is, and of the first replication only") {
  const Place place;
  write_file(place.folder.path() / "small.yaml", small_scenario());
  CHECK(place("one", {"small.yaml", "--trace", "--replications", "1"}).status == 0);
  CHECK(place("serial", {"small.yaml", "--trace", "--replications", "3", "--jobs", "1"}).status == 0);
  CHECK(place("parallel", {"small.yaml", "--trace", "--replications", "3", "--jobs", "3"}).status == 0);
  CHECK(place.read("serial/trace.json") == place.read("one/trace.json"));
  CHECK(place.read("parallel/trace.json") == place.read("one/trace.json"));
  CHECK(place("seed", {"small.yaml", "--trace", "--seed", "2"}).status == 0);
  CHECK(place.read("seed/trace.json") != place.read("one/trace.json"));
}

TEST_CASE("a result without a trace replaces one with it as a whole") {
  const Place place;
  write_file(place.folder.path() / "small.yaml", small_scenario());
  const Finished quiet = place("it", {"small.yaml", "--trace", "--quiet"});
  CHECK(quiet.status == 0);
  CHECK(quiet.out + quiet.err == "");
  CHECK(fs::exists(place.folder.path() / "it/trace.json"));
  CHECK(place("it", {"small.yaml"}).status == 0);
  CHECK_FALSE(fs::exists(place.folder.path() / "it/trace.json"));
}

TEST_CASE("a run that is interrupted has its trace if its first replication was complete") {
  const Place place;
  write_file(place.folder.path() / "long.yaml", small_scenario("run: {duration: 200s, replications: 400}\n"));
  const fs::path out = place.folder.path() / "long";
  Program program({"run", "long.yaml", "--no-figures", "--trace", "--jobs", "1", "--out", out.string()},
                  {place.folder.path()});
  pid_t first = 0;  // the process that runs the first replication; is another one after it
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(50);
  while (std::chrono::steady_clock::now() < deadline) {
    const auto children = program.children();
    if (first == 0 && !children.empty()) first = children.front();
    if (first != 0 && !children.empty() && children.front() != first) break;
    usleep(1000);
  }
  REQUIRE(kill(-program.pid(), SIGINT) == 0);  // as Ctrl-C does
  const Finished finished = program.wait();
  CHECK(finished.status == 4);
  CHECK_THAT(finished.err, Contains("is marked as partial"));
  CHECK(TraceReading(read_file(out / "trace.json")).problems == Texts());
}

TEST_CASE("who asks a sweep or a plan for a trace is told where to get one") {
  const Place place;
  write_file(place.folder.path() / "small.yaml", small_scenario());
  const Finished finished = run(
      {"sweep", "small.yaml", "--vary", "platform.hosts.worker.cores=8,9", "--trace"}, {place.folder.path()});
  CHECK(finished.status == 2);
  CHECK(finished.out == "");
  CHECK(finished.err ==
        "headroom: error: --trace: a sweep keeps numbers only, expected `headroom run --trace`, with --set "
        "for a "
        "point\n`headroom sweep --help` says more.\n");
  CHECK_THAT(run({"plan", "small.yaml", "--vary", "platform.hosts.worker.cores=8..9", "--trace"},
                 {place.folder.path()})
                 .err,
             Contains("--trace: a plan keeps numbers only, expected `headroom run --trace`"));
  CHECK(run({"sweep", "--help"}).out.find("--trace") == std::string::npos);
  CHECK_THAT(run({"sweep", "small.yaml", "--trave"}, {place.folder.path()}).err, !Contains("--trace"));
  CHECK_THAT(run({"run", "--help"}).out, Contains("--trace"));
}

}  // namespace headroom::cli_test
