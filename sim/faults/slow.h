#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/describe.h"
#include "sim/faults/hardware.h"
#include "sim/faults/target.h"

namespace headroom::faults {

/// Hosts are slow and do not say so (gray failure): a share of the speed of their cores, disk or network card
/// is left. At 0% work, disk operations and flows stand still and keep their place. Times that are drawn
/// (fsync) are stretched like bytes; messages of one packet, timers and the decisions of processes are not
/// slowed.
struct Slow {
  static constexpr std::string_view tag = "slow";
  Target target;
  std::optional<Share> cpu;
  std::optional<Share> disk;
  std::optional<Share> nic;
  template <class V>
  static void describe(V& v) {
    v.required("target", &Slow::target, "which hosts");
    v.optional("cpu", &Slow::cpu, "share of their cores' speed that is left");
    v.optional("disk", &Slow::disk, "share of their disk's speed that is left");
    v.optional("nic", &Slow::nic, "share of their network card's bandwidth that is left");
  }
  static void check(const Slow& slow, Complaints& complaints);

  void check_targets(const std::string& path, const Names& names, Complaints& complaints) const;
  std::string subject() const { return to_text(target); }
  std::vector<Slow> parts(const world::Topology& topology) const { return one_for_each(*this, topology); }
  Duration recovery() const { return {}; }
  std::unique_ptr<Effect> strike(Hardware& hardware, Engine& draw) const;
};

}  // namespace headroom::faults
