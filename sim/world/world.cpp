#include "sim/world/world.h"

namespace headroom::world {
namespace {

// Whether some message could ever have to share bandwidth with another one.
bool has_limited_links(const PlatformConfig& platform) {
  const NetworkConfig& network = platform.network;
  if (network.ideal) return false;
  for (const auto& [name, group] : platform.hosts)
    if (group.nic) return true;
  return network.nic.bandwidth || network.rack_uplink.bandwidth || network.zone_uplink.bandwidth ||
         network.between_zones.bandwidth || network.internet.bandwidth;
}

}  // namespace

World::World(const PlatformConfig& platform, StreamKey key)
    : key_(key),
      topology_(platform),
      fluid_(has_limited_links(platform) ? std::make_unique<Fluid>(scheduler_) : nullptr),
      network_(std::make_unique<Network>(scheduler_, topology_, fluid_.get(), key / "network")) {
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
  if (fluid_ != nullptr) {
    fluid_->run(end, stop);
  } else {
    while (scheduler_.next_date() <= end && !scheduler_.idle() && !(stop && stop()))
      scheduler_.run_next_instant();
  }
  if (stop && stop()) return false;
  if (end != TimePoint::never()) scheduler_.advance_to(end);
  return true;
}

}  // namespace headroom::world
