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

/// The clocks of hosts are wrong: by a step, or more and more (10 to 20 s a day is what a computer's clock
/// drifts without synchronisation). Timers run on true time; what is wrong is dates: the billing period of a
/// record, the lifetime of an entry. When it is over the clock is set right at once.
struct Clock {
  static constexpr std::string_view tag = "clock";
  Target target;
  std::optional<Duration> offset;
  std::optional<Drift> drift;
  template <class V>
  static void describe(V& v) {
    constexpr double kLongest = 1e9;  // 31 years
    v.required("target", &Clock::target, "which hosts");
    v.optional("offset", &Clock::offset, "how far it is ahead from the begin on; negative: behind",
               headroom::between(-kLongest, kLongest));
    v.optional("drift", &Clock::drift, "what it gains, and loses if it is negative",
               headroom::between(-1, 1));
  }
  static void check(const Clock& clock, Complaints& complaints);

  void check_targets(const std::string& path, const Names& names, Complaints& complaints) const {
    check_target(target, path + ".target", tag, Strikes::hosts, names, complaints);
  }
  std::string subject() const { return to_text(target); }
  std::vector<Clock> parts(const world::Topology& topology) const { return one_for_each(*this, topology); }
  Duration recovery() const { return {}; }
  std::unique_ptr<Effect> strike(Hardware& hardware, Engine& draw) const;
};

}  // namespace headroom::faults
