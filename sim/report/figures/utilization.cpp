#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "sim/report/figures/kinds.h"
#include "sim/report/numbers.h"

namespace headroom::report {

void draw_utilization(Chart& chart, const FigureSource& from) {
  static constexpr std::string_view kEnding = ".utilization";
  const Timeline& time = from.time;
  double most = 0;
  std::string busiest;
  for (const auto& column : time.columns()) {
    if (!column.name.ends_with(kEnding) || !any(column.values)) continue;
    const std::string tier = column.name.substr(0, column.name.size() - kEnding.size());
    Values y = time.mean(column.values, 100);
    for (double v : y) {
      if (v > most) {
        most = v;
        busiest = tier;
      }
    }
    chart.curves.push_back({tier, time.x(), std::move(y), {}, {}});
  }
  if (chart.curves.empty()) return;
  // Slots that wait for an image are taken, too; a little of that is always there and says nothing.
  constexpr double kWorthShowing = 1;  // percent
  if (const auto* held = time.column("processing.held_share"); held != nullptr) {
    Values y = time.mean(*held, 100);
    if (std::any_of(y.begin(), y.end(), [](double v) { return v >= kWorthShowing; }))
      chart.curves.push_back({"processing, waiting for images", time.x(), std::move(y), {}, {}});
  }
  chart.y.low = 0;
  chart.y.high = std::max(104.0, most * 1.04);
  chart.caption = busiest.empty()
                      ? "No tier did any work."
                      : fmt::format("How busy each tier was; {} comes closest to its limit, {} % at most.",
                                    busiest, significant(most, 3));
}

}  // namespace headroom::report
