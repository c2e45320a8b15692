#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "sim/study/decision.h"

namespace headroom::study {

/// A configuration that may be the answer, as the search sees it.
struct Candidate {
  double objective = 0;  ///< the lower the better
  /// Where it is on each axis, counted so that more never makes it worse (more servers, less load).
  std::vector<int> rank;
  double slack = 0;  ///< the more, the likelier it holds: square-root staffing's spare (see `slack_of`)
  bool overloaded = false;  ///< arithmetic says that it cannot hold
};

/// Finds the cheapest of the candidates that holds, with few of them tested: a pure decision procedure.
///
/// What it relies on: on an axis with a direction, more never turns holds into misses. So whoever misses
/// rules out all that have no more of anything. It is checked at the neighbours of the answer, and wherever a
/// candidate holds that has no more of anything than one that misses: then nothing is ruled out any more,
/// and whatever is cheaper than the answer is tested. What is no cheaper than a candidate that holds is never
/// tested but for that check.
///
/// Which is next: the cheapest whose slack lies between those of the ones that missed and those that held
/// (bisection), at first the one that square-root staffing would choose; then, of those that are cheaper than
/// the answer and not ruled out, one that no other has more of everything than.
class Search {
 public:
  /// `directed`: by axis, whether more of it never makes it worse; on the others only equals are compared.
  /// `exhaustive`: all are tested that arithmetic does not rule out.
  Search(std::vector<Candidate> candidates, std::vector<bool> directed, bool exhaustive = false);

  /// The next one to test; none when the answer is found.
  std::optional<std::size_t> next() const;
  /// Each is told once, or again with another verdict (a variant was tested that had been left out).
  void tell(std::size_t candidate, Told told);

  /// The cheapest that holds; of equals the one with the most slack.
  std::optional<std::size_t> answer() const;
  /// Cheaper than the answer (all of them if there is none), and undecided.
  std::vector<std::size_t> undecided() const;
  /// Not tested, because it has no more of anything than one that misses.
  bool ruled_out(std::size_t candidate) const;
  const std::optional<Told>& told(std::size_t candidate) const { return told_[candidate]; }
  /// What is known of it, tested or not: one that has no less of anything than one that holds does so, too;
  /// what arithmetic or another one rules out misses. None: nothing is.
  std::optional<Told> known(std::size_t candidate) const;
  /// A candidate that holds though one that has no less of anything misses: holder, misser.
  const std::optional<std::pair<std::size_t, std::size_t>>& contradiction() const { return contradiction_; }
  /// One step more, or less, on an axis with a direction, all else equal.
  std::optional<std::size_t> neighbour(std::size_t candidate, std::size_t axis, int step) const;
  std::size_t size() const { return candidates_.size(); }
  const Candidate& candidate(std::size_t i) const { return candidates_[i]; }

 private:
  bool at_least(std::size_t a, std::size_t b) const;
  std::vector<std::size_t> open() const;
  std::optional<std::size_t> to_check() const;

  std::vector<Candidate> candidates_;
  std::vector<bool> directed_;
  bool exhaustive_;
  std::vector<std::optional<Told>> told_;
  std::optional<std::pair<std::size_t, std::size_t>> contradiction_;
};

}  // namespace headroom::study
