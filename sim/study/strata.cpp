#include "sim/study/strata.h"

#include <algorithm>
#include <cmath>

#include "sim/metrics/statistics.h"

namespace headroom::study {
namespace {

constexpr double kGolden = 0.6180339887498949;

}  // namespace

Measured measured(const metrics::SeriesTable& series, TimePoint from, TimePoint to, double needed,
                  Duration tail) {
  Measured m;
  m.s = (to - from).seconds();
  const auto* offered = series.find("offered");
  const auto* answered = series.find("answered");
  if (offered == nullptr || answered == nullptr) return m;
  const double slot = series.slot.seconds();
  double minute_s = 0, minute_offered = 0, minute_answered = 0;
  const auto end_minute = [&] {
    if (minute_offered > 0 && minute_answered / minute_offered < needed) m.down_min += minute_s / 60;
    minute_s = minute_offered = minute_answered = 0;
  };
  for (std::size_t i = 0; i < series.rows; ++i) {
    const TimePoint begin = TimePoint::at(series.slot * static_cast<std::int64_t>(i));
    if (begin < from || begin >= to) continue;
    const double sent = offered->values[i];
    const double ok = answered->values[i];
    m.offered += sent;
    m.failed += sent - ok;
    if (begin >= to - tail) {
      m.tail_offered += sent;
      m.tail_failed += sent - ok;
    }
    minute_s += slot;
    minute_offered += sent;
    minute_answered += ok;
    if (minute_s >= 60 - 1e-9) end_minute();
  }
  end_minute();
  return m;
}

Stratum Stratum::part(double from, double to) const {
  Stratum piece;
  piece.what = what;
  piece.sort = sort;
  piece.transient = transient;
  piece.sorts = sorts;
  piece.range = {from, to};
  if (transient) {
    const auto at = [&](double place) {
      return members.begin() + static_cast<std::ptrdiff_t>(std::llround(place * count()));
    };
    piece.members.assign(at(from), at(to));
    piece.s = s * piece.count() / count();
    return piece;
  }
  piece.members = members;
  double passed = 0;
  for (const Cell& cell : cells) {
    const double begin = std::max(from * s - passed, 0.0);
    const double end = std::min(to * s - passed, cell.s);
    if (end > begin) {
      piece.cells.push_back({cell.of_class, cell.level, begin, end - begin});
      piece.s += end - begin;
    }
    passed += cell.s;
  }
  return piece;
}

double Stratum::place(std::size_t number) const {
  const double at = start + static_cast<double>(number) * kGolden;
  return at - std::floor(at);
}

std::size_t Stratum::member_at(double place) const {
  return std::min(members.size() - 1, static_cast<std::size_t>(place * count()));
}

std::pair<std::size_t, double> Stratum::cell_at(double place) const {
  double left = place * s;
  std::size_t c = 0;
  while (c + 1 < cells.size() && left >= cells[c].s) left -= cells[c++].s;
  return {c, left};
}

Nearest::Nearest(const Stratum& stratum) {
  for (const Representative& one : stratum.representatives) order_.push_back(&one);
  std::sort(order_.begin(), order_.end(), [](const auto* a, const auto* b) { return a->place < b->place; });
}

const Representative& Nearest::at(double place) {
  while (nearest_ + 1 < order_.size() &&
         std::abs(order_[nearest_ + 1]->place - place) <= std::abs(order_[nearest_]->place - place))
    ++nearest_;
  return *order_[nearest_];
}

MeanPerUnit mean_per_unit(const Stratum& stratum, double Measured::* quantity, bool counted) {
  metrics::Moments moments;
  double sum = 0, units = 0;
  for (const Representative& one : stratum.representatives) {
    const double unit = stratum.units_of(one);
    moments.add(one.found.*quantity / unit);
    sum += one.found.*quantity;
    units += unit;
  }
  const auto n = static_cast<double>(moments.count());
  MeanPerUnit mean{moments.mean(), moments.variance() / n, std::max(1.0, n - 1)};
  if (counted && units > 0) mean.variance = std::max(mean.variance, (sum + 3) / (units * units));
  return mean;
}

std::vector<std::size_t> where_more(const std::vector<Stratum>& strata, double Measured::* quantity,
                                    std::size_t most) {
  std::vector<std::size_t> more(strata.size(), 0);
  for (std::size_t i = 0; i < most; ++i) {
    std::size_t best = 0;
    double best_gain = 0;
    for (std::size_t h = 0; h < strata.size(); ++h) {
      const Stratum& stratum = strata[h];
      const auto n = static_cast<double>(stratum.representatives.size());
      double cost = 0;
      for (const Representative& one : stratum.representatives) cost += one.cost / n;
      if (cost <= 0) continue;
      const double units = stratum.units();
      const double variance = units * units * n * mean_per_unit(stratum, quantity, true).variance;
      const double now = n + static_cast<double>(more[h]);
      const double gain = variance * (1 / now - 1 / (now + 1)) / cost;
      if (gain <= best_gain) continue;
      best_gain = gain;
      best = h;
    }
    if (best_gain == 0) break;
    ++more[best];
  }
  return more;
}

}  // namespace headroom::study
