#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "sim/base/units.h"
#include "sim/world/scheduler.h"

namespace headroom::world {

/// How bulk transfers share links: max-min fairness. A flow's rate is that of its bottleneck, a link that is
/// full and on which no flow is faster (Bertsekas and Gallager, §6.5); latency plays no part (it is the
/// transport's timed event, before the flow).
///
/// All flows over one path have the same rate, and so have all flows with the same bottleneck. So nothing is
/// done per flow but when it starts and when it ends:
/// - The live flows over one path are a *bundle*. Its clock counts what each of its flows has received; the
///   flows are a heap of finish marks on that clock.
/// - Each bundle hangs on its bottleneck. That link's clock advances at its *level*, the rate of every flow
///   whose bottleneck it is; the bundles are a heap of marks on it, and the first of them is the link's one
///   pending event. A bundle that changes its bottleneck takes along the difference of the clocks.
/// - A start or an end changes levels only among what is joined to it by bundles and by links that can bind.
///   They are found anew by progressive filling: the link with the least bandwidth left per flow is the next
///   bottleneck, and all flows over it are settled. The cost grows with the number of bundles and links that
///   are joined, which the paths in use bound, and with the logarithm of the number of flows.
///
/// A link cannot bind if the narrowest links of the paths that cross it (their *guards*) together have no
/// more bandwidth than it has: it is left out, and what is joined falls into small parts.
///
/// This is exact, up to finish dates that round up to whole nanoseconds: no link ever carries more than its
/// bandwidth. tests/world holds it against SimGrid's solver, which there knows every link and every flow
/// (SimgridFluid). Cost of a flow, its message and events included (tests/bench, world_cost, on a busy
/// machine): 0.9 µs in the reference region, 1.7 µs at ten times its size; over a congested link 0.7 µs with
/// 10 000 live flows and 1.1 µs with 100 000, which take 260 bytes each.
class Fluid {
 public:
  using Link = std::uint32_t;
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

  explicit Fluid(Scheduler& scheduler);
  Fluid(const Fluid&) = delete;
  Fluid& operator=(const Fluid&) = delete;
  /// Flows that are live are dropped without a word.
  ~Fluid();

  Link add_link(Bandwidth bandwidth);
  /// Sets the link's bandwidth to a share of what it was made with, in (0, 1]; live flows follow.
  void set_share(Link link, double share);
  /// Bytes that have passed up to now, by link: of flows that ended, and what has passed of those that live
  /// or were cancelled. Never decreases, and between two dates never grows by more than the bandwidth allows.
  /// The time it takes grows with the number of bundles, not of flows.
  std::vector<double> bytes_passed() const;

  /// Starts a flow now, over a path of at least one link; `bytes` > 0. When all bytes are through, `handle`
  /// becomes nullptr and `when_done` is posted.
  void start(const Path& path, Bytes bytes, Event& when_done, Flow*& handle);
  /// Ends a flow now, unfinished; its handle becomes nullptr and its event is not posted.
  void cancel(Flow*& handle);

  /// Flows that are live.
  std::size_t live() const;
  /// Flows started so far.
  std::uint64_t started() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace headroom::world
