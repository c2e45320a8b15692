#include "sim/report/sweep.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/report/chart.h"
#include "sim/report/csv.h"
#include "sim/report/sweep_answer.h"
#include "sim/report/sweep_figures.h"
#include "sim/report/sweep_folder.h"
#include "sim/report/sweep_report.h"
#include "tests/report/temporary_folder.h"

namespace headroom::report {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;
using Texts = std::vector<std::string>;

Summary summary_of(double yield, double half = 0.001) {
  Summary s;
  s.scenario = "sample";
  s.seed = 1;
  s.replications = 3;
  s.measured_s = 60;
  s.fingerprint = "f";
  s.metrics["yield"] = {yield, metrics::Interval{yield - half, yield + half}};
  s.metrics["harvest"] = {1.0, metrics::Interval{1.0, 1.0}};
  s.metrics["latency.p99_ms"] = {400 / yield, metrics::Interval{399 / yield, 401 / yield}};
  s.slo = {{"yield >= 0.99", "", yield, yield >= 0.99}};
  s.invariants = {{"books balance", true, 100, ""}};
  return s;
}

/// One axis; a negative yield stands for a point that is not complete.
Sweep sweep_of(const Texts& values, const std::vector<double>& yields, double half = 0.001) {
  Sweep sweep;
  sweep.scenario = "sample";
  sweep.question = "How many?";
  sweep.seed = 1;
  sweep.replications = 3;
  sweep.measured_s = 60;
  sweep.fingerprint = "f";
  sweep.axes = {{"platform.hosts.worker.count", values}};
  for (std::size_t i = 0; i < values.size(); ++i) {
    sweep.points.push_back({{i}, std::nullopt});
    if (yields[i] >= 0) sweep.points.back().summary = summary_of(yields[i], half);
  }
  return sweep;
}

std::string where(const Texts& values, const std::vector<double>& yields, double half = 0.001) {
  return answer(sweep_of(values, yields, half)).text;
}

std::vector<std::string> titles(const std::vector<Chart>& charts) {
  std::vector<std::string> all;
  for (const Chart& chart : charts) all.push_back(chart.file);
  return all;
}

}  // namespace

TEST_CASE("where the objectives begin to hold") {
  const std::string promised = " (yield ≥ 99 %)";
  CHECK(where({"28", "30", "32", "34"}, {0.8, 0.9, 0.995, 0.999}) ==
        "objectives hold from worker.count = 32 on" + promised);
  CHECK(where({"34", "28", "32", "30"}, {0.999, 0.8, 0.995, 0.9}) ==
        "objectives hold from worker.count = 32 on" + promised);
  CHECK(where({"28", "30", "32"}, {0.999, 0.995, 0.9}) ==
        "objectives hold up to worker.count = 30" + promised);
  CHECK(where({"28", "30", "32"}, {0.8, 0.9, 0.91}) == "objectives hold nowhere" + promised);
  CHECK(where({"28", "30"}, {0.999, 0.999}) == "objectives hold at all of worker.count 28 … 30" + promised);
  CHECK(where({"28", "30", "32"}, {0.8, 0.999, 0.9}) ==
        "objectives hold at worker.count = 30 only" + promised);
  CHECK(where({"28", "30", "32", "34"}, {0.999, 0.8, 0.999, 0.9}) ==
        "objectives hold at worker.count = 28, 32 only" + promised);
  // The last point alone says nothing of what follows.
  CHECK(where({"28", "30"}, {0.8, 0.999}) == "objectives hold at worker.count = 30 only" + promised);
  CHECK(where({"a", "b", "c"}, {0.8, 0.999, 0.999}) ==
        "objectives hold at worker.count = b, c only" + promised);
  // Points that are not complete are not judged.
  CHECK(where({"28", "30", "32"}, {0.8, 0.999, -1}) ==
        "objectives hold at worker.count = 30 only" + promised);
  CHECK(where({"28", "30", "32"}, {0.8, 0.991, 0.9999}, 0.004) ==
        "objectives hold from worker.count = 30 on (30 too close to be sure)" + promised);
  Sweep free = sweep_of({"1"}, {1});
  free.points[0].summary->slo.clear();
  CHECK(answer(free).kind == SweepAnswer::Kind::open);
}

