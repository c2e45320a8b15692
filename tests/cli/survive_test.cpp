#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/cli/program.h"
#include "tests/report/temporary_folder.h"

namespace headroom::cli_test {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;
using Catch::StartsWith;
using Json = nlohmann::json;
using Texts = std::vector<std::string>;

/// 50 requests/s; each is 10 ms of one of three API servers' cores, of which one could do them all.
std::string region(const std::string& balancer, const std::string& more = "") {
  return "scenario: small\n"
         "platform: {hosts: {lb: {count: 2}, api: {count: 3}}}\n"
         "run: {warmup: 2s, duration: 20s, replications: 2}\n"
         "workload: {arrivals: {constant: 50/s}, deadline: 1s}\n"
         "deployment:\n"
         "  load_balancer: {hosts: lb, policy: round_robin, cpu: 50us, health_check: {interval: 500ms, "
         "timeout: "
         "400ms, unhealthy_after: 1}, " +
         balancer +
         "}\n"
         "  api: {hosts: api, cpu: 10ms}\n"
         "slo: {yield: 99.9%}\n" +
         more;
}
const std::string kActive = region("redundancy: active_active");

struct Place {
  report::TemporaryFolder folder;
  Options here{folder.path()};
  explicit Place(const std::string& text = kActive) { write_file(at("small.yaml"), text); }
  Finished operator()(Texts more = {}) const {
    Texts all = {"survive", "small.yaml", "--no-figures", "--for", "10s"};
    all.insert(all.end(), more.begin(), more.end());
    return run(all, here);
  }
  fs::path at(const std::string& name) const { return folder.path() / name; }
  Json json(const std::string& name = "results/small") const {
    return Json::parse(read_file(at(name) / "survive.json"));
  }
  /// All that may not differ between two studies of one scenario.
  std::map<std::string, std::string> bytes(const std::string& name) const { return bytes_in(at(name)); }
};

Json thing(const Json& result, const std::string& what) {
  for (const Json& one : result["things"])
    if (one["what"] == what) return one;
  FAIL("no " + what);
  return {};
}

}  // namespace

TEST_CASE("a single balancer is a single point of failure; three servers of which one suffices are none") {
  const Place place(region("slow_start: 1s"));
  const Finished finished = place({"--set", "platform.hosts.lb.count=1"});
  CHECK(finished.err == "");
  CHECK(finished.status == 0);
  CHECK_THAT(finished.out, StartsWith("small: single point of failure: host/lb-1 (1 of 1 lb)\n"));
  const Json result = place.json();
  CHECK(result["single_points"] == Json({"host/lb-1"}));
  const Json lb = thing(result, "host/lb-1");
  // 10 s and 60 s to boot, of a window of 10 s before, 70 s, and 10 s after.
  CHECK(result["measured_s"] == 90);
  CHECK(lb["yield"]["during"] == 0);
  CHECK(lb["yield"]["window"].get<double>() == Approx(20. / 90).epsilon(.002));
  CHECK(lb["heal_s"] == 0);
  CHECK(lb["missed"] == Json({"yield >= 0.999"}));
  CHECK(lb["like"] == Json({"process of host/lb-1"}));
  CHECK(lb["lost_jobs"].is_null());
  const Json api = thing(result, "host/api-1");
  CHECK(api["fails"] == false);
  CHECK(api["yield"]["late"] == 1);
  // A third of what comes until a health check fails, at most 900 ms of 70 s.
  CHECK(api["yield"]["during"].get<double>() > 1 - .9 / 3 / 70 - .001);
  CHECK(result["undisturbed"]["yield"]["window"] == 1);
  CHECK(result["things"].size() == 2);
  CHECK(result["things"][0]["what"] == "host/lb-1");  // the worst first
}

TEST_CASE("three servers of which not even two suffice are single points of failure") {
  const Place place(region("redundancy: active_active"));
  // 2.5 cores of three are asked for.
  REQUIRE(place({"--set", "deployment.api.cpu=50ms"}).status == 0);
  const Json result = place.json();
  CHECK(result["single_points"] == Json({"host/api-1"}));
  const Json api = thing(result, "host/api-1");
  CHECK(api["like"].size() == 5);
  CHECK(api["yield"]["late"].get<double>() < .9);  // two cores of 2.5 are 80 %, if none is wasted
}

TEST_CASE("balancers whose clients find nobody there fail; active_active removes that") {
  const Place alone(region("slow_start: 1s"));
  REQUIRE(alone().status == 0);
  CHECK(alone.json()["single_points"] == Json({"host/lb-1"}));
  // Clients spread over both.
  CHECK(thing(alone.json(), "host/lb-1")["yield"]["during"].get<double>() == Approx(.5).margin(.03));
  const Place both;
  const Finished finished = both();
  CHECK_THAT(finished.out, StartsWith("small: no single point of failure: "));
  const Json result = both.json();
  CHECK(result["single_points"].empty());
  // It costs what half of the clients ask for in the 3 s until the neighbour has the address.
  const Json lb = thing(result, "host/lb-1");
  CHECK(lb["yield"]["during"].get<double>() == Approx(1 - .5 * 3 / 70).margin(.01));
  CHECK(lb["yield"]["late"] == 1);
  CHECK(lb["missed"] == Json({"yield >= 0.999"}));
}

