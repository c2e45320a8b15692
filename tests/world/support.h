#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "sim/world/world.h"

namespace headroom::world {

/// A region as in the specification's example, every number chosen so that results can be told by hand.
inline PlatformConfig region() {
  PlatformConfig p;
  p.platform = "test";
  p.layout.zones = 3;
  p.layout.racks_per_zone = 2;
  p.layout.power_feeds_per_rack = 2;
  p.network.ideal = false;
  p.network.nic = {Bandwidth{25e9 / 8}, Duration::us(10)};
  p.network.rack_uplink = {Bandwidth{100e9 / 8}, Duration::us(20)};
  p.network.zone_uplink = {Bandwidth{400e9 / 8}, Duration::us(50)};
  p.network.between_zones = {std::nullopt, Duration::us(300)};
  p.network.internet = {Bandwidth{400e9 / 8}, Duration::ms(10)};
  p.hosts["api"].count = 3;
  p.hosts["api"].cores = 4;
  p.hosts["lb"].count = 2;
  p.hosts["lb"].nic = Bandwidth{100e9 / 8};
  p.hosts["worker"].count = 40;
  p.hosts["worker"].cores = 32;
  return p;
}

/// One zone, one rack, hosts `h-1` …; network cards of `bytes_per_second`, no latency.
inline PlatformConfig rack_of(std::int64_t hosts, double bytes_per_second) {
  PlatformConfig p;
  p.network.ideal = false;
  p.network.nic.bandwidth = Bandwidth{bytes_per_second};
  p.hosts["h"].count = hosts;
  return p;
}

/// Notes what becomes of messages.
struct Log {
  struct Entry {
    int tag;
    double at;  // seconds
    std::optional<Lost> lost;
  };
  std::vector<Entry> entries;
  const Entry* of(int tag) const {
    for (const Entry& entry : entries)
      if (entry.tag == tag) return &entry;
    return nullptr;
  }
  double at(int tag) const { return of(tag) != nullptr ? of(tag)->at : -1; }
  /// Delivered.
  bool got(int tag) const { return of(tag) != nullptr && !of(tag)->lost; }
  bool lost(int tag, Lost why) const { return of(tag) != nullptr && of(tag)->lost == why; }
};

class Note final : public Message {
 public:
  Note(Scheduler& scheduler, Log& log, int tag) : scheduler_(scheduler), log_(log), tag_(tag) {}
  ~Note() override = default;

 private:
  void deliver() override {
    log_.entries.push_back({tag_, scheduler_.now().since_start().seconds(), std::nullopt});
  }
  void lost(Lost why) override {
    log_.entries.push_back({tag_, scheduler_.now().since_start().seconds(), why});
  }
  std::unique_ptr<Message> copy() const override { return std::make_unique<Note>(scheduler_, log_, tag_); }
  Scheduler& scheduler_;
  Log& log_;
  int tag_;
};

/// Events that call functions at dates; they live as long as this does.
class Script {
 public:
  explicit Script(Scheduler& scheduler) : scheduler_(scheduler) {}
  void at(Duration date, std::function<void()> act) {
    events_.push_back(std::make_unique<Callback<std::function<void()>>>(std::move(act)));
    scheduler_.schedule(*events_.back(), TimePoint::at(date));
  }

 private:
  Scheduler& scheduler_;
  std::vector<std::unique_ptr<Event>> events_;
};

inline void send(World& world, Log& log, int tag, HostId from, HostId to, std::int64_t bytes,
                 HostId via = kNoHost, bool head_arrived = false) {
  world.network().send({from, to, via, head_arrived}, Bytes(bytes),
                       std::make_unique<Note>(world.scheduler(), log, tag));
}

}  // namespace headroom::world
