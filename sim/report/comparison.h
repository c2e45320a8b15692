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
    different,  ///< neither direction is better
    unclear,    ///< its own interval leaves out 0, which may be chance among so many
    none,       ///< no difference seen
    unknown,    ///< too little to say
  };
  struct Row {
    std::string metric;
    std::optional<double> a, b;
    metrics::Difference difference;
    Verdict verdict = Verdict::unknown;
    bool identical = false;  ///< in every replication
  };
  Method method = Method::pairs;
  int samples_a = 0, samples_b = 0;  ///< replications, or pairs
  std::vector<Row> rows;             ///< metrics of both, by name
  std::vector<std::string> only_a, only_b;
};

/// Without verdicts: those depend on everything that is compared with them.
Comparison difference(const Side& a, const Side& b);
/// Verdicts for all rows of all comparisons together: the probability that any is wrong is at most 5 %
/// (Holm). Returns how many rows were judged; identical ones need no judging.
std::size_t judge(std::span<Comparison> comparisons, std::span<const metrics::MetricInfo> catalogue);

/// What `headroom compare` prints of two runs. `all`: every metric, not only those that matter or differ.
std::string table(const Side& a, const Side& b, const Comparison&, std::size_t judged,
                  std::span<const metrics::MetricInfo> catalogue, bool all, bool colours);

/// Two sweeps, point by point, in the few metrics that curves are drawn of; points are the same if what was
/// varied has the same values.
struct SweepComparison {
  static std::span<const std::string_view> metrics();
  struct Point {
    std::string name;  ///< "worker.count 28"
    Comparison comparison;
  };
  std::vector<Point> points;
  std::vector<std::string> only_a, only_b;  ///< points
  std::size_t judged = 0;
};
std::variant<SweepComparison, Problem> compare_sweeps(const std::filesystem::path& a,
                                                      const std::filesystem::path& b,
                                                      std::span<const metrics::MetricInfo> catalogue);
std::string table(const std::filesystem::path& a, const std::filesystem::path& b, const SweepComparison&,
                  std::span<const metrics::MetricInfo> catalogue, bool colours);

}  // namespace headroom::report