TEST_CASE("a queue on one host is a single point of failure, one that elects a leader is none") {
  const std::string text =
      "scenario: small\n"
      "platform: {hosts: {api: {}, queue: {count: 3}, worker: {count: 3}}}\n"
      "run: {warmup: 2s, duration: 20s}\n"
      "workload: {arrivals: {constant: 50/s}, deadline: 2s}\n"
      "deployment:\n"
      "  api: {hosts: api, cpu: 1ms}\n"
      "  queue: {hosts: queue, visibility_timeout: 1s}\n"
      "  processing: {hosts: worker, service_time: 10ms}\n"
      "slo: {yield: 99%}\n";
  const Place place(text);
  REQUIRE(place().status == 0);
  const Json elects = place.json();
  CHECK(elects["single_points"] == Json({"host/api-1"}));
  Texts names;
  for (const Json& one : elects["things"]) names.push_back(one["what"]);
  std::sort(names.begin(), names.end());
  CHECK(names == Texts{"1 of queue.followers", "host/api-1", "host/worker-1", "queue.leader"});
  CHECK(thing(place.json(), "queue.leader")["lost_jobs"] == 0);
  CHECK(thing(place.json(), "queue.leader")["yield"]["late"] == 1);
  REQUIRE(place({"--set", "deployment.queue.replication=none"}).status == 0);
  const Json result = place.json();
  CHECK(result["single_points"] == Json({"host/api-1", "host/queue-1"}));
  // But for those who were waiting when it came back.
  CHECK(thing(result, "host/queue-1")["yield"]["late"] < 0.1);
  CHECK(thing(result, "host/queue-1")["falls"] == "1 of 3 queue (the only copy)");
}

TEST_CASE("any number of jobs gives the same bytes; what was found is there the next time") {
  const Place place;
  const Texts pairs = {"--pairs", "--each", "host"};
  const auto with = [&](Texts more) {
    more.insert(more.end(), pairs.begin(), pairs.end());
    return place(more);
  };
  REQUIRE(with({"--jobs", "1", "--out", "one"}).status == 0);
  REQUIRE(with({"--jobs", "3", "--out", "three"}).status == 0);
  CHECK(place.bytes("one") == place.bytes("three"));
  const Json result = place.json("one");
  // lb with lb, lb with api, api with api; two servers of three may be missing, not two balancers.
  CHECK(result["things"].size() == 5);
  CHECK(result["fatal_pairs"] == Json({"host/lb-1 and host/lb-2"}));
  CHECK(thing(result, "host/lb-1 and host/lb-2")["yield"]["during"] == 0);
  CHECK_THAT(with({"--out", "one"}).out, Contains("kept         12 of 12 replications were there already\n"));
  // An objective changes no number.
  CHECK_THAT(with({"--out", "one", "--set", "slo.yield=50%"}).out, Contains("kept         12 of 12 "));
  // A thing's run is the run of its scenario.
  REQUIRE(run({"run", "three/runs/host-lb-1/scenario.yaml", "--no-figures", "--out", "again"}, place.here)
              .status == 0);
  const auto summary = [&](const std::string& folder) {
    return Json::parse(read_file(place.at(folder) / "summary.json"));
  };
  CHECK(summary("again")["metrics"] == summary("three/runs/host-lb-1")["metrics"]);
}

TEST_CASE("faults of the scenario stay as the background") {
  const Place place(region("redundancy: active_active",
                           "faults: [{at: 0s, crash: {target: host/api-3}}, {at: 1s, crash: {target: "
                           "host/api-2}}]\n"));
  const Finished finished = place({"--each", "host"});
  CHECK_THAT(finished.out, Contains(" · beside the scenario's own faults"));
  // api-1 is the last one.
  CHECK(place.json()["single_points"] == Json({"host/api-1"}));
  CHECK(place.json()["other_faults"] == true);
}

