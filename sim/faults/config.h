#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/base/describe.h"
#include "sim/base/distribution.h"
#include "sim/base/pace.h"
#include "sim/base/units.h"
#include "sim/faults/abuse.h"
#include "sim/faults/bad_config.h"
#include "sim/faults/bandwidth.h"
#include "sim/faults/bug.h"
#include "sim/faults/clock.h"
#include "sim/faults/crash.h"
#include "sim/faults/dns.h"
#include "sim/faults/duplicate.h"
#include "sim/faults/flush.h"
#include "sim/faults/latency.h"
#include "sim/faults/loss.h"
#include "sim/faults/more_load.h"
#include "sim/faults/outage.h"
#include "sim/faults/partition.h"
#include "sim/faults/poison.h"
#include "sim/faults/reorder.h"
#include "sim/faults/slow.h"
#include "sim/faults/surge.h"
#include "sim/faults/target.h"

namespace headroom::faults {

/// The list of kinds. A new one is a file beside crash.h and its name here (README.md).
using Kind = std::variant<Crash, Outage, Partition, Latency, Loss, Duplicate, Reorder, Bandwidth, Slow, Clock,
                          BadConfig, Bug, Poison, Abuse, Surge, Flush, Dns>;

/// When something breaks, and what. Either on a schedule: `at` (first strike; without it, after one `every`),
/// `for` (without it, to the end of the run), `every` (again and again). Or at random: up for `mttf`, down
/// for `mttr` and the time to come up again, for ever; then every member of a group fails by itself, but for
/// the share `common_cause` of its failures, which strike all members at once.
struct FaultConfig {
  std::optional<Duration> at;
  std::optional<Duration> every;
  std::optional<Duration> length;
  std::optional<Share> probability;
  std::optional<Distribution<Duration>> mttf;
  std::optional<Distribution<Duration>> mttr;
  std::optional<Share> common_cause;
  Kind kind;
  template <class V>
  static void describe(V& v) {
    v.optional("at", &FaultConfig::at,
               "the first strike, since the start of the simulation, warm-up included", not_negative());
    v.optional("every", &FaultConfig::every, "from one strike to the next", recurring());
    v.optional("for", &FaultConfig::length, "how long a strike lasts (default: to the end of the run)",
               not_negative());
    v.optional("probability", &FaultConfig::probability,
               "that it strikes when it is due, drawn each time (default: 100%)", positive());
    v.optional("mttf", &FaultConfig::mttf, "from the end of repair to the next failure", positive());
    v.optional("mttr", &FaultConfig::mttr, "from a failure to its repair", not_negative());
    v.optional(
        "common_cause", &FaultConfig::common_cause,
        "share of each member's failure rate that strikes all members at once, with one repair time for "
        "all (the beta factor)");
    v.alternative(&FaultConfig::kind, "what breaks");
  }
  static void check(const FaultConfig& fault, Complaints& complaints);

  bool stochastic() const { return mttf.has_value(); }
  /// When a schedule's first strike is due; a bug's trigger comes on top.
  TimePoint due() const { return TimePoint::at(at ? *at : every.value_or(Duration())); }
  /// The date of the first strike that a schedule has; the earliest that it can have, if that is by chance.
  TimePoint first() const;
  /// How long a scheduled strike lasts; none: to the end of the run.
  std::optional<Duration> lasts() const;
  /// From its end to everything running again.
  Duration recovery() const;
};

/// A kind that says itself how long it lasts, so that no `for` is needed.
template <class K>
concept Lasting = requires(const K& kind) {
  { kind.length() } -> std::same_as<std::optional<Duration>>;
};
/// A kind that strikes some time after its date.
template <class K>
concept Triggered = requires(const K& kind) {
  { kind.trigger.least() } -> std::same_as<Duration>;
};

/// A kind whose effect comes in steps, or grows.
template <class K>
concept Gradual = requires(const K& kind) {
  { kind.onset() } -> std::same_as<Duration>;
};

/// A kind that is over as soon as it has begun.
template <class K>
concept Momentary = requires { requires K::momentary; };

/// `crash rack/a1`
std::string name_of(const Kind& kind);

/// `crash rack/a1: at 30s, for 20s; then 60s to come up again`, for people.
std::string describe_fault(const FaultConfig& fault);

/// From the strike until the effect no longer changes by itself.
Duration onset(const Kind& kind);

/// The load that it brings on top.
MoreLoad more_load(const Kind& kind);

/// Complains about faults that strike what does not exist, or that begin after `end`. Paths begin with the
/// number of the fault, from 0.
void check_faults(const std::vector<FaultConfig>& faults, const Names& names, TimePoint end,
                  Complaints& complaints);

}  // namespace headroom::faults
