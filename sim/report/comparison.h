#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/metrics/difference.h"
#include "sim/metrics/metric_info.h"
#include "sim/report/replications.h"
#include "sim/report/summary.h"
#include "sim/report/sweep.h"

namespace headroom::report {

/// A result of one run, as far as it is compared.
struct Side {
  std::string label;  ///< its folder
  Summary summary;
  Replications replications;
};
std::variant<Side, Problem> load_side(const std::filesystem::path& folder);

/// Two results side by side, B against A.
struct Comparison {
  enum class Method {
    pairs,      ///< the same seed: replications of the same number share their random numbers
    samples,    ///< replications of both, independent
    intervals,  ///< fewer than two replications: from the intervals that each result has
  };
  enum class Verdict {
    better,
    worse,
    different,    ///< neither direction is better
    same,         ///< within `within`, which is small
    cannot_tell,  ///< neither different nor the same, as far as can be seen
    none,         ///< nothing to compare, or no interval
  };
  struct Row {
    std::string metric;
    std::optional<double> a, b;
    metrics::Difference difference;
    Verdict verdict = Verdict::none;
    bool identical = false;   ///< in every replication
    double within = 0;        ///< of `same`: how far they are apart at most (95 %), in the metric's unit
    double replications = 0;  ///< of `cannot_tell`: about so many of each side would tell; 0: unknown
    bool of_others = false;   ///< a latency of other requests: yield moved the other way (see `judge`)
  };
  Method method = Method::pairs;
  int samples_a = 0, samples_b = 0;  ///< replications, or pairs
  std::vector<Row> rows;             ///< metrics of both, by name
  /// What is promised or looked at first: metrics of objectives, yield, harvest, p99, cost per hour.
  std::vector<std::string> headline;
  std::vector<std::string> only_a, only_b;
};

/// Without verdicts: those depend on everything that is compared with them.
Comparison difference(const Side& a, const Side& b);
/// How many differences were judged.
struct Judgement {
  std::size_t headline = 0;  ///< together
  std::size_t others = 0;    ///< each by itself
};

/// Verdicts. Differences of headline metrics are judged together, over all comparisons: the probability that
/// any is called different without being so is at most 5 % (Holm 1979). The others are judged one by one, at
/// 5 % each. What is not different is the same if its interval ends within 5 % of A (of a share: within a
/// tenth of what is missing to 0 or 1, or 0.01 points), else it cannot be told. Identical rows need no
/// judging.
///
/// Latencies are those of answered requests. Where yield fell and latency improved (or the other way round),
/// other requests were measured: that is different, but neither better nor worse.
Judgement judge(std::span<Comparison> comparisons, std::span<const metrics::MetricInfo> catalogue);

/// What `headroom compare` prints of two runs. `all`: every metric, not only those that matter or differ.
std::string table(const Side& a, const Side& b, const Comparison&, const Judgement& judged,
                  std::span<const metrics::MetricInfo> catalogue, bool all, bool colours);

/// Two sweeps, point by point, in headline metrics; points are the same if what was varied has the same
/// values and names.
struct SweepComparison {
  struct Point {
    std::string name;  ///< "worker.count 28, a1 down"
    Comparison comparison;
  };
  std::vector<Point> points;
  std::vector<std::string> metrics;                 ///< headline metrics of any point
  std::vector<std::string> only_a, only_b;          ///< points
  std::vector<std::string> holds_in_a, holds_in_b;  ///< points where the objectives hold in one of them alone
  Judgement judged;
};
std::variant<SweepComparison, Problem> compare_sweeps(const std::filesystem::path& a,
                                                      const std::filesystem::path& b,
                                                      std::span<const metrics::MetricInfo> catalogue);
std::string table(const std::filesystem::path& a, const std::filesystem::path& b, const SweepComparison&,
                  std::span<const metrics::MetricInfo> catalogue, bool colours);

}  // namespace headroom::report
