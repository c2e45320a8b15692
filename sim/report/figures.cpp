#include "sim/report/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "sim/report/csv.h"
#include "sim/report/figures/kinds.h"

namespace headroom::report {
namespace {

/// A kind of figure of one result. `needs`: the column of timeseries.csv, or with a * the sort of columns,
/// without which there is none; empty: it is no figure over time.
struct FigureKind {
  std::string_view file, title, y_label, needs;
  void (*draw)(Chart&, const FigureSource&);
};
constexpr FigureKind kFigures[] = {
    {"yield_harvest", "Yield and harvest", "share [%]", "yield", draw_yield_and_harvest},
    {"latency_over_time", "Latency percentiles over time", "latency [ms]", "latency.*",
     draw_latency_over_time},
    {"latency_distribution", "Latency distribution", "latency [ms]", "", draw_latency_distribution},
    {"queue", "Queue depth and leader", "jobs waiting", "queue.depth", draw_queue},
    {"utilization", "Utilisation per tier", "busy share of capacity [%]", "*.utilization", draw_utilization},
    {"members_up", "Members that were up", "hosts", "up.*", draw_members},
    {"outcomes", "What became of the requests", "requests [1/s]", "outcome.*", draw_outcomes},
    {"auth", "What credentials were checked by", "requests [1/s]", "auth.by_*", draw_auth},
    {"auth_mistakes", "Requests denied or served wrongly", "requests [1/s]", "auth.*", draw_auth_mistakes},
    {"bill", "Bill against actual use", "CPU time so far [core s]", "usage.billed_cpu_s", draw_bill},
};

bool fits(std::string_view name, std::string_view pattern) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return name == pattern;
  return name.starts_with(pattern.substr(0, star)) && name.ends_with(pattern.substr(star + 1));
}

bool there_is(std::string_view needed, const Timeline& time) {
  const auto& columns = time.columns();
  return !time.empty() && std::any_of(columns.begin(), columns.end(),
                                      [&](const auto& column) { return fits(column.name, needed); });
}

Chart empty_chart(std::string_view file, std::string_view title, std::string_view y_label) {
  Chart chart;
  chart.file = file;
  chart.title = title;
  chart.y.label = y_label;
  return chart;
}

/// A kind of figure with a line for each result.
struct OverlayKind {
  std::string_view file, title, y_label, caption;
  bool logarithmic, percent;
  std::function<std::optional<OverlayCurve>(const Timeline&)> line;
};

auto mean_of(std::string_view name, double scale) {
  return [name, scale](const Timeline& time) -> std::optional<OverlayCurve> {
    const auto* column = time.column(name);
    if (column == nullptr || !any(*column)) return std::nullopt;
    return OverlayCurve{time.x(), time.mean(*column, scale)};
  };
}
auto highest_of(std::string_view name) {
  return [name](const Timeline& time) -> std::optional<OverlayCurve> {
    const auto* column = time.column(name);
    if (column == nullptr || !any(*column)) return std::nullopt;
    return OverlayCurve{time.x(), time.highest(*column)};
  };
}

const std::vector<OverlayKind>& overlays() {
  static const std::vector<OverlayKind> all = {
      {"yield", "Yield", "yield [%]", "Share of requests answered, by when they were sent.", false, true,
       mean_of("yield", 100)},
      {"latency_p99", "99th percentile of latency", "latency [ms]",
       "99 % of the requests sent at that time were answered at least this fast.", true, false,
       highest_of("latency.p99_ms")},
      {"queue_depth", "Queue depth", "jobs waiting", "Jobs accepted and not yet handed to a worker.", false,
       false, mean_of("queue.depth", 1)},
      {"processing_utilization", "Utilisation of the workers", "busy share of slots [%]",
       "How busy the workers were.", false, false, mean_of("processing.utilization", 100)},
      {"harvest", "Harvest", "harvest [%]", "How much of its answer an answered request got.", false, true,
       mean_of("harvest", 100)},
      {"others_yield", "Yield of those who are no abusers", "yield [%]",
       "Share of requests answered, by when they were sent, of those that are not an abuser's.", false, true,
       mean_of("others.yield", 100)},
      {"unbilled", "Work that is not on the bill", "CPU time done and not billed [core s]",
       "CPU time of conversions done so far minus CPU time on the bill as it stood then: delay, and at the "
       "end loss (above zero) or double billing (below).",
       false, false, unbilled},
  };
  return all;
}

}  // namespace

std::optional<ObjectiveBound> bound_of(const std::vector<Summary::Objective>& slo, std::string_view metric) {
  for (const auto& objective : slo) {
    const std::string_view text = objective.objective;
    const std::size_t space = text.find(' ');
    double x = 0;
    if (text.substr(0, space) != metric || space == std::string_view::npos || space + 4 > text.size())
      continue;
    if (parse_number(std::string(text.substr(space + 4)), x)) return ObjectiveBound{x, objective.of};
  }
  return std::nullopt;
}

std::vector<Chart> figures(const FigureData& data) {
  const Timeline time(data.series);
  std::vector<Chart> charts;
  for (const FigureKind& kind : kFigures) {
    const bool over_time = !kind.needs.empty();
    if (over_time && !there_is(kind.needs, time)) continue;
    Chart chart = over_time ? time.chart(kind.file, kind.title, kind.y_label)
                            : empty_chart(kind.file, kind.title, kind.y_label);
    kind.draw(chart, {data, time});
    if (!chart.curves.empty()) charts.push_back(std::move(chart));
  }
  for (const DurationCurve& curve : data.durations)
    if (auto drawn = chart(curve)) charts.push_back(std::move(*drawn));
  return charts;
}

std::vector<Chart> overlay(const std::vector<FigureData>& results) {
  std::vector<Chart> charts;
  double end = 0;
  for (const auto& result : results) {
    const auto& t = result.series.t;
    if (!t.empty()) end = std::max(end, t.back() + result.series.slot_s);
  }
  const TimeUnit unit = time_unit(end);
  for (const OverlayKind& kind : overlays()) {
    Chart chart = empty_chart(kind.file, kind.title, kind.y_label);
    chart.caption = kind.caption;
    chart.x.label = fmt::format("simulated time [{}]", unit.name);
    chart.x.low = 0;
    chart.y.logarithmic = kind.logarithmic;
    for (const auto& result : results) {
      const Timeline time(result.series);
      auto line = time.empty() ? std::nullopt : kind.line(time);
      if (!line) continue;
      for (double& at : line->x) at *= time.unit().seconds / unit.seconds;
      chart.curves.push_back({result.label, std::move(line->x), std::move(line->y), {}, {}});
    }
    if (chart.curves.empty()) continue;
    if (kind.percent) percent_axis(chart);
    charts.push_back(std::move(chart));
  }
  Chart latency = empty_chart("latency_distribution", "Latency distribution", "latency [ms]");
  draw_latency_distributions(latency, results);
  if (!latency.curves.empty()) charts.push_back(std::move(latency));
  std::map<std::string, std::vector<NamedDurations>> durations;
  for (const auto& result : results)
    for (const DurationCurve& curve : result.durations)
      durations[curve.name].push_back({result.label, &curve});
  for (const auto& [name, curves] : durations)
    if (auto drawn = report::chart(curves)) charts.push_back(std::move(*drawn));
  return charts;
}

}  // namespace headroom::report
