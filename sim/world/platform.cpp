#include "sim/world/platform.h"

#include <algorithm>
#include <set>

namespace headroom::world {
namespace {

/// Of all groups together: as many as one of them may have, and what can be looked at in a moment.
constexpr std::int64_t kMostHosts = 100'000;

bool is_name(const std::string& s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

/// Of "worker-12" the group "worker"; empty if that cannot be a member's name.
std::string group_of_member(const std::string& name) {
  const std::size_t dash = name.find_last_not_of("0123456789");
  const bool member = dash != std::string::npos && name[dash] == '-' && dash + 1 < name.size();
  return member ? name.substr(0, dash) : std::string();
}

std::string join(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

void HostGroupConfig::check(const HostGroupConfig& group, Complaints& complaints) {
  if (group.watts && group.watts->busy < group.watts->idle)
    complaints.add("watts.busy", "less than watts.idle; expected at least what it draws when idle");
}

void PlatformConfig::check(const PlatformConfig& config, Complaints& complaints) {
  if (config.platform && !is_name(*config.platform))
    complaints.add("platform", "a platform's name is made of letters, digits, _ and -");
  if (config.hosts.empty()) complaints.add("hosts", "no hosts; expected at least one group");

  std::set<std::string> zones;
  std::map<std::string, std::string> zone_of_rack;
  std::set<std::string> racks;
  for (std::int64_t z = 0; z < std::min<std::int64_t>(config.layout.zones, 26); ++z) {
    const std::string zone(1, static_cast<char>('a' + z));
    zones.insert(zone);
    for (std::int64_t r = 1; r <= std::min<std::int64_t>(config.layout.racks_per_zone, 1000); ++r) {
      zone_of_rack[zone + std::to_string(r)] = zone;
      racks.insert(zone + std::to_string(r));
    }
  }

  std::int64_t hosts = 0;
  for (const auto& [name, group] : config.hosts) {
    const std::string path = "hosts." + name;
    if (!is_name(name)) complaints.add(path, "a group's name is made of letters, digits, _ and -");
    if (name == "clients") complaints.add(path, "`clients` means the users; expected another name");
    const std::string other = group_of_member(name);
    if (config.hosts.contains(other))
      complaints.add(path, "reads like a member of group " + other + "; expected another name");
    hosts += group.count;
    if (hosts > kMostHosts && hosts - group.count <= kMostHosts)
      complaints.add(path + ".count", "more than " + std::to_string(kMostHosts) +
                                          " hosts in all groups up to this one, expected fewer");
    if (group.power_cords > config.layout.power_feeds_per_rack)
      complaints.add(path + ".power_cords",
                     "more cords than feeds in a rack (layout.power_feeds_per_rack is " +
                         std::to_string(config.layout.power_feeds_per_rack) +
                         "); each cord needs a feed of its own");
    if (!group.place) continue;
    bool known = true;
    for (const std::string& zone : group.place->zones)
      if (!zones.contains(zone)) {
        known = false;
        complaints.add(path + ".place.zones", "no zone " + zone + "; expected one of " + join(zones));
      }
    bool somewhere = group.place->racks.empty();
    for (const std::string& rack : group.place->racks) {
      const auto found = zone_of_rack.find(rack);
      if (found == zone_of_rack.end()) {
        known = false;
        complaints.add(path + ".place.racks", "no rack " + rack +
                                                  (racks.size() <= 60 ? "; expected one of " + join(racks)
                                                                      : "; expected a1, a2, …"));
        continue;
      }
      const auto& allowed = group.place->zones;
      somewhere |=
          allowed.empty() || std::find(allowed.begin(), allowed.end(), found->second) != allowed.end();
    }
    if (known && !somewhere) complaints.add(path + ".place", "none of the racks is in one of the zones");
  }
}

}  // namespace headroom::world
