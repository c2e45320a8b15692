#include "sim/study/codecs.h"

#include <catch2/catch.hpp>

#include "tests/study/files.h"

namespace headroom::study {
namespace {

const char* const kTraced = R"(scenario: traced
platform: {hosts: {worker: {}}}
workload: {arrivals: {trace: t.csv}, users: 10, image_bytes: {constant: 1KB}}
deployment: {processing: {hosts: worker, service_time: {constant: 1ms}}}
)";

const client::Trace& trace_of(const ScenarioConfig& s) {
  return std::get<client::Trace>(s.workload.arrivals);
}

/// The errors of a trace, its file's name cut to t.csv.
std::string trace_errors(const std::string& csv) {
  const Folder folder;
  folder.write("t.csv", csv);
  config::Diagnostics diagnostics;
  CHECK_FALSE(load_scenario(folder.write("s.yaml", kTraced), {}, diagnostics).has_value());
  std::string text = diagnostics.text();
  const auto slash = text.rfind('/', text.find(".csv:"));
  return slash == std::string::npos || text.find(".csv:") == std::string::npos ? text
                                                                               : text.substr(slash + 1);
}

TEST_CASE("a trace is read from a CSV file next to the scenario") {
  const Folder folder;
  folder.write("t.csv", "# recorded\r\nat_s, image_bytes ,user\r\n\r\n0,100,3\r\n1.5,2e3,0\n1.5,7,9\n");
  const ScenarioConfig s = valid(folder.write("s.yaml", kTraced));
  const auto& rows = trace_of(s).rows;
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].at == Duration());
  CHECK(rows[0].image_bytes == Bytes(100));
  CHECK(rows[0].user == 3);
  CHECK(rows[1].at == Duration::ms(1500));
  CHECK(rows[1].image_bytes == Bytes(2000));
  CHECK(rows[2].user == 9);
  folder.write("u.csv", "at_s\n2\n");
  const ScenarioConfig bare =
      valid(folder.write("s.yaml", kTraced), {"workload.arrivals={trace: [{at: 3s}]}"});
  CHECK(trace_of(bare).rows.size() == 1);
  CHECK_FALSE(trace_of(bare).rows[0].user.has_value());
}

TEST_CASE("what is wrong with a trace is said with its place") {
  CHECK(says(trace_errors("at_s,usr\n"), "t.csv:1:6",
             {"usr", "at_s, image_bytes, user or pixels", "did you mean \"user\"?"}));
  CHECK(says(trace_errors("user,at_s\n"), "t.csv:1:1", {"at_s", "first"}));
  CHECK(says(trace_errors("at_s,user,user\n"), "t.csv:1:11", {"user", "twice"}));
  CHECK(says(trace_errors("at_s\n1\n1,2\n"), "t.csv:3:1", {"1", "got 2"}));
  CHECK(says(trace_errors("at_s,user\n1,\n"), "t.csv:2:3", {"user", "got \"\""}));
  CHECK(says(trace_errors("at_s\n1s\n"), "t.csv:2:1", {"time in seconds", "1s"}));
  CHECK(says(trace_errors("at_s\n-1\n"), "t.csv:2:1", {"time in seconds", "-1"}));
  CHECK(says(trace_errors("at_s,image_bytes\n1,0\n"), "t.csv:2:3", {"size in bytes", "\"0\""}));
  CHECK(says(trace_errors("at_s,user\n1,1.5\n"), "t.csv:2:3", {"number of a user", "1.5"}));
  CHECK(says(trace_errors("at_s\n2\n\n1\n"), "t.csv:4:1", {"before", "\"1\""}));
  CHECK_FALSE(trace_errors("").empty());
  CHECK(trace_errors("at_s,user\n1,10\n").find("10") != std::string::npos);
  CHECK(says(errors(kTraced), "3:30", {"t.csv"}));
}

TEST_CASE("a trace becomes part of the resolved scenario") {
  const Folder folder;
  folder.write("t.csv", "at_s,image_bytes,user\n0,100,3\n1.25,300,0\n");
  const std::string text = resolved_yaml(valid(folder.write("s.yaml", kTraced)));
  const Folder elsewhere;
  const ScenarioConfig again = valid(elsewhere.write("s.yaml", text));
  REQUIRE(trace_of(again).rows.size() == 2);
  CHECK(trace_of(again).rows[1].at == Duration::ms(1250));
  CHECK(trace_of(again).rows[1].image_bytes == Bytes(300));
  CHECK(resolved_yaml(again) == text);
}

