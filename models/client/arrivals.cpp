#include "models/client/arrivals.h"

#include <algorithm>
#include <boost/random/exponential_distribution.hpp>
#include <cmath>

#include "models/client/expected_requests.h"
#include "sim/base/check.h"

namespace headroom::client {
namespace {

double standard_exponential(Engine& draw) {
  return boost::random::exponential_distribution<double>(1.0)(draw);
}

class PoissonArrivals final : public ArrivalProcess {
 public:
  PoissonArrivals(Rate rate, StreamKey key) : mean_ns_(1e9 / rate.per_second), key_(key) {}
  std::optional<TimePoint> next() override {
    Engine draw = key_.engine_for(n_++);
    at_ns_ += mean_ns_ * standard_exponential(draw);
    return TimePoint::at(Duration::from_ns(at_ns_));
  }
  void begin_at(TimePoint date) override { at_ns_ = static_cast<double>(date.since_start().count_ns()); }

 private:
  double mean_ns_;
  StreamKey key_;
  std::uint64_t n_ = 0;
  double at_ns_ = 0;  // not rounded, so that the mean interval is exact
};

class ConstantArrivals final : public ArrivalProcess {
 public:
  explicit ConstantArrivals(Rate rate) : interval_ns_(1e9 / rate.per_second) {}
  std::optional<TimePoint> next() override {
    return begin_ + Duration::from_ns(interval_ns_ * static_cast<double>(++n_));
  }
  void begin_at(TimePoint date) override { begin_ = date; }

 private:
  double interval_ns_;
  TimePoint begin_;
  std::int64_t n_ = 0;
};

class BurstArrivals final : public ArrivalProcess {
 public:
  /// `states`: of the bursts.
  BurstArrivals(const Bursts& config, StreamKey key, StreamKey states)
      : config_(config), key_(key), states_((states / "states").engine()) {
    state_ends_s_ = config_.mean_calm.seconds() * standard_exponential(states_);
  }
  std::optional<TimePoint> next() override {
    Engine draw = key_.engine_for(n_++);
    double work = standard_exponential(draw);  // integral of the rate until the next request
    while (true) {
      const double rate = (bursting_ ? config_.burst : config_.calm).per_second;
      const double left = (state_ends_s_ - at_s_) * rate;
      if (work < left) {
        at_s_ += work / rate;
        return TimePoint::at(Duration::from_seconds(at_s_));
      }
      work -= left;
      at_s_ = state_ends_s_;
      change_state();
    }
  }
  void begin_at(TimePoint date) override {
    at_s_ = date.since_start().seconds();
    while (state_ends_s_ <= at_s_) change_state();
  }

