#include "sim/faults/clock.h"

#include <utility>

namespace headroom::faults {
namespace {

class Wrong final : public Effect {
 public:
  Wrong(Hardware& hardware, std::vector<world::HostId> hosts, Duration offset, Drift drift)
      : hardware_(hardware), hosts_(std::move(hosts)), offset_(offset), drift_(drift) {}
  ~Wrong() override {
    for (const world::HostId host : hosts_) hardware_.clock(host).release(since_, offset_, drift_);
  }
  void begin() override {
    since_ = hardware_.world().now();
    for (const world::HostId host : hosts_) hardware_.clock(host).take(offset_, drift_);
  }
  std::string struck() const override { return names_of(hardware_.world(), hosts_); }

 private:
  Hardware& hardware_;
  std::vector<world::HostId> hosts_;
  Duration offset_;
  Drift drift_;
  TimePoint since_;
};

}  // namespace

void Clock::check(const Clock& clock, Complaints& complaints) {
  if (!clock.offset && !clock.drift)
    complaints.add("", "nothing says how wrong the clock is, expected offset or drift");
}

std::unique_ptr<Effect> Clock::strike(Hardware& hardware, Engine& draw) const {
  return std::make_unique<Wrong>(hardware, hardware.hosts(target, draw), offset.value_or(Duration()),
                                 drift.value_or(Drift{}));
}

}  // namespace headroom::faults
