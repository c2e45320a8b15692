#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "sim/report/figures/kinds.h"
#include "sim/report/numbers.h"

namespace headroom::report {
namespace {

/// The objective on the 99th percentile, if there is one; it may be on some requests only.
void add_latency_bound(Chart& chart, const std::vector<Summary::Objective>& slo) {
  const auto p99 = bound_of(slo, "latency.p99_ms");
  if (!p99 || p99->at <= 0) return;
  const std::string of = p99->of.empty() ? "" : " of " + p99->of;
  chart.bounds.push_back({fmt::format("objective: p99{} {} ms", of, significant(p99->at)), p99->at});
}

/// −log10(1 − q): every further nine takes as much room as the one before it.
void begin_distribution(Chart& chart) {
  chart.x.label = "percentile of answered requests (each nine takes the same room)";
  chart.y.logarithmic = true;
  chart.x.low = 0;
  chart.x.ticks = {{0, "0"},     {-std::log10(0.5), "50"},
                   {1, "90"},    {-std::log10(0.05), "95"},
                   {2, "99"},    {3, "99.9"},
                   {4, "99.99"}, {5, "99.999"}};
  chart.caption =
      "How slow the slowest are: a point says that this share of all answered requests took no longer than "
      "this.";
}

/// Cut where the class holds too few observations to go on.
Chart::Curve distribution(std::string name, const Values& quantiles, const Values& latency) {
  Chart::Curve curve;
  curve.name = std::move(name);
  for (std::size_t i = 0; i < quantiles.size(); ++i) {
    if (quantiles[i] >= 1 || std::isnan(latency[i])) continue;
    curve.x.push_back(-std::log10(1 - quantiles[i]));
    curve.y.push_back(latency[i]);
  }
  return curve;
}

void fit_distribution(Chart& chart) {
  double end = 1;
  for (const auto& curve : chart.curves) {
    if (!curve.x.empty()) end = std::max(end, curve.x.back());
  }
  chart.x.high = std::min(5.0, end + 0.05);
  std::erase_if(chart.x.ticks, [&](const Chart::Tick& t) { return t.at > *chart.x.high; });
}

}  // namespace

void draw_latency_over_time(Chart& chart, const FigureSource& from) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kColumns = {
      {{"latency.p50_ms", "median"},
       {"latency.p95_ms", "p95"},
       {"latency.p99_ms", "p99"},
       {"latency.p99_9_ms", "p99.9"}}};
  const Timeline& time = from.time;
  chart.y.logarithmic = true;
  for (const auto& [name, title] : kColumns) {
    const auto* column = time.column(name);
    if (column == nullptr) continue;
    Values y = time.highest(*column);
    if (any_above_zero(y)) chart.curves.push_back({std::string(title), time.x(), std::move(y), {}, {}});
  }
  if (chart.curves.empty()) return;
  add_latency_bound(chart, from.data.slo);
  chart.caption = fmt::format(
      "Time from the intended send to the last byte of the answer, by when the request was sent, {}{}.",
      time.resolution(), time.thinned() ? " (the worst slot of each)" : "");
}

void draw_latency_distribution(Chart& chart, const FigureSource& from) {
  begin_distribution(chart);
  for (const auto& column : from.data.latency.classes) {
    auto curve = distribution(column.name == "all" ? "all images" : column.name, from.data.latency.quantiles,
                              column.values);
    if (any_above_zero(curve.y)) chart.curves.push_back(std::move(curve));
  }
  if (chart.curves.empty()) return;
  add_latency_bound(chart, from.data.slo);
  fit_distribution(chart);
}

void draw_latency_distributions(Chart& chart, const std::vector<FigureData>& results) {
  begin_distribution(chart);
  for (const auto& result : results) {
    for (const auto& column : result.latency.classes) {
      if (column.name != "all") continue;
      auto curve = distribution(result.label, result.latency.quantiles, column.values);
      if (any_above_zero(curve.y)) chart.curves.push_back(std::move(curve));
    }
  }
  fit_distribution(chart);
}

}  // namespace headroom::report