 private:
  void change_state() {
    bursting_ = !bursting_;
    const Duration mean = bursting_ ? config_.mean_burst : config_.mean_calm;
    state_ends_s_ += mean.seconds() * standard_exponential(states_);
  }
  Bursts config_;
  StreamKey key_;
  Engine states_;
  std::uint64_t n_ = 0;
  bool bursting_ = false;
  double at_s_ = 0;
  double state_ends_s_ = 0;
};

/// A rate that is linear between breakpoints; request times by inversion of its integral.
class ProfileArrivals final : public ArrivalProcess {
 public:
  ProfileArrivals(const Profile& config, StreamKey key) : key_(key) {
    if (config.points) {
      for (std::size_t i = 0; i < config.points->size(); ++i) {
        const ProfilePoint& p = (*config.points)[i];
        if (i == 0 && p.at > Duration()) add(0, p.rate.per_second);
        if (i > 0 && config.between == Between::step) add(p.at.seconds(), points_.back().rate);
        add(p.at.seconds(), p.rate.per_second);
      }
      if (config.repeat) close(config.repeat->seconds(), config.between == Between::step);
    } else {
      const Diurnal& d = *config.diurnal;
      constexpr int kPieces = 288;  // five minutes of a day; the error of the rate is below 6e-5 of its swing
      const double period = d.period.seconds();
      for (int i = 0; i < kPieces; ++i) {
        const double t = period * i / kPieces;
        const double phase = 2 * 3.14159265358979323846 * (t - d.peak_at.seconds()) / period;
        add(t, d.mean.per_second + (d.peak.per_second - d.mean.per_second) * std::cos(phase));
      }
      close(period, false);
    }
  }
  std::optional<TimePoint> next() override {
    Engine draw = key_.engine_for(n_++);
    double work = standard_exponential(draw);
    while (true) {
      const bool last = piece_ + 1 >= points_.size();
      if (last && period_s_ == 0) {  // the last rate holds for ever
        const double rate = points_.back().rate;
        if (rate <= 0) return std::nullopt;
        offset_s_ += work / rate;
        return at();
      }
      if (last) {
        if (area_ <= 0) return std::nullopt;
        base_s_ += period_s_;
        // Not one by one if nothing happens in many.
        if (const double more = std::floor(work / area_); more > kManyPeriods) {
          base_s_ += more * period_s_;
          work -= more * area_;
        }
        piece_ = 0;
        offset_s_ = 0;
        continue;
      }
      const Point& a = points_[piece_];
      const Point& b = points_[piece_ + 1];
      const double length = b.at - a.at;
      const double slope = length > 0 ? (b.rate - a.rate) / length : 0;
      const double rate = a.rate + slope * offset_s_;
      const double left = length - offset_s_;
      const double area = (rate + b.rate) / 2 * left;
      if (work < area) {
        // rate·x + slope·x²/2 = work, in the form that does not cancel
        const double root = std::sqrt(std::max(0.0, rate * rate + 2 * slope * work));
        offset_s_ += std::min(left, 2 * work / (rate + root));
        return at();
      }
      work -= area;
      ++piece_;
      offset_s_ = 0;
    }
  }
  void begin_at(TimePoint date) override {
    double left = date.since_start().seconds();
    if (period_s_ > 0) {
      base_s_ = std::floor(left / period_s_) * period_s_;
      left -= base_s_;
    }
    while (piece_ + 1 < points_.size() && points_[piece_ + 1].at <= left) ++piece_;
    offset_s_ = std::max(0.0, left - points_[piece_].at);
  }
  /// The integral of the rate from 0 to `t`, in seconds.
  double mean_count(double t) const {
    double sum = 0;
    if (period_s_ > 0 && t >= period_s_) {
      const double periods = std::floor(t / period_s_);
      sum = periods * mean_count_in_pieces(period_s_);
      t -= periods * period_s_;
    }
    return sum + mean_count_in_pieces(t);
  }
  /// Before this the rate is 0; none if it always is.
  std::optional<double> first_rate() const {
    for (std::size_t i = 0; i < points_.size(); ++i)
      if (points_[i].rate > 0 ||
          (i + 1 < points_.size() && points_[i + 1].rate > 0 && points_[i + 1].at > points_[i].at))
        return points_[i].at;
    return std::nullopt;
  }

 private:
  double mean_count_in_pieces(double t) const {
    double sum = 0;
    for (std::size_t i = 0; i < points_.size() && points_[i].at < t; ++i) {
      if (i + 1 == points_.size()) return sum + points_[i].rate * (t - points_[i].at);
      const Point& a = points_[i];
      const Point& b = points_[i + 1];
      const double length = std::min(t, b.at) - a.at;
      if (length <= 0) continue;
      sum += (a.rate + (b.rate - a.rate) * length / (b.at - a.at) / 2) * length;
    }
    return sum;
  }
  struct Point {
    double at;
    double rate;
  };
  void add(double at, double rate) { points_.push_back({at, rate}); }
  void close(double period, bool step) {
    add(period, step ? points_.back().rate : points_.front().rate);
    period_s_ = period;
    for (std::size_t i = 1; i < points_.size(); ++i)
      area_ += (points_[i - 1].rate + points_[i].rate) / 2 * (points_[i].at - points_[i - 1].at);
  }
  std::optional<TimePoint> at() const {
    return TimePoint::at(Duration::from_seconds(base_s_ + points_[piece_].at + offset_s_));
  }
  static constexpr double kManyPeriods = 1000;
  StreamKey key_;
  std::vector<Point> points_;
  double period_s_ = 0;
  double area_ = 0;  // requests of a period
  std::uint64_t n_ = 0;
  double base_s_ = 0;
  std::size_t piece_ = 0;
  double offset_s_ = 0;
};

class NeverArrivals final : public ArrivalProcess {
 public:
  std::optional<TimePoint> next() override { return std::nullopt; }
  void begin_at(TimePoint) override {}
};

class TraceArrivals final : public ArrivalProcess {
 public:
  explicit TraceArrivals(const Trace& trace) : rows_(trace.rows) {}
  std::optional<TimePoint> next() override {
    if (n_ == rows_.size()) return std::nullopt;
    return TimePoint::at(rows_[n_++].at);
  }
  void begin_at(TimePoint date) override {
    while (n_ < rows_.size() && TimePoint::at(rows_[n_].at) < date) ++n_;
  }

