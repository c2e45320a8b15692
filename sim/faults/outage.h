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

/// Something fails that many hosts share; what that does to them follows from the platform.
/// - `power/a1-1`, a feed: hosts that are plugged into no feed that is left lose their power.
/// - `switch/a1`: the hosts behind it reach each other and nobody else; they live on.
/// - `cooling/a`: the hosts throttle their cores at once, and switch themselves off after `stops_after`.
/// - `zone/a`, `region/…`: all power feeds at once (without power, switches and cooling do not matter).
struct Outage {
  static constexpr std::string_view tag = "outage";
  Target target;
  std::optional<Duration> boot;         ///< none: 60 s
  std::optional<Share> throttle;        ///< none: 50 %
  std::optional<Duration> stops_after;  ///< none: 5 min
  template <class V>
  static void describe(V& v) {
    v.required("target", &Outage::target, "what fails, with all that follows for the hosts that need it");
    v.optional("boot", &Outage::boot,
               "from the end of the fault to the processes running on hosts that were without power "
               "(default: 60s)",
               not_negative());
    v.optional("throttle", &Outage::throttle,
               "without cooling: share of their cores' speed that hosts have left (default: 50%)");
    v.optional("stops_after", &Outage::stops_after,
               "without cooling: time until hosts switch themselves off (default: 5min)", not_negative());
  }
  static void check(const Outage& outage, Complaints& complaints);

  void check_targets(const std::string& path, const Names& names, Complaints& complaints) const {
    check_target(target, path + ".target", tag, Strikes::shared, names, complaints);
  }
  std::string subject() const { return to_text(target); }
  std::vector<Outage> parts(const world::Topology& topology) const { return one_for_each(*this, topology); }
  /// Without cooling: what is left of the cores' speed, and how long hosts stay on.
  double throttled() const;
  Duration stays_on() const;
  /// Hosts without cooling become slow at once, and stop later.
  Duration onset() const;
  /// 0 if no host can lose its power by it.
  Duration recovery() const;
  std::unique_ptr<Effect> strike(Hardware& hardware, Engine& draw) const;
};

}  // namespace headroom::faults