std::string with_slo(const std::string& slo) {
  return "scenario: s\nplatform: {hosts: {worker: {price: 1USD/h}}}\n"
         "workload: {arrivals: {poisson: 1/s}, image_bytes: {constant: 1KB}, probe: 1s}\n"
         "deployment: {processing: {hosts: worker, service_time: {constant: 1ms}}}\n"
         "slo: " +
         slo + "\n";
}

TEST_CASE("objectives: shares as shares or percentages, others in the metric's own unit") {
  const Folder folder;
  const ScenarioConfig s = valid(folder.write(
      "s.yaml",
      with_slo("{yield: 99.9%, harvest: 0.5, latency.p99_ms: 500, only: {image_bytes: below 2KB}}")));
  REQUIRE(s.slo.objectives.size() == 3);
  CHECK(s.slo.objectives[0].metric == "yield");
  CHECK(s.slo.objectives[0].bound == Approx(.999));
  CHECK(s.slo.objectives[0].better == metrics::Better::higher);
  CHECK(s.slo.objectives[1].bound == Approx(.5));
  CHECK(s.slo.objectives[2].bound == 500);
  CHECK(s.slo.objectives[2].better == metrics::Better::lower);
  CHECK(s.slo.only_below == Bytes(2000));
}

TEST_CASE("what is wrong with objectives is said") {
  CHECK(says(errors(with_slo("{yeld: 1}")), "5:7", {"unknown metric \"yeld\"", "did you mean \"yield\"?"}));
  CHECK(says(errors(with_slo("{yield: 99.9}")), "5:14", {"between 0 and 1"}));
  CHECK(says(errors(with_slo("{yield: high}")), "5:14", {"share", "\"high\""}));
  CHECK(says(errors(with_slo("{latency.p99_ms: 500ms}")), "5:23", {"unit", "ms"}));
  CHECK(says(errors(with_slo("{requests.offered: 3}")), "5:7", {"requests.offered", "objective"}));
  CHECK(says(errors(with_slo("[yield]")), "5:6", {"expected", "a map"}));
  CHECK(says(errors(with_slo("{latency.p99_ms: 5, only: {image_bytes: 1MB}}")), "5:46", {"below"}));
  CHECK(says(errors(with_slo("{latency.p99_ms: 5, only: {image_bytes: below 1}}")), "5:46", {"unit"}));
  CHECK(says(errors(with_slo("{latency.p99_ms: 5, only: 1MB}")), "5:32", {"image_bytes: below"}));
}

std::string with_network(const std::string& network) {
  return "scenario: s\nplatform:\n  network: " + network +
         "\n  hosts: {worker: {}}\nworkload: {arrivals: {poisson: 1/s}}\n"
         "deployment: {processing: {hosts: worker, service_time: {constant: 1ms}}}\n";
}

TEST_CASE("the network is ideal, or a map of links") {
  const Folder folder;
  CHECK(valid(folder.write("s.yaml", with_network("ideal"))).platform.network.ideal);
  const auto links = valid(folder.write("s.yaml", with_network("{nic: {bandwidth: 8Gbps, latency: 3us}}")));
  CHECK_FALSE(links.platform.network.ideal);
  CHECK(links.platform.network.nic.bandwidth->bytes_per_second == 1e9);
  CHECK(links.platform.network.nic.latency == Duration::us(3));
  CHECK(says(errors(with_network("perfect")), "3:12", {"`ideal`", "map of links", "\"perfect\""}));
  CHECK(says(errors(with_network("[ideal]")), "3:12", {"`ideal`", "map of links"}));
  CHECK(says(errors(with_network("{nik: {}}")), "3:13", {"did you mean \"nic\"?"}));
}

TEST_CASE("an empty list of faults is always accepted") {
  const Folder folder;
  valid(folder.write("s.yaml", with_network("ideal") + "faults: []\n"));
  CHECK(says(errors(with_network("ideal") + "faults: none\n"), "7:9", {"list"}));
}

}  // namespace
}  // namespace headroom::study
