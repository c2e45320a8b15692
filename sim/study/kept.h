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
/// are as good as absent. Several processes may keep replications there at once, also on several machines
/// that share the folder, and also the same ones.
class KeptReplications {
 public:
  /// Who works on a result: one process on the whole of it, or any number of them each on a part.
  enum class Use { whole, part };
  /// For the result folder `target`. A problem if nothing can be written there or another sweep is at work on
  /// it; where the file system knows no locks, that cannot be told.
  static std::variant<KeptReplications, report::Problem> open(const std::filesystem::path& target,
                                                              Use use = Use::whole);
  KeptReplications(KeptReplications&&) noexcept;
  KeptReplications& operator=(KeptReplications&&) = delete;
  /// Leaves what is kept; removes the folder if that is nothing (after work on a part: if nothing else is in
  /// it, either, and nobody else works there).
  ~KeptReplications();

  /// Whose use it is from now on; false if others are in the way.
  bool use(Use use);

  /// Whether `find` would find it.
  bool has(const std::string& key) const { return read(key).has_value(); }
  std::optional<metrics::ReplicationResult> find(const std::string& key) const;
  std::optional<report::Problem> keep(const std::string& key, std::string_view serialised);
  /// How many are kept beside the result, and where.
  std::size_t unfinished() const;
  /// Others may put files there whose names have an extension.
  const std::filesystem::path& folder() const { return folder_; }

  /// Copies the replications of these keys, those that there are, into a new result.
  std::optional<report::Problem> copy_to(report::NewFolder& result,
                                         const std::vector<std::string>& keys) const;
  /// When the result is in its place: nothing is kept beside it any more.
  void clear();
  /// There is something in the folder that a person is told to look at (logs): it stays.
  void leave() { left_ = true; }

 private:
  KeptReplications(std::filesystem::path folder, std::filesystem::path earlier, int lock, Use use);
  std::optional<std::string> read(const std::string& key) const;

  std::filesystem::path folder_;   ///< beside the result; empty when cleared or moved from
  std::filesystem::path earlier_;  ///< in the earlier result
  int lock_ = -1;
  Use use_ = Use::whole;
  bool left_ = false;
};

/// A hash of this program: the same version is built from many states of the source while it is developed.
const std::string& program_hash();

/// The keys of a scenario's replications, by number. What does not change their numbers is not in them: the
/// question, the objectives, how many replications there are.
std::vector<std::string> replication_keys(const ScenarioConfig& scenario);

}  // namespace headroom::study
