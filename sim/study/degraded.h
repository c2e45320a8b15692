#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/base/units.h"
#include "sim/faults/component.h"
#include "sim/study/scenario.h"
#include "sim/world/topology.h"

namespace headroom::study {

/// What scheduled faults leave of a platform, told without simulating: the settled state while they last.
/// What strikes by chance is not in it, nor is what comes and goes by itself (a poison request).
struct Degraded {
  /// Messages between the two sides do not pass (`blocked`), or take longer.
  struct Between {
    std::set<world::HostId> a{}, b{};
    bool forward = true;
    bool backward = true;
    bool blocked = false;
    double added_s = 0;  ///< on average
  };
  std::set<world::HostId> down{};          ///< without power, or their process is dead
  std::map<world::HostId, double> cpu{};   ///< share of speed that is left; none: all
  std::map<world::HostId, double> disk{};  ///< share of bandwidth that is left
  std::map<std::string, double> links{};   ///< the same, by part: host/NAME, rack/a1, zone/a, internet
  std::map<faults::Component, double> software{};  ///< share of its speed that is left to a component
  std::vector<Between> between{};
  double factor = 1;        ///< of the load (a surge)
  double added_rate = 0;    ///< requests/s on top (abuse)
  double added_users = 0;   ///< who send that
  bool cold_cache = false;  ///< the edge caches of credentials have just been flushed

  bool up(world::HostId host) const { return !down.contains(host); }
  /// A message from one to the other and one back would pass. Whether they are up is not looked at.
  bool connected(world::HostId from, world::HostId to) const;
  /// Mean time that faults add to a message's way.
  double added_s(world::HostId from, world::HostId to) const;
};

/// A state of the run in which the same scheduled faults are in force.
struct Phase {
  std::vector<std::size_t>
      faults;          ///< their numbers in the scenario, from 0; the one that struck last is last
  TimePoint from, to;  ///< the first time that it is so; `to` counts what has to boot then
};

/// The undisturbed state (over the whole run), then one phase for each scheduled fault that changes what
/// there is or what is asked of it: while it lasts, with those that struck earlier and still last.
std::vector<Phase> phases(const ScenarioConfig& scenario);

/// What is left in a phase. A pick stands for its first members, and the leader of a queue is taken for the
/// first of its members that is up.
Degraded degraded(const ScenarioConfig& scenario, const world::Topology& topology, const Phase& phase);

}  // namespace headroom::study
