#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/faults/injector.h"
#include "tests/faults/traffic.h"

/// What tests of faults stand on.
namespace headroom::faults {

using world::HostId;
using world::kClients;

/// Two zones of two racks with two feeds each; four hosts `a-1` … with one cord (a-1 in rack a1, a-2 in b1,
/// a-3 in a2, a-4 in b2, all on the rack's first feed) and two hosts `b-1` (a1), `b-2` (b1) with two.
inline world::PlatformConfig platform() {
  world::PlatformConfig p;
  p.platform = "test";
  p.layout.zones = 2;
  p.layout.racks_per_zone = 2;
  p.layout.power_feeds_per_rack = 2;
  p.hosts["a"].count = 4;
  p.hosts["b"].count = 2;
  p.hosts["b"].power_cords = 2;
  return p;
}

class Idle final : public world::Process {
 public:
  using Process::Process;
};

/// A world with two processes on each host, and `leader`, a role that whoever a test says plays.
class Ground final : public Service {
 public:
  explicit Ground(std::vector<FaultConfig> faults, std::uint64_t seed = 1,
                  const world::PlatformConfig& hardware = platform(),
                  TimePoint window_end = TimePoint::never())
      : world_(hardware, StreamKey(seed)), faults_(std::move(faults)) {
    for (const auto& host : world_.hosts())
      for (int k = 0; k < 2; ++k) host->install([](world::Host& h) { return std::make_unique<Idle>(h); });
    injector_ = std::make_unique<Injector>(faults_, world_, *this, journal_, StreamKey(seed) / "faults");
    injector_->start(window_end);
  }
  Ground(const Ground&) = delete;
  Ground& operator=(const Ground&) = delete;
  ~Ground() override = default;

  std::vector<world::ProcessSlot*> players(std::string_view role) const override {
    CHECK(role == "leader");
    if (leader == 0) return {};
    return {world_of().host(HostId{leader}).slots()[1].get()};
  }
  /// The first process on each host of `a` is the API, the second on each host of `b` a worker.
  std::vector<world::ProcessSlot*> instances(Component component) const override {
    std::vector<world::ProcessSlot*> slots;
    const bool api = component == Component::api;
    for (world::Host* host : world_of().group(api ? "a" : "b"))
      slots.push_back(host->slots()[api ? 0 : 1].get());
    return slots;
  }
  world::Traffic& traffic() override { return senders; }
  world::Caches& caches(Component component) override {
    CHECK(component == Component::auth);
    return auth_caches;
  }
  Ground& at(Duration date) {
    world_.run_until(TimePoint::at(date));
    return *this;
  }
  std::optional<metrics::Trouble> trouble() const { return injector_->trouble(); }
  bool up(std::string_view host) { return world_.host(world_.topology().find(host)).up(); }
  bool alive(std::string_view host, std::size_t slot) {
    return world_.host(world_.topology().find(host)).slots()[slot]->get() != nullptr;
  }
  bool reachable(std::string_view from, std::string_view to) {
    return world_.network().reachable(world_.topology().find(from), world_.topology().find(to));
  }
  world::World& world_of() const { return const_cast<world::World&>(world_); }
  /// Events of a kind, `12.5 crash host/a-1`, in order.
  std::vector<std::string> events(std::string_view kind) const {
    std::vector<std::string> out;
    for (const metrics::Event& e : journal_.events())
      if (e.kind == kind) {
        char at[32];
        std::snprintf(at, sizeof at, "%g ", e.at.since_start().seconds());
        out.push_back(at + e.subject);
      }
    return out;
  }
  std::string detail(std::string_view kind, std::size_t number, std::string_view field) const {
    for (const metrics::Event& e : journal_.events()) {
      if (e.kind != kind || number-- > 0) continue;
      for (const metrics::Field& f : e.details)
        if (f.name == field) return std::get<std::string>(f.value);
    }
    return "none";
  }
  bool whole() {
    for (const auto& host : world_.hosts()) {
      if (!host->up()) return false;
      for (const auto& slot : host->slots())
        if (slot->get() == nullptr) return false;
      for (const auto& other : world_.hosts())
        if (!world_.network().reachable(host->id(), other->id())) return false;
      if (!world_.network().reachable(host->id(), kClients)) return false;
      if (!world_.network().reachable(kClients, host->id())) return false;
    }
    return true;
  }

  std::uint32_t leader = 2;
  Senders senders;
  CountedCaches auth_caches;

 private:
  world::World world_;
  metrics::Journal journal_{1'000'000};
  std::vector<FaultConfig> faults_;
  std::unique_ptr<Injector> injector_;
};

inline Target named(std::string name) {
  return {std::move(name), {}, 0};
}
inline Target any_of(std::vector<Target> targets) {
  return {"", std::move(targets), 0};
}
inline Target pick(std::int64_t n, Target from) {
  return {"", {std::move(from)}, n};
}

inline FaultConfig once(Duration at, std::optional<Duration> length, Kind kind) {
  FaultConfig f;
  f.at = at;
  f.length = length;
  f.kind = std::move(kind);
  return f;
}
inline Crash crash(Target target, Duration boot) {
  Crash c;
  c.target = std::move(target);
  c.boot = boot;
  return c;
}
inline Crash kill(Target target, Duration restart) {
  Crash c;
  c.target = std::move(target);
  c.process = true;
  c.restart = restart;
  return c;
}
inline Partition partition(Target a, Target b, Direction direction = Direction::both) {
  Partition p;
  p.between = {std::move(a), std::move(b)};
  p.direction = direction;
  return p;
}

}  // namespace headroom::faults
