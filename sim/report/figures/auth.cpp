#include <array>
#include <string>
#include <string_view>

#include "sim/report/figures/kinds.h"

namespace headroom::report {
namespace {

/// A counter, by what it says of credentials.
struct AuthColumn {
  std::string_view column, title;
};

}  // namespace

void draw_auth(Chart& chart, const FigureSource& from) {
  static constexpr std::array<AuthColumn, 4> kColumns = {
      {{"auth.by_cache", "edge cache"},
       {"auth.by_data_plane", "data plane"},
       {"auth.by_stale", "expired entry (data plane out of reach)"},
       {"auth.by_nobody", "could not be checked"}}};
  const Timeline& time = from.time;
  chart.stacked = true;
  for (const auto& [name, title] : kColumns) {
    const auto* column = time.column(name);
    if (column == nullptr || !any_above_zero(*column)) continue;
    chart.curves.push_back({std::string(title), time.edges(), twice(time.rate(*column)), {}, {}});
  }
  if (chart.curves.empty()) return;
  chart.caption = "Every request's credentials, by when they were checked, and by what.";
}

void draw_auth_mistakes(Chart& chart, const FigureSource& from) {
  static constexpr std::array<AuthColumn, 2> kColumns = {
      {{"auth.denied_valid", "denied, though valid (new users)"},
       {"auth.served_revoked", "served, though revoked"}}};
  const Timeline& time = from.time;
  for (const auto& [name, title] : kColumns) {
    const auto* column = time.column(name);
    if (column == nullptr || !any_above_zero(*column)) continue;
    chart.curves.push_back({std::string(title), time.x(), time.rate(*column), {}, {}});
  }
  if (chart.curves.empty()) return;
  chart.y.low = 0;
  chart.caption =
      "Requests that were denied or served wrongly because the change of the account had not reached those "
      "who checked it.";
}

}  // namespace headroom::report
