#include "models/processing/calibrate/fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "sim/base/check.h"
#include "sim/base/random.h"
#include "sim/metrics/statistics.h"

namespace headroom::processing::calibrate {
namespace {

using Vector = std::vector<double>;
constexpr std::size_t kRegressors = 7;
constexpr std::size_t kMostColumns = 8;
constexpr std::int64_t kFolds = 5;
constexpr int kQuantiles = 100;

/// The solution of a symmetric positive definite system by Cholesky's decomposition; nothing if it is
/// singular.
std::optional<Vector> solve(std::vector<Vector> a, Vector b) {
  const std::size_t n = b.size();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = a[i][j];
      for (std::size_t k = 0; k < j; ++k) sum -= a[i][k] * a[j][k];
      if (i > j) {
        a[i][j] = sum / a[j][j];
      } else {
        if (sum <= 1e-12) return std::nullopt;  // columns are scaled to length 1
        a[i][i] = std::sqrt(sum);
      }
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < i; ++k) b[i] -= a[i][k] * b[k];
    b[i] /= a[i][i];
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) b[i] -= a[k][i] * b[k];
    b[i] /= a[i][i];
  }
  return b;
}

/// In units that are neither large nor small: millions of pixels and bytes.
std::array<double, kRegressors> regressors(const Observation& o) {
  const Pixels& p = o.pixels;
  return {1, p.input / 1e6, p.decoded / 1e6, p.boxed / 1e6, p.resampled / 1e6, p.output / 1e6, o.bytes / 1e6};
}

double times(const std::array<double, kRegressors>& row, const Vector& x) {
  return std::inner_product(row.begin(), row.end(), x.begin(), 0.0);
}

Coefficients coefficients(const Vector& x, double factor) {
  const auto microseconds = [&](double s) { return Duration::us(std::llround(s * factor * 1e6)); };
  Coefficients c;
  c.fixed = microseconds(x[0]);
  c.per_input_megapixel = microseconds(x[1]);
  c.per_decoded_megapixel = microseconds(x[2]);
  c.per_boxed_megapixel = microseconds(x[3]);
  c.per_resampled_megapixel = microseconds(x[4]);
  c.per_output_megapixel = microseconds(x[5]);
  c.per_input_megabyte = microseconds(x[6]);
  if (c.free()) c.fixed = Duration::us(1);  // nothing is free, even if it is too short to be measured
  return c;
}

/// Quantiles of values that do not all count the same, each of an image.
class Weighted {
 public:
  void add(double value, double weight, std::size_t image = 0) {
    values_.push_back({value, weight, image});
    sorted_ = false;
  }
  double quantile(double p) {
    return quantile(p, [](std::size_t) { return 1.0; });
  }
  /// As if each image were there as often as `times` says.
  template <class Times>
  double quantile(double p, const Times& times) {
    if (!std::exchange(sorted_, true)) std::sort(values_.begin(), values_.end());
    double total = 0;
    for (const Value& v : values_) total += v.weight * times(v.image);
    double sum = 0;
    for (const Value& v : values_) {
      sum += v.weight * times(v.image);
      if (sum >= p * total) return v.value;
    }
    return values_.empty() ? 0 : values_.back().value;
  }
  double mean() const {
    double total = 0;
    double sum = 0;
    for (const Value& v : values_) {
      total += v.weight;
      sum += v.value * v.weight;
    }
    return sum / total;
  }

 private:
  struct Value {
    double value;
    double weight;
    std::size_t image;
    auto operator<=>(const Value&) const = default;
  };
  std::vector<Value> values_;
  bool sorted_ = false;
};

double rounded(double x) {
  return std::round(x * 1e4) / 1e4;
}

/// The 95 % interval of the error of the 99th percentile, over samples of the images with replacement.
std::vector<double> p99_interval(Weighted& measured, Weighted& model,
                                 const std::vector<std::size_t>& images) {
  constexpr int kSamples = 1000;
  constexpr double kDigits = 1e3;
  Vector drawn(*std::max_element(images.begin(), images.end()) + 1);
  const auto times = [&](std::size_t image) { return drawn[image]; };
  Engine draw = StreamKey(1).engine();
  Vector errors;
  for (int sample = 0; sample < kSamples; ++sample) {
    std::fill(drawn.begin(), drawn.end(), 0.0);
    for (std::size_t i = 0; i < images.size(); ++i) ++drawn[images[uniform_below(draw, images.size())]];
    errors.push_back(model.quantile(0.99, times) / measured.quantile(0.99, times) - 1);
  }
  return {std::floor(quantile(errors, 0.025) * kDigits) / kDigits,
          std::ceil(quantile(errors, 0.975) * kDigits) / kDigits};
}

}  // namespace

