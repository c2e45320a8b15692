#include <algorithm>
#include <cmath>

#include "sim/base/check.h"
#include "sim/metrics/result.h"

namespace headroom::metrics {
namespace {

/// With fewer observations expected beyond a quantile, the run says too little about it for an interval.
constexpr double kFewestBeyondQuantile = 10;

std::array<double, kBatches> values(const BatchSum& sum) {
  std::array<double, kBatches> v{};
  for (int b = 0; b < kBatches; ++b) v[static_cast<std::size_t>(b)] = static_cast<double>(sum.in(b));
  return v;
}

std::array<double, kBatches> sums(const Tally& tally) {
  std::array<double, kBatches> v{};
  for (int b = 0; b < kBatches; ++b) v[static_cast<std::size_t>(b)] = tally.sum(b);
  return v;
}

std::array<double, kBatches> counts(const Tally& tally) {
  std::array<double, kBatches> v{};
  for (int b = 0; b < kBatches; ++b) v[static_cast<std::size_t>(b)] = static_cast<double>(tally.count(b));
  return v;
}

std::array<double, kBatches> level_seconds(const TimeAverage& level) {
  std::array<double, kBatches> v{};
  for (int b = 0; b < kBatches; ++b)
    v[static_cast<std::size_t>(b)] = static_cast<double>(level.integral(b)) / 1e9;
  return v;
}

double sum(const std::array<double, kBatches>& v) {
  double s = 0;
  for (double x : v) s += x;
  return s;
}

Interval scaled(Interval i, double scale) {
  i.low *= scale;
  i.high *= scale;
  if (i.low > i.high) std::swap(i.low, i.high);
  return i;
}

}  // namespace

void ResultBuilder::put(std::string name, std::optional<double> value, std::optional<Interval> ci95) {
  HEADROOM_CHECK(!value || std::isfinite(*value), "a metric is a finite number or absent");
  HEADROOM_CHECK(std::none_of(result_.metrics.begin(), result_.metrics.end(),
                              [&](const MetricValue& m) { return m.name == name; }),
                 "a metric is given once");
  result_.metrics.push_back({std::move(name), value, ci95});
}

void ResultBuilder::custom_ratio(std::string name, const Batches& batches, double scale) {
  const double denominator = sum(batches.denominator);
  if (denominator == 0) return none(std::move(name));
  const auto interval = batch_means_ratio(batches);
  put(std::move(name), sum(batches.numerator) / denominator * scale, scaled(*interval, scale));
}

void ResultBuilder::ratio(std::string name, const BatchSum& numerator, const BatchSum& denominator,
                          double scale) {
  custom_ratio(std::move(name), {values(numerator), values(denominator)}, scale);
}

void ResultBuilder::ratio(std::string name, const Tally& numerator, const BatchSum& denominator,
                          double scale) {
  custom_ratio(std::move(name), {sums(numerator), values(denominator)}, scale);
}

void ResultBuilder::total(std::string name, const BatchSum& sum_of, double scale) {
  put(std::move(name), static_cast<double>(sum_of.total()) * scale,
      scaled(batch_means_total({values(sum_of), {}}), scale));
}

void ResultBuilder::total(std::string name, const Tally& sum_of, double scale) {
  put(std::move(name), sum_of.sum() * scale, scaled(batch_means_total({sums(sum_of), {}}), scale));
}

void ResultBuilder::rate(std::string name, const BatchSum& sum_of, double scale) {
  const double seconds = window_.length().seconds();
  if (seconds == 0) return none(std::move(name));
  total(std::move(name), sum_of, scale / seconds);
}

void ResultBuilder::mean(std::string name, const Tally& observations, double scale) {
  custom_ratio(std::move(name), {sums(observations), counts(observations)}, scale);
}

void ResultBuilder::mean(std::string name, const BatchHistogram& observations, double scale) {
  Batches batches;
  for (int b = 0; b < kBatches; ++b) {
    if (const Histogram* h = observations.in(b)) {
      batches.numerator[static_cast<std::size_t>(b)] = static_cast<double>(h->sum());
      batches.denominator[static_cast<std::size_t>(b)] = static_cast<double>(h->count());
    }
  }
  custom_ratio(std::move(name), batches, scale);
}

void ResultBuilder::time_average(std::string name, const TimeAverage& level, double scale) {
  Batches batches{level_seconds(level), {}};
  for (int b = 0; b < kBatches; ++b) {
    batches.denominator[static_cast<std::size_t>(b)] =
        (level.window().edge(b + 1) - level.window().edge(b)).seconds();
  }
  custom_ratio(std::move(name), batches, scale);
}

void ResultBuilder::time_total(std::string name, const TimeAverage& level, double scale) {
  put(std::move(name), level.level_seconds() * scale,
      scaled(batch_means_total({level_seconds(level), {}}), scale));
}

void ResultBuilder::quantile(std::string name, const BatchHistogram& observations, double q, double scale) {
  const Histogram all = observations.total();
  const auto value = all.quantile(q);
  if (!value) return none(std::move(name));
  // How well the share of observations up to the quantile is known says how well the quantile is known: the
  // values at the shares q ± h bound it. Needs no estimate of the density at the quantile, and no batch to be
  // long enough for a quantile of its own.
  Batches batches;
  for (int b = 0; b < kBatches; ++b) {
    if (const Histogram* h = observations.in(b)) {
      batches.numerator[static_cast<std::size_t>(b)] = static_cast<double>(h->count_up_to(*value));
      batches.denominator[static_cast<std::size_t>(b)] = static_cast<double>(h->count());
    }
  }
  const Interval share = *batch_means_ratio(batches);
  const double h = (share.high - share.low) / 2;
  const double rarer_side = std::min(q, 1 - q) * static_cast<double>(all.count());
  std::optional<Interval> ci95;
  if (rarer_side >= kFewestBeyondQuantile && q - h > 0 && q + h < 1)
    ci95 = scaled({*all.quantile(q - h), *all.quantile(q + h)}, scale);
  put(std::move(name), *value * scale, ci95);
}

void ResultBuilder::maximum(std::string name, std::optional<double> value) {
  put(std::move(name), value, std::nullopt);
}

void ResultBuilder::maximum(std::string name, const BatchHistogram& observations, double scale) {
  const Histogram all = observations.total();
  if (all.count() == 0) return none(std::move(name));
  maximum(std::move(name), static_cast<double>(all.max()) * scale);
}

void ResultBuilder::maximum(std::string name, const TimeAverage& level, double scale) {
  maximum(std::move(name), static_cast<double>(level.max()) * scale);
}

void ResultBuilder::constant(std::string name, double value) {
  put(std::move(name), value, Interval{value, value});
}

void ResultBuilder::single(std::string name, std::optional<double> value) {
  put(std::move(name), value, std::nullopt);
}

void ResultBuilder::none(std::string name) {
  put(std::move(name), std::nullopt, std::nullopt);
}

void ResultBuilder::invariant(std::string name, bool holds, std::int64_t checked, std::string detail) {
  result_.invariants.push_back({std::move(name), holds, checked, std::move(detail)});
}

void ResultBuilder::latency(std::string class_name, const BatchHistogram& observations) {
  result_.latency.push_back({std::move(class_name), observations.total()});
}

void ResultBuilder::durations(std::string name, const BatchHistogram& observations,
                              std::vector<PublishedPoint> published) {
  result_.durations.push_back({std::move(name), observations.total(), std::move(published)});
}

void ResultBuilder::journal(const Journal& journal) {
  result_.journal = journal.events();
  result_.journal_left_out = journal.left_out();
}

void ResultBuilder::bookkeeping(std::int64_t events, Duration simulated) {
  result_.events = events;
  result_.simulated_s = simulated.seconds();
}

}  // namespace headroom::metrics
