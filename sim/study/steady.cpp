#include "sim/study/steady.h"

#include <algorithm>
#include <type_traits>
#include <variant>

#include "sim/study/simulate.h"

namespace headroom::study {
namespace {

bool same_rate(const client::Profile& profile, const metrics::Window& window) {
  if (profile.diurnal) return profile.diurnal->peak.per_second == profile.diurnal->mean.per_second;
  const auto& points = *profile.points;
  // With `repeat` all of them come round; without it, the last one before the window and those after it.
  std::size_t first = 0;
  if (!profile.repeat)
    while (first + 1 < points.size() && TimePoint::at(points[first + 1].at) <= window.begin()) ++first;
  return std::all_of(points.begin() + static_cast<std::ptrdiff_t>(first), points.end(), [&](const auto& p) {
    return p.rate.per_second == points[first].rate.per_second ||
           (!profile.repeat && TimePoint::at(p.at) >= window.end() &&
            profile.between == client::Between::step);
  });
}

bool steady(const client::Arrivals& arrivals, const metrics::Window& window) {
  return std::visit(
      [&]<class A>(const A& a) {
        if constexpr (std::is_same_v<A, client::Profile>)
          return same_rate(a, window);
        else
          return std::is_same_v<A, client::Poisson> || std::is_same_v<A, client::Constant> ||
                 std::is_same_v<A, client::Closed>;
      },
      arrivals);
}

bool steady(const faults::FaultConfig& fault, const metrics::Window& window) {
  if (fault.stochastic() || fault.every || std::holds_alternative<faults::Poison>(fault.kind)) return false;
  const TimePoint first = fault.first();
  if (first >= window.end()) return true;
  if (const auto* bug = std::get_if<faults::Bug>(&fault.kind);
      bug && !std::holds_alternative<law::Constant>(bug->trigger.law))
    return false;  // some time
  const auto lasts = fault.lasts();
  if (first + faults::onset(fault.kind) > window.begin()) return false;
  if (!lasts) {  // to the end; but a push of a bad configuration comes in waves
    const auto* push = std::get_if<faults::BadConfig>(&fault.kind);
    if (push == nullptr || push->waves.size() < 2) return true;
    return first + *push->wave_every * static_cast<std::int64_t>(push->waves.size() - 1) <= window.begin();
  }
  const TimePoint over = first + *lasts;
  return over + fault.recovery() <= window.begin() || over >= window.end();
}

}  // namespace

bool steady(const ScenarioConfig& scenario) {
  const metrics::Window window = window_of(scenario);
  return steady(scenario.workload.arrivals, window) &&
         std::all_of(scenario.faults.begin(), scenario.faults.end(),
                     [&](const faults::FaultConfig& fault) { return steady(fault, window); });
}

}  // namespace headroom::study