std::vector<double> non_negative_least_squares(const std::vector<Vector>& rows, const Vector& b) {
  HEADROOM_CHECK(!rows.empty() && rows.size() == b.size() && rows[0].size() <= kMostColumns,
                 "a system of another form");
  const std::size_t columns = rows[0].size();
  Vector length(columns, 0);
  for (const Vector& row : rows)
    for (std::size_t j = 0; j < columns; ++j) length[j] += row[j] * row[j];
  for (double& l : length) l = std::sqrt(l);

  Vector best(columns, 0);
  double best_error = std::inner_product(b.begin(), b.end(), b.begin(), 0.0);
  for (unsigned set = 1; set < 1U << columns; ++set) {
    std::vector<std::size_t> used;
    for (std::size_t j = 0; j < columns; ++j)
      if ((set >> j & 1U) != 0 && length[j] > 0) used.push_back(j);
    if (used.empty()) continue;
    std::vector<Vector> normal(used.size(), Vector(used.size(), 0));
    Vector right(used.size(), 0);
    for (std::size_t r = 0; r < rows.size(); ++r)
      for (std::size_t i = 0; i < used.size(); ++i) {
        const double value = rows[r][used[i]] / length[used[i]];
        right[i] += value * b[r];
        for (std::size_t j = 0; j <= i; ++j) normal[i][j] += value * rows[r][used[j]] / length[used[j]];
      }
    const auto x = solve(normal, right);
    if (!x || std::any_of(x->begin(), x->end(), [](double v) { return v < 0; })) continue;
    double error = 0;
    for (std::size_t r = 0; r < rows.size(); ++r) {
      double rest = b[r];
      for (std::size_t i = 0; i < used.size(); ++i) rest -= rows[r][used[i]] / length[used[i]] * (*x)[i];
      error += rest * rest;
    }
    if (error >= best_error) continue;
    best_error = error;
    std::fill(best.begin(), best.end(), 0.0);
    for (std::size_t i = 0; i < used.size(); ++i) best[used[i]] = (*x)[i] / length[used[i]];
  }
  return best;
}

Coefficients fit(std::span<const Observation> observations) {
  HEADROOM_CHECK(!observations.empty(), "nothing was measured");
  constexpr int kSteps = 8;
  Vector weight;
  for (const Observation& o : observations) weight.push_back(o.cpu);
  Vector x;
  for (int step = 0; step < kSteps; ++step) {
    std::vector<Vector> rows;
    Vector right;
    for (std::size_t i = 0; i < observations.size(); ++i) {
      const auto row = regressors(observations[i]);
      Vector& scaled = rows.emplace_back(row.begin(), row.end());
      for (double& value : scaled) value /= weight[i];
      right.push_back(observations[i].cpu / weight[i]);
    }
    x = non_negative_least_squares(rows, right);
    for (std::size_t i = 0; i < observations.size(); ++i)
      weight[i] = std::max(times(regressors(observations[i]), x), observations[i].cpu * 1e-3);
  }
  Weighted residuals;
  for (std::size_t i = 0; i < observations.size(); ++i)
    for (const double run : observations[i].runs)
      residuals.add(run / weight[i], 1 / static_cast<double>(observations[i].runs.size()));
  const double mean = residuals.mean();
  constexpr double kMostResidual = 1000;  // as the profile's schema has it
  Coefficients found = coefficients(x, mean);
  for (int q = 0; q < kQuantiles; ++q)
    found.residuals.push_back(
        rounded(std::min(residuals.quantile((q + 0.5) / kQuantiles) / mean, kMostResidual)));
  return found;
}

double predicted(const Coefficients& cpu, const Observation& o) {
  return cpu_seconds(cpu, o.pixels, o.bytes);
}

double quantile(const std::vector<double>& values, double p) {
  Weighted all;
  for (const double value : values) all.add(value, 1);
  return all.quantile(p);
}

FitQuality quality_of(const Coefficients& cpu, std::span<const Observation> observations) {
  FitQuality quality;
  metrics::Moments measured;
  double left = 0;
  double error = 0;
  std::vector<std::size_t> images;
  for (const Observation& o : observations) {
    const double p = predicted(cpu, o);
    measured.add(o.cpu);
    left += (o.cpu - p) * (o.cpu - p);
    error += std::abs(o.cpu / p - 1);
    quality.conversions += static_cast<std::int64_t>(o.runs.size());
    images.push_back(o.image);
  }
  std::sort(images.begin(), images.end());
  quality.images = std::unique(images.begin(), images.end()) - images.begin();
  const auto n = static_cast<double>(observations.size());
  const double total = measured.variance() * (n - 1);
  quality.r_squared = total > 0 ? rounded(std::max(0.0, 1 - left / total)) : 0;
  quality.typical_error = Share{rounded(std::min(error / n, 1.0))};
  return quality;
}

