#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "models/client/config.h"
#include "sim/base/units.h"

namespace headroom::study {

/// A load with a day in it, as steps: 24 of equal length, each with the mean rate of its hour. Any other load
/// is one level for ever.
class Levels {
 public:
  static constexpr std::size_t kPerDay = 24;

  /// The levels of these arrivals; otherwise what keeps them from being taken as steady.
  static std::variant<Levels, std::string> of(const client::Arrivals& arrivals);

  std::size_t count() const { return count_; }
  std::size_t at(TimePoint date) const;
  /// The time in [from, to) that is spent in each level, in seconds.
  std::vector<double> time_in(TimePoint from, TimePoint to) const;
  /// The arrivals while it lasts; none: nobody comes at that hour.
  std::optional<client::Arrivals> arrivals(std::size_t level) const;
  /// What levels are ordered by: the rate of a day's hour, 0 of a load without one.
  double rate(std::size_t level) const { return rates_.empty() ? 0 : rates_[level]; }
  /// The levels, the one with the least load first.
  std::vector<std::size_t> by_rate() const;

 private:
  explicit Levels(client::Arrivals steady) : steady_(std::move(steady)) {}
  client::Arrivals steady_;
  Duration slice_ = Duration::max();
  std::size_t count_ = 1;
  std::vector<double> rates_;  ///< requests/s by level, of a day
};

}  // namespace headroom::study
