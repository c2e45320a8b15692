#include "sim/world/world.h"

namespace headroom::world {
World::World(const PlatformConfig& platform, StreamKey key)
    : key_(key),
      topology_(platform),
      fluid_(scheduler_),
      network_(std::make_unique<Network>(scheduler_, topology_, fluid_, key / "network")) {
  for (const Topology::Member& member : topology_.hosts()) {
    auto processor = std::make_unique<VirtualTimeProcessor>(
        scheduler_, static_cast<int>(member.config->cores), member.config->speed);
    hosts_.push_back(
        std::make_unique<Host>(*this, member, std::move(processor), (key / "disk" / member.name).engine()));
  }
}

World::~World() {
  // Processes first: they may hold anything of the world.
  for (const auto& host : hosts_) host->slots_.clear();
  hosts_.clear();
  network_.reset();
}

std::vector<Host*> World::group(std::string_view name) {
  std::vector<Host*> members;
  for (const auto& host : hosts_)
    if (host->group() == name) members.push_back(host.get());
  return members;
}

bool World::run_until(TimePoint end, const std::function<bool()>& stop) {
  while (scheduler_.next_date() <= end && !scheduler_.idle() && !(stop && stop()))
    scheduler_.run_next_instant();
  if (stop && stop()) return false;
  if (end != TimePoint::never()) scheduler_.advance_to(end);
  return true;
}

}  // namespace headroom::world
