#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/describe.h"
#include "sim/base/units.h"
#include "sim/faults/config.h"
#include "sim/study/roles.h"
#include "sim/study/scenario.h"
#include "sim/world/topology.h"

namespace headroom::study {

/// What may break as one thing. A `process` is all that runs on one host, which itself stays up.
enum class ThingKind { host, process, rack, network_switch, power, cooling, zone };
/// "host", …, "switch", …
std::string_view name_of(ThingKind kind);
/// "host", "hosts"; "process", "processes" …
std::string name_of(ThingKind kind, std::int64_t count);

/// The kinds of which a platform has something of its own: hosts and their processes always; racks and
/// switches if there is more than one rack, power feeds if there is more than one of them, zones and their
/// cooling if there is more than one zone. What there is but one of takes everything with it, which nobody
/// needs to simulate.
std::vector<ThingKind> kinds_of(const world::PlatformConfig& platform);

/// One thing that breaks.
struct Thing {
  ThingKind kind = ThingKind::host;
  std::string what;                    ///< "host/worker-1", "process of host/worker-1", "queue.leader"
  faults::Target target;               ///< of the fault that breaks it
  std::vector<world::HostId> hosts{};  ///< that fall with it, sorted; of a role: none, it is decided later
  std::int64_t number = 1;             ///< of a role: so many have it, and it is one of them
};

/// Things that are alike: the same falls with each of them, so many members of each group in each role.
struct Alike {
  std::vector<Thing> things;  ///< in the order of the platform; the first stands for all
  std::vector<Loss> falls;    ///< sorted
  const Thing& representative() const { return things.front(); }
  ThingKind kind() const { return things.front().kind; }
  const std::string& what() const { return things.front().what; }
  /// How many there are of a kind, the first one included.
  std::int64_t count(ThingKind kind) const;
};

/// The classes of alike things, one kind after the other. What takes nobody with it that the deployment uses
/// (a spare host, one of two feeds of hosts with two cords) is left out: its loss is nothing.
///
/// Members of a queue that elects its leader are all alike at the start. Later, the one that leads
/// (`queue.leader`) and one of those that follow are two classes, told apart when the fault strikes; which of
/// them a rack takes with it is not known beforehand, so there they count as members. Other roles: roles.h.
std::vector<Alike> alike(const ScenarioConfig& scenario, const world::Topology& topology,
                         const std::vector<ThingKind>& kinds, Moment moment);

/// Of classes of several kinds with the same losses, one: that of the kind that does most. A host that stops
/// does more than its process, a rack or a zone that stops more than its switch or its cooling. It stands for
/// the things of the others, too.
std::vector<Alike> across_kinds(const std::vector<Alike>& classes);

/// Whether all of the first is in the second: no more members of any group in any role.
bool within(const std::vector<Loss>& small, const std::vector<Loss>& large);

/// Whether whatever falls with one of `small` falls, in the same way (it stops, is cut off, becomes slow),
/// with one of `large`.
bool contains(const Alike& large, const Alike& small);

/// The fault that breaks it; without `length`, to the end. It takes the usual time to come up again.
faults::FaultConfig fault_of(const Thing& thing, Duration at, std::optional<Duration> length);

/// Two things that break at once.
struct AlikePair {
  std::vector<Thing> things;  ///< to be broken in this order: two, or one that is two of a role
  std::vector<Loss> falls;    ///< with both
  std::string what;           ///< "host/api-1 and rack/b1"
};
/// A pair of each two classes, and of two things of the same class: things of which neither falls with the
/// other. Where there are none, the pair is no more than one of them alone, and left out.
std::vector<AlikePair> pairs_of(const std::vector<Alike>& classes);

}  // namespace headroom::study

template <>
struct headroom::enum_names<headroom::study::ThingKind> {
  static constexpr std::string_view names[] = {"host",  "process", "rack", "switch",
                                               "power", "cooling", "zone"};
};
