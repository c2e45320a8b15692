#include <signal.h>

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

constexpr const char* kHosts =
    "faults: [{mttf: {exponential: {mean: 500h}}, mttr: 10min, crash: {target: group/worker, boot: 0s}}]\n";

/// 20 requests/s of 10 ms each for three servers, of which one could do them all.
std::string fleet(const std::string& faults = kHosts, const std::string& arrivals = "constant: 20/s") {
  return "scenario: small\n"
         "platform: {network: ideal, hosts: {worker: {count: 3, cores: 1}}}\n"
         "run: {warmup: 2s, duration: 20s}\n"
         "workload: {arrivals: {" +
         arrivals +
         "}, deadline: 1s}\n"
         "deployment:\n"
         "  load_balancer: {policy: round_robin}\n"
         "  processing: {hosts: worker, service_time: 10ms}\n"
         "slo: {yield: 99.9%}\n" +
         faults;
}

struct Place {
  report::TemporaryFolder folder;
  Options here{folder.path()};
  explicit Place(const std::string& text = fleet()) { write_file(at("small.yaml"), text); }
  Finished operator()(Texts more = {}) const {
    Texts all = {"year", "small.yaml", "--no-figures", "--samples", "100"};
    all.insert(all.end(), more.begin(), more.end());
    return run(all, here);
  }
  fs::path at(const std::string& name) const { return folder.path() / name; }
  Json json(const std::string& name = "results/small") const {
    return Json::parse(read_file(at(name) / "year.json"));
  }
};

}  // namespace

