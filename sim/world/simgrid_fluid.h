#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/units.h"
#include "sim/world/fluid.h"
#include "sim/world/scheduler.h"

namespace headroom::world {

/// The oracle for Fluid: the same flows over the same links, each of them a variable or a constraint of
/// SimGrid's own max-min solver, with every factor of its network model neutral. Its cost grows with the
/// number of live flows at each start and end, so it serves tests only. It also shares cores among jobs (for
/// SimgridProcessor).
///
/// Two clocks: the scheduler's runs ahead from event to event as far as no flow ends; whatever concerns flows
/// (a start, a cancellation, another bandwidth) waits in a queue until SimGrid's clock has caught up.
///
/// One per process, ever: SimGrid's engine is a singleton that cannot be restarted.
class SimgridFluid {
 public:
  using Link = Fluid::Link;
  using Path = Fluid::Path;
  using Cpu = std::uint32_t;
  struct Flow;

  explicit SimgridFluid(Scheduler& scheduler);
  SimgridFluid(const SimgridFluid&) = delete;
  SimgridFluid& operator=(const SimgridFluid&) = delete;
  /// Flows that are live are dropped without a word.
  ~SimgridFluid();

  /// Links and processors are made before the first `run`.
  Link add_link(Bandwidth bandwidth);
  /// Sets the link's bandwidth to a share of what it was made with, in (0, 1]; live flows follow.
  void set_share(Link link, double share);
  /// Bytes that have passed by flows that ended, those included that were cancelled.
  std::vector<double> bytes_passed() const;

  /// Starts a flow at the scheduler's now. When all bytes are through, `handle` becomes nullptr and
  /// `when_done` is posted.
  void start(const Path& path, Bytes bytes, Event& when_done, Flow*& handle);
  /// Ends a flow now, unfinished; its handle becomes nullptr and its event is not posted.
  void cancel(Flow*& handle);

  /// Cores whose speed can be set to the given shares of normal speed.
  Cpu add_cpu(const std::string& name, int cores, double speed, const std::vector<double>& shares);
  void set_cpu_share(Cpu cpu, double share);
  void start_work(Cpu cpu, Duration work, Event& when_done, Flow*& handle);

  /// Flows (and oracle jobs) live or about to start.
  std::size_t live() const;

  /// Runs the scheduler until its next date is after `end`, nothing is left to happen, or `stop()` (asked
  /// between instants) says so.
  void run(TimePoint end, const std::function<bool()>& stop);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace headroom::world
