#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/report/files.h"
#include "sim/report/machine.h"
#include "sim/study/kept.h"
#include "sim/study/scenario.h"

namespace headroom::study {

/// What a study needs of a replication: its numbers, or also its course (the time series).
enum class Keeps { numbers, course };

/// One replication that a study wants.
struct Wanted {
  const ScenarioConfig* scenario = nullptr;
  int number = 0;    ///< from 0
  std::string key;   ///< under which it is kept; see replication_keys
  std::string name;  ///< for people: "replication 2 at seed=3"
  Keeps keeps = Keeps::numbers;
  bool kept = false;  ///< it need not be computed
};

/// The keys of a scenario's replications, of which so much is kept.
std::vector<std::string> replication_keys(const ScenarioConfig& scenario, Keeps keeps);

/// Part `part` of `of` into which work is cut: every of-th replication, beginning with the part-th. It goes
/// by all that a study wants, computed or not, so that parts never overlap, whenever each of them is run.
struct Shard {
  int part = 1;
  int of = 1;
  /// Whether the n-th replication (from 0) is in it.
  bool has(std::size_t n) const {
    return n % static_cast<std::size_t>(of) == static_cast<std::size_t>(part - 1);
  }
  std::string name() const { return std::to_string(part) + "/" + std::to_string(of); }
};

/// The most parts that work may be cut into.
inline constexpr int kMostParts = 100'000;

/// "2/8"; nothing if it is no such part.
std::optional<Shard> parse_shard(std::string_view text);

/// What came of computing replications. Those that were completed are kept.
struct Executed {
  std::vector<std::string> failures;       ///< "replication 2 at seed=3 was killed …"
  std::optional<report::Problem> problem;  ///< why it could not begin or go on: no disk, no scheduler
  bool refused = false;                    ///< `problem`: it was asked for something that cannot be had
  bool interrupted = false;
  report::Effort effort;  ///< what was computed now has taken; not what was simulated
};

/// Computes those of the replications that are not kept already, and keeps each as it is complete. This is
/// all that a study needs to know of where that happens. `progress` is told the share of it that is done.
using Executor = std::function<Executed(const std::vector<Wanted>&, KeptReplications&,
                                        const std::function<void(double)>& progress)>;

/// In processes of this machine, `jobs` at a time; those of one part only, if there are several.
Executor on_this_machine(int jobs, Shard shard = {});

}  // namespace headroom::study
