#include "sim/report/summary.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "sim/report/sweep.h"
#include "tests/report/sample.h"
#include "tests/report/temporary_folder.h"

namespace headroom::report {
namespace {

using nlohmann::ordered_json;

std::vector<std::string> keys(const ordered_json& j) {
  std::vector<std::string> names;
  for (const auto& [name, value] : j.items()) names.push_back(name);
  return names;
}

TEST_CASE("the summary has the shape of the specification") {
  const ordered_json j = ordered_json::parse(to_json(summary(sample_run())));
  CHECK(keys(j) == std::vector<std::string>{"schema", "scenario", "seed", "replications", "measured_s",
                                            "interval", "fingerprint", "metrics", "slo", "bottleneck",
                                            "busiest_link", "settled", "invariants"});
  CHECK(j["schema"] == "headroom/summary/1");
  CHECK(j["scenario"] == "rack-down");
  CHECK(j["seed"] == 1);
  CHECK(j["replications"] == 3);
  CHECK(j["measured_s"] == 90.0);
  CHECK(j["interval"] == "batch means");
  const auto& yield = j["metrics"]["yield"];
  CHECK(keys(yield) == std::vector<std::string>{"mean", "ci95"});
  CHECK(yield["ci95"][0] < yield["mean"]);
  CHECK(yield["mean"] < yield["ci95"][1]);
  CHECK(j["metrics"]["usage.billing_error"]["mean"].is_null());
  CHECK(j["metrics"]["usage.billing_error"]["ci95"].is_null());
  CHECK_FALSE(j["metrics"].contains("uptime"));
  const auto names = keys(j["metrics"]);
  CHECK(std::is_sorted(names.begin(), names.end()));
  REQUIRE(j["slo"].size() == 2);
  CHECK(j["slo"][0]["objective"] == "yield >= 0.999");
  CHECK(j["slo"][0]["value"] == yield["mean"]);
  CHECK(j["slo"][0]["met"] == false);
  CHECK(j["slo"][0]["sure"] == true);
  CHECK(j["bottleneck"] ==
        ordered_json({{"name", "processing"}, {"share", 0.995}, {"alive", "20 of 40"}, {"at_s", 40.0}}));
  CHECK(j["busiest_link"] == ordered_json({{"name", "nic host/lb-1"}, {"share", 0.21}}));
  CHECK(j["settled"].is_null());  // not asked: there are faults
  CHECK(j["invariants"][0] ==
        ordered_json({{"name", "no acknowledged job lost"}, {"holds", true}, {"checked", 2'700'000}}));
}

TEST_CASE("what is special is said: batch means, partial results, violated invariants") {
  Run run = bare_run();
  run.partial = true;
  run.result.invariants.push_back({"Little's law", false, 10, "at the queue"});
  const ordered_json j = ordered_json::parse(to_json(summary(run)));
  CHECK(j["interval"] == "batch means");
  CHECK(j["partial"] == true);
  CHECK(j["invariants"][0]["detail"] == "at the queue");
}

TEST_CASE("a summary reads back as it was, to the last bit") {
  Summary s = summary(sample_run());
  s.metrics["odd"] = {0.1 + 0.2, metrics::Interval{-5e-324, 1.7976931348623157e308}};
  s.seed = 18'446'744'073'709'551'615ULL;
  s.slo.at(1).of = "images below 1MB";
  const auto back = parse_summary(to_json(s));
  REQUIRE(std::holds_alternative<Summary>(back));
  const Summary& t = std::get<Summary>(back);
  CHECK(to_json(t) == to_json(s));
  CHECK(t.seed == s.seed);
  CHECK(t.slo.at(0).of == "");
  CHECK(t.slo.at(1).of == "images below 1MB");
  CHECK(t.metrics.at("odd").mean == 0.1 + 0.2);
  CHECK(t.metrics.at("odd").ci95->low == -5e-324);
  CHECK(t.invariants.size() == 2);
}

TEST_CASE(
    "a summary from before there were verdicts is read, and none is made up but what its intervals tell") {
  ordered_json j = ordered_json::parse(to_json(summary(sample_run())));
  for (const char* key : {"bottleneck", "busiest_link", "settled"}) j.erase(key);
  for (auto& objective : j["slo"]) objective.erase("sure");
  const auto old = parse_summary(j.dump());
  REQUIRE(std::holds_alternative<Summary>(old));
  const Summary& s = std::get<Summary>(old);
  CHECK_FALSE(s.bottleneck.has_value());
  CHECK_FALSE(s.busiest_link.has_value());
  CHECK_FALSE(s.settled.has_value());
  CHECK_FALSE(s.slo.at(0).sure.has_value());
  CHECK(judged(s).at(0).sure);  // yield misses by more than its interval
  CHECK(judged(s).at(0).surely_missed);
}

TEST_CASE("a summary that is torn, foreign or bent is a problem in words") {
  const std::string good = to_json(summary(bare_run()));
  for (const std::string& bad :
       {good.substr(0, good.size() / 2), std::string(), std::string("[]"),
        std::string("{\"schema\": \"headroom/summary/9\"}"), std::string("{\"schema\": 7}"),
        std::string("{\"schema\": \"headroom/summary/1\", \"scenario\": 5}")}) {
    CAPTURE(bad);
    CHECK(std::holds_alternative<Problem>(parse_summary(bad)));
  }
  // Numbers that are not whole, or do not fit: the JSON library would convert them, whatever comes of it.
  const std::string full = to_json(summary(sample_run()));
  const auto with = [&](const std::string& key, const std::string& value) {
    ordered_json j = ordered_json::parse(full);
    j.at(ordered_json::json_pointer(key)) = ordered_json::parse(value);
    return parse_summary(j.dump());
  };
  CHECK(std::holds_alternative<Summary>(with("/seed", "7")));
  for (const char* key : {"/seed", "/replications", "/invariants/0/checked"})
    for (const char* value : {"1e300", "1.5", "-1e300", "18446744073709551616", "null", "\"7\"", "[7]"}) {
      CAPTURE(key, value);
      CHECK(std::holds_alternative<Problem>(with(key, value)));
    }
  CHECK(std::holds_alternative<Problem>(with("/seed", "-1")));
  CHECK(std::holds_alternative<Problem>(with("/replications", "-1")));
  CHECK(std::holds_alternative<Problem>(with("/replications", "4294967297")));
  TemporaryFolder folder;
  CHECK_THAT(std::get<Problem>(load_summary(folder.path())).message,
             Catch::Contains("summary.json") && Catch::Contains("No such file"));
  CHECK_THAT(std::get<Problem>(load_summary(folder.path() / "x")).message, Catch::Contains("not a folder"));
  std::ofstream(folder.path() / "summary.json") << good.substr(0, 100);
  CHECK_THAT(std::get<Problem>(load_summary(folder.path())).message,
             Catch::Contains("summary.json") && Catch::Contains("not complete"));
}

}  // namespace
}  // namespace headroom::report
