#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/units.h"
#include "sim/world/scheduler.h"

namespace headroom::world {

/// How bulk transfers share links: SimGrid's max-min fairness with every factor neutral, so that a platform
/// file that says 25 Gbps means 25 Gbps and flows over the same bottleneck get the same rate whatever their
/// latency (latency is the transport's timed event, before the flow). The only user of SimGrid.
///
/// Two clocks: the scheduler's runs ahead from event to event as far as no flow ends; whatever concerns flows
/// (a start, a cancellation, another bandwidth) waits in a queue until SimGrid's clock has caught up. So
/// control messages, timers and CPU work never pass through SimGrid's loop.
///
/// SimGrid is told only of links that can bind: each flow is bounded by the narrowest link of its path, and a
/// link whose flows are together bounded below its capacity does not matter. The result is the same
/// (tests/world holds it against the full problem). Cost of a flow in the reference region, its message and
/// events included (tests/bench, world_cost flows): 2.0 µs, and 3.4 µs at ten times the size, racks included;
/// with every link it was 3.6 and 17 µs.
///
/// One per process, ever: SimGrid's engine is a singleton that cannot be restarted.
class Fluid {
 public:
  using Link = std::uint32_t;
  using Cpu = std::uint32_t;
  static constexpr Link kNoLink = 0xffffffff;
  static constexpr std::size_t kLongestPath = 12;
  /// A path: the limited links that a flow passes, each at most once.
  struct Path {
    Link links[kLongestPath];
    std::size_t size = 0;
    void add(Link link) {
      if (link != kNoLink) links[size++] = link;
    }
  };
  struct Flow;

  /// `every_link`: also links that cannot bind are part of SimGrid's problem (slower; for tests).
  explicit Fluid(Scheduler& scheduler, bool every_link = false);
  Fluid(const Fluid&) = delete;
  Fluid& operator=(const Fluid&) = delete;
  /// Flows that are live are dropped without a word.
  ~Fluid();

  /// Links and processors are made before the first `run`.
  Link add_link(const std::string& name, Bandwidth bandwidth);
  /// Sets the link's bandwidth to a share of what it was made with, in (0, 1]; live flows follow.
  void set_share(Link link, double share);
  /// Bytes that have passed up to now, by link: of flows that ended, and what has passed of those that live
  /// or were cancelled. A link never shows more than its bandwidth between two dates.
  std::vector<double> bytes_passed() const;

  /// Starts a flow at the scheduler's now. When all bytes are through, `handle` becomes nullptr and
  /// `when_done` is posted.
  void start(const Path& path, Bytes bytes, Event& when_done, Flow*& handle);
  /// Ends a flow now, unfinished; its handle becomes nullptr and its event is not posted.
  void cancel(Flow*& handle);

  /// For the processor oracle: cores whose speed can be set to the given shares of normal speed.
  Cpu add_cpu(const std::string& name, int cores, double speed, const std::vector<double>& shares);
  void set_cpu_share(Cpu cpu, double share);
  void start_work(Cpu cpu, Duration work, Event& when_done, Flow*& handle);

  /// Flows (and oracle jobs) live or about to start.
  std::size_t live() const;
  /// Flows started so far.
  std::uint64_t started() const;

  /// Runs the scheduler until its next date is after `end`, nothing is left to happen, or `stop()` (asked
  /// between instants) says so.
  void run(TimePoint end, const std::function<bool()>& stop);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace headroom::world
