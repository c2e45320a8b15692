#include <algorithm>
#include <string>
#include <string_view>

#include "sim/report/figures/kinds.h"

namespace headroom::report {

void draw_outcomes(Chart& chart, const FigureSource& from) {
  static constexpr std::string_view kBegin = "outcome.";
  const Timeline& time = from.time;
  chart.stacked = true;
  for (const auto& column : time.columns()) {
    if (!column.name.starts_with(kBegin) || !any_above_zero(column.values)) continue;
    chart.curves.push_back(
        {column.name.substr(kBegin.size()), time.edges(), twice(time.rate(column.values)), {}, {}});
  }
  if (chart.curves.empty()) return;
  // Good answers at the bottom.
  std::stable_sort(chart.curves.begin(), chart.curves.end(), [](const auto& a, const auto& b) {
    const auto rank = [](const std::string& s) { return s == "complete" ? 0 : s == "partial" ? 1 : 2; };
    return rank(a.name) < rank(b.name);
  });
  chart.caption = "Every request has exactly one outcome; the height of the stack is what clients offered.";
}

}  // namespace headroom::report