TEST_CASE("a year's yield is what the failures of its servers make of it") {
  const Place place;
  const Finished finished = place();
  CHECK(finished.err == "");
  CHECK(finished.status == 0);
  CHECK_THAT(finished.out, StartsWith("small: 99.9"));
  CHECK_THAT(finished.out, Contains("keeps the promised 99.9 %"));
  const Json year = place.json();
  CHECK(year["schema"] == "headroom/year/1");
  CHECK(year["samples"] == 100);
  // Nothing finds out that a server is dead: while one is, each third request fails.
  const double dead = 1. / 3 * 3 * (600. / (500 * 3600 + 600));
  const double lost = 1 - year["yield"]["mean"].get<double>();
  CHECK(lost == Approx(dead).epsilon(.1));
  CHECK(1 - year["yield"]["ci95"][0].get<double>() > lost);
  CHECK(1 - year["yield"]["ci95"][1].get<double>() < lost);
  CHECK(year["nines"]["mean"].get<double>() == Approx(-std::log10(lost)).epsilon(1e-6));
  // All of that time is down.
  CHECK(year["downtime_min"]["mean"].get<double>() == Approx(365 * 24 * 60 * 3 * dead).epsilon(.1));
  CHECK(year["requests"]["per_year"].get<double>() == Approx(20. * 365 * 86'400).epsilon(.01));
  CHECK(year["requests"]["simulated"].get<double>() < 5e6);
  CHECK(year["causes"][0]["what"] == "crash 1 of 3 worker");
  CHECK(year["causes"][0]["share"].get<double>() > .95);
  CHECK(year["causes"][0]["per_year"].get<double>() == Approx(3 * 365 * 24 / 500.).epsilon(.1));
  CHECK(year["straight_through"] == false);
  CHECK(year["not_covered"].empty());
  CHECK(read_file(place.at("results/small/timelines.csv"))
            .starts_with("timeline,yield,downtime_min,failures\n1,"));
  CHECK(read_file(place.at("results/small/strata.csv")).starts_with("what,kind,"));
}

TEST_CASE("a year is the same whatever --jobs, and when it goes on from what is kept", "[slow]") {
  const Place place;
  REQUIRE(place({"--jobs", "1", "--out", "one"}).status == 0);
  REQUIRE(place({"--jobs", "2", "--out", "two"}).status == 0);
  const Finished again = place({"--jobs", "2", "--out", "two"});
  CHECK(again.status == 0);
  CHECK_THAT(again.out, Contains("were there already"));
  const auto one = bytes_in(place.at("one"));
  CHECK(one.contains("year.json"));
  CHECK(bytes_in(place.at("two")) == one);
  // The scenario in the result gives the result.
  REQUIRE(run({"year", "one/scenario.yaml", "--no-figures", "--samples", "100", "--out", "three"}, place.here)
              .status == 0);
  CHECK(bytes_in(place.at("three")) == one);
}

TEST_CASE("an objective for a year that is missed is an exit status, if it is asked for") {
  const Place place;
  CHECK(place({"--fail-on-slo"}).status == 0);
  const Finished missed = place({"--fail-on-slo", "--set", "slo.yield=99.99%"});
  CHECK(missed.status == 1);
  CHECK_THAT(missed.out, Contains("misses the promised 99.99 %"));
}

TEST_CASE("an hour with more load than there is capacity is not covered, and says so") {
  // Three servers do 300/s; for two hours a day 360/s are asked for.
  const Place place(
      fleet(kHosts,
            "profile: {points: [{at: 0h, rate: 20/s}, {at: 11h, rate: 360/s}, {at: 13h, rate: 20/s}], "
            "between: step, repeat: 1d}"));
  write_file(place.at("small.yaml"), [&] {
    std::string text = read_file(place.at("small.yaml"));
    text.replace(text.find(", deadline: 1s"), 14, "");
    return text;
  }());
  const Finished finished = place({"--years", "0.2"});
  CHECK(finished.status == 0);
  CHECK_THAT(finished.out, Contains("NOT COVERED"));
  CHECK_THAT(finished.out, Contains("of it that are not covered"));
  const Json year = place.json();
  REQUIRE_FALSE(year["not_covered"].empty());
  CHECK(year["not_covered"][0]["what"] == "nothing broken");
  CHECK(year["not_covered"][0]["time_share"].get<double>() == Approx(2. / 24).margin(.01));
}

TEST_CASE("what is broken for much of the time runs straight through, if that is not too much") {
  const Place place(fleet(
      "faults: [{mttf: {exponential: {mean: 1h}}, mttr: 10min, crash: {target: group/worker, boot: 0s}}]\n"));
  const Finished finished = place({"--years", "0.002"});
  CHECK(finished.status == 0);
  CHECK_THAT(finished.out, Contains("straight through"));
  CHECK(place.json()["straight_through"] == true);
  const double down = 10. / 70;
  CHECK(1 - place.json()["yield"]["mean"].get<double>() == Approx(down).epsilon(.4));
  const Finished refused = place({"--years", "5", "--out", "other"});
  CHECK(refused.status == 2);
  CHECK_THAT(refused.err, Contains("something is broken for 37% of the time"));
  CHECK_THAT(refused.err, Contains("--years 0.4"));
  CHECK_FALSE(fs::exists(place.at("other")));
}

TEST_CASE("what has no place in a year is said with its place") {
  const auto error = [](const std::string& text, Texts more = {}) {
    const Place place(text);
    const Finished finished = place(std::move(more));
    CHECK(finished.status == 2);
    CHECK(finished.out == "");
    CHECK_FALSE(fs::exists(place.at("results")));
    return finished.err;
  };
  CHECK(error(fleet("faults: [{at: 5s, for: 1s, crash: {target: group/worker}}]\n")) ==
        "small.yaml:9:15: error: crash group/worker does not happen at random, so that nobody can say how "
        "often in a "
        "year, expected mttf and mttr, or no such fault\n");
  CHECK_THAT(error(fleet("faults: [{every: 5s, for: 1s, crash: {target: group/worker}}]\n")),
             Contains("small.yaml:9:18: error: crash group/worker does not happen"));
  CHECK_THAT(error(fleet(
                 "faults: [{at: 1s, bug: {component: processing, trigger: {exponential: {mean: 1s}}, effect: "
                 "{error_rate: 50%}}}]\n")),
             Contains("does not happen at random"));
  CHECK_THAT(error(fleet("")), Contains("nothing fails at random"));
  CHECK_THAT(error(fleet(kHosts, "none: {}")), Contains("small.yaml:4:22: error: nobody sends requests"));
  CHECK_THAT(error(fleet(kHosts, "profile: {points: [{at: 0s, rate: 1/s}, {at: 1h, rate: 2/s}]}")),
             Contains("small.yaml:4:22: error: this profile ends") && Contains("expected repeat: 1d"));
  CHECK_THAT(error(fleet(kHosts, "profile: {diurnal: {mean: 1/s, peak: 2/s, period: 1h}}")),
             Contains("comes again every 1h") && Contains("expected at least 4h"));
  CHECK_THAT(error(fleet(), {"--years", "0"}),
             StartsWith("headroom: error: --years: expected a number from 0.0001 to 100, got \"0\"\n"));
  CHECK_THAT(error(fleet(), {"--years", "two"}), Contains("expected a number"));
  CHECK_THAT(error(fleet(), {"--samples", "3"}), Contains("expected a whole number from 20 to 100000"));
  CHECK_THAT(error(fleet(), {"--runs", "0"}), Contains("--runs: expected a whole number from 1"));
  CHECK_THAT(error(fleet(), {"--trace"}), Contains("keeps no single requests"));
  CHECK_THAT(error(fleet("faults: [{mttf: {exponential: {mean: 1s}}, mttr: 1us, crash: {target: "
                         "group/worker, boot: 0s}}]\n")),
             Contains("failures in 100 timelines, expected at most"));
}

TEST_CASE("a year is drawn again, and is not compared") {
  const Place place;
  REQUIRE(run({"year", "small.yaml", "--samples", "100"}, place.here).status == 0);
  const fs::path figure = place.at("results/small/figures/years.svg");
  REQUIRE(fs::exists(figure));
  REQUIRE(fs::exists(place.at("results/small/figures/causes.png")));
  CHECK_THAT(read_file(place.at("results/small/report.html")), Contains("What it comes from"));
  fs::remove(figure);
  CHECK(run({"plot", "results/small"}, place.here).status == 0);
  CHECK(fs::exists(figure));
  const Finished compared = run({"compare", "results/small", "results/small"}, place.here);
  CHECK(compared.status == 2);
  CHECK_THAT(compared.err, Contains("is of `headroom year`"));
}

}  // namespace headroom::cli_test
