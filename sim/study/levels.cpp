#include "sim/study/levels.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "models/client/expected_requests.h"
#include "sim/config/units.h"

namespace headroom::study {
namespace {

/// An hour of a shorter day would not be long against the time in which a service settles.
constexpr Duration kShortestDay = Duration::s(4 * 3'600);

}  // namespace

std::variant<Levels, std::string> Levels::of(const client::Arrivals& arrivals) {
  if (std::holds_alternative<client::NoArrivals>(arrivals))
    return std::string(
        "nobody sends requests, so nobody sees what fails, expected arrivals such as {poisson: 100/s}");
  if (std::holds_alternative<client::Trace>(arrivals))
    return std::string(
        "recorded requests end, and a year of them is not known, expected arrivals with a rate");
  Levels levels(arrivals);
  const auto* profile = std::get_if<client::Profile>(&arrivals);
  if (profile == nullptr) return levels;
  const auto period = profile->diurnal ? std::optional(profile->diurnal->period) : profile->repeat;
  if (!period)
    return std::string(
        "this profile ends, and what comes after it for the rest of the year is not said, expected repeat: "
        "1d");
  if (*period < kShortestDay)
    return "a load that comes again every " + config::print(*period) +
           " cannot be taken as steady for a twenty-fourth of that, expected at least " +
           config::print(kShortestDay);
  levels.count_ = kPerDay;
  levels.slice_ = *period / static_cast<std::int64_t>(kPerDay);
  for (std::size_t h = 0; h < kPerDay; ++h) {
    const TimePoint from = TimePoint::at(levels.slice_ * static_cast<std::int64_t>(h));
    const double requests = client::requests_between(arrivals, from, from + levels.slice_).value_or(0);
    levels.rates_.push_back(std::max(0.0, requests / levels.slice_.seconds()));
  }
  return levels;
}

std::size_t Levels::at(TimePoint date) const {
  if (count_ == 1) return 0;
  return static_cast<std::size_t>(date.since_start().count_ns() / slice_.count_ns()) % count_;
}

std::vector<double> Levels::time_in(TimePoint from, TimePoint to) const {
  std::vector<double> times(count_, 0.0);
  if (to <= from) return times;
  if (count_ == 1) {
    times[0] = (to - from).seconds();
    return times;
  }
  const std::int64_t slice = slice_.count_ns();
  const auto slices = static_cast<std::int64_t>(count_);
  const std::int64_t days = (to - from).count_ns() / (slice * slices);
  for (double& time : times) time = static_cast<double>(days) * slice_.seconds();
  std::int64_t now = from.since_start().count_ns() + days * slice * slices;
  for (const std::int64_t end = to.since_start().count_ns(); now < end;) {
    const std::int64_t next = std::min(end, (now / slice + 1) * slice);
    times[static_cast<std::size_t>(now / slice % slices)] += static_cast<double>(next - now) / 1e9;
    now = next;
  }
  return times;
}

std::optional<client::Arrivals> Levels::arrivals(std::size_t level) const {
  if (rates_.empty()) return steady_;
  if (rates_[level] <= 0) return std::nullopt;
  return client::Poisson{Rate{rates_[level]}};
}

std::vector<std::size_t> Levels::by_rate() const {
  std::vector<std::size_t> order(count_);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rate(a) < rate(b); });
  return order;
}

}  // namespace headroom::study
