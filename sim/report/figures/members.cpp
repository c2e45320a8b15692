#include <algorithm>
#include <string_view>

#include "sim/report/figures/kinds.h"

namespace headroom::report {

void draw_members(Chart& chart, const FigureSource& from) {
  static constexpr std::string_view kBegin = "up.";
  const Timeline& time = from.time;
  double most = 0;
  for (const auto& column : time.columns()) {
    if (!column.name.starts_with(kBegin) || !any_above_zero(column.values)) continue;
    chart.curves.push_back({column.name.substr(kBegin.size()), time.x(), time.mean(column.values), {}, {}});
    most = std::max(most, *std::max_element(column.values.begin(), column.values.end()));
  }
  if (chart.curves.empty()) return;
  chart.y.low = 0;
  chart.y.high = most * 1.05;
  chart.caption = "Hosts of the watched groups that had power and had booted, " + time.resolution() + ".";
}

}  // namespace headroom::report
