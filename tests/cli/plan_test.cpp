#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/cli/program.h"
#include "tests/report/temporary_folder.h"

// headroom plan, as a person uses it. That its answers are right, and how sure, is in
// tests/validation/plan_test.cpp; how it searches in tests/study/search_test.cpp.
namespace headroom::cli_test {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;
using Catch::StartsWith;
using Json = nlohmann::json;
using Texts = std::vector<std::string>;

/// M/M/c at 6.4 servers' worth of work: by Erlang C the 99th percentile of the time in the system is 516 ms
/// with 8 servers and 812 ms with 7.
const std::string kQueue =
    "scenario: queue\n"
    "platform: {network: ideal, hosts: {worker: {count: 1, cores: 8, price: 1USD/h}}}\n"
    "workload: {arrivals: {poisson: 64/s}}\n"
    "deployment: {processing: {hosts: worker, service_time: {exponential: {mean: 100ms}}}}\n"
    "slo: {latency.p99_ms: 600}\n"
    "run: {warmup: 10s, duration: 200s}\n";
const Texts kCores = {"--vary", "platform.hosts.worker.cores=4..30:1", "--minimize",
                      "platform.hosts.worker.cores"};

struct Place {
  report::TemporaryFolder folder;
  Options here{folder.path()};
  explicit Place(const std::string& text = kQueue) { write_file(folder.path() / "queue.yaml", text); }
  Finished operator()(const Texts& more) const {
    Texts all = {"plan", "queue.yaml", "--no-figures"};
    all.insert(all.end(), more.begin(), more.end());
    return run(all, here);
  }
  Finished cores(Texts more = {}) const {
    more.insert(more.begin(), kCores.begin(), kCores.end());
    return (*this)(more);
  }
  std::string text(const std::string& name) const { return read_file(folder.path() / name); }
  Json plan(const std::string& name = "results/queue") const {
    return Json::parse(text(name + "/plan.json"));
  }
};

TEST_CASE("plan finds the fewest servers, and says what limits and what a step less does") {
  const Place place;
  const Finished finished = place.cores();
  REQUIRE(finished.status == 0);
  CHECK_THAT(finished.out, Contains("worker.cores = 8: the cheapest that holds.") &&
                               Contains("one less     worker.cores = 7 misses latency.p99_ms <= 600") &&
                               Contains("one more     worker.cores = 9 holds") &&
                               Contains("limited by   processing") && Contains("arithmetic ruled out 3"));
  CHECK_THAT(finished.err, Contains("worker.cores = 8 holds"));
  const Json plan = place.plan();
  CHECK(plan["schema"] == "headroom/plan/1");
  CHECK(plan["objective"] == "platform.hosts.worker.cores");
  CHECK(plan["confidence"] == 0.95);
  CHECK(plan["answer"] == Json({{"found", true},
                                {"status", "sure"},
                                {"values", {{"platform.hosts.worker.cores", 8}}},
                                {"objective", 8.0}}));
  CHECK(plan["points"].size() <= 12);
  for (const Json& point : plan["points"]) {
    const int cores = point["values"]["platform.hosts.worker.cores"];
    CHECK(point["verdict"] == (cores >= 8 ? "holds" : "misses"));
    CHECK(point["binding"]["objective"] == "latency.p99_ms <= 600");
    CHECK_THAT(point["binding"]["limited_by"].get<std::string>(), StartsWith("processing"));
  }
  // The answer is ready to run, and holds.
  const Finished again = run({"run", "results/queue/scenario.yaml", "--set", "run.duration=1000s",
                              "--fail-on-slo", "--no-figures", "--out", "again"},
                             place.here);
  CHECK(again.status == 0);
}

TEST_CASE("the same bytes with any number of jobs, and again from what is kept") {
  const Place place;
  REQUIRE(place.cores({"--jobs", "1", "--out", "one"}).status == 0);
  REQUIRE(place.cores({"--jobs", "3", "--out", "three"}).status == 0);
  for (const char* file : {"plan.json", "points.csv", "scenario.yaml", "report.html"})
    CHECK(place.text("one/" + std::string(file)) == place.text("three/" + std::string(file)));
  const std::string before = place.text("one/plan.json");
  REQUIRE(place.cores({"--out", "one"}).status == 0);
  CHECK(place.text("one/plan.json") == before);
  CHECK(Json::parse(place.text("one/machine.json"))["cpu_s"] < 0.01);
}

TEST_CASE("exhaustive: every point that is possible, and the same answer") {
  const Place place;
  const Finished finished = place({"--vary", "platform.hosts.worker.cores=5..10:1", "--minimize",
                                   "platform.hosts.worker.cores", "--exhaustive"});
  REQUIRE(finished.status == 0);
  CHECK(place.plan()["answer"]["values"]["platform.hosts.worker.cores"] == 8);
  CHECK(place.plan()["points"].size() == 4);  // 7 to 10
}

TEST_CASE("the price decides between two things that are bought") {
  const Place place(kQueue);
  // A host costs 1 USD/h whatever its cores: few large ones. Both dimensions are needed for 8 servers.
  const Finished finished =
      place({"--vary", "platform.hosts.worker.count=1..4:1", "--vary", "platform.hosts.worker.cores=2,4,8",
             "--set", "workload.arrivals.poisson=128/s"});
  REQUIRE(finished.status == 0);
  const Json plan = place.plan();
  CHECK(plan["objective"] == "cost.usd_per_hour");
  CHECK(plan["answer"]["status"] == "sure");
  CHECK(plan["answer"]["values"]["platform.hosts.worker.cores"] == 8);
  CHECK_THAT(finished.out, Contains("USD/h: the cheapest that holds."));
}

TEST_CASE("with a host gone one more is needed") {
  const Place place(
      "scenario: queue\n"
      "platform: {network: ideal, hosts: {lb: {count: 1}, worker: {count: 2, cores: 4, price: 1USD/h}}}\n"
      "workload: {arrivals: {poisson: 64/s}, deadline: 2s}\n"
      "deployment: {load_balancer: {policy: least_requests, health_check: {}}, processing: {hosts: worker, "
      "service_time: {exponential: {mean: 100ms}}}}\n"
      "slo: {yield: 99%}\n"
      "run: {warmup: 20s, duration: 100s}\n");
  const Texts vary = {"--vary", "platform.hosts.worker.count=1..8:1"};
  REQUIRE(place(vary).status == 0);
  const int without = place.plan()["answer"]["values"]["platform.hosts.worker.count"];
  Texts survive = vary;
  survive.insert(survive.end(), {"--survive", "host"});
  const Finished finished = place(survive);
  REQUIRE(finished.status == 0);
  const Json plan = place.plan();
  CHECK(plan["answer"]["values"]["platform.hosts.worker.count"] == without + 1);
  CHECK(plan["survive"] == Json({"host"}));
  CHECK_THAT(finished.out, Contains(", with any one host gone.") && Contains("host/worker-1 gone"));
}

TEST_CASE("a plan for each of several loads: one table, one figure, and each plan whole below it") {
  const Place place;
  const auto each = [&](Texts more) {
    more.insert(more.begin(), {"--each", "workload.arrivals.poisson=40/s,64/s,400/s"});
    return place.cores(more);
  };
  const Finished finished = each({});
  CHECK(finished.status == 0);
  CHECK_THAT(finished.err, Contains("headroom: 64/s: worker.cores = "));
  CHECK_THAT(finished.out,
             Contains("\n  40/s         worker.cores = 5: the cheapest that holds.\n") &&
                 Contains("\n  64/s         worker.cores = 8: the cheapest that holds.\n"
                          "               60 % more than for 40/s\n") &&
                 Contains("\n  400/s        Nothing holds: worker.cores = 30 misses load below"));
  const Json all = place.plan();
  CHECK(all["schema"] == "headroom/plan/1");
  CHECK(all["each"] == "workload.arrivals.poisson");
  CHECK(all["answer"] == Json({{"found", false}, {"status", "none"}}));
  REQUIRE(all["plans"].size() == 3);
  CHECK(all["plans"][1]["answer"]["values"]["platform.hosts.worker.cores"] == 8);
  CHECK_THAT(
      place.text("results/queue/answers.csv"),
      StartsWith("workload.arrivals.poisson,platform.hosts.worker.cores,status,limited_by\n40/s,5,sure,"));
  // Each is what it would be by itself.
  REQUIRE(place.cores({"--out", "alone"}).status == 0);
  for (const char* file : {"plan.json", "points.csv", "scenario.yaml"})
    CHECK(place.text("results/queue/plans/2/" + std::string(file)) ==
          place.text("alone/" + std::string(file)));
  // What is there is not run again; the exit status says whether there is an answer for all of them.
  CHECK(each({"--quiet", "--fail-on-slo"}).status == 1);
  CHECK(place.plan() == all);
  const Finished compared = run({"compare", "results/queue", "alone"}, place.here);
  CHECK(compared.status == 2);
  CHECK_THAT(compared.err, Contains("several plans, for each workload.arrivals.poisson"));
}

TEST_CASE("each objective has its price, each size of machine, too") {
  const Place place;
  REQUIRE(place.cores({"--each", "slo.latency.p99_ms=450,600"}).status == 0);
  // By Erlang C and the time of service itself: 477 ms with 9 servers, 467 with 10, never below 460.
  const Json all = place.plan();
  CHECK(all["plans"][0]["slo"][0]["objective"] == "latency.p99_ms <= 450");
  CHECK(all["plans"][0]["answer"]["found"] == false);
  CHECK(all["plans"][1]["answer"]["values"]["platform.hosts.worker.cores"] == 8);
  REQUIRE(place({"--vary", "platform.hosts.worker.count=1..6", "--each",
                 "size={four cores: {platform.hosts.worker.cores: 4, platform.hosts.worker.price: 1USD/h}, "
                 "eight cores: {platform.hosts.worker.cores: 8, platform.hosts.worker.price: 4USD/h}}"})
              .status == 0);
  const Json sizes = place.plan();
  CHECK(sizes["plans"][0]["value"] == "four cores");
  CHECK(sizes["plans"][0]["answer"]["objective"].get<double>() <
        sizes["plans"][1]["answer"]["objective"].get<double>());
}

TEST_CASE("the most load that holds, how far above the own that is, and how long it lasts", "[slow]") {
  const Place place;
  const Finished finished = place({"--vary", "workload.arrivals.poisson=40/s..90/s:2/s", "--maximize",
                                   "workload.arrivals.poisson", "--growth", "5%/30d"});
  REQUIRE(finished.status == 0);
  // By Erlang C the 99th percentile with 8 servers is 600 ms at 68.4/s.
  const Json plan = place.plan();
  CHECK(plan["answer"]["values"]["workload.arrivals.poisson"] == "68/s");
  CHECK(plan["answer"]["objective"] == 68.0);
  CHECK(plan["answer"]["headroom"].get<double>() == Approx(68.0 / 64 - 1));
  // ln(68/64) / ln(1.05) = 1.2426 months of 30 days.
  CHECK(plan["answer"]["lasts_s"].get<double>() == Approx(1.24255 * 30 * 86400).epsilon(1e-4));
  CHECK_THAT(finished.out,
             Contains("workload.arrivals.poisson = 68/s") || Contains("arrivals.poisson = 68/s: the most"));
  CHECK_THAT(finished.out,
             Contains("headroom     6.25 % above the scenario's own workload.arrivals.poisson"));
}

TEST_CASE("none holds: what comes nearest, what limits it, and the exit status that was asked for") {
  const Place place;
  const Texts few = {"--vary", "platform.hosts.worker.cores=4..7:1", "--minimize",
                     "platform.hosts.worker.cores"};
  const Finished finished = place(few);
  CHECK(finished.status == 0);
  CHECK_THAT(finished.out,
             Contains("Nothing holds: worker.cores = 7 misses latency.p99_ms <= 600; limited by processing"));
  Json answer = place.plan()["answer"];
  CHECK(answer["found"] == false);
  CHECK(answer["status"] == "none");
  CHECK(answer["nearest"]["platform.hosts.worker.cores"] == 7);
  Texts fail = few;
  fail.emplace_back("--fail-on-slo");
  CHECK(place(fail).status == 1);
  // All of them overloaded: nothing needs to be simulated.
  const Finished all = place({"--vary", "platform.hosts.worker.cores=2..6:1"});
  CHECK(all.status == 0);
  CHECK_THAT(all.out,
             Contains("Nothing holds: worker.cores = 6 misses load below capacity; limited by processing"));
  CHECK(place.plan()["replications"] == 0);
}

TEST_CASE("an interrupted plan gives the best so far, and goes on") {
  const Place place(kQueue);
  Texts arguments = {"plan", "queue.yaml", "--no-figures", "--jobs", "2", "--set", "run.duration=40000s"};
  arguments.insert(arguments.end(), kCores.begin(), kCores.end());
  Program program(arguments, place.here);
  REQUIRE(wait_for([&] { return !program.children().empty(); }));
  usleep(100'000);
  kill(program.pid(), SIGINT);
  const Finished finished = program.wait();
  CHECK(finished.status == 4);
  const bool decided = fs::exists(place.folder.path() / "results/queue/plan.json");
  if (decided)
    CHECK(place.plan()["ended_by"] == "interruption");
  else
    CHECK_THAT(finished.err, Contains("interrupted before any point was decided; no result was written"));
}

TEST_CASE("the end of the budget gives the best so far") {
  const Place place;
  const Finished finished = place.cores({"--budget", "1ms"});
  CHECK(finished.status == 0);
  CHECK_THAT(finished.out, Contains("The budget ended the search."));
  CHECK(place.plan()["ended_by"] == "budget");
  CHECK(place.plan()["answer"]["status"] == "unsure");
}

struct Wrong {
  Texts arguments;
  std::string message;
};

TEST_CASE("a goal that is known after a run only: every point that can hold is run, and the least is taken") {
  // The same work on more cores keeps the host less busy.
  const Place place;
  const Finished finished = place({"--vary", "platform.hosts.worker.cores=6..10", "--minimize", "energy.kwh",
                                   "--set", "platform.hosts.worker.watts={idle: 100W, busy: 250W}"});
  INFO(finished.err);
  REQUIRE(finished.status == 0);
  CHECK_THAT(finished.out,
             Contains("worker.cores = 10, 0.0109") && Contains("kWh: the cheapest that holds."));
  const Json plan = place.plan();
  CHECK(plan["objective"] == "energy.kwh");
  CHECK(plan["answer"]["status"] == "sure");
  CHECK(plan["answer"]["values"]["platform.hosts.worker.cores"] == 10);
  CHECK(plan["answer"]["objective"].get<double>() ==
        Approx(200. / 3600 * (100 + 150 * .64) / 1000).epsilon(.02));
  CHECK(plan["points"].size() == 4);  // 7 to 10; of 6 arithmetic says that they do not do
}

TEST_CASE("two plans are compared by what they answer", "[slow]") {
  const Place place;
  REQUIRE(place.cores({"--out", "now"}).status == 0);
  REQUIRE(place.cores({"--set", "workload.arrivals.poisson=80/s", "--out", "more"}).status == 0);
  const auto compare = [&](const std::string& a, const std::string& b) {
    return run({"compare", a, b}, place.here);
  };
  const Finished more = compare("now", "more");
  CHECK(more.status == 0);
  CHECK_THAT(more.out, StartsWith("A now: worker.cores = 8\nB more: worker.cores = 10\n"));
  CHECK_THAT(more.out, Contains("+2 (+25 %)"));
  CHECK_THAT(more.out, Contains("different: B needs more platform.hosts.worker.cores by 25 %, at 95 % each"));
  CHECK_THAT(compare("now", "now").out, Contains("  the same, at 95 % each"));
  REQUIRE(place({"--vary", "workload.arrivals.poisson=40/s,50/s", "--maximize", "workload.arrivals.poisson",
                 "--out", "most"})
              .status == 0);
  const Finished other = compare("now", "most");
  CHECK(other.status == 2);
  CHECK_THAT(other.err, Contains("do not seek the same"));
  REQUIRE(run({"run", "queue.yaml", "--no-figures", "--out", "run"}, place.here).status == 0);
  CHECK_THAT(compare("run", "now").err, Contains("now is a plan and run is not; expected two plans"));
}

TEST_CASE(
    "a load that is not known exactly: how many servers are right how often, and what holds nearly always",
    "[slow]") {
  const Place place;
  const Finished finished =
      place.cores({"--uncertain", "workload.arrivals.poisson={uniform: [40/s, 90/s]}", "--worlds", "8"});
  REQUIRE(finished.status == 0);
  const Json plan = place.plan();
  const Json& uncertain = plan["uncertain"];
  CHECK(uncertain["inputs"] == Json({"workload.arrivals.poisson={uniform: [40/s, 90/s]}"}));
  CHECK(uncertain["worlds"] == 8);
  // The more load, the more servers; each world is planned as if its load were the scenario's own.
  std::istringstream rows(place.text("results/queue/worlds.csv"));
  std::string row;
  std::getline(rows, row);
  CHECK(row == "world,workload.arrivals.poisson,platform.hosts.worker.cores");
  std::map<double, int> cores;
  while (std::getline(rows, row)) {
    const std::size_t first = row.find(','), second = row.rfind(',');
    cores[std::stod(row.substr(first + 1))] = std::stoi(row.substr(second + 1));
  }
  REQUIRE(cores.size() == 8);
  CHECK(cores.begin()->first >= 40);
  CHECK(cores.rbegin()->first <= 90);
  CHECK(std::is_sorted(cores.begin(), cores.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; }));
  // 95 of 100, so all of eight.
  const int most = cores.rbegin()->second;
  CHECK(plan["answer"]["found"] == true);
  CHECK(plan["answer"]["values"]["platform.hosts.worker.cores"] == most);
  int right = 0;
  for (const Json& choice : uncertain["choices"]) {
    right += choice["right_in"].get<int>();
    const int size = choice["values"]["platform.hosts.worker.cores"].get<int>();
    const auto enough =
        std::count_if(cores.begin(), cores.end(), [&](const auto& c) { return c.second <= size; });
    CHECK(choice["holds_in"] == enough);
    CHECK(choice["fails_in"] == 8 - enough);
    double too_much = 0;
    for (const auto& [load, needed] : cores) too_much += needed <= size ? size - needed : 0;
    CHECK(choice["too_much"].get<double>() == Approx(too_much / static_cast<double>(enough)));
  }
  CHECK(right == 8);
  CHECK_THAT(finished.out, Contains("worker.cores = " + std::to_string(most) + " holds in 8 of 8 worlds") &&
                               Contains("as it stands worker.cores = 8 holds"));
  // The answer's scenario has the load of the scenario.
  CHECK_THAT(place.text("results/queue/scenario.yaml"),
             Contains("cores: " + std::to_string(most)) && Contains("poisson: 64/s"));
  // Again, with more jobs: the same.
  REQUIRE(place
              .cores({"--uncertain", "workload.arrivals.poisson={uniform: [40/s, 90/s]}", "--worlds", "8",
                      "--jobs", "1", "--out", "again"})
              .status == 0);
  CHECK(place.text("again/plan.json") == place.text("results/queue/plan.json"));
}

TEST_CASE("what is uncertain is an input with a unit that nobody chooses") {
  const Place place;
  const auto error = [&](const std::string& text) {
    const Finished finished = place.cores({"--uncertain", text});
    CHECK(finished.status == 2);
    CHECK_FALSE(fs::exists(place.folder.path() / "results"));
    return finished.err;
  };
  CHECK_THAT(error("workload.arrivals.poisson"),
             StartsWith("--uncertain workload.arrivals.poisson:1:1: error: expected PATH=DISTRIBUTION"));
  CHECK_THAT(error("workload.arrival=5/s"),
             StartsWith("--uncertain workload.arrival:1:1: error: the scenario has no value there"));
  CHECK_THAT(
      error("platform.hosts.worker.count={uniform: [1, 2]}"),
      Contains(
          "1:1: error: the scenario's value there is \"1\", expected a rate, a share, a duration or a size"));
  CHECK_THAT(error("platform.hosts.worker.cores={uniform: [1, 2]}"), Contains("this is varied"));
  CHECK_THAT(error("workload.arrivals.poisson={uniform: [1ms, 2/s]}"),
             Contains("--uncertain workload.arrivals.poisson:1:12: error: ") && Contains("rate"));
  CHECK_THAT(error("workload.arrivals.poisson={normale: {mean: 1/s}}"),
             Contains("unknown distribution \"normale\"") && Contains("did you mean \"normal\"?"));
  CHECK_THAT(error("workload..poisson=1/s"), Contains("expected a name on both sides of each dot"));
  CHECK_THAT(place.cores({"--uncertain", "workload.arrivals.poisson=64/s", "--worlds", "0"}).err,
             Contains("expected a whole number from 1 to 1000"));
}

TEST_CASE("what cannot be planned is said, and nothing is written") {
  const Place place;
  const std::string path = "platform.hosts.worker.cores";
  const std::vector<Wrong> all = {
      {{"--vary", path + "=4..30:1", "--minimize", path + "s"},
       "--minimize:1:1: error: what is to be made small is no metric and not varied: "
       "\"platform.hosts.worker.coress\", expected "
       "platform.hosts.worker.cores or cost.usd_per_hour, or a metric; did you mean "
       "\"platform.hosts.worker.cores\"?"},
      {{"--vary", path + "=4..30:1", "--minimize", "energy.kw"}, "or a metric; did you mean \"energy.kwh\"?"},
      {{"--vary", path + "=4..30:1", "--minimize", "queue.depth_mean"},
       "--minimize:1:1: error: what is to be made small is a metric that there will not be, "
       "\"queue.depth_mean\": it needs deployment.queue"},
      {{"--vary", path + "=4..30:1", "--set", "plan.minimize=uptime"},
       "--set plan.minimize:1:1: error: what is to be made small is a metric that there will not be, "
       "\"uptime\": it needs workload.probe"},
      {{"--vary", path + "=4..30:1", "--maximize", "yield"},
       "what is to be made large is not varied: \"yield\""},
      {{"--vary", path + "=4..30:1", "--survive", "rakc"},
       "--survive: unknown kind \"rakc\", expected any, host, rack, switch, power, cooling or zone; did you "
       "mean "
       "\"rack\"?"},
      {{"--vary", path + "=4..30:1", "--confidence", "120%"},
       "--confidence: expected a share from 50% to 99.9999%"},
      {{"--vary", path + "=4..30:1", "--confidence", "0.95"}, "--confidence: "},
      {{"--vary", path + "=4..30:1", "--budget", "20"}, "--budget: "},
      {{"--vary", path + "=4..30:1", "--growth", "5%"},
       "--growth: expected a share per time, such as 5%/30d, got \"5%\""},
      {{"--vary", path + "=4..30:1", "--growth", "5%/30d"}, "--growth needs --maximize PATH"},
      {{"--vary", path + "=4..30:1", "--replications", "3"},
       "--replications: a plan decides itself how many it needs"},
      {{"--vary", path + "=4..30:1", "--set", "slo=null"}, "there are no objectives, expected `slo:`"},
      {{"--vary", path + "=4..30:1", "--set", "platform.hosts.worker.price=null", "--minimize",
        "cost.usd_per_hour"},
       "no host has a price, so that cost.usd_per_hour says nothing"},
      {{"--vary", path + "=0..30:1"}, "platform.hosts.worker.cores"},
      {{"--vary", path + "=4..30:1", "--each", path + "=4,5"},
       "--vary platform.hosts.worker.cores:1:1: error: \"platform.hosts.worker.cores\" is varied twice"},
      {{"--vary", path + "=4..30:1", "--each", "workload.arrivals.poison=4/s,5/s"},
       "exactly one of poisson, constant, bursts, profile, closed, trace or none, got \"poisson\" and "
       "\"poison\""},
      {{"--vary", path + "=4..30:1", "--each", "workload.arrivals.poisson"},
       "--each workload.arrivals.poisson:1:26: error: expected PATH=VALUE,VALUE"},
      {{"--vary", path + "=4..30:1", "--each", "workload.arrivals.poisson=4/s,5/s", "--uncertain",
        "slo.latency.p99_ms={uniform: [500, 600]}"},
       "--each and --uncertain both want several plans, expected one of them"},
  };
  for (const Wrong& wrong : all) {
    const Finished finished = place(wrong.arguments);
    INFO(finished.out << finished.err);
    CHECK(finished.status == 2);
    CHECK_THAT(finished.err, Contains(wrong.message));
    CHECK_FALSE(fs::exists(place.folder.path() / "results"));
  }
}

}  // namespace
}  // namespace headroom::cli_test
