#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "models/calls/environment.h"
#include "sim/study/scenario.h"
#include "sim/world/topology.h"

namespace headroom::study {

/// So many members of a group that do the same and fall together.
struct Loss {
  std::string group;
  std::string role;        ///< "active", "leader" …; empty: all its members do the same
  std::int64_t count = 0;  ///< that fall
  std::int64_t of = 0;     ///< members that the group has
  friend auto operator<=>(const Loss&, const Loss&) = default;
};
/// "1 of 2 lb (active), 7 of 40 worker"
std::string to_text(const std::vector<Loss>& falls);

/// When things break: in the middle of a run; or before it begins, for ever.
enum class Moment { running, start };

/// What each host does that the deployment uses: the words that tell it from others of its group.
///
/// Roles: the active and the standby of a pair; the host that accounts are managed on; the only host that has
/// an unreplicated queue; hosts of the store that keep copies, and those that stand in. Members of a queue
/// that elects its leader are all alike at the start.
class Roles {
 public:
  /// The topology outlives this.
  Roles(const ScenarioConfig& scenario, const world::Topology& topology, Moment moment);

  bool used(world::HostId host) const { return words_.contains(host); }
  std::string of(world::HostId host) const;
  /// The group of a queue whose members are told apart when a fault strikes; empty if there is none.
  const std::string& electing() const { return electing_; }
  /// Whether nothing but the queue runs there.
  bool queue_alone() const { return parts_.at(electing_) == 1; }
  /// What falls with these hosts, sorted.
  std::vector<Loss> losses(const std::vector<world::HostId>& hosts) const;
  /// Members of a group.
  std::int64_t size(const std::string& group) const;

 private:
  const std::vector<world::HostId>& members(const Ref& group) const;
  void plays(world::HostId host, const std::string& word);
  void all(const Ref& group, const std::string& word = "");
  void pair(const Ref& group, std::optional<calls::Redundancy> redundancy);
  void queue(const queue::QueueConfig& config);
  void store(const usage::StoreConfig& config);

  const world::Topology& topology_;
  Moment moment_;
  std::map<world::HostId, std::set<std::string>> words_;  ///< of the hosts that are used
  std::map<std::string, int> parts_;                      ///< components that run on a group
  std::string electing_;
};

}  // namespace headroom::study
