#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/metrics/result.h"
#include "sim/metrics/slo.h"

namespace headroom::study {

/// What is known of a promise, at a stated confidence.
enum class Told { holds, misses, undecided };

/// Looks: after 4, 6, 8, 12, 16, 24 … replications it is asked again. Counted from 1.
int replications_at(int look);
/// The last one: 1024 replications. What is undecided then stays so.
inline constexpr int kLastLook = 17;

/// How often one look at the `point`th point that is visited (from 1) may be wrong, so that all looks at all
/// points together are wrong no more often than `alpha`: α / (j(j + 1)) / 17, whose sum over all points and
/// looks is below α (Bonferroni's inequality; nothing is assumed of how looks depend on each other). A look
/// that is as good as the others, half as large again each time, costs less than halving the error with every
/// doubling: who comes near the bound needs about 2.2 times the replications of a single test of the point's
/// share of the error, where that would be 3.
double error_at(double alpha, std::size_t point);

/// How far from its bound an objective may be for both answers to be right: of a share, a part of the
/// distance from the bound to perfect (0 or 1); of anything else, a part of the bound. Without a stated part
/// 10 % and 1 %.
double indifference(const metrics::Objective& objective, bool is_share, std::optional<double> part);

/// What the replications of one variant say about one objective.
struct Judgement {
  Told told = Told::undecided;
  bool indifferent = false;                   ///< told by the mean, within the indifference
  std::optional<double> value;                ///< none: nothing was observed
  std::optional<metrics::Interval> interval;  ///< that had to clear the bound, as wide as `holds` asks
  /// How far the mean is on the right side of its bound, as a share of the bound's distance to perfect (of a
  /// share) or of the bound; negative: it is missed.
  double margin = 0;
};

/// Holds if the mean does and the bound of `error_holds` is on the right side, or no farther on the wrong one
/// than the indifference; misses likewise. So who misses the bound by more than the indifference is taken for
/// holding no more often than `error_holds`, who holds by more for missing no more often than `error_misses`,
/// and who is nearer is told by the mean (the formulation of Bechhofer, Annals of Mathematical Statistics 25,
/// 1954). A metric of which nothing was observed is missed, as in a run.
///
/// Why no correction for many objectives is needed in `error_holds`: all of them must clear, so a point that
/// misses one is taken for holding only if that one is wrong (the intersection-union test: Berger,
/// Technometrics 24, 1982). To miss, one is enough: that error is to be divided by their number.
Judgement judge(const metrics::Objective& objective, const std::vector<metrics::ReplicationResult>& runs,
                double error_holds, double error_misses, std::optional<double> indifferent_part);

}  // namespace headroom::study
