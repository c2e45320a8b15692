#include "sim/report/survival.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "sim/report/csv.h"
#include "sim/report/survival_folder.h"
#include "sim/report/survival_report.h"
#include "tests/report/temporary_folder.h"

namespace headroom::report {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;
using Catch::StartsWith;
using Texts = std::vector<std::string>;

Survival::Found found(double during, double late, double window) {
  Survival::Found f;
  f.during = during;
  f.late = late;
  f.window = window;
  f.harvest = 1;
  f.p99_ms = 400;
  f.heal_s = 0;
  if (window < 0.999) f.missed = {"yield >= 0.999"};
  return f;
}

Survival::Thing thing(const std::string& what, const std::string& falls, const Survival::Found& f) {
  Survival::Thing t;
  t.what = what;
  t.kind = what.substr(0, what.find('/'));
  t.stands_for = "2 " + t.kind + "s";
  t.falls = falls;
  t.found = f;
  t.fails = *f.late < 0.999;
  return t;
}

Survival sample() {
  Survival s;
  s.scenario = "sample";
  s.question = "What if?";
  s.seed = 1;
  s.replications = 2;
  s.measured_s = 130;
  s.scenario_s = 60;
  s.at_s = 30;
  s.for_s = 30;
  s.fingerprint = "f";
  s.needed = 0.999;
  s.hosts = 7;
  s.checked = 10;
  s.undisturbed = found(1, 1, 1);
  s.things = {thing("host/api-1", "1 of 3 api", found(0.9999, 1, 0.9999)),
              thing("rack/a1", "1 of 3 api, 1 of 2 lb", found(0.4, 0.45, 0.6)),
              thing("host/lb-1", "1 of 2 lb", found(0.5, 0.5, 0.65))};
  s.things[1].holds_smaller = true;
  s.things[2].like = {"host/lb-2"};
  sort_worst_first(s);
  return s;
}

TEST_CASE("the worst comes first: by yield while broken, then in the window, then by p99") {
  Survival s = sample();
  CHECK(s.things[0].what == "rack/a1");
  CHECK(s.things[1].what == "host/lb-1");
  CHECK(s.things[2].what == "host/api-1");
  s.things[0].found.reset();  // not run
  s.things[1].found->during = s.things[2].found->during;
  s.things[2].found->window = 0.1;
  sort_worst_first(s);
  CHECK(s.things[0].what == "host/api-1");
  CHECK(s.things[2].what == "rack/a1");
}

TEST_CASE("survive.json has what the specification says, and reads back") {
  const Survival s = sample();
  const auto j = nlohmann::json::parse(to_json(s));
  CHECK(j["schema"] == "headroom/survive/1");
  CHECK(j["single_points"] == nlohmann::json({"rack/a1", "host/lb-1"}));
  CHECK_FALSE(j.contains("partial"));
  const auto& lb = j["things"][1];
  CHECK(lb["what"] == "host/lb-1");
  CHECK(lb["kind"] == "host");
  CHECK(lb["like"] == nlohmann::json({"host/lb-2"}));
  CHECK(lb["yield"]["during"] == 0.5);
  CHECK(lb["yield"]["window"] == 0.65);
  for (const char* key :
       {"harvest", "p99_ms", "heal_s", "lost_jobs", "doubled_jobs", "billing_error", "missed"}) {
    INFO(key);
    CHECK(lb.contains(key));
  }
  CHECK(lb["lost_jobs"].is_null());  // no queue
  CHECK(lb["missed"] == nlohmann::json({"yield >= 0.999"}));
  CHECK(lb["run"] == "runs/host-lb-1");

  const TemporaryFolder folder;
  SurvivalFiles files;
  files.survival = s;
  const auto written = write_survival(folder.path() / "r", files, /*figures=*/false);
  REQUIRE_FALSE(written.error.has_value());
  CHECK(is_survival(folder.path() / "r"));
  const auto loaded = load_survival(folder.path() / "r");
  REQUIRE(std::holds_alternative<Survival>(loaded));
  CHECK(to_json(std::get<Survival>(loaded)) == to_json(s));
  CHECK(std::holds_alternative<Problem>(load_survival(folder.path())));
}

TEST_CASE("survive.csv has a row for each thing, and one for nothing") {
  const auto parsed = parse_csv(to_csv(sample()));
  REQUIRE(std::holds_alternative<Csv>(parsed));
  const Csv& csv = std::get<Csv>(parsed);
  REQUIRE(csv.rows.size() == 4);
  CHECK(csv.header[0] == "what");
  CHECK(csv.rows[0][0] == "rack/a1");
  CHECK(csv.rows[0][3] == "1 of 3 api, 1 of 2 lb");
  CHECK(csv.rows[1][2] == "host/lb-2");
  CHECK(csv.rows[3][0] == "nothing");
  CHECK(csv.rows[3].back() == "runs/undisturbed");
}

TEST_CASE("the table begins with the single points of failure, the smallest of them") {
  const std::string text = table(sample(), "results/sample", false);
  CHECK_THAT(text,
             StartsWith("sample: single point of failure: host/lb-1 (1 of 2 lb)\n"
                        "  what takes one of them along fails with it: rack/a1\n"
                        "seed 1 · 3 classes of alike things for 7 hosts · one broken at 30 s, for 30 s · "
                        "2 × 2 min 10 s measured (lengthened from 60 s)\n"));
  CHECK_THAT(text, Contains("everywhere   harvest 100 %, p99 400 ms"));
  CHECK_THAT(text, Contains("misses yield"));
  CHECK_THAT(text, Contains("\n  nothing "));
  CHECK_THAT(text, Contains("headroom run results/sample/runs/rack-a1/scenario.yaml"));
}

TEST_CASE("that there is none is said, too; and what is not known yet, and what fails without any fault") {
  Survival s = sample();
  s.things.erase(s.things.begin(), s.things.begin() + 2);
  CHECK_THAT(table(s, "r", false), StartsWith("sample: no single point of failure: "));
  s.needed_is_slo = false;
  s.needed = 0.99;
  CHECK_THAT(table(s, "r", false), Contains("there is no objective for yield"));
  s.things.push_back(s.things[0]);
  s.things[1].found.reset();
  const std::string partial = table(s, "r", false);
  CHECK_THAT(partial,
             StartsWith("sample: so far no single point of failure: ") && Contains("PARTIAL: 1 of 2"));
  CHECK(nlohmann::json::parse(to_json(s))["partial"] == true);
  CHECK(nlohmann::json::parse(to_json(s))["not_run"] == nlohmann::json({"host/api-1"}));
  s.undisturbed = found(0.9, 0.9, 0.9);
  CHECK_THAT(table(s, "r", false), Contains("objectives are missed with nothing broken: yield >= 0.999\n"));
  s.things.clear();
  CHECK_THAT(table(s, "r", false),
             StartsWith("sample: nothing of what was asked for takes anything with it"));
}

TEST_CASE("two that fail only together are told apart from single points") {
  Survival s = sample();
  Survival::Thing pair = thing("host/api-1 and host/api-2", "2 of 3 api", found(0.2, 0.2, 0.5));
  pair.kind = "pair";
  Survival::Thing with_lb = thing("host/lb-1 and host/api-1", "1 of 3 api, 1 of 2 lb", found(0.2, 0.2, 0.5));
  with_lb.kind = "pair";
  with_lb.holds_smaller = true;
  s.things.push_back(pair);
  s.things.push_back(with_lb);
  const auto j = nlohmann::json::parse(to_json(s));
  CHECK(j["single_points"] == nlohmann::json({"rack/a1", "host/lb-1"}));
  CHECK(j["fatal_pairs"] == nlohmann::json({"host/api-1 and host/api-2"}));
  CHECK_THAT(table(s, "r", false),
             Contains("\n  two that fail the service only together: host/api-1 and host/api-2\n") &&
                 Contains("3 classes of alike things for 7 hosts, 2 pairs"));
}

TEST_CASE("the figure has a bar for each thing, as long as what fails, and the objective") {
  const auto charts = figures(sample());
  REQUIRE(charts.size() == 1);
  const Chart& chart = charts[0];
  REQUIRE(chart.bars.list.size() == 3);
  CHECK(chart.bars.list[0].name == "rack/a1");
  CHECK(chart.bars.list[0].value == Approx(60));
  CHECK(chart.bars.list[0].marked);
  CHECK(chart.bars.list[2].value == Approx(0.01));
  CHECK_FALSE(chart.bars.list[2].marked);
  REQUIRE(chart.bounds.size() == 1);
  CHECK(chart.bounds[0].y == Approx(0.1));
  CHECK(*chart.x.low <= 0.01);
  CHECK(*chart.x.high > 100);
  const TemporaryFolder folder;
  CHECK_FALSE(draw(charts, folder.path()).has_value());
  CHECK(fs::file_size(folder.path() / "survive.svg") > 2000);
}

TEST_CASE("an earlier study is replaced, and drawn again from its files") {
  const TemporaryFolder folder;
  const fs::path place = folder.path() / "r";
  SurvivalFiles files;
  files.survival = sample();
  files.runs = {{"runs/host-lb-1", Summary{}, "scenario: s\n", "replication\n"}};
  REQUIRE_FALSE(write_survival(place, files, /*figures=*/true).error.has_value());
  CHECK_FALSE(NewFolder::check(place).has_value());
  REQUIRE_FALSE(write_survival(place, files, /*figures=*/true).error.has_value());
  const auto before = read_file(place / "report.html");
  fs::remove_all(place / "figures");
  REQUIRE_FALSE(redraw_survival(place).has_value());
  CHECK(fs::is_regular_file(place / "figures/survive.svg"));
  CHECK(std::get<std::string>(read_file(place / "report.html")) == std::get<std::string>(before));
}

}  // namespace
}  // namespace headroom::report
