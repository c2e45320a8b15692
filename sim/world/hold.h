#pragma once

#include <functional>
#include <utility>

#include "sim/base/units.h"
#include "sim/world/scheduler.h"

namespace headroom::world {

/// Something that several hold down (faults, say), however many they are and in whatever order they let it
/// go: it is up exactly when each of them, alone, would let it be up (has not taken it, or has let it go and
/// the time to come up again is over).
class Hold final : Event {
 public:
  /// `set(false)` takes it down, `set(true)` brings it up again.
  Hold(Scheduler& scheduler, std::function<void(bool)> set) : scheduler_(scheduler), set_(std::move(set)) {}
  ~Hold() override = default;
  void take();
  /// It comes up `recovery` from now if nothing else holds it then.
  void release(Duration recovery);

 private:
  void fire() override;
  Scheduler& scheduler_;
  std::function<void(bool)> set_;
  int holders_ = 0;
  TimePoint ready_;  // when all that have let it go would let it be up
  bool down_ = false;
};

}  // namespace headroom::world
