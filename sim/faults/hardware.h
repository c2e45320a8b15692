#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/random.h"
#include "sim/faults/malfunction.h"
#include "sim/faults/service.h"
#include "sim/faults/target.h"
#include "sim/metrics/journal.h"
#include "sim/world/scheduler.h"
#include "sim/world/world.h"

namespace headroom::faults {

/// A host (or the clients) that is struck, and the process on it if that was named by its role.
struct Victim {
  world::HostId host;
  world::ProcessSlot* slot = nullptr;
};

/// Something that faults hold down, however many they are and in whatever order they end: it is up exactly
/// when each of them, alone, would let it be up (has not begun, or has ended and the time to come up again is
/// over).
class Hold final : world::Event {
 public:
  /// `set(false)` takes it down, `set(true)` brings it up again.
  Hold(world::Scheduler& scheduler, std::function<void(bool)> set)
      : scheduler_(scheduler), set_(std::move(set)) {}
  ~Hold() override = default;
  void take();
  /// It comes up `recovery` from now if nothing else holds it then.
  void release(Duration recovery);

 private:
  void fire() override;
  world::Scheduler& scheduler_;
  std::function<void(bool)> set_;
  int holders_ = 0;
  TimePoint ready_;  // when all that have ended would let it be up
  bool down_ = false;
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

  /// Power of a host.
  Hold& power(world::HostId host);
  /// Life of a process while its host is up.
  Hold& life(world::ProcessSlot& slot);

 private:
  using Place = std::pair<world::HostId, std::size_t>;  // the number of the slot on its host
  world::World& world_;
  Service& service_;
  metrics::Journal& journal_;
  Defects defects_;
  std::map<world::HostId, std::unique_ptr<Hold>> power_;
  std::map<Place, std::unique_ptr<Hold>> life_;
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

/// Names of hosts, for the journal; a long list is cut.
std::string names_of(world::World& world, const std::vector<world::HostId>& hosts);

}  // namespace headroom::faults
