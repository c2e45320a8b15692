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
#include "sim/study/executor.h"
#include "sim/study/kept.h"
#include "sim/study/scenario.h"

namespace headroom::study {

/// One of the scenarios that a study runs.
struct Case {
  std::string name;                          ///< what messages call it: "seed=3"
  const ScenarioConfig* scenario = nullptr;  ///< checked; with as many replications as are wanted
};

/// What became of the replications of a study's cases.
class BatchOutcome {
 public:
  std::vector<std::string> keys;           ///< of all replications, by case
  std::vector<std::string> failures;       ///< "replication 2 at seed=3 was killed …"
  std::optional<report::Problem> problem;  ///< results could not be kept, so that it was stopped
  bool refused = false;                    ///< `problem`: it was asked for something that cannot be had
  bool interrupted = false;
  std::vector<std::size_t> missing;  ///< of the wanted ones (see all_wanted), which are not there
  std::size_t computed = 0;          ///< replications
  std::size_t reused = 0;            ///< found, not computed
  report::Effort effort;             ///< of those computed; what was simulated is that of all that are there

  /// How many cases have all their replications.
  std::size_t complete() const;
  /// Whether this one has.
  bool complete(std::size_t number) const;
  /// The replications of a case (from 0) that are there, from the first one to before the first that is
  /// missing.
  std::vector<metrics::ReplicationResult> of(std::size_t number) const;

 private:
  friend BatchOutcome run_batch(std::span<const Case>, const Executor&, KeptReplications&, Keeps,
                                const std::function<void(double)>&);
  std::vector<std::size_t> first_ = {0};  ///< by case, where its keys begin; and where the last one's end
  std::map<std::string, metrics::ReplicationResult> found_;
};

/// Every replication of every case, each once though cases may be equal; case by case. They refer to the
/// cases.
std::vector<Wanted> all_wanted(std::span<const Case> cases, const KeptReplications& kept, Keeps keeps);

/// Has every replication of every case computed that is not kept already, and takes the results from what is
/// kept then.
BatchOutcome run_batch(std::span<const Case> cases, const Executor& executor, KeptReplications& kept,
                       Keeps keeps, const std::function<void(double)>& progress = {});

/// The same on this machine, `jobs` at a time.
inline BatchOutcome run_batch(std::span<const Case> cases, int jobs, KeptReplications& kept, Keeps keeps,
                              const std::function<void(double)>& progress = {}) {
  return run_batch(cases, on_this_machine(jobs), kept, keeps, progress);
}

}  // namespace headroom::study
