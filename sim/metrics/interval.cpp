#include "sim/metrics/interval.h"

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/gamma.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <cstddef>
#include <limits>

#include "sim/metrics/statistics.h"

namespace headroom::metrics {
namespace {

/// How sure an interval is to be.
struct Level {
  explicit Level(double error)
      : both(error),
        side(error / 2),
        normal(-boost::math::quantile(boost::math::normal_distribution<double>(), error / 2)) {}
  double both;    ///< how often it may miss
  double side;    ///< to either side
  double normal;  ///< the quantile of the normal law that belongs to it
};

constexpr double kTooWide = 0.8;
constexpr double kGoodWidth = 0.5;
constexpr double kFewestExcursions = 15;
/// How many excursions it takes until the effective sample of a quantile is well known: by simulation.
constexpr double kManyExcursions = 10;
/// Variances below that, relative to what is measured, are rounding.
constexpr double kRounding = 1e-24;

/// (t/z)²: how much a variance is raised because it is but estimated.
double raised(double degrees, const Level& level) {
  const double t = student_t_quantile(degrees, 1 - level.side) / level.normal;
  return t * t;
}

/// From so many on the exact limits are the normal ones, to a thousandth of their distance.
constexpr double kNormalFrom = 1e6;

/// Exact limits of a share p of n independent ones.
Interval binomial(double p, double n, const Level& level) {
  const double x = p * n;
  if (std::min(x, n - x) > kNormalFrom) {
    const double half = level.normal * std::sqrt(p * (1 - p) / n);
    return {p - half, p + half};
  }
  const auto limit = [](double a, double b, double q) {
    if (a <= 0) return 0.0;
    if (b <= 0) return 1.0;
    return boost::math::quantile(boost::math::beta_distribution<double>(a, b), q);
  };
  return {limit(x, n - x + 1, level.side), limit(x + 1, n - x, 1 - level.side)};
}

/// Exact limits of a Poisson mean of which m were seen, as factors of m.
Interval poisson(double m, const Level& level) {
  if (m > kNormalFrom) {
    const double part = level.normal / std::sqrt(m);
    return {1 - part, 1 + part};
  }
  const auto limit = [](double shape, double q) {
    return boost::math::quantile(boost::math::gamma_distribution<double>(shape), q);
  };
  return {limit(m, level.side) / m, limit(m + 1, 1 - level.side) / m};
}

/// The most that "none of n" leaves possible, as a share.
double none_of(double n, const Level& level) {
  return -std::expm1(std::log(level.both) / std::max(1.0, n));
}
/// The most that "none" leaves possible, as a count.
double none(const Level& level) {
  return -std::log(level.both);
}

Estimated too_short(double mean, double longer) {
  return {mean, std::nullopt, longer};
}

/// The limits of the mean of something that is not negative.
Estimated of_mean(double mean, double variance, double least, const Level& level) {
  const double excess = mean - least;
  const double h = level.normal * std::sqrt(variance) / excess;
  if (h > kTooWide) return too_short(mean, (h / kGoodWidth) * (h / kGoodWidth));
  return {mean, Interval{least + excess / (1 + h), least + excess / (1 - h)}, std::nullopt};
}

/// Nothing was seen to vary.
Estimated unvaried(double mean, const Evidence& evidence, double n, double replications, double clumping,
                   const Level& level) {
  const double none_seen = none_of(n / clumping, level);
  switch (evidence.range) {
    case Range::share:
      if (mean <= 0) return {mean, Interval{0, none_seen}, std::nullopt};
      if (mean >= 1) return {mean, Interval{1 - none_seen, 1}, std::nullopt};
      break;
    case Range::at_least_one:
      if (mean <= 1) return {mean, Interval{1, 1 + none_seen}, std::nullopt};
      break;
    case Range::not_negative:
      if (mean != 0) break;
      if (evidence.kind == Evidence::Kind::total && evidence.counts)
        return {mean, Interval{0, none(level) * clumping * evidence.scale / replications}, std::nullopt};
      return {mean, std::nullopt, std::nullopt};
    case Range::any:
      break;
  }
  return {mean, Interval{mean, mean}, std::nullopt};
}

/// `least`: below the mean; the part above it is what varies (a wait, on top of a service).
Estimated of_spread(double mean, const Spread& s, const Evidence& evidence, double n, double replications,
                    double clumping, const Level& level, double least = 0) {
  if (s.variance <= kRounding * mean * mean)
    return unvaried(mean, evidence, n, replications, clumping, level);
  if (!s.enough) return too_short(mean, s.longer);
  const double variance = s.variance * raised(s.degrees, level);
  switch (evidence.range) {
    case Range::share:
      // Rounding may leave the range.
      if (mean > 0 && mean < 1)
        return {mean, binomial(mean, mean * (1 - mean) / variance, level), std::nullopt};
      return unvaried(mean, evidence, n, replications, clumping, level);
    case Range::at_least_one:
      if (mean > 1) {
        const Interval factors = poisson((mean - 1) * (mean - 1) / variance, level);
        return {mean, Interval{1 + (mean - 1) * factors.low, 1 + (mean - 1) * factors.high}, std::nullopt};
      }
      break;
    case Range::not_negative:
      if (evidence.kind == Evidence::Kind::total) {
        const Interval factors = poisson(mean * mean / variance, level);
        return {mean, Interval{mean * factors.low, mean * factors.high}, std::nullopt};
      }
      return of_mean(mean, variance, least, level);
    case Range::any:
      break;
  }
  const double half = level.normal * std::sqrt(variance);
  return {mean, Interval{mean - half, mean + half}, std::nullopt};
}

/// A ratio's or total's deviations per batch, in the metric's unit.
PerBatch deviations(const Observed& o, double mean) {
  const Evidence& e = *o.evidence;
  const double denominator = e.kind == Evidence::Kind::ratio ? sum(e.batches.denominator) : 1;
  PerBatch z{};
  for (std::size_t b = 0; b < z.size(); ++b) {
    const double expected =
        e.kind == Evidence::Kind::ratio ? mean * e.batches.denominator[b] : mean / kBatches;
    z[b] = (e.batches.numerator[b] * e.scale - expected) / denominator;
  }
  return z;
}

/// The lowest mean of any batch: about what it would be if there were no queue.
double lowest(std::span<const Observed> all, double mean) {
  double least = mean;
  for (const Observed& o : all)
    for (std::size_t b = 0; b < kBatches; ++b) {
      const Batches& batches = o.evidence->batches;
      if (batches.denominator[b] > 0)
        least = std::min(least, batches.numerator[b] * o.evidence->scale / batches.denominator[b]);
    }
  return least < mean ? std::max(0.0, least) : 0;
}

/// Of the mean of values that are alike in all replications but for chance, from their spread alone.
Estimated of_values(std::span<const Observed> all, double mean, double clumping, const Level& level) {
  if (all.size() < kEnoughReplications) return {mean, std::nullopt, std::nullopt};
  Moments moments;
  bool negative = false;
  for (const Observed& o : all) {
    moments.add(o.value);
    negative = negative || o.value < 0;
  }
  const auto n = static_cast<double>(all.size());
  Spread s;
  s.variance = moments.variance() / n;
  s.degrees = n - 1;
  Evidence evidence = *all.front().evidence;
  if (negative) evidence.range = Range::any;
  return of_spread(mean, s, evidence, n, n, clumping, level);
}

/// The mean curve of a quantile around it, and back.
std::vector<double> mean_curve(std::span<const Observed> all) {
  std::vector<double> curve(kCurve, 0.0);
  for (const Observed& o : all)
    for (std::size_t i = 0; i < curve.size(); ++i)
      curve[i] += o.evidence->curve[i] / static_cast<double>(all.size());
  return curve;
}

double logit(double p) {
  return std::log(p / (1 - p));
}
constexpr double kStep = 0.25;
constexpr int kMiddle = (kCurve - 1) / 2;

/// The value at the share `p`; none outside of the curve.
std::optional<double> value_at(const std::vector<double>& curve, double q, double p) {
  if (p <= 0 || p >= 1) return std::nullopt;
  const double at = (logit(p) - logit(q)) / kStep + kMiddle;
  if (at < 0 || at > kCurve - 1) return std::nullopt;
  const auto i = std::min(static_cast<std::size_t>(at), static_cast<std::size_t>(kCurve - 2));
  return curve[i] + (at - static_cast<double>(i)) * (curve[i + 1] - curve[i]);
}

/// The share at which the curve has that value; the first one if there are several.
double share_at(const std::vector<double>& curve, double q, double value) {
  const auto above = std::lower_bound(curve.begin(), curve.end(), value);
  double at = 0;
  if (above == curve.end()) {
    at = kCurve - 1;
  } else if (above != curve.begin()) {
    const double below = *(above - 1);
    at = static_cast<double>(above - curve.begin()) - (*above - value) / (*above - below);
  }
  return 1 / (1 + std::exp(-(logit(q) + (at - kMiddle) * kStep)));
}

/// Deviations of the share beyond the quantile, per batch: of the replication's own quantile, plus how much
/// of it is beyond the mean one.
std::vector<PerBatch> beyond(std::span<const Observed> all, const std::vector<double>& curve, bool wider) {
  std::vector<PerBatch> z(all.size());
  for (std::size_t r = 0; r < all.size(); ++r) {
    const Evidence& e = *all[r].evidence;
    const double n = sum(e.batches.denominator);
    const PerBatch& above = wider ? e.above_wider : e.batches.numerator;
    const double share = sum(above) / n;
    // Its own quantile, on the mean curve.
    const double p = wider ? wider_share(e.q) : e.q;
    const double own = wider ? value_at(e.curve, e.q, p).value_or(all[r].value) : all[r].value;
    const double off = share_at(curve, e.q, own) - p;
    for (std::size_t b = 0; b < kBatches; ++b)
      z[r][b] = (above[b] - (share - off) * e.batches.denominator[b]) / n;
  }
  return z;
}

/// Separate excursions: had they begun at random instants, so many batches would hold one.
double excursions(std::span<const Observed> all) {
  double batches = 0, with = 0, above = 0, wider = 0;
  for (const Observed& o : all) {
    for (std::size_t b = 0; b < kBatches; ++b) {
      batches += 1;
      with += o.evidence->above_wider[b] > 0 ? 1 : 0;
    }
    above += sum(o.evidence->batches.denominator) * (1 - o.evidence->q);
    wider += sum(o.evidence->above_wider);
  }
  if (wider == 0) return 0;
  return -batches * std::log1p(-std::min(with, batches - 0.5) / batches) * std::min(1.0, above / wider);
}

double observations(std::span<const Observed> all) {
  double n = 0;
  for (const Observed& o : all) n += sum(o.evidence->batches.denominator);
  return n;
}

Estimated of_quantile(std::span<const Observed> all, double mean, const Level& level) {
  if (all.size() >= kEnoughReplications) return of_values(all, mean, 1, level);
  const double q = all.front().evidence->q;
  const std::vector<double> curve = mean_curve(all);
  if (curve.front() == curve.back()) return {mean, Interval{mean, mean}, std::nullopt};
  const double n = observations(all);
  const double seen = excursions(all);
  const Spread narrow = spread(beyond(all, curve, false));
  const Spread wide = spread(beyond(all, curve, true));
  const double fewer = kFewestExcursions / std::max(seen, 0.1);
  if (fewer > 1 || !wide.enough) return too_short(mean, std::max(1.5 * fewer, wide.longer));
  const double q_wide = wider_share(q);
  const double clump = std::max(1.0, narrow.variance * n / (q * (1 - q)));
  const double clump_wide = std::max(1.0, wide.variance * n / (q_wide * (1 - q_wide)));
  const double clumps = (clump + std::max(0.0, clump_wide - clump) * std::min(1.0, fewer)) *
                        (1 + kManyExcursions / seen) * raised(std::min(narrow.degrees, wide.degrees), level);
  const Interval share = binomial(1 - q, n / clumps, level);
  const auto low = value_at(curve, q, 1 - share.high);
  const auto high = value_at(curve, q, 1 - share.low);
  // Less than one observation beyond: nobody knows where.
  if (!low || !high || share.low * n < 1) return too_short(mean, 2);
  return {mean, Interval{std::min(*low, mean), std::max(*high, mean)}, std::nullopt};
}

}  // namespace

double wider_share(double q) {
  return std::max(std::min(q, 0.5), 1 - 5 * (1 - q));
}

double curve_share(double q, int i) {
  return i == kMiddle ? q : 1 / (1 + std::exp(-(logit(q) + (i - kMiddle) * kStep)));
}

Estimated estimate(std::span<const Observed> all, double clumping, double error) {
  const Level level(error);
  if (all.empty()) return {};
  Moments moments;
  for (const Observed& o : all) moments.add(o.value);
  const double mean = moments.mean();
  const Evidence& evidence = *all.front().evidence;
  switch (evidence.kind) {
    case Evidence::Kind::exact:
      return {mean, Interval{mean, mean}, std::nullopt};
    case Evidence::Kind::value:
      return of_values(all, mean, clumping, level);
    case Evidence::Kind::quantile:
      return of_quantile(all, mean, level);
    case Evidence::Kind::ratio:
    case Evidence::Kind::total:
      break;
  }
  std::vector<PerBatch> z;
  for (const Observed& o : all) z.push_back(deviations(o, mean));
  const auto replications = static_cast<double>(all.size());
  const double n =
      evidence.counts && evidence.kind == Evidence::Kind::ratio ? observations(all) : kBatches * replications;
  const double least = evidence.kind == Evidence::Kind::ratio ? lowest(all, mean) : 0;
  return of_spread(mean, spread(z), evidence, n, replications, evidence.counts ? clumping : 1, level, least);
}

double clumping(std::span<const Observed> all) {
  if (all.empty() || all.front().evidence->kind != Evidence::Kind::quantile) return 1;
  const double q = all.front().evidence->q;
  const std::vector<double> curve = mean_curve(all);
  return std::max(1.0, spread(beyond(all, curve, false)).variance * observations(all) / (q * (1 - q)));
}

}  // namespace headroom::metrics
