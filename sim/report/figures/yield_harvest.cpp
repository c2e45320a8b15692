#include <fmt/format.h>

#include <cmath>

#include "sim/report/figures/kinds.h"
#include "sim/report/numbers.h"

namespace headroom::report {
namespace {

void add_yield_bound(Chart& chart, const std::vector<Summary::Objective>& slo, std::string_view metric) {
  if (const auto b = bound_of(slo, metric))
    chart.bounds.push_back({fmt::format("objective: {} {} %", metric, percent(b->at)), b->at * 100});
}

}  // namespace

void draw_yield_and_harvest(Chart& chart, const FigureSource& from) {
  const Timeline& time = from.time;
  const auto* yield = time.column("yield");
  const auto* harvest = time.column("harvest");
  if (yield == nullptr || !any(*yield)) return;
  const auto* offered = time.column("offered");
  const auto* answered = time.column("answered");
  const Values ones(yield->size(), 1.0);
  chart.curves.push_back({"yield (answered / offered)",
                          time.x(),
                          time.weighted(*yield, offered != nullptr ? *offered : ones, 100),
                          {},
                          {}});
  if (harvest != nullptr && any(*harvest)) {
    chart.curves.push_back({"harvest (answer delivered)",
                            time.x(),
                            time.weighted(*harvest, answered != nullptr ? *answered : ones, 100),
                            {},
                            {}});
  }
  if (const auto* others = time.column("others.yield"); others != nullptr && any(*others)) {
    const auto* sent = time.column("others.offered");
    chart.curves.push_back({"yield of those who are no abusers",
                            time.x(),
                            time.weighted(*others, sent != nullptr ? *sent : ones, 100),
                            {},
                            {}});
  }
  add_yield_bound(chart, from.data.slo, "yield");
  add_yield_bound(chart, from.data.slo, "others.yield");
  percent_axis(chart);
  const auto& drawn = chart.curves[0];
  std::size_t worst = 0;
  for (std::size_t i = 0; i < drawn.y.size(); ++i) {
    if (std::isnan(drawn.y[worst]) || drawn.y[i] < drawn.y[worst]) worst = i;
  }
  chart.caption = fmt::format(
      "Share of requests that were answered, and how much of its answer an answered request got, by when the "
      "request was sent; the lowest yield is {} % at {} {}.",
      percent(drawn.y[worst] / 100), significant(drawn.x[worst], 3), time.unit().name);
}

}  // namespace headroom::report
