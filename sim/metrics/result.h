#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/units.h"
#include "sim/metrics/batches.h"
#include "sim/metrics/histogram.h"
#include "sim/metrics/interval.h"
#include "sim/metrics/journal.h"
#include "sim/metrics/limits.h"
#include "sim/metrics/metric_info.h"
#include "sim/metrics/series.h"
#include "sim/metrics/time_average.h"

namespace headroom::metrics {

/// A metric of one replication.
struct MetricValue {
  std::string name;
  std::optional<double> value;  ///< none: nothing was observed
  Evidence evidence;            ///< what its interval is made from
};

/// What an independent checker found.
struct Invariant {
  std::string name;  ///< "no acknowledged job lost"
  bool holds = true;
  std::int64_t checked = 0;  ///< how many things were looked at
  std::string detail;        ///< the first violation, in words; empty if it holds
};

/// A latency histogram (nanoseconds) of a class of requests.
struct LatencyClass {
  std::string name;  ///< "all", or an image-size class
  Histogram histogram;
};

/// A point of a distribution that somebody published: at most this long with that probability.
struct PublishedPoint {
  std::string source;  ///< "PBS, table 4": names it in the figure
  double ms = 0;
  double share = 0;
};

/// How long something took, for a figure of its own: a distribution function, with published points marked.
struct Durations {
  std::string name;     ///< "store.consistent_after"
  Histogram histogram;  ///< nanoseconds
  std::vector<PublishedPoint> published;
};

/// All that one replication reports. Plain data; goes through a pipe from the process that ran it.
struct ReplicationResult {
  std::vector<MetricValue> metrics;
  std::vector<Invariant> invariants;
  std::vector<LatencyClass> latency;  ///< "all" first
  std::vector<Durations> durations;
  SeriesTable series;
  std::vector<Use> uses;  ///< of what is bounded
  std::vector<Event> journal;
  std::int64_t journal_left_out = 0;
  std::int64_t events = 0;  ///< executed by the scheduler
  double simulated_s = 0;   ///< warm-up, window and drain
  double measured_s = 0;    ///< the window
};

/// Bytes that `deserialise` turns back into the same result, to the last bit of every double.
std::string serialise(const ReplicationResult&);
/// None when the bytes are not complete and well formed.
std::optional<ReplicationResult> deserialise(std::string_view bytes);

/// Collects what one replication reports. Every metric is given once, by the constant that describes it
/// (metric_info.h); `scale` turns what was recorded into the metric's unit (1e-6: nanoseconds to
/// milliseconds; 1/slots: busy slots to a utilisation). A metric whose denominator is 0 (no observation)
/// becomes null. Each says, too, what values it can have (a `share` stays between 0 and 1) and what an
/// interval can be made from (interval.h).
class ResultBuilder {
 public:
  explicit ResultBuilder(const Window& window) : window_(window) {
    result_.measured_s = window.length().seconds();
  }

