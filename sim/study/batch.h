#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/metrics/result.h"
#include "sim/report/files.h"
#include "sim/report/machine.h"
#include "sim/study/kept.h"
#include "sim/study/scenario.h"

namespace headroom::study {

/// One of the scenarios that a study runs.
struct Case {
  std::string name;                          ///< what messages call it: "seed=3"
  const ScenarioConfig* scenario = nullptr;  ///< checked; with as many replications as are wanted
};

/// What a study needs of a replication: its numbers, or also its course (the time series).
enum class Keeps { numbers, course };

/// What became of the replications of a study's cases.
class BatchOutcome {
 public:
  std::vector<std::string> keys;           ///< of all replications, by case
  std::vector<std::string> failures;       ///< "replication 2 at seed=3 was killed …"
  std::optional<report::Problem> problem;  ///< results could not be kept, so that it was stopped
  bool interrupted = false;
  std::size_t computed = 0;  ///< replications
  std::size_t reused = 0;    ///< found, not computed
  report::Effort effort;     ///< of those computed; what was simulated is that of all that are there

  /// How many cases have all their replications.
  std::size_t complete() const;
  /// Whether this one has.
  bool complete(std::size_t number) const;
  /// The replications of a case (from 0) that are there, from the first one to before the first that is
  /// missing.
  std::vector<metrics::ReplicationResult> of(std::size_t number) const;

 private:
  friend BatchOutcome run_batch(std::span<const Case>, int, KeptReplications&, Keeps,
                                const std::function<void(double)>&);
  std::vector<std::size_t> first_ = {0};  ///< by case, where its keys begin; and where the last one's end
  std::map<std::string, metrics::ReplicationResult> found_;
};

/// Runs every replication of every case that is not kept already, `jobs` at a time, case by case, and keeps
/// each as it is complete. Cases may be equal; what is equal is computed once.
BatchOutcome run_batch(std::span<const Case> cases, int jobs, KeptReplications& kept, Keeps keeps,
                       const std::function<void(double)>& progress = {});

}  // namespace headroom::study
