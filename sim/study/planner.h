#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/metrics/result.h"
#include "sim/metrics/slo.h"
#include "sim/study/decision.h"
#include "sim/study/search.h"

namespace headroom::study {

/// What the planner decides about. Candidates and variants are known by their index here; who runs them knows
/// what they are.
struct PlanProblem {
  /// A state of a candidate in which its objectives have to hold: undisturbed, or with something gone.
  struct Variant {
    double slack = 0;    ///< the variant with the least is run first: it is the likeliest to miss
    bool stands = true;  ///< false: another one contains it, and it is run at the answer alone
  };
  std::vector<Candidate> candidates;
  std::vector<bool> directed;                  ///< by axis, see Search
  std::vector<std::vector<Variant>> variants;  ///< by candidate; at least one each that stands
  std::vector<metrics::Objective> objectives;  ///< at least one
  double alpha = 0.05;                         ///< how often the whole plan may be wrong
  std::optional<double> indifference;          ///< see decision.h
  bool exhaustive = false;
};

/// The replications of a variant of a candidate, the first so many.
struct VariantRuns {
  std::vector<metrics::ReplicationResult> runs;
  bool settled = true;     ///< or not asked
  std::string unsettled;   ///< why not
  std::string limited_by;  ///< "api: 2 of 3 servers, 100 % busy"; empty: nothing is bounded
};

/// What is known of a variant of a candidate that was run.
struct VariantVerdict {
  std::size_t variant = 0;
  Told told = Told::undecided;
  int replications = 0;
  bool settled = true;
  std::string unsettled;
  std::string limited_by;
  std::vector<Judgement> objectives;  ///< in the order of the problem's
  /// The objective that is nearest to its bound, or farthest beyond.
  std::size_t binding() const;
};

/// What is known of a candidate that was tested.
struct PointVerdict {
  std::size_t candidate = 0;
  Told told = Told::undecided;
  std::vector<VariantVerdict> variants;  ///< in the order in which they were run
  int replications() const;
  /// The variant whose binding objective is nearest to its bound, or farthest beyond; one that misses first.
  const VariantVerdict& binding() const;
};

struct PlanAnswer {
  std::optional<std::size_t> best;  ///< the cheapest that holds
  /// Of none that holds: the tested one that comes nearest; none if arithmetic alone ruled out all.
  std::optional<std::size_t> nearest;
  bool stopped = false;              ///< the runs ended before it was found
  std::vector<PointVerdict> tested;  ///< in the order in which they were tested
  const PointVerdict* find(std::size_t candidate) const;
};

/// Finds the cheapest candidate of which every objective holds in every variant, at a confidence of
/// 1 − alpha over everything that is looked at on the way: Search chooses what to test, `judge` decides, and
/// `error_at` shares the error out. A candidate is told to miss, too, if a variant of it does not settle in
/// two looks in a row, and to hold only if all have settled.
///
/// `run` is asked for the first so many replications of some variants of a candidate, in that order; nothing
/// if there are to be no more (an interruption, the end of the budget). `hear` of `find` is told each
/// verdict.
class Planner {
 public:
  using Run = std::function<std::optional<std::vector<VariantRuns>>(
      std::size_t candidate, std::span<const std::size_t> variants, int replications)>;
  using Hear = std::function<void(const Planner&, const PointVerdict& last)>;

  /// `at_once`: so many replications are worth asking for at the same time (the cores).
  Planner(PlanProblem problem, Run run, int at_once = 1);

  /// Once.
  PlanAnswer find(const Hear& hear = {});
  const Search& search() const { return search_; }
  const std::vector<PointVerdict>& tested() const { return tested_; }

 private:
  bool test(PointVerdict& point, bool all_variants);
  bool look(PointVerdict& point, std::vector<VariantVerdict*> variants, int look);
  void judge_variant(const VariantRuns& runs, int look, double error, std::size_t variants,
                     VariantVerdict& verdict) const;

  PlanProblem problem_;
  Run run_;
  int at_once_;
  Search search_;
  std::vector<PointVerdict> tested_;
};

}  // namespace headroom::study