TEST_CASE("fail-on-slo, quiet, figures, and drawing them again") {
  const Place place(region("slow_start: 1s"));
  const Finished finished =
      run({"survive", "small.yaml", "--each", "host,process", "--for", "5s", "--fail-on-slo", "--quiet"},
          place.here);
  CHECK(finished.status == 1);
  CHECK(finished.out == "");
  CHECK(fs::is_regular_file(place.at("results/small/figures/survive.svg")));
  CHECK_THAT(read_file(place.at("results/small/report.html")), Contains("host/lb-1") && Contains("<img"));
  Texts kinds;
  const Json result = place.json();
  for (const Json& one : result["things"]) kinds.push_back(one["kind"]);
  CHECK(std::count(kinds.begin(), kinds.end(), "process") == 2);
  fs::remove_all(place.at("results/small/figures"));
  CHECK(run({"plot", "results/small"}, place.here).status == 0);
  CHECK(fs::is_regular_file(place.at("results/small/figures/survive.png")));
  CHECK_THAT(run({"compare", "results/small", "results/small"}, place.here).err,
             StartsWith("headroom: error: results/small is of `headroom survive`; expected two runs"));
  CHECK(place({"--each", "host", "--set", "slo.yield=1%", "--fail-on-slo"}).status == 0);
}

TEST_CASE("Ctrl-C keeps what is complete and says so") {
  const Place place(region("redundancy: active_active"));
  const Texts slow = {"--set", "run.duration=5000s", "--jobs", "1", "--each", "host"};
  Texts arguments = {"survive", "small.yaml", "--no-figures"};
  arguments.insert(arguments.end(), slow.begin(), slow.end());
  Program program(arguments, place.here);
  REQUIRE(wait_for([&] {  // the undisturbed run and a replication more
    std::error_code none;
    std::size_t count = 0;
    for (fs::directory_iterator it(place.at("results/.small.unfinished"), none), end; !none && it != end;
         it.increment(none))
      count += it->path().filename().string().size() >= 40 && it->path().extension() != ".new" ? 1 : 0;
    return count >= 3;
  }));
  REQUIRE(kill(-program.pid(), SIGINT) == 0);
  const Finished finished = program.wait();
  CHECK(finished.status == 4);
  CHECK_THAT(finished.err,
             Contains("headroom: interrupted: the result has ") &&
                 Contains(" of 2 things that break and is marked as partial; the same command goes on from "
                          "there\n"));
  CHECK(place.json()["partial"] == true);
  CHECK_THAT(finished.out, Contains("so far "));
}

TEST_CASE("a study that is stopped at once leaves nothing") {
  const Place place;
  Program program({"survive", "small.yaml", "--set", "run.duration=1000000s"}, place.here);
  REQUIRE(wait_for([&] { return !program.children().empty(); }));
  REQUIRE(kill(program.pid(), SIGTERM) == 0);
  const Finished finished = program.wait();
  CHECK(finished.status == 4);
  CHECK(finished.err ==
        "headroom: interrupted before the run with nothing broken was complete; no result was written\n");
  CHECK(files_in(place.folder.path()) == Texts{"results", "small.yaml"});
}

TEST_CASE("what cannot be broken is refused before anything runs") {
  const Place place;
  const std::string help = "`headroom survive --help` says more.\n";
  const auto refused = [&](const Texts& more) {
    Texts all = {"survive", "small.yaml"};
    all.insert(all.end(), more.begin(), more.end());
    const Finished finished = run(all, place.here);
    CHECK(finished.status == 2);
    CHECK(finished.out == "");
    CHECK(files_in(place.folder.path()) == Texts{"small.yaml"});
    return finished.err;
  };
  CHECK(
      refused({"--each", "host,swich"}) ==
      "headroom: error: --each: unknown kind \"swich\", expected host, process, rack, switch, power, cooling "
      "or zone; did you mean \"switch\"?\n" +
          help);
  CHECK(refused({"--for", "0s"}) ==
        "headroom: error: --for: expected a duration longer than 0s, got \"0s\"\n" + help);
  CHECK(refused({"--for", "10"}) ==
        "headroom: error: --for: \"10\" has no unit, expected a duration such as 50us, 20ms, 5s, 2min, 1h or "
        "30d\n" +
            help);
  CHECK(refused({"--at", "22s"}) ==
        "headroom: error: --at: 22s is not in the window, which is from 2s to 22s since the start of the "
        "simulation, expected a date in it\n");
  CHECK_THAT(refused({"--at=-1s"}), StartsWith("headroom: error: --at: expected a duration that is not "
                                               "negative, got \"-1s\"\n"));
  CHECK_THAT(refused({"--for", "40000d"}),
             StartsWith("headroom: error: --for: the window would have to be longer than "));
  CHECK_THAT(refused({"--set", "workload.arrivals=none"}),
             StartsWith("--set workload.arrivals:1:1: error: nobody sends requests, so nobody sees what "
                        "breaks, expected arrivals such as {poisson: 100/s}\n"));
  CHECK_THAT(refused({"--set", "seed=x"}), StartsWith("--set seed:1:1: error: "));
  fs::create_directory(place.at("photos"));
  write_file(place.at("photos/cat.jpg"), "a cat");
  const Finished foreign = place({"--out", "photos"});
  CHECK(foreign.status == 2);
  CHECK_THAT(foreign.err, StartsWith("headroom: error: photos is not empty and not a headroom result"));
}

}  // namespace headroom::cli_test
