#include "tests/validation/harness.h"

#include <fmt/format.h>

#include <boost/math/distributions/students_t.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/report/temporary_folder.h"
#include "tests/scenarios/product.h"

namespace headroom::validation {
namespace {

constexpr int kDegrees = 8;              // of a single run's intervals
constexpr int kEnoughReplications = 20;  // their spread alone makes the interval
constexpr double kNormal95 = 1.959964;

/// How much wider the 99.9 % interval is than the 95 % one.
double widening(const RunLength& run) {
  const boost::math::students_t law(run.replications > 1 ? run.replications - 1 : kDegrees);
  return quantile(law, 0.9995) / quantile(law, 0.975);
}

void judge(const Check& check, const Reported& found, const RunLength& run) {
  const auto value = static_cast<double>(check.expected.value);
  const double half = (found.high - found.low) / 2;
  const double seconds = run.window * run.replications;
  const double theory_half = kNormal95 * static_cast<double>(check.expected.deviation(seconds));
  const double distance = std::abs(found.mean - value);
  INFO(fmt::format("found {} +- {} (95 %), theory {} +- {}", found.mean, half, value, theory_half));
  CHECK(distance <= half * widening(run) + check.bias * value);
  CHECK(distance <= check.within * value);
  CHECK(half / theory_half >= 0.7);
  // Of a single run it is wider on purpose: its spread is itself uncertain (8 to 15 degrees of freedom), and
  // doubled where its batches happen to correlate.
  CHECK(half / theory_half <= (run.replications > 1 ? 1.4 : 2.5));
}

Reported complement_of(const Reported& r) {
  return {1 - r.mean, 1 - r.high, 1 - r.low};
}

}  // namespace

Summary::Summary(const std::string& scenario, const RunLength& run, int seed) {
  const report::TemporaryFolder folder;
  const auto file = folder.path() / "scenario.yaml";
  std::ofstream(file) << "scenario: validation\n"
                      << "seed: " << seed << "\n"
                      << fmt::format("run: {{warmup: {}s, duration: {}s, replications: {}}}\n", run.warmup,
                                     run.window, run.replications)
                      << scenario;
  const scenarios::ProductRun product(HEADROOM_EXECUTABLE, file, {"--jobs", "1"});
  REQUIRE(product.status() == 0);
  text_ = product.text("summary.json");
  const auto json = nlohmann::json::parse(text_);
  for (const auto& invariant : json.at("invariants")) CHECK(invariant.at("holds").get<bool>());
}

Reported Summary::operator[](const std::string& metric) const {
  const auto json = nlohmann::json::parse(text_);
  INFO(metric);
  const auto found = json.at("metrics").find(metric);
  REQUIRE(found != json.at("metrics").end());
  REQUIRE_FALSE(found->at("mean").is_null());
  const double mean = found->at("mean");
  const auto& interval = found->at("ci95");
  if (interval.is_null()) return {mean, mean, mean};
  return {mean, interval.at(0), interval.at(1)};
}

std::string Summary::interval_source() const {
  return nlohmann::json::parse(text_).at("interval");
}

void validate(const std::string& title, const std::string& scenario, const RunLength& run,
              const std::vector<Check>& checks) {
  const double seconds = run.window * run.replications;
  for (const Check& check : checks) {
    INFO(title << ": " << check.metric);
    const auto deviation = static_cast<double>(check.expected.deviation(seconds) / check.expected.value);
    // The run is long enough that an honest estimate stays within the distance allowed (4 σ), and no longer
    // than it takes to have a narrow interval.
    REQUIRE(kNormal95 * deviation <= check.half_width);
    REQUIRE(4 * deviation <= check.within);
  }
  std::size_t without = 0;
  for (int seed = 1; seed <= seeds(); ++seed) {
    const Summary summary(scenario, run, seed);
    CHECK(summary.interval_source() ==
          (run.replications >= kEnoughReplications ? "replications" : "batch means"));
    for (const Check& check : checks) {
      INFO(title << ": " << check.metric << ", seed " << seed);
      const Reported found = check.complement ? complement_of(summary[check.metric]) : summary[check.metric];
      if (run.replications == 1 && found.low == found.high) {
        // Of independent batches some look correlated, and the run is taken for too short: about one in a
        // hundred.
        ++without;
        CHECK(std::abs(found.mean - static_cast<double>(check.expected.value)) <=
              check.within * static_cast<double>(check.expected.value));
        continue;
      }
      judge(check, found, run);
      const double half = (found.high - found.low) / 2;
      const auto theory_half = kNormal95 * static_cast<double>(check.expected.deviation(seconds));
      const double wider = half * widening(run);
      const std::string shown = (check.complement ? "1 - " : "") + check.metric;
      if (seed == 1)
        print_row(title, shown, static_cast<double>(check.expected.value),
                  {found.mean, found.mean - wider, found.mean + wider},
                  fmt::format("{:.2f}", half / theory_half));
    }
  }
  CHECK(without <= 1);
}

int seeds() {
  return std::getenv("HEADROOM_LONG") != nullptr ? 5 : 2;
}

Expected in_ms(const Expected& seconds) {
  return {seconds.value * 1e3L, seconds.variance * 1e6L};
}

void print_row(const std::string& title, const std::string& metric, double theory, const Reported& found,
               const std::string& width) {
  fmt::print("| {} | `{}` | {:.5g} | {:.5g} | {:.5g} – {:.5g} | {} |\n", title, metric, theory, found.mean,
             found.low, found.high, width);
  std::fflush(stdout);
}

}  // namespace headroom::validation
