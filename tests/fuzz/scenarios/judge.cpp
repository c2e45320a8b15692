#include "tests/fuzz/scenarios/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>

#include "sim/config/reader.h"
#include "sim/report/csv.h"
#include "sim/study/catalogue.h"
#include "tests/cli/program.h"
#include "tests/study/reported.h"

namespace headroom::fuzz {
namespace {

using Json = nlohmann::json;

/// The mean of several replications is rounded.
constexpr double kRounding = 1e-9;

class Judge {
 public:
  explicit Judge(const std::filesystem::path& folder) : folder_(folder) {}

  std::vector<std::string> judge() {
    summary_ = Json::parse(cli_test::read_file(folder_ / "summary.json"), nullptr, false);
    if (summary_.is_discarded()) return {"summary.json is no JSON"};
    for (const auto& [name, metric] : summary_.at("metrics").items()) check(name, metric);
    sum("requests.offered", "outcome.");
    sum("attempts", "attempt.");
    equal("requests.answered", value("outcome.complete") + value("outcome.partial"));
    equal("requests.failed", value("requests.offered") - value("requests.answered"));
    if (summary_.at("replications") == 1 && value("requests.offered") > 0) {
      equal("yield", value("requests.answered") / value("requests.offered"));
      equal("retry_amplification", value("attempts") / value("requests.offered"));
      if (value("requests.answered") > 0) equal("dq", value("yield") * value("harvest"));
    }
    if (value("attempts") < value("requests.offered")) wrong("fewer attempts than requests");
    ascending({"latency.p50_ms", "latency.p90_ms", "latency.p95_ms", "latency.p99_ms", "latency.p99_9_ms",
               "latency.max_ms"});
    for (const Json& invariant : summary_.at("invariants"))
      if (!invariant.at("holds").get<bool>()) wrong("violated: " + invariant.dump());
    for (const char* table : {"timeseries.csv", "latency.csv"}) numbers_in(table);
    complete();
    return std::move(wrong_);
  }

 private:
  void wrong(std::string what) { wrong_.push_back(std::move(what)); }

  std::optional<double> given(const std::string& name) const {
    const auto found = summary_.at("metrics").find(name);
    if (found == summary_.at("metrics").end() || !found->at("mean").is_number()) return std::nullopt;
    return found->at("mean").get<double>();
  }
  double value(const std::string& name) const { return given(name).value_or(0); }

  void check(const std::string& name, const Json& metric) {
    const Json& mean = metric.at("mean");
    const Json& interval = metric.at("ci95");
    const std::string said = name + " " + metric.dump();
    if (!mean.is_number() && !mean.is_null()) return wrong(said + ": its mean is no number");
    if (!interval.is_null() && (!interval.is_array() || interval.size() != 2 || !interval[0].is_number() ||
                                !interval[1].is_number()))
      return wrong(said + ": its interval is none");
    if (mean.is_null()) return interval.is_null() ? void() : wrong(said + ": an interval of nothing");
    const metrics::MetricInfo* info = study::find_metric(name);
    if (info == nullptr) return wrong(said + ": `headroom metrics` does not know it");
    const double m = mean.get<double>();
    const double low = interval.is_null() ? m : interval[0].get<double>();
    const double high = interval.is_null() ? m : interval[1].get<double>();
    const double slack = kRounding * std::max({1.0, std::abs(m), std::abs(low), std::abs(high)});
    if (!std::isfinite(m) || !std::isfinite(low) || !std::isfinite(high)) wrong(said + ": not finite");
    if (low > m + slack || high < m - slack) wrong(said + ": the interval does not hold the mean");
    if (name == "usage.billing_error") return;  // relative to what was done: any number from -1 on
    if (m < 0) wrong(said + ": negative");
    if (info->unit == "share" && m > 1 + slack) wrong(said + ": a share above 1");
    if (low < std::min(m, 0.0)) wrong(said + ": its interval goes below 0");
    if (info->unit == "share" && high > std::max(m, 1.0)) wrong(said + ": its interval goes above 1");
  }

  /// Just what this scenario has what it needs for is reported.
  void complete() {
    config::Diagnostics diagnostics;
    const auto scenario = config::read_file((folder_ / "scenario.yaml").string(), diagnostics);
    if (!scenario) return wrong("scenario.yaml: " + diagnostics.text());
    std::set<std::string> metrics;
    for (const auto& [name, metric] : summary_.at("metrics").items()) metrics.insert(name);
    const auto series = report::parse_csv(cli_test::read_file(folder_ / "timeseries.csv"));
    const auto* table = std::get_if<report::Csv>(&series);
    if (table == nullptr) return wrong("timeseries.csv is no table");
    for (std::string& what : study::test::differences(study::catalogue(), metrics, *scenario))
      wrong(std::move(what));
    for (std::string& what : study::test::differences(
             study::series_catalogue(), {table->header.begin(), table->header.end()}, *scenario))
      wrong(std::move(what));
  }

  void equal(const std::string& name, double expected) {
    if (std::abs(value(name) - expected) > kRounding * std::max(1.0, std::abs(expected)))
      wrong(fmt::format("{} is {}, expected {}", name, value(name), expected));
  }
  void sum(const std::string& total, const std::string& prefix) {
    double sum = 0;
    for (const auto& [name, metric] : summary_.at("metrics").items())
      if (name.starts_with(prefix)) sum += value(name);
    equal(total, sum);
  }
  void ascending(const std::vector<std::string>& names) {
    double before = 0;
    for (const std::string& name : names) {
      const auto now = given(name);
      if (!now) return;
      if (*now < before * (1 - 0.01)) wrong(fmt::format("{} is {}, less than the one before", name, *now));
      before = *now;
    }
  }
  /// Cells are numbers or empty.
  void numbers_in(const char* table) {
    std::string text = cli_test::read_file(folder_ / table);
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    const std::size_t rows = std::min(text.find('\n'), text.size());
    for (const char* bad : {"nan", "inf"})
      if (text.find(bad, rows) != std::string::npos)
        wrong(fmt::format("{} has a cell that is {}", table, bad));
  }

  std::filesystem::path folder_;
  Json summary_;
  std::vector<std::string> wrong_;
};

}  // namespace

std::vector<std::string> judge(const std::filesystem::path& result) {
  return Judge(result).judge();
}

}  // namespace headroom::fuzz
