#pragma once

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "sim/base/units.h"
#include "sim/world/host.h"
#include "sim/world/host_id.h"

/// What several faults can have in their hands at once, in whatever order they let it go.
namespace headroom::faults {

/// A process's host, and its number there: what is kept for processes is ordered by this, never by address.
using Place = std::pair<world::HostId, std::size_t>;
Place place_of(world::ProcessSlot& slot);

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