  /// Of things in the denominator that are counted.
  void ratio(const MetricName& metric, const BatchSum& numerator, const BatchSum& denominator,
             double scale = 1, Range range = Range::not_negative);
  void ratio(const MetricName& metric, const Tally& numerator, const BatchSum& denominator, double scale = 1,
             Range range = Range::not_negative);
  void share(const MetricName& metric, const BatchSum& numerator, const BatchSum& denominator) {
    ratio(metric, numerator, denominator, 1, Range::share);
  }
  void share(const MetricName& metric, const Tally& numerator, const BatchSum& denominator) {
    ratio(metric, numerator, denominator, 1, Range::share);
  }
  /// Of so much time (or of cores, over time).
  void time_share(const MetricName& metric, const BatchSum& numerator, const BatchSum& time,
                  double scale = 1);
  /// Scale 1: of things that are counted.
  void total(const MetricName& metric, const BatchSum& sum, double scale = 1);
  void total(const MetricName& metric, const Tally& sum, double scale = 1);
  /// Per second of the window.
  void rate(const MetricName& metric, const BatchSum& sum, double scale = 1);
  void mean(const MetricName& metric, const Tally& observations, double scale = 1,
            Range range = Range::not_negative);
  void mean(const MetricName& metric, const BatchHistogram& observations, double scale = 1);
  void time_average(const MetricName& metric, const TimeAverage& level, double scale = 1);
  /// Of a 0/1 level, or of busy slots scaled by their number: the share of time.
  void time_share(const MetricName& metric, const TimeAverage& level, double scale = 1);
  /// ∫ level dt in level·seconds; of a 0/1 level: for how many seconds.
  void time_total(const MetricName& metric, const TimeAverage& level, double scale = 1);
  /// q in (0, 1).
  void quantile(const MetricName& metric, const BatchHistogram& observations, double q, double scale = 1);
  void maximum(const MetricName& metric, std::optional<double> value);
  void maximum(const MetricName& metric, const BatchHistogram& observations, double scale = 1);
  void maximum(const MetricName& metric, const TimeAverage& level, double scale = 1);
  /// A number that follows from the scenario alone, not from chance.
  void constant(const MetricName& metric, double value);
  /// A number that varies by chance, of which the run has but one value: an interval needs many runs.
  void single(const MetricName& metric, std::optional<double> value);
  /// Nothing was observed.
  void none(const MetricName& metric);

  void invariant(std::string name, bool holds, std::int64_t checked, std::string detail = {});
  /// "all" first, then classes in ascending order.
  void latency(std::string class_name, const BatchHistogram& observations);
  void durations(std::string name, const BatchHistogram& observations,
                 std::vector<PublishedPoint> published = {});
  void series(SeriesTable table) { result_.series = std::move(table); }
  void uses(std::vector<Use> uses) { result_.uses = std::move(uses); }
  void journal(const Journal& journal);
  void bookkeeping(std::int64_t events, Duration simulated);

  ReplicationResult build() && { return std::move(result_); }

 private:
  void put(const MetricName& metric, std::optional<double> value, Evidence evidence = {});
  void put_ratio(const MetricName& metric, Evidence evidence);
  void put_total(const MetricName& metric, Evidence evidence);
  Window window_;
  ReplicationResult result_;
};

/// Where a study's intervals come from: the spread of at least kEnoughReplications, or the batches of all of
/// them.
enum class IntervalSource { replications, batch_means };

/// A metric over all replications.
struct StudyMetric {
  std::string name;
  std::optional<double> mean;
  std::optional<Interval> ci95;
  std::vector<std::optional<double>> values;  ///< by replication
  std::optional<double> would_do_s;           ///< too short for an interval: a window of about this would do
};

struct StudyEvent {
  int replication = 0;
  Event event;
};

/// All replications of one scenario.
struct StudyResult {
  int replications = 0;
  IntervalSource intervals = IntervalSource::replications;
  double measured_s = 0;             ///< the window of one replication
  std::vector<StudyMetric> metrics;  ///< in the order of the first replication
  std::vector<Invariant> invariants;
  std::vector<LatencyClass> latency;
  std::vector<Durations> durations;
  SeriesTable series;
  std::vector<StudyEvent> journal;
  std::int64_t journal_left_out = 0;
  std::int64_t events = 0;
  double simulated_s = 0;
  /// Null if the metric is absent.
  const StudyMetric* find(std::string_view name) const;
};

/// Puts replications together, in the order given (by index, never by arrival). Means over
/// replications, with intervals as in interval.h; histograms, checks and bookkeeping are summed, an
/// invariant holds if it holds everywhere; series are averaged row by row over the replications that have the
/// row, but counters over all, for nothing happens after the end of a run. A metric that only some
/// replications name counts as not observed in the others.
StudyResult merge(const std::vector<ReplicationResult>& replications);

}  // namespace headroom::metrics
