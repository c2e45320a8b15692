#pragma once

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "sim/base/units.h"
#include "sim/world/host.h"
#include "sim/world/host_id.h"
#include "sim/world/scheduler.h"

/// What several faults can have in their hands at once, in whatever order they let it go.
namespace headroom::faults {

/// A process's host, and its number there: what is kept for processes is ordered by this, never by address.
using Place = std::pair<world::HostId, std::size_t>;
Place place_of(world::ProcessSlot& slot);

/// Something that faults hold down, however many they are and in whatever order they end: it is up exactly
/// when each of them, alone, would let it be up (has not begun, or has ended and the time to come up again is
/// over).
class Hold final : world::Event {
 public:
  /// `set(false)` takes it down, `set(true)` brings it up again.
  Hold(world::Scheduler& scheduler, std::function<void(bool)> set)
      : scheduler_(scheduler), set_(std::move(set)) {}
  ~Hold() override = default;
  void take();
  /// It comes up `recovery` from now if nothing else holds it then.
  void release(Duration recovery);

 private:
  void fire() override;
  world::Scheduler& scheduler_;
  std::function<void(bool)> set_;
  int holders_ = 0;
  TimePoint ready_;  // when all that have ended would let it be up
  bool down_ = false;
};

/// Something that faults slow down: what is left is the product of the shares that each of them leaves, and
/// exactly 1 when none is left, in whatever order they ended.
class Throttle final {
 public:
  /// `set` is given the share (0–1) that is left.
  explicit Throttle(std::function<void(double)> set) : set_(std::move(set)) {}
  void take(double share);
  void release(double share);

 private:
  void apply() const;
  std::function<void(double)> set_;
  std::vector<double> shares_;  // sorted, so that the product does not depend on who came first
};

/// A clock that faults put wrong: their offsets, and what it has gained by each one's drift since that began,
/// add up. When a fault ends, its part is gone at once, as when a clock is set; without faults it is right.
class Skew final {
 public:
  explicit Skew(world::Host& host) : host_(host) {}
  void take(Duration offset, Drift drift);
  /// One that was taken at that date.
  void release(TimePoint since, Duration offset, Drift drift);

 private:
  struct Part {
    TimePoint since;
    Duration offset;
    Drift drift;
    friend bool operator==(const Part&, const Part&) = default;
  };
  void apply();
  world::Host& host_;
  std::vector<Part> parts_;
};

}  // namespace headroom::faults