HoldOut hold_out(std::span<const Observation> observations) {
  constexpr std::int64_t kFew = 10;
  constexpr std::int64_t kEnough = 20;
  std::vector<std::size_t> images;
  for (const Observation& o : observations) images.push_back(o.image);
  std::sort(images.begin(), images.end());
  images.erase(std::unique(images.begin(), images.end()), images.end());
  HoldOut result;
  result.images = static_cast<std::int64_t>(images.size());
  if (result.images < kFew) {
    result.note = "too few images for a hold-out: expected at least " + std::to_string(kFew);
    return result;
  }
  if (result.images < kEnough)
    result.note =
        "few images: percentiles are those of the largest, expected at least " + std::to_string(kEnough);
  result.folds = kFolds;
  // Every part gets images of all sizes: neighbours in size go to different parts.
  std::vector<double> size(*std::max_element(images.begin(), images.end()) + 1, 0);
  for (const Observation& o : observations) size[o.image] = o.pixels.input;
  std::stable_sort(images.begin(), images.end(),
                   [&](std::size_t a, std::size_t b) { return size[a] < size[b]; });
  std::vector<std::int64_t> part(size.size(), 0);
  for (std::size_t i = 0; i < images.size(); ++i) part[images[i]] = static_cast<std::int64_t>(i) % kFolds;

  Weighted measured;
  Weighted model;
  std::vector<double> errors;
  for (std::int64_t fold = 0; fold < kFolds; ++fold) {
    std::vector<Observation> known;
    std::vector<Observation> unknown;
    for (const Observation& o : observations) (part[o.image] == fold ? unknown : known).push_back(o);
    const Coefficients cpu = fit(known);
    for (const Observation& o : unknown) {
      const double p = predicted(cpu, o);
      errors.push_back(std::abs(p / o.cpu - 1));
      for (const double run : o.runs) measured.add(run, 1 / static_cast<double>(o.runs.size()), o.image);
      for (const double r : cpu.residuals)
        model.add(p * r, 1 / static_cast<double>(cpu.residuals.size()), o.image);
    }
  }
  const auto error_at = [&](double p) { return rounded(model.quantile(p) / measured.quantile(p) - 1); };
  result.mean = rounded(model.mean() / measured.mean() - 1);
  result.p50 = error_at(0.5);
  result.p95 = error_at(0.95);
  result.p99 = error_at(0.99);
  result.p99_ci95 = p99_interval(measured, model, images);
  result.image_mean =
      rounded(std::accumulate(errors.begin(), errors.end(), 0.0) / static_cast<double>(errors.size()));
  result.image_p50 = rounded(quantile(errors, 0.5));
  result.image_p95 = rounded(quantile(errors, 0.95));
  result.image_p99 = rounded(quantile(errors, 0.99));
  return result;
}

Scaling fit_scaling(const std::vector<std::int64_t>& busy, std::vector<SpeedRound> rounds) {
  HEADROOM_CHECK(!busy.empty() && !rounds.empty(), "nothing was measured");
  // Beyond these a round was not disturbed but destroyed; the profile's schema holds no more, either.
  constexpr double kSlowest = 0.01;
  constexpr double kFastest = 2;
  constexpr double kMostParameter = 10;
  for (SpeedRound& round : rounds)
    for (double& speed : round) speed = std::clamp(speed, kSlowest, kFastest);
  const auto law = [&](const SpeedRound& speed) {
    std::vector<Vector> rows;
    Vector right;
    for (std::size_t i = 1; i < busy.size(); ++i) {
      const auto n = static_cast<double>(busy[i]);
      rows.push_back({n - 1});
      if (busy.size() > 2) rows.back().push_back(n * (n - 1));
      right.push_back(speed[0] / speed[i] - 1);
    }
    Vector x = rows.empty() ? Vector{0, 0} : non_negative_least_squares(rows, right);
    x.resize(2, 0);
    for (double& parameter : x) parameter = std::min(parameter, kMostParameter);
    return x;
  };
  Scaling scaling;
  scaling.busy = busy;
  SpeedRound mean(busy.size(), 0);
  for (const SpeedRound& round : rounds)
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += round[i] / static_cast<double>(rounds.size());
  for (const double speed : mean) scaling.speed.push_back(rounded(speed));
  const Vector all = law(mean);
  scaling.sigma = rounded(all[0]);
  scaling.kappa = std::round(all[1] * 1e6) / 1e6;
  if (rounds.size() < 2 || scaling.busy.size() < 2) return scaling;
  metrics::Moments sigma;
  metrics::Moments kappa;
  for (const SpeedRound& round : rounds) {
    const Vector one = law(round);
    sigma.add(one[0]);
    kappa.add(one[1]);
  }
  const auto n = static_cast<double>(rounds.size());
  const double t = metrics::student_t_quantile(n - 1, 0.975);
  const auto interval = [&](double centre, const metrics::Moments& m) {
    const double half = t * std::sqrt(m.variance() / n);
    constexpr double kDigits = 1e6;
    return std::vector<double>{std::floor(std::max(0.0, centre - half) * kDigits) / kDigits,
                               std::ceil((centre + half) * kDigits) / kDigits};
  };
  scaling.sigma_ci95 = interval(scaling.sigma, sigma);
  scaling.kappa_ci95 = interval(scaling.kappa, kappa);
  return scaling;
}

}  // namespace headroom::processing::calibrate
