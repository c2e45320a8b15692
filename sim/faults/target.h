#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/describe.h"
#include "sim/faults/component.h"
#include "sim/world/topology.h"

namespace headroom::faults {

/// What a fault strikes, as it is written: a name, a list of targets, or `{pick: 2, of: group/worker}`.
///
/// Names are those of failure domains (`host/worker-7`, `group/worker`, `rack/a1`, `switch/a1`, `power/a1-1`,
/// `cooling/a`, `zone/a`, `region/NAME`), `clients`, and roles (`queue.leader`), which are resolved when the
/// fault strikes.
struct Target {
  std::string name;        ///< empty: it is a list, or a pick
  std::vector<Target> of;  ///< of a list: all of them; of a pick: the one that is picked from
  std::int64_t pick = 0;   ///< > 0: so many different members, drawn when the fault strikes
};

inline constexpr std::string_view kClientsName = "clients";

/// `rack/a1`, `host/a-1, host/b-1`, `2 of group/worker`; a long list is cut.
std::string to_text(const Target& target);

/// What faults must know of the load that they change.
struct Workload {
  std::int64_t users = 1;
  bool has_rate = false;    ///< arrivals are an open loop with a rate
  bool connects = false;    ///< clients open new connections now and then
  bool auth_cache = false;  ///< credentials are cached
};

/// What names mean in a scenario.
struct Names {
  const world::Topology& topology;
  std::vector<std::string> roles;                 ///< that somebody can play
  std::map<Component, std::int64_t> instances{};  ///< how many processes each component has that has any
  Workload workload{};
};

/// What a kind of fault can strike.
enum class Strikes {
  hosts,              ///< those of a name, group, rack, zone, region or role
  hosts_and_clients,  ///< and the clients
  links,              ///< of hosts, racks, zones, and to the clients
  shared,             ///< what many hosts share: power feed, switch, cooling, zone, region
};

/// Complains about names that mean nothing, or nothing that `kind` can strike. `path` is where the target
/// stands.
void check_target(const Target& target, const std::string& path, std::string_view kind, Strikes strikes,
                  const Names& names, Complaints& complaints);

/// What fails by itself when a fault is stochastic: a list falls apart into its elements, a group into its
/// hosts; what else shares a fate fails as a whole.
std::vector<Target> each_alone(const Target& target, const world::Topology& topology);

/// The names that stand in it, of a list and a pick those of their elements, a group's hosts in its place.
std::vector<std::string> names_in(const Target& target, const world::Topology& topology);

/// A copy of the fault for everything that `each_alone` tells apart.
template <class Kind>
std::vector<Kind> one_for_each(const Kind& kind, const world::Topology& topology) {
  std::vector<Kind> parts;
  for (Target& target : each_alone(kind.target, topology)) {
    parts.push_back(kind);
    parts.back().target = std::move(target);
  }
  return parts;
}

}  // namespace headroom::faults
