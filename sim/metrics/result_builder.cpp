#include <algorithm>
#include <cmath>

#include "sim/base/check.h"
#include "sim/metrics/result.h"

namespace headroom::metrics {
namespace {

PerBatch values(const BatchSum& sum) {
  PerBatch v{};
  for (int b = 0; b < kBatches; ++b) v[static_cast<std::size_t>(b)] = static_cast<double>(sum.in(b));
  return v;
}

PerBatch sums(const Tally& tally) {
  PerBatch v{};
  for (int b = 0; b < kBatches; ++b) v[static_cast<std::size_t>(b)] = tally.sum(b);
  return v;
}

PerBatch counts(const Tally& tally) {
  PerBatch v{};
  for (int b = 0; b < kBatches; ++b) v[static_cast<std::size_t>(b)] = static_cast<double>(tally.count(b));
  return v;
}

PerBatch level_seconds(const TimeAverage& level) {
  PerBatch v{};
  for (int b = 0; b < kBatches; ++b)
    v[static_cast<std::size_t>(b)] = static_cast<double>(level.integral(b)) / 1e9;
  return v;
}

Evidence of(Evidence::Kind kind, Batches batches, double scale, Range range, bool counts) {
  Evidence evidence;
  evidence.kind = kind;
  evidence.batches = batches;
  evidence.scale = scale;
  evidence.range = range;
  evidence.counts = counts;
  return evidence;
}

}  // namespace

void ResultBuilder::put(const MetricName& metric, std::optional<double> value, Evidence evidence) {
  HEADROOM_CHECK(!value || std::isfinite(*value), "a metric is a finite number or absent");
  HEADROOM_CHECK(std::none_of(result_.metrics.begin(), result_.metrics.end(),
                              [&](const MetricValue& m) { return m.name == metric.name(); }),
                 "a metric is given once");
  result_.metrics.push_back({metric.name(), value, std::move(evidence)});
}

void ResultBuilder::put_ratio(const MetricName& metric, Evidence evidence) {
  const double denominator = sum(evidence.batches.denominator);
  if (denominator == 0) return none(metric);
  const double value = sum(evidence.batches.numerator) / denominator * evidence.scale;
  put(metric, value, std::move(evidence));
}

void ResultBuilder::put_total(const MetricName& metric, Evidence evidence) {
  const double value = sum(evidence.batches.numerator) * evidence.scale;
  put(metric, value, std::move(evidence));
}

void ResultBuilder::ratio(const MetricName& metric, const BatchSum& numerator, const BatchSum& denominator,
                          double scale, Range range) {
  put_ratio(metric, of(Evidence::Kind::ratio, {values(numerator), values(denominator)}, scale, range, true));
}

void ResultBuilder::ratio(const MetricName& metric, const Tally& numerator, const BatchSum& denominator,
                          double scale, Range range) {
  put_ratio(metric, of(Evidence::Kind::ratio, {sums(numerator), values(denominator)}, scale, range, true));
}

void ResultBuilder::time_share(const MetricName& metric, const BatchSum& numerator, const BatchSum& time,
                               double scale) {
  put_ratio(metric, of(Evidence::Kind::ratio, {values(numerator), values(time)}, scale, Range::share, false));
}

void ResultBuilder::total(const MetricName& metric, const BatchSum& sum_of, double scale) {
  put_total(metric, of(Evidence::Kind::total, {values(sum_of), {}}, scale, Range::not_negative, scale == 1));
}

void ResultBuilder::total(const MetricName& metric, const Tally& sum_of, double scale) {
  put_total(metric, of(Evidence::Kind::total, {sums(sum_of), {}}, scale, Range::not_negative, scale == 1));
}

void ResultBuilder::rate(const MetricName& metric, const BatchSum& sum_of, double scale) {
  const double seconds = window_.length().seconds();
  if (seconds == 0) return none(metric);
  put_total(metric, of(Evidence::Kind::total, {values(sum_of), {}}, scale / seconds, Range::not_negative,
                       scale == 1));
}

void ResultBuilder::mean(const MetricName& metric, const Tally& observations, double scale, Range range) {
  put_ratio(metric,
            of(Evidence::Kind::ratio, {sums(observations), counts(observations)}, scale, range, true));
}

void ResultBuilder::mean(const MetricName& metric, const BatchHistogram& observations, double scale) {
  Batches batches;
  for (int b = 0; b < kBatches; ++b) {
    if (const Histogram* h = observations.in(b)) {
      batches.numerator[static_cast<std::size_t>(b)] = static_cast<double>(h->sum());
      batches.denominator[static_cast<std::size_t>(b)] = static_cast<double>(h->count());
    }
  }
  put_ratio(metric, of(Evidence::Kind::ratio, batches, scale, Range::not_negative, true));
}

namespace {
Evidence of_level(const TimeAverage& level, double scale, Range range) {
  Batches batches{level_seconds(level), {}};
  for (int b = 0; b < kBatches; ++b) {
    batches.denominator[static_cast<std::size_t>(b)] =
        (level.window().edge(b + 1) - level.window().edge(b)).seconds();
  }
  return of(Evidence::Kind::ratio, batches, scale, range, false);
}
}  // namespace

void ResultBuilder::time_average(const MetricName& metric, const TimeAverage& level, double scale) {
  put_ratio(metric, of_level(level, scale, Range::not_negative));
}

void ResultBuilder::time_share(const MetricName& metric, const TimeAverage& level, double scale) {
  put_ratio(metric, of_level(level, scale, Range::share));
}

void ResultBuilder::time_total(const MetricName& metric, const TimeAverage& level, double scale) {
  put(metric, level.level_seconds() * scale,
      of(Evidence::Kind::total, {level_seconds(level), {}}, scale, Range::not_negative, false));
}

void ResultBuilder::quantile(const MetricName& metric, const BatchHistogram& observations, double q,
                             double scale) {
  const Histogram all = observations.total();
  const auto value = all.quantile(q);
  if (!value) return none(metric);
  const double wider = *all.quantile(wider_share(q));
  Evidence evidence = of(Evidence::Kind::quantile, {}, scale, Range::not_negative, true);
  evidence.q = q;
  for (int b = 0; b < kBatches; ++b) {
    const Histogram* h = observations.in(b);
    if (h == nullptr) continue;
    const auto i = static_cast<std::size_t>(b);
    evidence.batches.numerator[i] = static_cast<double>(h->count() - h->count_up_to(*value));
    evidence.batches.denominator[i] = static_cast<double>(h->count());
    evidence.above_wider[i] = static_cast<double>(h->count() - h->count_up_to(wider));
  }
  for (int i = 0; i < kCurve; ++i) evidence.curve.push_back(*all.quantile(curve_share(q, i)) * scale);
  put(metric, *value * scale, std::move(evidence));
}

void ResultBuilder::maximum(const MetricName& metric, std::optional<double> value) {
  put(metric, value);
}

void ResultBuilder::maximum(const MetricName& metric, const BatchHistogram& observations, double scale) {
  const Histogram all = observations.total();
  if (all.count() == 0) return none(metric);
  maximum(metric, static_cast<double>(all.max()) * scale);
}

void ResultBuilder::maximum(const MetricName& metric, const TimeAverage& level, double scale) {
  maximum(metric, static_cast<double>(level.max()) * scale);
}

void ResultBuilder::constant(const MetricName& metric, double value) {
  Evidence evidence;
  evidence.kind = Evidence::Kind::exact;
  put(metric, value, evidence);
}

void ResultBuilder::single(const MetricName& metric, std::optional<double> value) {
  put(metric, value);
}

void ResultBuilder::none(const MetricName& metric) {
  put(metric, std::nullopt);
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
