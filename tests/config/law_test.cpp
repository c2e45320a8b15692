#include <unistd.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/config/support.h"

using namespace headroom;
using namespace headroom::config;
using namespace headroom::config::test;

namespace {

using Times = Distribution<Duration>;
using Sizes = Distribution<Bytes>;

template <class L>
L law_of(const std::string& text) {
  const auto distribution = value_of<Times>(text);
  REQUIRE(std::holds_alternative<L>(distribution.law));
  return std::get<L>(distribution.law);
}

bool refused_with(const std::string& text, const std::string& part) {
  const std::string errors = refusal_of<Times>(text);
  INFO(text << "\n" << errors);
  CHECK(errors.find(part) != std::string::npos);
  return errors.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("every law by the moments that a person knows") {
  CHECK(law_of<law::Constant>("5ms").value == 5e6);
  CHECK(law_of<law::Constant>("{constant: 0.5ns}").value == 0.5);
  CHECK(law_of<law::Exponential>("{exponential: {mean: 100ms}}").mean == 1e8);
  CHECK(law_of<law::Uniform>("{uniform: [150ms, 300ms]}").high == 3e8);
  CHECK(law_of<law::Normal>("{normal: {mean: 10ms, stddev: 2ms}}").stddev == 2e6);
  CHECK(law_of<law::Gamma>("{gamma: {mean: 1s, scv: 0.25}}").scv == 0.25);
  CHECK(law_of<law::Weibull>("{weibull: {mean: 1h, shape: 0.7}}").shape == 0.7);
  CHECK(law_of<law::Pareto>("{pareto: {scale: 0.235ms, shape: 10}}").scale == 235'000);
  CHECK(law_of<law::Erlang>("{erlang: {mean: 1s, stages: 4}}").stages == 4);
  CHECK(law_of<law::Hyperexponential>("{hyperexponential: {mean: 1s, scv: 4}}").scv == 4);
  CHECK(law_of<law::Empirical>("{empirical: [1ms, 2us]}").values == std::vector<double>{1e6, 2e3});
  const auto mixture = law_of<law::Mixture>(
      "{mixture: [{weight: 91.22%, pareto: {scale: 0.235ms, shape: 10}}, {weight: 8.78%, exponential: {mean: "
      "1ms}}]}");
  CHECK(mixture.weights == std::vector<double>{0.9122, 0.0878});
  CHECK(std::holds_alternative<law::Exponential>(mixture.parts[1]));
  CHECK(std::get<law::Lognormal>(value_of<Sizes>("{lognormal: {mean: 256KB, p99: 1MB}}").law).mean ==
        256'000);
}

TEST_CASE("a lognormal's p99 means the smaller sigma") {
  const double z = 2.3263478740408411;
  const auto l = law_of<law::Lognormal>("{lognormal: {mean: 100ms, p99: 400ms}}");
  CHECK(std::exp(z * l.sigma - l.sigma * l.sigma / 2) == Approx(4));
  CHECK(l.sigma < z);
  CHECK(law_of<law::Lognormal>("{lognormal: {mean: 1s, scv: 1}}").sigma == Approx(std::sqrt(std::log(2.0))));
  CHECK(law_of<law::Lognormal>("{lognormal: {mean: 1s, sigma: 0.5}}").sigma == 0.5);
  value_of<Times>("{lognormal: {mean: 1s, p99: 14.9s}}");
  CHECK(refusal_of<Times>("{lognormal: {mean: 1s, p99: 15s}}") ==
        "t.yaml:1:29: error: no lognormal has p99/mean = 15, expected at most 14.97\n");
  refused_with("{lognormal: {mean: 1s, p99: 1s}}", "p99 must be above the mean");
  refused_with("{lognormal: {mean: 1s}}", "expected exactly one of p99, scv or sigma beside mean, got none");
  refused_with("{lognormal: {mean: 1s, p99: 2s, scv: 1}}", "got 2");
  refused_with("{lognormal: {p99: 2s}}", "the key \"mean\" is missing");
}

TEST_CASE("impossible laws are refused") {
  refused_with("5", "has no unit");
  refused_with("{exponential: {mean: 5}}", "has no unit");
  refused_with("{exponential: 5ms}", "expected a map with mean, got \"5ms\"");
  refused_with("{exponential: {mean: 0s}}", "expected more than 0s");
  refused_with("{exponential: {maen: 1s}}", "did you mean \"mean\"?");
  refused_with("{expnential: {mean: 1s}}", "did you mean \"exponential\"?");
  refused_with("{}", "got an empty map");
  refused_with("{constant: 1s, uniform: [1s, 2s]}", "got \"constant\" and \"uniform\"");
  refused_with("[1s]", "got a list");
  refused_with("~", "got nothing");
  refused_with("-1s", "expected at least 0s");
  refused_with("{uniform: [2s, 1s]}", "the lowest value \"2s\" is above the highest \"1s\"");
  refused_with("{uniform: [1s]}", "expected [lowest, highest], got 1 values");
  refused_with("{uniform: {low: 1s}}", "expected [lowest, highest], got a map");
  refused_with("{pareto: {scale: 1s, shape: 0}}", "expected more than 0");
  refused_with("{pareto: {scale: 0s, shape: 1}}", "expected more than 0s");
  refused_with("{weibull: {mean: 1s, shape: -1}}", "expected more than 0");
  refused_with("{gamma: {mean: 1s, scv: 0}}", "expected more than 0");
  refused_with("{gamma: {mean: 1s}}", "the key \"scv\" is missing");
  refused_with("{erlang: {mean: 1s, stages: 0}}", "expected at least 1");
  refused_with("{erlang: {mean: 1s, stages: 1.5}}", "expected a whole number");
  refused_with("{hyperexponential: {mean: 1s, scv: 0.9}}", "expected at least 1");
  refused_with("{empirical: []}", "the list of values is empty");
  refused_with("{empirical: [1s, -1s, 5]}", "has no unit");
  refused_with("{empirical: {a: 1}}", "expected a list of values or the name of a CSV file");
  refused_with("{mixture: []}", "expected a list of {weight: 38%");
  refused_with("{mixture: [{weight: 50%, constant: 1s}]}", "the weights add up to 50%, expected 100%");
  refused_with("{mixture: [{constant: 1s}]}", "the key \"weight\" is missing");
  refused_with("{mixture: [{weight: 1, constant: 1s}]}", "has no unit");
  refused_with("{mixture: [{weight: 100%}]}", "there is no distribution here");
}

TEST_CASE("weights that people rounded mean the whole") {
  value_of<Times>(
      "{mixture: [{weight: 33.3%, constant: 1s}, {weight: 33.3%, constant: 2s}, {weight: 33.4%, constant: "
      "3s}]}");
  const auto thirds = value_of<Times>(
      "{mixture: [{weight: 33.3333333%, constant: 1s}, {weight: 33.3333333%, constant: 2s}, {weight: "
      "33.3333333%, "
      "constant: 3s}]}");
  double sum = 0;
  for (double weight : std::get<law::Mixture>(thirds.law).weights) sum += weight;
  CHECK(sum == Approx(1).epsilon(1e-14));
  CHECK(dump(value_of<Times>(emit(dump(thirds)))) == dump(thirds));
}

TEST_CASE("dumps read back to the identical law") {
  for (const char* text :
       {"5ms", "{constant: 0.5ns}", "{exponential: {mean: 1.234567891234ms}}", "{uniform: [150ms, 300ms]}",
        "{normal: {mean: 10ms, stddev: 2ms}}", "{lognormal: {mean: 256us, p99: 1ms}}",
        "{gamma: {mean: 1s, scv: 0.1}}", "{weibull: {mean: 1h, shape: 0.7}}",
        "{pareto: {scale: 0.235ms, shape: 3.35}}", "{erlang: {mean: 1s, stages: 4}}",
        "{hyperexponential: {mean: 1s, scv: 4}}", "{empirical: [1ms, 2us, 0.25ns]}",
        "{mixture: [{weight: 93.9%, pareto: {scale: 3ms, shape: 3.5}}, {weight: 6.1%, lognormal: {mean: 1s, "
        "p99: 3s}}]}"}) {
    INFO(text);
    const auto distribution = value_of<Times>(text);
    const std::string dumped = emit(dump(distribution));
    INFO(dumped);
    const auto again = value_of<Times>(dumped);
    CHECK(dump(again) == dump(distribution));
    Engine one = StreamKey(1).engine();
    Engine two = StreamKey(1).engine();
    for (int i = 0; i < 20; ++i) CHECK(law::sample(distribution.law, one) == law::sample(again.law, two));
  }
  CHECK(emit(dump(value_of<Times>("{constant: 5ms}"))) == "5ms\n");
}

TEST_CASE("values from a file, relative to the file that names it") {
  const auto folder = std::filesystem::temp_directory_path() / ("headroom_law_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const auto write = [&](const std::string& name, const std::string& text) {
    std::ofstream(folder / name, std::ios::binary) << text;
  };
  const auto values = [&](const std::string& name, const auto& kind) {
    write("s.yaml", "{empirical: " + name + "}\n");
    Diagnostics diagnostics;
    const auto root = read_file((folder / "s.yaml").string(), diagnostics);
    REQUIRE(root);
    std::decay_t<decltype(kind)> distribution;
    const bool ok = parse(*root, distribution, diagnostics);
    std::string errors = diagnostics.text();
    const std::string prefix = folder.string() + "/";
    for (std::size_t at = errors.find(prefix); at != std::string::npos; at = errors.find(prefix)) {
      errors.erase(at, prefix.size());
    }
    return std::make_pair(ok ? std::get<law::Empirical>(distribution.law).values : std::vector<double>{},
                          errors);
  };
  write("units.csv", "# measured\n1ms\r\n\n  250us\n");
  CHECK(values("units.csv", Times{}).first == std::vector<double>{1e6, 250e3});
  write("header.csv", "service_time_ms\n1\n0.25\n");
  CHECK(values("header.csv", Times{}).first == std::vector<double>{1e6, 250e3});
  write("bytes.csv", "bytes\n1000\n");
  CHECK(values("bytes.csv", Sizes{}).first == std::vector<double>{1000});
  write("kb.csv", "size_kb\n2\n");
  CHECK(values("kb.csv", Sizes{}).first == std::vector<double>{2000});
  CHECK(values("none.csv", Times{}).second ==
        "s.yaml:1:13: error: cannot read none.csv: there is no such file\n");
  write("bad.csv", "value_ms\n1\nx\n-1\n");
  CHECK(values("bad.csv", Times{}).second ==
        "bad.csv:3:1: error: expected one number per line, in the unit that the header names, got \"x\"\n"
        "bad.csv:4:1: error: \"-1\" is out of range, expected at least 0s\n");
  write("bare.csv", "1\n2\n");
  CHECK(values("bare.csv", Times{}).second.starts_with("bare.csv:1:1: error: \"1\" has no unit"));
  write("empty.csv", "value_ms\n");
  CHECK(values("empty.csv", Times{}).second ==
        "empty.csv:1:1: error: there is no value in this file, expected one per line\n");
  std::filesystem::remove_all(folder);
}

TEST_CASE("the schema lists every law") {
  const nlohmann::json s = schema<Times>();
  const nlohmann::json& map = s["$defs"]["distribution_of_duration"]["oneOf"][1];
  CHECK(map["properties"].size() == 12);
  CHECK(map["maxProperties"] == 1);
  CHECK(map["additionalProperties"] == false);
}
