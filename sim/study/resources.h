#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/metrics/limits.h"
#include "sim/metrics/window.h"
#include "sim/world/host.h"
#include "sim/world/task.h"
#include "sim/world/world.h"

namespace headroom::study {

/// Reads, cell by cell of the measured window, how much of each bounded thing was used and how much of it was
/// alive: cores of tiers, limits on what is held, links, disks. Counters of the world and of the models are
/// read at the edges of cells, so that nothing is paid per request.
///
/// A member of a tier is alive while its process is up (and so its host), its cores are not frozen (slowed
/// ones are alive: what they do takes longer, and so more of them), and at least one live caller of it can
/// send to it and hear from it. Processes are followed to the nanosecond; freezing and isolation are looked
/// at at the edges of cells, and count for a cell if they hold at both. A member that answers, but whose
/// callers leave it out (an ejected one, say), is alive.
class Resources {
 public:
  struct Member {
    world::ProcessSlot* slot = nullptr;
    double size = 0;  ///< cores that it can use, or what else its process can have in use
  };
  using Tier = std::size_t;
  static constexpr Tier kClients = ~Tier{0};

  Resources(world::World& world, const metrics::Window& window);

  /// Those who call others, or are called, from the front to the back; `callers` were added before.
  /// `leaders`: if there are any, only these of its members count as callers.
  Tier add_tier(const std::vector<Member>& members, const std::vector<Tier>& callers,
                std::function<std::vector<world::ProcessSlot*>()> leaders = {});
  enum class Of {
    all,      ///< the load spreads over all that is alive: used / alive
    busiest,  ///< it goes where it is sent (a balancer with two addresses, a standby's active peer)
  };
  /// The cores of the tier: as many of each member as its size.
  void limit_cores(Tier tier, std::string_view name, Of of = Of::all);
  /// Something that the members hold: `held` is the integral over time so far, in units·ns, of all members;
  /// `bound` is each member's.
  void limit_held(Tier tier, std::string_view name, double bound, std::function<double()> held);
  /// Something that is there once. `used` and `offered` are counters; what grew of the one by what of the
  /// other is the share of a cell (and of those before it in which neither grew). Without `offered`: time, in
  /// ns.
  void limit_one(std::string_view name, std::function<double()> used, std::function<double()> offered);
  enum class Fsync {
    counts,   ///< one by one
    grouped,  ///< what gathers while one is under way is written with the next: only bytes fill the disk
  };
  /// Once for each host; the first call decides.
  void limit_disk(world::Host& host, Fsync fsync);

  void start();
  void tear_down() { scope_.clear(); }
  /// What was used at all.
  std::vector<metrics::Use> uses() const;

 private:
  struct State {
    Member member{};
    Duration lived, busy;  ///< at the last edge
    bool out_before = false;
    // Of the last cell:
    double alive_ns = 0;
    double busy_ns = 0;  ///< of cores, by what was alive
    bool out = false;
  };
  struct Group {
    std::vector<State> members;
    std::vector<Tier> callers;
    std::function<std::vector<world::ProcessSlot*>()> leaders;
  };
  struct Cores {
    Tier tier;
    Of of;
    metrics::Use use;
  };
  struct Held {
    Tier tier;
    double bound;
    std::function<double()> held;
    double seen;
    metrics::Use use;
  };
  struct One {
    std::function<double()> used, offered;
    double used_seen = 0, offered_seen = 0;
    metrics::Use use{};
    std::size_t told = 0;  ///< cells whose share is known
  };
  struct Link {
    double bytes_seen = 0, capacity_seen = 0;
    metrics::Use use;
  };
  world::Task<> watch();
  void begin();
  void read(Duration cell);
  void read_group(Group& group, Duration cell);
  void read_links(Duration cell);
  bool cut_off(const Group& group, world::HostId host) const;
  static bool frozen(world::Host& host);

  world::World& world_;
  metrics::Cells cells_;
  std::vector<Group> groups_;
  std::vector<Cores> cores_;
  std::vector<Held> held_;
  std::vector<One> ones_;
  std::vector<world::Host*> disks_;
  std::vector<Link> links_;
  world::Scope scope_;
};

}  // namespace headroom::study
