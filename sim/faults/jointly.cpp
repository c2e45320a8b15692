#include "sim/faults/jointly.h"

#include <algorithm>

#include "sim/base/check.h"

namespace headroom::faults {

Place place_of(world::ProcessSlot& slot) {
  world::Host& host = slot.host();
  const auto at =
      std::find_if(host.slots().begin(), host.slots().end(), [&](const auto& s) { return s.get() == &slot; });
  return {host.id(), static_cast<std::size_t>(at - host.slots().begin())};
}

void Throttle::take(double share) {
  shares_.insert(std::upper_bound(shares_.begin(), shares_.end(), share), share);
  apply();
}

void Throttle::release(double share) {
  const auto held = std::lower_bound(shares_.begin(), shares_.end(), share);
  HEADROOM_CHECK(held != shares_.end() && *held == share, "what is let go was held");
  shares_.erase(held);
  apply();
}

void Throttle::apply() const {
  double left = 1;
  for (const double share : shares_) left *= share;
  set_(left);
}

void Skew::take(Duration offset, Drift drift) {
  parts_.push_back({host_.scheduler().now(), offset, drift});
  apply();
}

void Skew::release(TimePoint since, Duration offset, Drift drift) {
  const auto held = std::find(parts_.begin(), parts_.end(), Part{since, offset, drift});
  HEADROOM_CHECK(held != parts_.end(), "what is let go was held");
  parts_.erase(held);
  apply();
}

void Skew::apply() {
  const TimePoint now = host_.scheduler().now();
  Duration offset;
  double drift = 0;
  for (const Part& part : parts_) {
    offset += part.offset + (now - part.since) * part.drift.seconds_per_second;
    drift += part.drift.seconds_per_second;
  }
  host_.set_clock(offset, drift);
}

}  // namespace headroom::faults
