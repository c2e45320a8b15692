#include "sim/world/topology.h"

#include <algorithm>

#include "sim/base/check.h"

namespace headroom::world {

Topology::Topology(PlatformConfig platform)
    : platform_(std::move(platform)), name_(platform_.platform.value_or("region")) {
  cords_in_rack_.assign(static_cast<std::size_t>(racks()), 0);
  for (const auto& [name, group] : platform_.hosts) place_group(name, group);
  for (const Member& member : hosts_) by_name_[member.name] = member.id;
  build_domains();

  const NetworkConfig& network = platform_.network;
  if (!network.ideal) {
    in_rack_ = network.nic.latency * 2;
    in_zone_ = in_rack_ + network.rack_uplink.latency * 2;
    between_zones_ = in_zone_ + network.zone_uplink.latency * 2 + network.between_zones.latency;
    outside_ = network.internet.latency + network.zone_uplink.latency + network.rack_uplink.latency +
               network.nic.latency;
  }
}

void Topology::place_group(const std::string& name, const HostGroupConfig& group) {
  // The zones that may be used, each with its racks that may be.
  struct Candidates {
    std::vector<int> racks;
    std::size_t next = 0;
  };
  const auto allows = [](const std::set<std::string>& names, const std::string& x) {
    return names.empty() || names.contains(x);
  };
  const PlaceConfig place = group.place.value_or(PlaceConfig{});
  const std::set<std::string> zones_allowed(place.zones.begin(), place.zones.end());
  const std::set<std::string> racks_allowed(place.racks.begin(), place.racks.end());
  std::vector<Candidates> candidates;
  for (int zone = 0; zone < zones(); ++zone) {
    if (!allows(zones_allowed, zone_name(zone))) continue;
    Candidates here;
    for (int rack = zone * racks_per_zone(); rack < (zone + 1) * racks_per_zone(); ++rack)
      if (allows(racks_allowed, rack_name(rack))) here.racks.push_back(rack);
    if (!here.racks.empty()) candidates.push_back(std::move(here));
  }
  HEADROOM_CHECK(!candidates.empty(), "a group has nowhere to stand; PlatformConfig::check refuses that");

  const int feeds = static_cast<int>(platform_.layout.power_feeds_per_rack);
  for (int i = 0; i < group.count; ++i) {
    Candidates& in_zone = candidates[static_cast<std::size_t>(i) % candidates.size()];
    Member member;
    member.id = HostId{static_cast<std::uint32_t>(hosts_.size() + 1)};
    member.index = i + 1;
    member.name = name + "-" + std::to_string(member.index);
    member.group = name;
    member.rack = in_zone.racks[in_zone.next++ % in_zone.racks.size()];
    member.zone = member.rack / racks_per_zone();
    member.config = &group;
    int& plugged = cords_in_rack_[static_cast<std::size_t>(member.rack)];
    for (int cord = 0; cord < group.power_cords; ++cord) member.feeds.push_back(plugged++ % feeds);
    hosts_.push_back(std::move(member));
  }
}

void Topology::build_domains() {
  // Domains exist even if nothing is in them.
  domains_["region/" + name_];
  for (const auto& [name, group] : platform_.hosts) domains_["group/" + name];
  for (int zone = 0; zone < zones(); ++zone) {
    domains_["zone/" + zone_name(zone)];
    domains_["cooling/" + zone_name(zone)];
  }
  for (int rack = 0; rack < racks(); ++rack) {
    domains_["rack/" + rack_name(rack)];
    domains_["switch/" + rack_name(rack)];
    for (int feed = 0; feed < platform_.layout.power_feeds_per_rack; ++feed)
      domains_["power/" + feed_name(rack, feed)];
  }
  for (const Member& member : hosts_) {  // in the order of ids, so every list is sorted
    const auto add = [&](const std::string& domain) { domains_[domain].push_back(member.id); };
    add("host/" + member.name);
    add("group/" + member.group);
    add("region/" + name_);
    add("zone/" + zone_name(member.zone));
    add("cooling/" + zone_name(member.zone));
    add("rack/" + rack_name(member.rack));
    add("switch/" + rack_name(member.rack));
    for (int feed : member.feeds) add("power/" + feed_name(member.rack, feed));
  }
}

HostId Topology::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? kNoHost : found->second;
}

std::string Topology::zone_name(int zone) const {
  return std::string(1, static_cast<char>('a' + zone));
}
std::string Topology::rack_name(int rack) const {
  return zone_name(rack / racks_per_zone()) + std::to_string(rack % racks_per_zone() + 1);
}
std::string Topology::feed_name(int rack, int feed) const {
  return rack_name(rack) + "-" + std::to_string(feed + 1);
}

const std::vector<HostId>* Topology::domain(std::string_view name) const {
  const auto found = domains_.find(name);
  return found == domains_.end() ? nullptr : &found->second;
}

std::vector<std::string> Topology::domain_names() const {
  std::vector<std::string> names;
  for (const auto& [name, members] : domains_) names.push_back(name);
  return names;
}

std::vector<HostId> Topology::without_power(const std::set<std::string, std::less<>>& feeds_out) const {
  std::vector<HostId> dark;
  for (const Member& member : hosts_)
    if (std::all_of(member.feeds.begin(), member.feeds.end(),
                    [&](int feed) { return feeds_out.contains("power/" + feed_name(member.rack, feed)); }))
      dark.push_back(member.id);
  return dark;
}

}  // namespace headroom::world
