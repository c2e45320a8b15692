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

/// Hosts lose their power; or, with `process`, processes die while their hosts stay up. Memory is gone at
/// that instant, disks keep what was made durable. When the fault is over the host boots, or the process
/// restarts.
struct Crash {
  static constexpr std::string_view tag = "crash";
  Target target;
  bool process = false;
  std::optional<Duration> boot;     ///< none: 60 s
  std::optional<Duration> restart;  ///< none: 2 s
  template <class V>
  static void describe(V& v) {
    v.required("target", &Crash::target, "what dies");
    v.optional("process", &Crash::process, "only the processes; their hosts stay up");
    v.optional("boot", &Crash::boot, "from the end of the fault to a host's processes running (default: 60s)",
               not_negative());
    v.optional("restart", &Crash::restart,
               "from the end of the fault to the process running again (default: 2s)", not_negative());
  }
  static void check(const Crash& crash, Complaints& complaints);

  void check_targets(const std::string& path, const Names& names, Complaints& complaints) const;
  std::string subject() const;
  std::vector<Crash> parts(const world::Topology& topology) const;
  Duration recovery() const;
  std::unique_ptr<Effect> strike(Hardware& hardware, Engine& draw) const;
};

}  // namespace headroom::faults
