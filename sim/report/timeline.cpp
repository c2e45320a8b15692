#include "sim/report/timeline.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <map>

#include "sim/report/numbers.h"

namespace headroom::report {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kMostPoints = 1200;  // more cannot be told apart on paper
/// A fault that is over at once is shown as a line: so much of the axis.
constexpr double kLeastSpan = 0.002;

/// Strikes of one fault that are more than these are not told apart.
constexpr std::size_t kMostBands = 60;

/// One band in place of all those of a fault that strikes very often (of which the journal may have left some
/// out).
std::vector<Band> drawn_bands(const std::vector<Band>& bands) {
  std::map<std::string, std::size_t> strikes;
  for (const Band& band : bands) ++strikes[band.name];
  std::vector<Band> out;
  std::map<std::string, std::size_t> united;  // by name, in `out`
  for (const Band& band : bands) {
    if (strikes[band.name] <= kMostBands) {
      out.push_back(band);
      continue;
    }
    const auto [at, first] = united.try_emplace(band.name, out.size());
    if (first) out.push_back({band.name + ", again and again", band.begin, band.end});
    out[at->second].end = std::max(out[at->second].end, band.end);
  }
  return out;
}

}  // namespace

TimeUnit time_unit(double end_s) {
  if (end_s <= 600) return {1, "s"};
  if (end_s <= 3 * 3600) return {60, "min"};
  if (end_s <= 3 * 86'400) return {3600, "h"};
  return {86'400, "days"};
}

Timeline::Timeline(const TimeSeries& series) : series_(series), rows_(series.t.size()) {
  // The run ends somewhere in its last slot, which therefore says little.
  if (rows_ > 10 && series.measured[rows_ - 1] == 0) --rows_;
  step_ = (rows_ + kMostPoints - 1) / kMostPoints;
  if (step_ == 0) step_ = 1;
  end_s_ = rows_ == 0 ? 0 : series.t[rows_ - 1] + series.slot_s;
  unit_ = time_unit(end_s_);
  const auto& m = series.measured;
  const auto first = std::find_if(m.begin(), m.end(), [](double x) { return x > 0; });
  const auto last = std::find_if(m.rbegin(), m.rend(), [](double x) { return x > 0; });
  if (first == m.end()) return;
  const auto i = static_cast<std::size_t>(first - m.begin());
  const auto j = static_cast<std::size_t>(m.rend() - last) - 1;
  begin_s_ = series.t[i] + (1 - m[i]) * series.slot_s;
  window_end_s_ = i == j ? begin_s_ + m[i] * series.slot_s : series.t[j] + m[j] * series.slot_s;
}

Values Timeline::x() const {
  Values out;
  for (std::size_t row = 0; row < rows_; row += step_) {
    const auto n = static_cast<double>(std::min(step_, rows_ - row));
    out.push_back((series_.t[row] + n * series_.slot_s / 2) / unit_.seconds);
  }
  return out;
}

Values Timeline::edges() const {
  Values out;
  for (std::size_t row = 0; row < rows_; row += step_) {
    const auto n = static_cast<double>(std::min(step_, rows_ - row));
    out.push_back(series_.t[row] / unit_.seconds);
    out.push_back((series_.t[row] + n * series_.slot_s) / unit_.seconds);
  }
  return out;
}

Values Timeline::ends() const {
  Values out{0};
  const Values both = edges();
  for (std::size_t i = 1; i < both.size(); i += 2) out.push_back(both[i]);
  return out;
}

Values Timeline::known(const Values& totals, double scale) const {
  Values out{0};
  for (std::size_t row = 0; row < rows_; row += step_)
    out.push_back(totals[std::min(row + step_, rows_) - 1] * scale);
  out.back() = totals.back() * scale;
  return out;
}

Values Timeline::mean(const Values& v, double scale) const {
  return each([&](std::size_t from, std::size_t to) {
    double sum = 0;
    int n = 0;
    for (std::size_t row = from; row < to; ++row) {
      if (std::isnan(v[row])) continue;
      sum += v[row];
      ++n;
    }
    return n == 0 ? kNone : sum / n * scale;
  });
}

Values Timeline::weighted(const Values& v, const Values& weight, double scale) const {
  return each([&](std::size_t from, std::size_t to) {
    double sum = 0, weights = 0;
    for (std::size_t row = from; row < to; ++row) {
      if (std::isnan(v[row])) continue;
      sum += v[row] * weight[row];
      weights += weight[row];
    }
    return weights > 0 ? sum / weights * scale : kNone;
  });
}

Values Timeline::highest(const Values& v) const {
  return each([&](std::size_t from, std::size_t to) {
    double most = kNone;
    for (std::size_t row = from; row < to; ++row) {
      if (!after_window(row)) most = std::fmax(most, v[row]);
    }
    return most;
  });
}

Values Timeline::rate(const Values& v) const {
  return each([&](std::size_t from, std::size_t to) {
    double sum = 0;
    for (std::size_t row = from; row < to; ++row) sum += v[row];
    return after_window(from) ? kNone : sum / (static_cast<double>(to - from) * series_.slot_s);
  });
}

Chart Timeline::chart(std::string_view file, std::string_view title, std::string_view y_label) const {
  Chart chart;
  chart.file = file;
  chart.title = title;
  chart.x.label = fmt::format("simulated time [{}]", unit_.name);
  chart.x.low = 0;
  chart.x.high = end();
  chart.y.label = y_label;
  using Kind = Chart::Span::Kind;
  if (begin_s_ > 0) chart.spans.push_back({"warm-up", 0, begin_s_ / unit_.seconds, Kind::unmeasured});
  if (window_end_s_ < end_s_) {
    chart.spans.push_back({"drain", window_end_s_ / unit_.seconds, end(), Kind::unmeasured});
  }
  for (const Band& fault : drawn_bands(series_.faults)) {
    const double begin = fault.begin.since_start().seconds();
    const double end_of_fault = std::max(fault.end.since_start().seconds(), begin + end_s_ * kLeastSpan);
    chart.spans.push_back({fault.name, begin / unit_.seconds, end_of_fault / unit_.seconds, Kind::fault});
  }
  return chart;
}

std::vector<Chart::Span> Timeline::leaderless(const Values& leader) const {
  const auto without = [&](std::size_t row) {
    const bool before = series_.t[row] + series_.slot_s <= begin_s_;
    return before || after_window(row) || !(leader[row] < 1 - 1e-9) ? 0 : 1 - leader[row];
  };
  std::vector<Chart::Span> spans;
  for (std::size_t row = 0; row < rows_; ++row) {
    const double share = without(row);
    if (share == 0) continue;
    const bool goes_on = row > 0 && without(row - 1) > 0;
    const bool comes = !goes_on && row + 1 < rows_ && without(row + 1) > 0;
    const double begin = (series_.t[row] + (comes ? 1 - share : 0) * series_.slot_s) / unit_.seconds;
    const double end = begin + share * series_.slot_s / unit_.seconds;
    if (!spans.empty() && std::abs(spans.back().end - begin) < 1e-9 * end)
      spans.back().end = end;
    else
      spans.push_back({"no leader", begin, end, Chart::Span::Kind::no_leader});
  }
  return spans;
}

std::string Timeline::resolution() const {
  return fmt::format("per {} s of simulated time", significant(slot_s()));
}

bool any(const Values& v) {
  return std::any_of(v.begin(), v.end(), [](double x) { return std::isfinite(x); });
}
bool any_above_zero(const Values& v) {
  return std::any_of(v.begin(), v.end(), [](double x) { return x > 0; });
}

Values running_total(const Values& v) {
  Values out;
  double sum = 0;
  for (double x : v) out.push_back(sum += std::isnan(x) ? 0 : x);
  return out;
}

Values twice(const Values& v) {
  Values out;
  for (double x : v) out.insert(out.end(), 2, x);
  return out;
}

}  // namespace headroom::report
