#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/metrics/result.h"
#include "sim/report/files.h"
#include "sim/study/scenario.h"

namespace headroom::study {

/// The replications of a sweep that are finished, in files named by what they are a function of: scenario,
/// number, version, and this very program. While the sweep runs they are in a hidden folder beside its
/// result,
/// `.NAME.unfinished`, where they survive a kill; afterwards in the hidden folder `.replications` of the
/// result, so that a changed sweep computes only what changed. Files that are torn or from another program
/// are as good as absent.
class KeptReplications {
 public:
  /// For the result folder `target`. A problem if nothing can be written there or another sweep is at work on
  /// it.
  static std::variant<KeptReplications, report::Problem> open(const std::filesystem::path& target);
  KeptReplications(KeptReplications&&) noexcept;
  KeptReplications& operator=(KeptReplications&&) = delete;
  /// Leaves what is kept; removes the folder if that is nothing.
  ~KeptReplications();

  std::optional<metrics::ReplicationResult> find(const std::string& key) const;
  std::optional<report::Problem> keep(const std::string& key, std::string_view serialised);
  /// How many are kept beside the result, and where.
  std::size_t unfinished() const;
  const std::filesystem::path& folder() const { return folder_; }

  /// Copies the replications of these keys, those that there are, into a new result.
  std::optional<report::Problem> copy_to(report::NewFolder& result,
                                         const std::vector<std::string>& keys) const;
  /// When the result is in its place: nothing is kept beside it any more.
  void clear();

 private:
  KeptReplications(std::filesystem::path folder, std::filesystem::path earlier, int lock);
  std::optional<std::string> read(const std::string& key) const;

  std::filesystem::path folder_;   ///< beside the result; empty when cleared or moved from
  std::filesystem::path earlier_;  ///< in the earlier result
  int lock_ = -1;
};

/// The keys of a scenario's replications, by number. What does not change their numbers is not in them: the
/// question, the objectives, how many replications there are.
std::vector<std::string> replication_keys(const ScenarioConfig& scenario);

}  // namespace headroom::study