 private:
  const std::vector<TraceRow>& rows_;
  std::size_t n_ = 0;
};

struct Maker {
  StreamKey key;
  StreamKey states;
  std::unique_ptr<ArrivalProcess> operator()(const Poisson& a) const {
    return std::make_unique<PoissonArrivals>(a.rate, key);
  }
  std::unique_ptr<ArrivalProcess> operator()(const Constant& a) const {
    return std::make_unique<ConstantArrivals>(a.rate);
  }
  std::unique_ptr<ArrivalProcess> operator()(const Bursts& a) const {
    return std::make_unique<BurstArrivals>(a, key, states);
  }
  std::unique_ptr<ArrivalProcess> operator()(const Profile& a) const {
    return std::make_unique<ProfileArrivals>(a, key);
  }
  std::unique_ptr<ArrivalProcess> operator()(const Closed&) const { return nullptr; }
  std::unique_ptr<ArrivalProcess> operator()(const NoArrivals&) const {
    return std::make_unique<NeverArrivals>();
  }
  std::unique_ptr<ArrivalProcess> operator()(const Trace& a) const {
    return std::make_unique<TraceArrivals>(a);
  }
};

Rate operator*(Rate r, double factor) {
  return {r.per_second * factor};
}

/// The same with rates `factor` times as high.
struct Scaled {
  double factor;
  Arrivals operator()(const Poisson& a) const { return Poisson{a.rate * factor}; }
  Arrivals operator()(const Constant& a) const { return Constant{a.rate * factor}; }
  Arrivals operator()(Bursts a) const {
    a.calm = a.calm * factor;
    a.burst = a.burst * factor;
    return a;
  }
  Arrivals operator()(Profile a) const {
    if (a.points)
      for (ProfilePoint& p : *a.points) p.rate = p.rate * factor;
    if (a.diurnal) {
      a.diurnal->mean = a.diurnal->mean * factor;
      a.diurnal->peak = a.diurnal->peak * factor;
    }
    return a;
  }
  template <class Other>
  Arrivals operator()(const Other&) const {
    return NoArrivals{};
  }
};

/// See requests_between.
struct Count {
  Duration from, to;
  std::optional<double> at_rate(double per_second) const { return per_second * (to - from).seconds(); }
  std::optional<double> operator()(const Poisson& a) const { return at_rate(a.rate.per_second); }
  std::optional<double> operator()(const Constant& a) const {
    const auto before = [&](Duration date) {  // the n-th is sent at n intervals
      return std::max(0.0, std::ceil(date.seconds() * a.rate.per_second) - 1);
    };
    return before(to) - before(from);
  }
  std::optional<double> operator()(const Bursts& a) const {
    const double calm = a.mean_calm.seconds();
    const double burst = a.mean_burst.seconds();
    return at_rate((a.calm.per_second * calm + a.burst.per_second * burst) / (calm + burst));
  }
  std::optional<double> operator()(const Profile& a) const {
    const ProfileArrivals profile(a, StreamKey(0));
    return profile.mean_count(to.seconds()) - profile.mean_count(from.seconds());
  }
  std::optional<double> operator()(const Closed&) const { return std::nullopt; }
  std::optional<double> operator()(const NoArrivals&) const { return 0; }
  std::optional<double> operator()(const Trace& a) const {
    const auto first_since = [&](Duration date) {  // rows are in order
      return std::lower_bound(a.rows.begin(), a.rows.end(), date,
                              [](const TraceRow& row, Duration at) { return row.at < at; });
    };
    return static_cast<double>(first_since(to) - first_since(from));
  }
};

/// (exp(x) − 1)/x and log(1 + x)/x without cancellation near 0
double expm1_over(double x) {
  return std::abs(x) > 1e-8 ? std::expm1(x) / x : 1 + x / 2;
}
double log1p_over(double x) {
  return std::abs(x) > 1e-8 ? std::log1p(x) / x : 1 - x / 2;
}

}  // namespace

std::unique_ptr<ArrivalProcess> make_arrivals(const Arrivals& arrivals, StreamKey key) {
  const StreamKey own = key / "arrivals";
  return std::visit(Maker{own, own}, arrivals);
}

std::unique_ptr<ArrivalProcess> make_extra_arrivals(const Arrivals& arrivals, StreamKey key, double factor,
                                                    StreamKey extra) {
  const Arrivals scaled = factor > 0 ? std::visit(Scaled{factor}, arrivals) : NoArrivals{};
  if (std::holds_alternative<NoArrivals>(scaled)) return nullptr;
  return std::visit(Maker{extra, key / "arrivals"}, scaled);
}

std::optional<double> requests_between(const Arrivals& arrivals, TimePoint from, TimePoint to) {
  return std::visit(Count{from.since_start(), to.since_start()}, arrivals);
}

std::optional<TimePoint> earliest_request(const Arrivals& arrivals) {
  const auto at = [](double seconds) { return TimePoint::at(Duration::from_seconds(seconds)); };
  if (std::holds_alternative<NoArrivals>(arrivals)) return std::nullopt;
  if (const auto* trace = std::get_if<Trace>(&arrivals))
    return trace->rows.empty() ? std::nullopt : std::optional(TimePoint::at(trace->rows.front().at));
  if (const auto* constant = std::get_if<Constant>(&arrivals)) return at(1 / constant->rate.per_second);
  if (const auto* profile = std::get_if<Profile>(&arrivals)) {
    const auto first = ProfileArrivals(*profile, StreamKey(0)).first_rate();
    return first ? std::optional(at(*first)) : std::nullopt;
  }
  return TimePoint();
}

ZipfSampler::ZipfSampler(std::int64_t n, double exponent) : n_(n), exponent_(exponent) {
  h_integral_x1_ = h_integral(1.5) - 1;
  h_integral_n_ = h_integral(static_cast<double>(n) + 0.5);
  s_ = 2 - h_integral_inverse(h_integral(2.5) - h(2));
}

double ZipfSampler::h(double x) const {
  return std::exp(-exponent_ * std::log(x));
}

double ZipfSampler::h_integral(double x) const {
  const double log_x = std::log(x);
  return expm1_over((1 - exponent_) * log_x) * log_x;
}

double ZipfSampler::h_integral_inverse(double x) const {
  const double t = std::max(-1.0, x * (1 - exponent_));
  return std::exp(log1p_over(t) * x);
}

std::uint64_t ZipfSampler::operator()(Engine& draw) const {
  if (exponent_ == 0) return uniform_below(draw, static_cast<std::uint64_t>(n_));
  while (true) {
    const double u = h_integral_n_ + uniform01(draw) * (h_integral_x1_ - h_integral_n_);
    const double x = h_integral_inverse(u);
    const auto k = std::clamp<std::int64_t>(std::llround(x), 1, n_);
    const auto rank = static_cast<double>(k);
    if (rank - x <= s_ || u >= h_integral(rank + 0.5) - h(rank)) return static_cast<std::uint64_t>(k - 1);
  }
}

}  // namespace headroom::client
