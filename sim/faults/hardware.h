#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/random.h"
#include "sim/faults/jointly.h"
#include "sim/faults/malfunction.h"
#include "sim/faults/service.h"
#include "sim/faults/target.h"
#include "sim/metrics/journal.h"
#include "sim/world/hold.h"
#include "sim/world/world.h"

namespace headroom::faults {

/// A host (or the clients) that is struck, and the process on it if that was named by its role.
struct Victim {
  world::HostId host;
  world::ProcessSlot* slot = nullptr;
};

/// The hardware as faults see it: what a target stands for, and what holds each part down.
class Hardware {
 public:
  /// `key`: of what is drawn about the work of processes with a defect.
  Hardware(world::World& world, Service& service, metrics::Journal& journal, StreamKey key);

  world::World& world() { return world_; }
  Service& service() { return service_; }
  metrics::Journal& journal() { return journal_; }
  Defects& defects() { return defects_; }
  /// What the target stands for now: hosts in the order of their ids, each once.
  std::vector<Victim> resolve(const Target& target, Engine& draw) const;
  std::vector<world::HostId> hosts(const Target& target, Engine& draw) const;
  /// The processes: those that were named by role, and all of other hosts.
  std::vector<world::ProcessSlot*> processes(const Target& target, Engine& draw) const;

  /// The domains that the target stands for now, by name, sorted, each once: hosts in place of their group or
  /// role, `clients`, and anything else as it is written. A pick is among these.
  std::vector<std::string> domains(const Target& target, Engine& draw) const;

  /// Power of a host.
  world::Hold& power(world::HostId host);
  /// Life of a process while its host is up.
  world::Hold& life(world::ProcessSlot& slot);
  Throttle& cpu(world::HostId host);
  Throttle& disk(world::HostId host);
  /// Bandwidth of the network card of `host/a-1`, of the uplinks of `rack/a1` (or `switch/a1`) and `zone/a`,
  /// or of the internet (`clients`, `region/…`).
  Throttle& link(const std::string& domain);
  Skew& clock(world::HostId host);

  /// Power feeds (`power/a1-1`) go out. A host loses its power when the last feed that it is plugged into
  /// does, whoever took the others; it boots when the first of them is back, for as long as that fault says.
  void cut_feeds(const std::vector<std::string>& feeds);
  void restore_feeds(const std::vector<std::string>& feeds, Duration boot);
  /// Lives as long as the hardware: what outlives the strike that made it.
  void keep(std::shared_ptr<void> what) { kept_.push_back(std::move(what)); }

  /// Hosts that would lose their power if these feeds went out, too.
  std::vector<world::HostId> hanging_on(const std::vector<std::string>& feeds) const;

 private:
  std::vector<world::HostId> without_power() const;
  world::World& world_;
  Service& service_;
  metrics::Journal& journal_;
  Defects defects_;
  std::map<world::HostId, std::unique_ptr<world::Hold>> power_;
  std::map<Place, std::unique_ptr<world::Hold>> life_;
  std::map<world::HostId, Throttle> cpu_, disk_;
  std::map<std::string, Throttle, std::less<>> links_;
  std::map<world::HostId, Skew> clocks_;
  std::multiset<std::string, std::less<>> feeds_out_;  // once for each fault
  std::vector<std::shared_ptr<void>> kept_;
};

/// From the end of what killed a process to its running again, unless something else is said.
inline constexpr Duration kRestart = Duration::s(2);

/// What one strike does to whom: resolved when it is made, done by `begin`, undone by the destructor.
class Effect {
 public:
  Effect() = default;
  Effect(const Effect&) = delete;
  Effect& operator=(const Effect&) = delete;
  virtual ~Effect() = default;
  /// Once only.
  virtual void begin() = 0;
  /// Whom it struck, for the journal: `queue-2`.
  virtual std::string struck() const = 0;
};

/// An effect that alters the service: `alter` does it, and it is undone with the effect.
std::unique_ptr<Effect> altering(std::string struck, std::function<world::Alteration()> alter);

/// For the journal; a long list is cut.
std::string list_of_names(const std::vector<std::string>& names, std::size_t most = 8);
std::string names_of(world::World& world, const std::vector<world::HostId>& hosts);
/// Of the hosts of these.
std::string names_of(world::World& world, std::span<world::ProcessSlot* const> processes);

}  // namespace headroom::faults
