#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sim/report/chart.h"
#include "sim/report/time_series.h"

namespace headroom::report {

using Values = std::vector<double>;

/// Simulated time as an axis shows it.
struct TimeUnit {
  double seconds = 1;
  std::string_view name = "s";
};
/// The unit in which a run of that length is read best.
TimeUnit time_unit(double end_s);

/// The rows of a time series as they are drawn: thinned out if there are more than can be told apart.
/// Outlived by the series.
class Timeline {
 public:
  explicit Timeline(const TimeSeries& series);

  bool empty() const { return rows_ == 0; }
  double end() const { return end_s_ / unit_.seconds; }
  TimeUnit unit() const { return unit_; }
  /// Of the points drawn.
  double slot_s() const { return series_.slot_s * static_cast<double>(step_); }
  bool thinned() const { return step_ > 1; }
  const std::vector<TimeSeries::Column>& columns() const { return series_.columns; }
  const Values* column(std::string_view name) const { return series_.find(name); }
  bool after_window(std::size_t row) const { return series_.t[row] >= window_end_s_; }

  /// The middle of each slot.
  Values x() const;
  /// The begin and the end of each slot.
  Values edges() const;
  /// The begin of the run, and the end of each slot: dates at which sums are known.
  Values ends() const;
  /// Sums at those dates; the last one is that of the whole run, however late it came.
  Values known(const Values& totals, double scale) const;
  /// f(first row, row after the last) for each point drawn.
  template <class F>
  Values each(F f) const {
    Values out;
    for (std::size_t row = 0; row < rows_; row += step_) out.push_back(f(row, std::min(row + step_, rows_)));
    return out;
  }
  Values mean(const Values& v, double scale = 1) const;
  /// The mean over rows, each counting as much as its weight.
  Values weighted(const Values& v, const Values& weight, double scale) const;
  /// The highest, nothing after the window.
  Values highest(const Values& v) const;
  /// Per second, nothing after the window.
  Values rate(const Values& v) const;

  /// The time axis, with what is not measured and the faults shaded.
  Chart chart(std::string_view file, std::string_view title, std::string_view y_label) const;
  /// Of each slot from the begin of the window on as much as it was without a leader, next to that of its
  /// neighbours. After the window replications end, each at its own time, and what has ended has no leader.
  std::vector<Chart::Span> leaderless(const Values& leader) const;
  std::string resolution() const;

 private:
  const TimeSeries& series_;
  std::size_t rows_;
  std::size_t step_ = 1;
  double begin_s_ = 0;
  double window_end_s_ = 0;
  double end_s_ = 0;
  TimeUnit unit_;
};

/// Whether any value is a number; whether any is above zero.
bool any(const Values& v);
bool any_above_zero(const Values& v);
/// The sum of all up to each; what is no number counts as nothing.
Values running_total(const Values& v);
/// Each value two times: what a slot's two edges need.
Values twice(const Values& v);

}  // namespace headroom::report
