#include "sim/metrics/healing.h"

#include <algorithm>
#include <cmath>

namespace headroom::metrics {
namespace {

/// Slots before the trouble that tell what is steady.
constexpr int kLeastBefore = 5;
constexpr double kDeviations = 3;

/// What requests were sent and answered in each slot.
class Slots {
 public:
  explicit Slots(const SeriesTable& series)
      : width_(series.slot),
        rows_(series.rows),
        offered_(series.find("offered")),
        answered_(series.find("answered")) {}
  bool known() const { return offered_ != nullptr && answered_ != nullptr; }
  std::size_t count() const { return rows_; }
  TimePoint begin(std::size_t slot) const { return TimePoint::at(width_ * static_cast<std::int64_t>(slot)); }
  TimePoint end(std::size_t slot) const { return begin(slot + 1); }
  double offered(std::size_t slot) const { return offered_->values[slot]; }
  double answered(std::size_t slot) const { return answered_->values[slot]; }
  double yield(std::size_t slot) const { return answered(slot) / offered(slot); }

 private:
  Duration width_;
  std::size_t rows_;
  const SeriesTable::Column* offered_;
  const SeriesTable::Column* answered_;
};

/// What slots looked like before the trouble.
struct Steady {
  double yield = 0;
  double variance = 0;  ///< of a slot's yield
  double failing = 0;   ///< share of requests, three more than were seen

  /// Whether slots in a row with so many requests are as good.
  bool as_good(double answered, double offered) const {
    const double s = std::sqrt(std::max(variance / kSlotsInARow, failing * (1 - failing) / offered));
    return answered / offered >= yield - kDeviations * s;
  }
};

std::optional<Steady> steady(const Slots& slots, TimePoint from, TimePoint until) {
  double offered = 0, answered = 0, sum = 0, squares = 0;
  int count = 0;
  for (std::size_t i = 0; i < slots.count() && slots.end(i) <= until; ++i) {
    if (slots.begin(i) < from || slots.offered(i) == 0) continue;
    ++count;
    offered += slots.offered(i);
    answered += slots.answered(i);
    sum += slots.yield(i);
    squares += slots.yield(i) * slots.yield(i);
  }
  if (count < kLeastBefore) return std::nullopt;
  const double scatter = std::max(0.0, squares - sum * sum / count) / (count - 1);
  return Steady{answered / offered, scatter, (offered - answered + 3) / (offered + 3)};
}

}  // namespace

Healing healing(const SeriesTable& series, const Window& window, const Trouble& trouble) {
  const Slots slots(series);
  if (!slots.known()) return {};
  const auto before = steady(slots, window.begin(), trouble.begin);
  if (!before) return {};
  Healing result{window.end() - trouble.end, std::nullopt};
  std::vector<std::size_t> after;  // slots with requests
  for (std::size_t i = 0; i < slots.count() && slots.end(i) <= window.end(); ++i)
    if (slots.end(i) > trouble.end && slots.offered(i) > 0) after.push_back(i);
  for (std::size_t k = 0; k + kSlotsInARow <= after.size() && !result.took; ++k) {
    double offered = 0, answered = 0;
    for (std::size_t j = k; j < k + kSlotsInARow; ++j) {
      offered += slots.offered(after[j]);
      answered += slots.answered(after[j]);
    }
    if (before->as_good(answered, offered))
      result.took = std::max(Duration(), slots.begin(after[k]) - trouble.end);
  }
  return result;
}

}  // namespace headroom::metrics
