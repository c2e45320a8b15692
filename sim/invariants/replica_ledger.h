#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace headroom::invariants {

/// Checks a replicated store without knowing how it works: it is told what was acknowledged, and shown what
/// is on disks. What was acknowledged must be there; and when everything is up, connected and quiet, each
/// item must be on as many hosts as it has replicas, with nothing kept for anybody else. What is nowhere
/// although it was acknowledged is a fault, unless the store gave up a copy that it kept for somebody else,
/// as it was told to after some time: that may have been the last one.
class ReplicaLedger {
 public:
  /// Names an item.
  using Name = std::array<std::uint64_t, 3>;

  void acknowledged(const Name& name) { acknowledged_.insert(name); }
  /// It may be dropped from now on.
  void released(const Name& name) {
    acknowledged_.erase(name);
    given_up_.erase(name);
  }
  /// Some copy of it was given up, as it was kept for somebody else for too long.
  void copy_given_up(const Name& name) { given_up_.insert(name); }

  /// An inspection of all disks: `copy` for every copy that is found on them. `to_stay`: the host is one of
  /// its replicas; false: it keeps it for another one.
  void begin_inspection() { found_.clear(); }
  void copy(int host, const Name& name, bool to_stay) {
    (to_stay ? found_[name].home : found_[name].guest).insert(host);
  }

  /// The fewest disks that hold any item that was acknowledged, but for those that may be nowhere; `most` if
  /// nothing was.
  std::size_t fewest_copies(std::size_t most) const {
    std::size_t fewest = most;
    for (const Name& name : acknowledged_) {
      const auto at = found_.find(name);
      if (at == found_.end() && given_up_.contains(name)) continue;
      fewest = std::min(fewest, at == found_.end() ? 0 : at->second.hosts());
    }
    return fewest;
  }
  bool converged(std::size_t replicas) const {
    return std::all_of(found_.begin(), found_.end(), [&](const auto& item) {
      return item.second.home.size() == replicas && item.second.guest.empty();
    });
  }
  std::int64_t checked() const { return static_cast<std::int64_t>(acknowledged_.size()); }

 private:
  struct Places {
    std::set<int> home, guest;
    std::size_t hosts() const {
      std::set<int> all = home;
      all.insert(guest.begin(), guest.end());
      return all.size();
    }
  };
  std::set<Name> acknowledged_;
  std::set<Name> given_up_;
  std::map<Name, Places> found_;
};

}  // namespace headroom::invariants
