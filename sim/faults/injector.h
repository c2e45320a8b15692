#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/random.h"
#include "sim/faults/config.h"
#include "sim/faults/hardware.h"
#include "sim/faults/timeline.h"
#include "sim/metrics/healing.h"
#include "sim/metrics/journal.h"
#include "sim/world/task.h"
#include "sim/world/world.h"

namespace headroom::faults {

/// Lets faults strike and end when they are due. Each strike is noted in the journal: `fault begins` with
/// `for_s` (how long, unless to the end), `fault` (what was written in the scenario) and `struck` (which
/// hosts); and `fault ends`. Of faults that end and begin at the same instant, the end comes first: they do
/// not overlap.
///
/// Random streams are keyed by the fault's number and the member's name, so what one fault does changes
/// neither another one nor anything else in the run.
class Injector {
 public:
  /// The faults must have passed their checks. Everything given outlives the injector.
  Injector(const std::vector<FaultConfig>& faults, world::World& world, Service& service,
           metrics::Journal& journal, StreamKey key);
  Injector(const Injector&) = delete;
  Injector& operator=(const Injector&) = delete;
  /// What is broken then is mended.
  ~Injector();

  /// `window_end`: until when `trouble` looks. `run_end`: what is due later does not happen, and costs
  /// nothing.
  void start(TimePoint window_end = TimePoint::never(), TimePoint run_end = TimePoint::never());
  /// From the first strike to the end of the last one, of those that begin before the window's end; none if
  /// nothing struck, if something was not over then, or if anything strikes at random.
  std::optional<metrics::Trouble> trouble() const;

 private:
  struct Strike {
    std::string name;
    TimePoint begin;
    std::unique_ptr<Effect> effect;
  };
  /// How long after its date it strikes.
  static Duration trigger(const Part& part);
  world::Task<> on_schedule(const Part& part);
  world::Task<> at_random(const Part& part);
  world::Task<> strike(const Part& part, std::uint64_t number, Duration length);
  /// Ends what is due to end by now.
  void end_due();

  world::World& world_;
  metrics::Journal& journal_;
  Hardware hardware_;
  std::vector<Part> parts_;
  std::multimap<TimePoint, Strike>
      under_way_;  ///< by their ends; of one end, in the order of their beginnings
  TimePoint window_end_ = TimePoint::never();
  TimePoint run_end_ = TimePoint::never();
  std::optional<metrics::Trouble> trouble_;  ///< what of it is over
  world::Scope scope_;
};

}  // namespace headroom::faults
