#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/describe.h"
#include "sim/base/random.h"
#include "sim/base/units.h"
#include "sim/faults/component.h"
#include "sim/faults/jointly.h"
#include "sim/faults/target.h"
#include "sim/world/host.h"

namespace headroom::faults {

class Hardware;

/// What wrong software does: answers a share of its work with errors, dies, or is slow.
struct Malfunction {
  std::optional<Share> error_rate;
  std::optional<bool> crash;
  std::optional<Share> slow;  ///< share of its normal speed that is left
  template <class V>
  static void describe(V& v) {
    v.optional("error_rate", &Malfunction::error_rate, "share of its work that ends in an error",
               {.low = 0, .high = 1, .low_open = true});
    v.optional("crash", &Malfunction::crash, "its processes die, and stay dead while it lasts");
    v.optional("slow", &Malfunction::slow, "share of its normal speed that is left; its work takes more CPU",
               {.low = 0, .high = 1, .low_open = true, .high_open = true});
    v.one_of("error_rate", "crash", "slow");
  }
  static void check(const Malfunction& m, Complaints& complaints);
};

/// Complains about a component that is not there, or has no process of its own, and about what cannot happen
/// to it.
void check_component(Component component, const std::string& path, const Names& names,
                     Complaints& complaints);
void check_malfunction(const Malfunction& m, Component component, const std::string& path,
                       Complaints& complaints);

/// A malfunction's hold on processes: undone when it is destroyed.
class Affliction {
 public:
  /// A process that died is up again so long after the end.
  Affliction(Hardware& hardware, Component component, const Malfunction& malfunction, Duration restart);
  Affliction(const Affliction&) = delete;
  Affliction& operator=(const Affliction&) = delete;
  ~Affliction();
  void strike(world::ProcessSlot& slot);

 private:
  Hardware& hardware_;
  Component component_;
  Malfunction malfunction_;
  Duration restart_;
  std::vector<std::pair<world::ProcessSlot*, std::uint64_t>> struck_;
};

/// What is wrong with processes, however many malfunctions each has and in whatever order they end: errors
/// are independent of each other, speeds multiply, and what is left when all are over is exactly nothing.
class Defects {
 public:
  explicit Defects(StreamKey key) : key_(key) {}
  std::uint64_t add(world::ProcessSlot& slot, Component component, const Malfunction& malfunction);
  void remove(world::ProcessSlot& slot, std::uint64_t id);

 private:
  struct OfSlot {
    StreamKey stream;
    std::map<std::uint64_t, Malfunction> active;  // by id: products are taken in the order of the beginnings
  };
  static void apply(world::ProcessSlot& slot, const OfSlot& all);
  StreamKey key_;
  std::uint64_t next_ = 0;
  std::map<Place, OfSlot> slots_;
};

}  // namespace headroom::faults