TEST_CASE("values become numbers where they are of one kind") {
  const auto scale = [](const Texts& values) { return scale_of({"p", values}); };
  CHECK(scale({"28", "30.5"}).at == std::vector<double>{28, 30.5});
  CHECK(scale({"9000/s", "10000/s"}).unit == "1/s");
  CHECK(scale({"5ms", "20ms"}).unit == "ms");
  CHECK(scale({"500ms", "2s"}).at == std::vector<double>{0.5, 2});
  CHECK(scale({"500ms", "2s"}).unit == "s");
  CHECK(scale({"30/min", "1/s"}).at == std::vector<double>{0.5, 1});
  CHECK(scale({"512KB", "1MB"}).at == std::vector<double>{512'000, 1'000'000});
  CHECK(scale({"99%", "99.9%"}).unit == "%");
  // An exponent belongs to the number.
  CHECK(scale({"1e2/s", "2e2/s"}).unit == "1/s");
  CHECK(scale({"1e2/s", "2e2/s"}).at == std::vector<double>{100, 200});
  CHECK(scale({"1e2/s", "150/s"}).at == std::vector<double>{100, 150});
  CHECK(scale({"1e3", "2E3"}).unit == "");
  CHECK(scale({"1e3", "2E3"}).at == std::vector<double>{1000, 2000});
  CHECK(scale({"5e-1ms", "+2ms", ".25ms"}).at == std::vector<double>{0.5, 2, 0.25});
  CHECK_FALSE(scale({"null", "1000"}).numeric);
  CHECK_FALSE(scale({"round_robin", "random"}).numeric);
  CHECK_FALSE(scale({"5ms", "5KB"}).numeric);
  CHECK(scale({"b", "a"}).at == std::vector<double>{0, 1});
  CHECK(scale({"3", "1", "2"}).ascending == std::vector<std::size_t>{1, 2, 0});
}

TEST_CASE("two axes: the one with more numbers is x, the other makes series") {
  Sweep sweep = sweep_of({"random", "least"}, {1, 1});
  sweep.axes = {{"deployment.load_balancer.policy", {"random", "least"}},
                {"platform.hosts.worker.count", {"2", "1"}}};
  sweep.points.clear();
  for (std::size_t i = 0; i < 4; ++i)
    sweep.points.push_back({{i / 2, i % 2}, summary_of(i == 0 ? 0.999 : 0.9)});
  const View view = view_of(sweep);
  CHECK(view.x == 1);
  REQUIRE(view.series.size() == 2);
  CHECK(view.series[0].name == "load_balancer.policy random");
  CHECK(view.series[0].points == std::vector<std::size_t>{1, 0});  // from low to high
  const SweepAnswer verdict = answer(sweep);
  REQUIRE(verdict.lines.size() == 2);
  CHECK(verdict.text == "objectives hold in part (yield ≥ 99 %)");
  CHECK(verdict.lines[0].text == "load_balancer.policy random: at worker.count = 2 only");
  CHECK(verdict.lines[1].text == "load_balancer.policy least: nowhere");
  // Green is for what holds alone.
  CHECK(verdict.kind == SweepAnswer::Kind::open);
  CHECK(verdict.lines[0].kind == SweepAnswer::Kind::yes);
  CHECK(verdict.lines[1].kind == SweepAnswer::Kind::no);
  const std::string painted = table(sweep, "", true);
  CHECK_THAT(painted,
             Contains("\x1b[1;31mload_balancer.policy least: nowhere\x1b[0m") &&
                 Contains("\x1b[1;32mload_balancer.policy random: at worker.count = 2 only\x1b[0m") &&
                 Contains("\x1b[1;33mobjectives hold in part"));
  CHECK_THAT(html(sweep, {}, ""), Contains("<p class=\"answer no\">load_balancer.policy least: nowhere</p>"));
  for (Sweep::Point& point : sweep.points) point.summary = summary_of(0.9);
  CHECK(answer(sweep).kind == SweepAnswer::Kind::no);
  CHECK(answer(sweep).lines.empty());
  for (Sweep::Point& point : sweep.points) point.summary = summary_of(0.999);
  CHECK(answer(sweep).kind == SweepAnswer::Kind::yes);
  CHECK(titles(figures(sweep)) == Texts{"yield", "harvest", "latency_p99"});
  CHECK(figures(sweep)[0].curves.size() == 2);
}

TEST_CASE("points.csv has a row for each complete point and three columns for each metric") {
  const Sweep sweep = sweep_of({"28", "30"}, {0.5, -1});
  const auto csv = std::get<Csv>(parse_csv(points_csv(sweep)));
  CHECK(csv.header == Texts{"platform.hosts.worker.count", "harvest.mean", "harvest.lo", "harvest.hi",
                            "latency.p99_ms.mean", "latency.p99_ms.lo", "latency.p99_ms.hi", "yield.mean",
                            "yield.lo", "yield.hi"});
  REQUIRE(csv.rows.size() == 1);
  CHECK(csv.rows[0] == Texts{"28", "1", "1", "1", "800", "798", "802", "0.5", "0.499", "0.501"});
}

TEST_CASE("a metric that only some points have is empty at the others") {
  Sweep sweep = sweep_of({"28", "30"}, {0.5, 0.6});
  sweep.points[1].summary->metrics["a.b"] = {std::nullopt, std::nullopt};
  const auto csv = std::get<Csv>(parse_csv(points_csv(sweep)));
  CHECK(csv.header[1] == "a.b.mean");
  CHECK(csv.rows[0][1] == "");
}

TEST_CASE("every point says what limits it, and whether it has settled") {
  Sweep sweep = sweep_of({"28", "30", "32"}, {0.9, 0.995, 0.999});
  for (auto& point : sweep.points) {
    point.summary->bottleneck = {"api", 0.9999, "2 of 3", 10};
    point.summary->busiest_link = {"nic host/lb-1", 0.25};
    point.summary->settled = true;
  }
  sweep.points[1].summary->settled = false;
  sweep.points[1].summary->slo[0].sure = false;
  CHECK(answer(sweep).text ==
        "objectives hold at worker.count = 32 only (30 not settled: a longer run would tell) (yield ≥ 99 %)");
  const std::string same = table(sweep, "", false);
  CHECK_THAT(same, Contains("limited by api: 2 of 3 servers, 100 % busy\n") && Contains("  not settled\n") &&
                       Contains("what is met in the window may not stay so"));
  const auto csv = std::get<Csv>(parse_csv(points_csv(sweep)));
  const auto cell = [&](std::size_t row, const std::string& column) {
    const auto found = std::find(csv.header.begin(), csv.header.end(), column);
    REQUIRE(found != csv.header.end());
    return csv.rows[row][static_cast<std::size_t>(found - csv.header.begin())];
  };
  CHECK(cell(0, "bottleneck") == "api");
  CHECK(cell(0, "bottleneck.share") == "0.9999");
  CHECK(cell(0, "bottleneck.alive") == "2 of 3");
  CHECK(cell(0, "busiest_link") == "nic host/lb-1");
  CHECK(cell(0, "busiest_link.share") == "0.25");
  CHECK(cell(1, "settled") == "false");
  CHECK(cell(2, "settled") == "true");

  sweep.points[2].summary->bottleneck = {"processing", 0.97, "32 of 32", 10};
  const std::string text = table(sweep, "", false);
  CHECK_THAT(text, Contains("limited by") && Contains("processing, 97 % busy  met\n"));
  // Nowhere for sure is not nowhere.
  Sweep alone = sweep_of({"30"}, {0.995});
  alone.points[0].summary->settled = false;
  CHECK(answer(alone).kind == SweepAnswer::Kind::open);
}

TEST_CASE("an objective that is surely missed is enough, whatever cannot be told of the others") {
  Sweep sweep = sweep_of({"28", "30"}, {0.9, 0.995});
  Summary& s = *sweep.points[0].summary;
  s.slo.push_back({"latency.p99_ms <= 444.5", "", 400 / .9, true});
  CHECK(met_at(s).sure);
  CHECK_FALSE(met_at(s).met);
  CHECK_THAT(table(sweep, "", false), Contains("  missed\n") && !Contains("missed ?"));
}

TEST_CASE("a sweep's folder reads back as the same sweep, and is drawn again") {
  const TemporaryFolder folder;
  const fs::path place = folder.path() / "result";
  SweepFiles files;
  files.sweep = sweep_of({"28", "30", "32"}, {0.9, 0.99, -1});
  files.runs = {{"a: 1\n", "replication\n1\n"}, {"a: 2\n", "replication\n1\n"}, {}};
  files.scenario_yaml = "scenario: sample\n";
  REQUIRE_FALSE(write_sweep(place, files, true).error);
  CHECK(is_sweep(place));
  CHECK(fs::exists(place / "runs/2/replications.csv"));
  CHECK_FALSE(fs::exists(place / "runs/3"));
  CHECK(fs::exists(place / "figures/yield_harvest.svg"));
  const auto loaded = load_sweep(place);
  REQUIRE(std::holds_alternative<Sweep>(loaded));
  CHECK(to_json(std::get<Sweep>(loaded)) == to_json(files.sweep));
  CHECK(points_csv(std::get<Sweep>(loaded)) == points_csv(files.sweep));
  CHECK(std::get<Sweep>(loaded).partial());
  fs::remove(place / "figures/yield_harvest.svg");
  REQUIRE_FALSE(redraw_sweep(place));
  CHECK(fs::exists(place / "figures/yield_harvest.svg"));
  const std::string page = std::get<std::string>(read_file(place / "report.html"));
  CHECK_THAT(page, Contains("data:image/svg+xml") && Contains("How many?") && Contains("PARTIAL"));
  // Written over, as a result is.
  CHECK_FALSE(NewFolder::check(place));
  CHECK(std::holds_alternative<Problem>(load_sweep(folder.path())));
}

TEST_CASE("the table answers first, then shows what differs") {
  Sweep sweep = sweep_of({"28", "30"}, {0.9, 0.995});
  const std::string text = table(sweep, "results/x", false);
  CHECK_THAT(text, Contains("How many?\nobjectives hold at worker.count = 30 only (yield ≥ 99 %)\n"));
  CHECK_THAT(text, Contains("worker.count     yield [%]  latency.p99_ms  objectives\n"));
  CHECK_THAT(text, Contains("          28  90.00 ± 0.10") && Contains("missed\n"));
  CHECK_THAT(text, Contains("everywhere   harvest 100 %\n"));
  CHECK_THAT(text, Contains("all hold (200 checks)"));
  sweep.points[1].summary->invariants[0] = {"books balance", false, 100, "one is missing"};
  CHECK_THAT(table(sweep, "", false),
             Contains("VIOLATED") && Contains("runs/2: books balance: one is missing"));
}

TEST_CASE("the availability of watched groups is drawn in nines") {
  Sweep sweep = sweep_of({"0", "1", "2"}, {1, 1, 1});
  const double availability[] = {1, 0.9999, 0.999};
  for (std::size_t i = 0; i < 3; ++i) {
    Summary& s = *sweep.points[i].summary;
    s.metrics["availability.worker"] = {
        availability[i], metrics::Interval{availability[i] - 1e-5, std::min(1.0, availability[i] + 1e-3)}};
    s.slo = {{"availability.worker >= 0.9995", "", availability[i], availability[i] >= 0.9995}};
  }
  const auto charts = figures(sweep);
  REQUIRE(titles(charts) == Texts{"yield_harvest", "latency_p99", "availability_worker"});
  const Chart& chart = charts[2];
  CHECK(chart.y.nines);
  CHECK(chart.y.label == "time with enough members up [%], in nines");
  REQUIRE(chart.curves.size() == 1);
  CHECK(chart.curves[0].y == std::vector<double>{100, 99.99, 99.9});
  CHECK(chart.curves[0].high[1] == 100);
  REQUIRE(chart.bounds.size() == 1);
  CHECK(chart.bounds[0].y == Approx(99.95));
}

TEST_CASE("figures show what there is") {
  Sweep sweep = sweep_of({"28", "30", "32"}, {0.9, 0.95, 0.999});
  auto charts = figures(sweep);
  REQUIRE(titles(charts) == Texts{"yield_harvest", "latency_p99"});
  CHECK(charts[0].x.label == "platform.hosts.worker.count");
  CHECK(charts[0].bounds.size() == 1);
  CHECK(charts[0].curves[0].low ==
        std::vector<double>{(0.9 - 0.001) * 100, (0.95 - 0.001) * 100, (0.999 - 0.001) * 100});
  for (std::size_t i = 0; i < 3; ++i) {
    sweep.points[i].summary->metrics["harvest"] = {0.8 + 0.05 * static_cast<double>(i), std::nullopt};
    sweep.points[i].summary->metrics["cost.usd_per_hour"] = {10.0 + static_cast<double>(i), std::nullopt};
  }
  charts = figures(sweep);
  CHECK(titles(charts) == Texts{"yield_harvest", "latency_p99", "tradeoff", "cost"});
  CHECK_THAT(charts[3].caption, Contains("costs 12 USD/h"));
  const TemporaryFolder folder;
  CHECK_FALSE(draw(charts, folder.path()));
  CHECK(folder.entries() == 8);
  sweep.axes[0].values = {"random", "it's \"odd\"", "least"};
  CHECK_FALSE(draw(figures(sweep), folder.path()));
}

TEST_CASE("a sweep.json that somebody bent is a problem in words, or means what it says") {
  const TemporaryFolder folder;
  const auto loaded = [&](const std::string& pointer, const std::string& value) {
    nlohmann::ordered_json j = nlohmann::ordered_json::parse(to_json(sweep_of({"28", "30"}, {-1, -1})));
    j.at(nlohmann::ordered_json::json_pointer(pointer)) = nlohmann::ordered_json::parse(value);
    REQUIRE_FALSE(write_file(folder.path() / "sweep.json", j.dump()));
    return load_sweep(folder.path());
  };
  CHECK(std::holds_alternative<Sweep>(loaded("/points/0/at", "[1]")));
  for (const char* at : {"[2]", "[-1]", "[1e300]", "[0.5]", "[]", "[0, 0]", "7", "[\"0\"]"}) {
    CAPTURE(at);
    CHECK(std::holds_alternative<Problem>(loaded("/points/0/at", at)));
  }
  CHECK(std::holds_alternative<Problem>(loaded("/seed", "-1")));
  CHECK(std::holds_alternative<Problem>(loaded("/replications", "1e300")));
  // A blank behind a number is no unit.
  CHECK(scale_of({"p", {"5 ", "6 "}}).at == std::vector<double>{5, 6});
  CHECK(scale_of({"p", {"5 ms", "6 ms"}}).unit == "ms");
}

TEST_CASE("paths of odd dots have short names") {
  Sweep sweep = sweep_of({"28", "30"}, {1, 1});
  const auto names = [&](const Texts& paths) {
    sweep.axes.clear();
    for (const std::string& path : paths) sweep.axes.push_back({path, {"1"}});
    Texts all;
    for (std::size_t i = 0; i < paths.size(); ++i) all.push_back(short_name(sweep.axes, i));
    return all;
  };
  CHECK(names({"a.b.c"}) == Texts{"b.c"});
  CHECK(names({"a.b.c", "x.b.c"}) == Texts{"a.b.c", "x.b.c"});
  CHECK(names({"x.a.b.c", "y.z.b.c"}) == Texts{"a.b.c", "z.b.c"});
  // Once, these were looked at for ever.
  CHECK(names({".", "."}) == Texts{".", "."});
  CHECK(names({"a.", "b.", ""}) == Texts{"a.", "b.", ""});
  CHECK(names({".a", ".a", "a..b"}) == Texts{".a", ".a", ".b"});
}

TEST_CASE("no value of an axis, and no name, costs a sweep its figures") {
  const std::string odd = GENERATE(as<std::string>(), "50%", "%s%n", "100 %% of {a: 5%}", "a\\nb", "$curve0",
                                   "@x `y`", "[{\"a\"|'b'}]", "#", "a/b", "..");
  Sweep sweep = sweep_of({"28", odd, "other"}, {0.9, 0.95, 0.999});
  for (std::size_t i = 0; i < 3; ++i) {
    sweep.points[i].summary->metrics["harvest"] = {0.8 + 0.05 * static_cast<double>(i), std::nullopt};
    sweep.points[i].summary->metrics["availability." + odd] = {0.9 + 0.01 * static_cast<double>(i),
                                                               std::nullopt};
  }
  const TemporaryFolder folder;
  const auto charts = figures(sweep);
  const auto problem = draw(charts, folder.path());
  INFO(odd << (problem ? problem->message : ""));
  REQUIRE_FALSE(problem);
  CHECK(folder.entries() == static_cast<long>(2 * charts.size()));
  CHECK(charts.size() == 4);
  if (odd == "50%")
    CHECK_THAT(std::get<std::string>(read_file(folder.path() / "yield_harvest.svg")), Contains(">50%<"));
}

TEST_CASE("the cheapest point is said for each value of what is not bought") {
  // Three fleets at two loads: the dearer holds at the higher load, none does at the highest.
  Sweep sweep;
  sweep.scenario = "sample";
  sweep.axes = {{"workload.arrivals.poisson", {"1000/s", "2000/s", "3000/s"}},
                {"platform.hosts.worker.count", {"10", "20"}}};
  const auto add = [&](std::size_t load, std::size_t fleet, double yield) {
    sweep.points.push_back({{load, fleet}, summary_of(yield)});
    sweep.points.back().summary->metrics["cost.usd_per_hour"] = {fleet == 0 ? 12.0 : 24.0, std::nullopt};
  };
  add(0, 0, 0.999);
  add(0, 1, 0.999);
  add(1, 0, 0.9);
  add(1, 1, 0.999);
  add(2, 0, 0.5);
  add(2, 1, 0.9);
  const auto caption = [&] { return figures(sweep).back().caption; };
  CHECK(caption() ==
        "The cheapest point that meets all objectives costs with arrivals.poisson 1000/s: 12 USD/h "
        "(worker.count 10); "
        "with arrivals.poisson 2000/s: 24 USD/h (worker.count 20); with arrivals.poisson 3000/s: no point "
        "does.");
  CHECK_THAT(table(sweep, "", false), Contains("\n" + caption() + "\n\n"));
  // A point that has not settled does not hold, however cheap.
  sweep.points[0].summary->settled = false;
  CHECK_THAT(caption(), Contains("with arrivals.poisson 1000/s: 24 USD/h"));
  sweep.points[0].summary->settled = true;
  // Alternatives of a choice go by their names.
  sweep.axes[0] = {"faults", {"all up", "a1 down", "zone a down"}, true};
  CHECK_THAT(caption(), Contains("costs with all up: 12 USD/h (worker.count 10); with a1 down: 24 USD/h") &&
                            Contains("; with zone a down: no point does."));
  sweep.axes[1] = {"fleet", {"few large", "many small"}, true};
  CHECK_THAT(caption(),
             Contains("costs with all up: 12 USD/h (few large); with a1 down: 24 USD/h (many small)"));
  sweep.axes = {{"workload.arrivals.poisson", {"1000/s", "2000/s", "3000/s"}},
                {"platform.hosts.worker.count", {"10", "20"}}};
  sweep.points.resize(2);
  sweep.axes[0].values.resize(1);
  CHECK(caption() == "The cheapest point that meets all objectives costs 12 USD/h (worker.count 10).");
  sweep.points = {};
  add(0, 0, 0.5);
  add(0, 1, 0.9);
  CHECK(caption() == "No point meets all objectives.");
  // Nothing is said of prices where they are all the same.
  for (auto& point : sweep.points) point.summary->metrics["cost.usd_per_hour"] = {12.0, std::nullopt};
  CHECK(cheapest(sweep) == "");
}

TEST_CASE("alternatives of a choice are called by their names") {
  Sweep sweep;
  sweep.scenario = "sample";
  sweep.axes = {{"platform.hosts.worker.count", {"28", "32"}},
                {"racks", {"all racks", "rack \"a1\", 50 % / down"}, true}};
  for (std::size_t i = 0; i < 4; ++i)
    sweep.points.push_back({{i / 2, i % 2}, summary_of(i < 2 ? 0.9 : i == 2 ? 0.999 : 0.95)});
  const SweepAnswer verdict = answer(sweep);
  REQUIRE(verdict.lines.size() == 2);
  CHECK(verdict.lines[0].text == "all racks: at worker.count = 32 only");
  CHECK(verdict.lines[1].text == "rack \"a1\", 50 % / down: nowhere");
  const auto csv = std::get<Csv>(parse_csv(points_csv(sweep)));
  CHECK(csv.header[1] == "racks");
  CHECK(csv.rows[1][1] == "rack \"a1\", 50 % / down");
  CHECK_THAT(points_csv(sweep), Contains("28,\"rack \"\"a1\"\", 50 % / down\","));
  const auto charts = figures(sweep);
  CHECK(charts[0].title == "Yield, by racks");
  CHECK(charts[0].curves[0].name == "all racks");
  CHECK_THAT(table(sweep, "", false), Contains("worker.count                   racks"));
  CHECK_THAT(html(sweep, {}, ""), Contains("rack &quot;a1&quot;, 50 % / down"));
  // Files are named by number, whatever the names.
  const TemporaryFolder folder;
  SweepFiles files;
  files.sweep = sweep;
  files.runs.resize(4);
  REQUIRE_FALSE(write_sweep(folder.path() / "result", files, true).error);
  const auto loaded = load_sweep(folder.path() / "result");
  REQUIRE(std::holds_alternative<Sweep>(loaded));
  CHECK(std::get<Sweep>(loaded).axes[1].named);
  CHECK_FALSE(std::get<Sweep>(loaded).axes[0].named);
  CHECK(points_csv(std::get<Sweep>(loaded)) == points_csv(sweep));
  CHECK(to_json(std::get<Sweep>(loaded)) == to_json(sweep));
  // Names are no numbers, even if they look like some.
  CHECK_FALSE(scale_of({"size", {"16 cores", "32 cores"}, true}).numeric);
  CHECK(scale_of({"size", {"16 cores", "32 cores"}, false}).numeric);
}

TEST_CASE("alternatives of the same name are told apart by their choices") {
  Sweep sweep;
  sweep.axes = {{"retries", {"on", "off"}, true}, {"hedges", {"on", "late"}, true}};
  CHECK(alternative_name(sweep, 0, 0) == "retries on");
  CHECK(alternative_name(sweep, 0, 1) == "off");
  CHECK(alternative_name(sweep, 1, 0) == "hedges on");
  CHECK(alternative_name(sweep, 1, 1) == "late");
}

TEST_CASE("choices alone are drawn over their names; one number is no axis") {
  Sweep sweep = sweep_of({"a", "b"}, {0.999, 0.999});
  sweep.axes[0] = {"racks", {"all up", "a1 down"}, true};
  CHECK(answer(sweep).text == "objectives hold for every choice of racks (yield ≥ 99 %)");
  CHECK(figures(sweep)[0].x.label == "racks");
  CHECK(figures(sweep)[0].x.ticks[1].label == "a1 down");
  CHECK(figures(sweep)[0].curves[0].bars);
  // Beside each other.
  CHECK(figures(sweep)[0].curves[0].x == std::vector<double>{0, 1});
  CHECK(figures(sweep)[0].curves[1].x == std::vector<double>{-0.08, 0.92});
  sweep.axes.push_back({"platform.hosts.worker.count", {"40"}});
  for (auto& point : sweep.points) point.at.push_back(0);
  CHECK(view_of(sweep).x == 0);
  CHECK(view_of(sweep).series.size() == 1);
}

TEST_CASE("of many series the ones drawn are spread over all") {
  Sweep sweep;
  Texts loads;
  for (int i = 0; i < 15; ++i) loads.push_back(std::to_string(1000 + i) + "/s");
  Texts counts;
  for (int i = 0; i < 16; ++i) counts.push_back(std::to_string(i + 1));
  sweep.axes = {{"platform.hosts.worker.count", counts}, {"workload.arrivals.poisson", loads}};
  for (std::size_t i = 0; i < 16 * 15; ++i)
    sweep.points.push_back({{i / 15, i % 15}, summary_of(i / 15 > i % 15 ? 0.999 : 0.9)});
  const auto charts = figures(sweep);
  Texts names;
  for (const auto& curve : charts[0].curves) names.push_back(curve.name);
  CHECK(names == Texts{"arrivals.poisson 1000/s", "arrivals.poisson 1002/s", "arrivals.poisson 1004/s",
                       "arrivals.poisson 1006/s", "arrivals.poisson 1008/s", "arrivals.poisson 1010/s",
                       "arrivals.poisson 1012/s", "arrivals.poisson 1014/s"});
  CHECK_THAT(charts[0].caption, Contains("7 more series are in points.csv"));
}

TEST_CASE("two varied numbers make a map with the edge of the objectives") {
  Sweep sweep;
  sweep.scenario = "sample";
  sweep.axes = {{"workload.arrivals.poisson", {"2000/s", "1000/s"}},
                {"platform.hosts.worker.count", {"10", "20", "30"}}};
  const double yields[] = {0.5, 0.9, 0.999, 0.9, 0.9995, 1};
  for (std::size_t i = 0; i < 6; ++i) sweep.points.push_back({{i / 3, i % 3}, summary_of(yields[i])});
  const auto map = [&] {
    const auto charts = figures(sweep);
    const auto found =
        std::find_if(charts.begin(), charts.end(), [](const Chart& c) { return c.cells.has_value(); });
    REQUIRE(found != charts.end());
    return *found;
  };
  Chart chart = map();
  CHECK(chart.file == "map_yield");
  CHECK(chart.title == "Where the objectives hold: yield");
  CHECK(chart.x.label == "platform.hosts.worker.count");
  CHECK(chart.y.label == "workload.arrivals.poisson [1/s]");
  // The lower load below, as on any axis.
  CHECK(chart.y.ticks[0].label == "1000");
  CHECK(chart.cells->columns == 3);
  CHECK(chart.cells->value == std::vector<double>{90, 99.95, 100, 50, 90, 99.9});
  CHECK(chart.cells->holds == std::vector<std::optional<bool>>{false, true, true, false, false, true});
  CHECK(chart.cells->texts == Texts{"90", "99.95", "100", "50", "90", "99.9"});
  CHECK(chart.cells->scale.nines);
  CHECK_FALSE(chart.cells->dark_is_low);
  CHECK_THAT(chart.caption, Contains("The line parts those that meet all objectives"));
  const TemporaryFolder folder;
  REQUIRE_FALSE(draw({chart}, folder.path()));
  const std::string svg = std::get<std::string>(read_file(folder.path() / "map_yield.svg"));
  CHECK_THAT(svg, Contains(">edge of the objectives<") && Contains(">an objective is missed<") &&
                      Contains(">99.95<") && !Contains(">no result<"));
  // A point that is missing, one without the metric, and one that is not sure.
  sweep.points[0].summary.reset();
  sweep.points[4].summary->metrics["yield"] = {};
  sweep.points[4].summary->slo = {{"yield >= 0.99", "", std::nullopt, false}};
  sweep.points[5].summary->slo[0].sure = false;
  chart = map();
  CHECK(chart.cells->holds ==
        std::vector<std::optional<bool>>{false, false, true, std::nullopt, false, true});
  CHECK(std::isnan(chart.cells->value[1]));
  CHECK(std::isnan(chart.cells->value[3]));
  CHECK(chart.cells->texts[1] == "– ?");
  CHECK(chart.cells->texts[2] == "100 ?");
  CHECK(chart.cells->texts[3] == "");
  REQUIRE_FALSE(draw({chart}, folder.path()));
  CHECK_THAT(std::get<std::string>(read_file(folder.path() / "map_yield.svg")), Contains(">no result<"));
  // Everything well: no edge.
  for (auto& point : sweep.points) point.summary = summary_of(0.999);
  CHECK_THAT(map().caption, Contains("All meet all objectives."));
  for (auto& point : sweep.points) point.summary = summary_of(0.9);
  CHECK_THAT(map().caption, Contains("None meets all objectives."));
  for (auto& point : sweep.points) point.summary->slo.clear();
  CHECK_THAT(map().caption, Contains("No objectives were set."));
  // A map for each alternative of a choice; what is low is dark where low is good.
  sweep.axes.push_back({"racks", {"all up", "a1 down"}, true});
  sweep.points.clear();
  for (std::size_t i = 0; i < 12; ++i) {
    sweep.points.push_back({{i / 6, i / 2 % 3, i % 2}, summary_of(i % 2 == 0 ? 0.999 : 0.9)});
    sweep.points.back().summary->slo = {{"latency.p99_ms <= 420", "", 400, i % 2 == 0}};
  }
  const auto charts = figures(sweep);
  const auto all = titles(charts);
  REQUIRE(std::count(all.begin(), all.end(), "map_latency_p99_ms_1") == 1);
  const auto second = std::find(all.begin(), all.end(), "map_latency_p99_ms_2");
  REQUIRE(second != all.end());
  const Chart& down = charts[static_cast<std::size_t>(second - all.begin())];
  CHECK(down.title == "Where the objectives hold: latency.p99_ms (a1 down)");
  CHECK(down.cells->dark_is_low);
  CHECK(down.cells->scale.label == "latency.p99_ms [ms]");
}

TEST_CASE("an index is named with the list that it is of") {
  Sweep sweep = sweep_of({"0%", "10%"}, {1, 1});
  sweep.axes[0].label = "faults.0.common_cause";
  CHECK(short_name(sweep.axes, 0) == "faults.0.common_cause");
  sweep.axes[0].label = "faults.0";
  CHECK(short_name(sweep.axes, 0) == "faults.0");
  sweep.axes[0].label = "deployment.processing.service_time.mixture.1.weight";
  CHECK(short_name(sweep.axes, 0) == "mixture.1.weight");
}

TEST_CASE("time is told in words") {
  Sweep sweep = sweep_of({"28"}, {0.9});
  sweep.measured_s = 630'720'000;  // 20 years of 365 days
  CHECK_THAT(table(sweep, "", false), Contains("3 × 7,300 d measured at each"));
}

}  // namespace headroom::report
