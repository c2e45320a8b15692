#include <string>
#include <utility>

#include "sim/report/figures/kinds.h"

namespace headroom::report {

void draw_bill(Chart& chart, const FigureSource& from) {
  const Timeline& time = from.time;
  const auto* actual = time.column("usage.actual_cpu_s");
  const auto* billed = time.column("usage.billed_cpu_s");
  if (actual == nullptr || billed == nullptr) return;
  const Values done = running_total(*actual);
  const bool hours = !done.empty() && done.back() > 7200;
  if (hours) chart.y.label = "CPU time so far [core hours]";
  const auto add = [&](std::string name, const Values& totals) {
    chart.curves.push_back({std::move(name), time.ends(), time.known(totals, hours ? 1. / 3600 : 1), {}, {}});
  };
  add("actually used", done);
  if (const auto* stored = time.column("usage.stored_cpu_s")) add("in the store", running_total(*stored));
  add("on the bill", running_total(*billed));
  if (!any_above_zero(chart.curves.front().y) && !any_above_zero(chart.curves.back().y))
    return chart.curves.clear();
  chart.caption =
      "CPU time of conversions that were done, CPU time of which the records have reached the store, and CPU "
      "time on the bill as it stood then; a gap is delay or, at the end, loss.";
}

std::optional<OverlayCurve> unbilled(const Timeline& time) {
  const auto* actual = time.column("usage.actual_cpu_s");
  const auto* billed = time.column("usage.billed_cpu_s");
  if (actual == nullptr || billed == nullptr) return std::nullopt;
  Values missing = running_total(*actual);
  const Values on_bill = running_total(*billed);
  for (std::size_t row = 0; row < missing.size(); ++row) missing[row] -= on_bill[row];
  return OverlayCurve{time.ends(), time.known(missing, 1)};
}

}  // namespace headroom::report
