#include "sim/metrics/settled.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <string_view>

namespace headroom::metrics {
namespace {

constexpr std::size_t kGroup = 5;
constexpr std::size_t kSections = 10;
constexpr std::size_t kFewestValues = 20;
constexpr int kOrdered = 29;
constexpr double kMatters = 0.1;
/// With a yield below this the excess of load is turned away.
constexpr double kShedding = 0.99;

/// Means of `count` nearly equal parts.
std::vector<double> parts(const std::vector<double>& series, std::size_t count) {
  std::vector<double> means;
  for (std::size_t p = 0; p < count; ++p) {
    const std::size_t begin = series.size() * p / count;
    const std::size_t end = series.size() * (p + 1) / count;
    double sum = 0;
    for (std::size_t i = begin; i < end; ++i) sum += series[i];
    means.push_back(sum / static_cast<double>(end - begin));
  }
  return means;
}

/// Pairs in ascending order less pairs in descending order.
int kendall(const std::vector<double>& y) {
  int s = 0;
  for (std::size_t i = 0; i < y.size(); ++i)
    for (std::size_t j = i + 1; j < y.size(); ++j) s += y[j] > y[i] ? 1 : y[j] < y[i] ? -1 : 0;
  return s;
}

/// The values of a column in the slots that lie within the window, without those that have none.
std::vector<double> within(const SeriesTable& series, const Window& window, auto&& value) {
  std::vector<double> values;
  for (std::size_t row = 0; row < series.rows; ++row) {
    const TimePoint begin = TimePoint::at(series.slot * static_cast<std::int64_t>(row));
    if (begin < window.begin() || begin + series.slot > window.end()) continue;
    const double v = value(row);
    if (!std::isnan(v)) values.push_back(v);
  }
  return values;
}

std::vector<double> yields(const SeriesTable& series, const Window& window) {
  const auto* offered = series.find("offered");
  const auto* answered = series.find("answered");
  if (offered == nullptr || answered == nullptr) return {};
  return within(series, window,
                [&](std::size_t row) { return answered->values[row] / offered->values[row]; });
}

bool sheds(const std::vector<double>& yields) {
  if (yields.size() < 2) return false;
  return parts(yields, 2).back() < kShedding;
}

}  // namespace

std::size_t mser5(const std::vector<double>& series) {
  const std::size_t n = series.size() / kGroup;
  if (n <= kGroup) return 0;
  std::vector<double> y;
  for (std::size_t g = 0; g < n; ++g) {
    double sum = 0;
    for (std::size_t i = 0; i < kGroup; ++i) sum += series[g * kGroup + i];
    y.push_back(sum / kGroup);
  }
  // From the end, so that sums grow by one value at a time (Welford 1962).
  std::size_t cut = 0;
  double least = 0, mean = 0, squares = 0;
  for (std::size_t d = n; d-- > 0;) {
    const auto count = static_cast<double>(n - d);
    const double delta = y[d] - mean;
    mean += delta / count;
    squares += delta * (y[d] - mean);
    if (n - d < kGroup) continue;
    const double statistic = squares / (count * count);
    if (n - d == kGroup || statistic <= least) {
      least = statistic;
      cut = d;
    }
  }
  return cut;
}

Trend trend(const std::vector<double>& series) {
  if (series.size() < kFewestValues) return Trend::none;
  const std::vector<double> y = parts(series, kSections);
  const int s = kendall(y);
  if (std::abs(s) < kOrdered) return Trend::none;
  const double middle = (y[4] + y[5]) / 2;
  const double end = (y[8] + y[9]) / 2;
  if (std::abs(end - middle) <= kMatters * std::abs(middle)) return Trend::none;
  // A short series has too few groups of five; its ends have spoken.
  const std::size_t groups = series.size() / kGroup;
  if (groups > 2 * kGroup && mser5(series) * 2 <= groups) return Trend::none;
  return s > 0 ? Trend::up : Trend::down;
}

std::optional<Settled> settled(const SeriesTable& series, const Window& window,
                               const std::optional<std::string>& saturated, bool closed) {
  const std::vector<double> yield = yields(series, window);
  if (saturated && !closed && !sheds(yield))
    return Settled{false, *saturated + " is full, and what waits for it grows: this load is not sustained"};
  bool told = false;
  const auto look = [&](std::string_view name, const std::vector<double>& values) -> std::optional<Settled> {
    told = told || values.size() >= kFewestValues;
    const Trend found = trend(values);
    if (found == Trend::none) return std::nullopt;
    const bool worse = (found == Trend::up) != (name == "yield");
    return Settled{false,
                   fmt::format("{} still {} at the end{}", name, found == Trend::up ? "grows" : "falls",
                               worse ? ": this load is not sustained"
                                     : ": the warm-up is too short to show what will be")};
  };
  for (const std::string_view name : {"queue.depth", "latency.p50_ms", "latency.p95_ms"}) {
    const auto* column = series.find(name);
    if (column == nullptr) continue;
    if (auto found = look(name, within(series, window, [&](std::size_t row) { return column->values[row]; })))
      return found;
  }
  if (auto found = look("yield", yield)) return found;
  if (!told) return std::nullopt;
  return Settled{};
}

}  // namespace headroom::metrics
