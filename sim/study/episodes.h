#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "sim/base/random.h"
#include "sim/base/units.h"
#include "sim/faults/timeline.h"
#include "sim/study/levels.h"
#include "sim/study/roles.h"
#include "sim/world/topology.h"

namespace headroom::study {

/// Of a part that fails by itself (faults::Part): what other parts are like it, and what it is called where
/// causes are ranked.
struct PartTraits {
  std::string alike;                 ///< the same for parts with which the same falls, in the same way
  std::string cause;                 ///< "crash 1 of 40 worker", "outage cooling/a or cooling/b"
  std::vector<world::HostId> hosts;  ///< that fall with it, sorted
  std::set<std::string, std::less<>> feeds;  ///< of power that go out
  bool stops = false;                        ///< they lose their power; otherwise they live on, impaired
  Duration onset;                            ///< from the strike until the effect no longer changes by itself
};
/// The hosts that fall when all of these have failed, sorted: power feeds may do together what none does
/// alone.
std::vector<world::HostId> fallen(std::span<const PartTraits> parts, const world::Topology& topology);
std::vector<PartTraits> traits_of(const std::vector<faults::Part>& parts, const world::Topology& topology,
                                  const Roles& roles);

/// What is broken at some time: the parts (their numbers, ascending) that have failed and do not run again
/// yet. States are numbered as they are met; 0 is that nothing is broken. Two states are of the same class if
/// they are alike up to the names of equals: as many parts of each sort, and together the same falls with
/// them.
class States {
 public:
  using Id = std::uint32_t;
  /// All of them outlive this.
  States(const std::vector<PartTraits>& traits, const world::Topology& topology, const Roles& roles);
  Id of(const std::vector<std::uint32_t>& parts);
  const std::vector<std::uint32_t>& parts(Id state) const { return *parts_[state]; }
  /// The class, counted from 0 as they are met.
  std::size_t class_of(Id state) const { return classes_[state]; }

 private:
  std::string name(const std::vector<std::uint32_t>& parts) const;
  const std::vector<PartTraits>& traits_;
  const world::Topology& topology_;
  const Roles& roles_;
  std::map<std::vector<std::uint32_t>, Id> ids_;
  std::vector<const std::vector<std::uint32_t>*> parts_;
  std::vector<std::size_t> classes_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
};

/// One failure in a timeline.
struct Failure {
  std::uint32_t part = 0;
  TimePoint begin, end, again;  ///< struck, repaired, all running again
};

/// All failures of a timeline up to `end`, by their beginnings. `number`: which timeline; each has its own
/// random numbers.
std::vector<Failure> timeline_of(const std::vector<faults::Part>& parts, std::uint64_t number, TimePoint end);

/// A stretch of time in which a state holds and what went before is over.
struct Stay {
  States::Id state = 0;
  TimePoint from, to;
};

/// A failure begins, or ends.
struct Change {
  States::Id before = 0, after = 0;
  Duration lasted;  ///< how long what ends had lasted; 0 where a failure begins
};

/// Changes that follow each other so closely that one comes before the last has settled, and the time until
/// all of them have.
struct Transient {
  States::Id before = 0, after = 0;
  TimePoint from;                 ///< a little before the first change: what it kills had been sent earlier
  TimePoint first;                ///< the first change
  TimePoint to;                   ///< settled again; or the end of the timeline
  Change slowest;                 ///< the change that is the last to have settled
  Duration settles;               ///< how long that takes
  std::vector<Failure> failures;  ///< that begin or end in it, and those that last all through it
  /// Those that are broken at some time in it, ascending; whether one of them fails in it; is repaired in it.
  std::vector<std::uint32_t> parts() const;
  bool begins() const;
  bool ends() const;
  bool covered = true;  ///< false: it goes through states that never settle, for too long
};

/// When a change has settled. `never`: it does not, so that what follows is simulated together with it.
struct Settling {
  Duration lead;     ///< see Transient::from
  Duration longest;  ///< a transient that never settles is covered up to this length
  std::function<Duration(const Change&, std::size_t level)> settles;  ///< some time; Duration::max(): never
};

/// A timeline as a chain of stays and transients, one after the other, without gaps.
struct Chain {
  std::vector<Stay> stays;
  std::vector<Transient> transients;
};
Chain chain_of(const std::vector<Failure>& failures, TimePoint end, const std::vector<PartTraits>& traits,
               States& states, const Levels& levels, const Settling& settling);

}  // namespace headroom::study
