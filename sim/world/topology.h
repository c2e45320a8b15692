#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/world/host_id.h"
#include "sim/world/platform.h"

namespace headroom::world {

/// What follows from a platform's description: which hosts there are and where each one stands, what fails
/// together, and how far apart two hosts are. Pure: no simulator, no time.
class Topology {
 public:
  struct Member {
    HostId id;
    std::string name;        ///< `worker-1`
    std::string group;       ///< `worker`
    int index = 0;           ///< 1 … count
    int zone = 0;            ///< 0 is zone `a`
    int rack = 0;            ///< counted over the whole region: zone · racks_per_zone + rack within the zone
    std::vector<int> feeds;  ///< of its rack, from 0: where its power cords are plugged in
    const HostGroupConfig* config = nullptr;
  };

  /// The description must have passed its `check`. Member i (from 0) of a group stands in zone i mod Z and,
  /// within the zone, in its racks in turn; Z and the racks are those that `place` allows. Power cords are
  /// plugged into a rack's feeds in turn.
  explicit Topology(PlatformConfig platform);
  Topology(const Topology&) = delete;
  Topology& operator=(const Topology&) = delete;

  const PlatformConfig& platform() const { return platform_; }
  const std::string& name() const { return name_; }

  /// All hosts; the one with id `i` is at index i − 1.
  const std::vector<Member>& hosts() const { return hosts_; }
  const Member& host(HostId id) const { return hosts_[id.value - 1]; }
  /// kNoHost if there is no host of that name.
  HostId find(std::string_view name) const;

  int zones() const { return static_cast<int>(platform_.layout.zones); }
  int racks() const { return zones() * racks_per_zone(); }
  int racks_per_zone() const { return static_cast<int>(platform_.layout.racks_per_zone); }
  std::string zone_name(int zone) const;            ///< `a`
  std::string rack_name(int rack) const;            ///< `a1`
  std::string feed_name(int rack, int feed) const;  ///< `a1-2`

  /// The failure domains: members, sorted by id, of `host/worker-7`, `group/worker`, `rack/a1`, `switch/a1`
  /// (the hosts behind that switch), `power/a1-1` (hosts with a cord in that feed, also those that have
  /// another one), `cooling/a`, `zone/a`, `region/<platform's name>`. nullptr if there is no such domain.
  const std::vector<HostId>* domain(std::string_view name) const;
  /// Names of all domains, sorted.
  std::vector<std::string> domain_names() const;
  /// The hosts (sorted) all of whose feeds are among those that are out, given by domain name (`power/a1-1`).
  std::vector<HostId> without_power(const std::set<std::string, std::less<>>& feeds_out) const;

  /// One-way latency: the sum over the links passed. Between hosts: both network cards, both rack uplinks if
  /// the racks differ, both zone uplinks and the inter-zone link if the zones differ; 0 to itself. Between
  /// clients and a host: internet, zone uplink, rack uplink, network card. Always 0 if the network is ideal.
  Duration latency(HostId from, HostId to) const {
    if (from == to) return Duration();
    if (from == kClients || to == kClients) return outside_;
    const Member& a = host(from);
    const Member& b = host(to);
    return a.rack == b.rack ? in_rack_ : a.zone == b.zone ? in_zone_ : between_zones_;
  }

 private:
  void place_group(const std::string& name, const HostGroupConfig& group);
  void build_domains();

  PlatformConfig platform_;
  std::string name_;
  std::vector<Member> hosts_;
  std::vector<int> cords_in_rack_;
  std::map<std::string, std::vector<HostId>, std::less<>> domains_;
  std::map<std::string, HostId, std::less<>> by_name_;
  Duration in_rack_, in_zone_, between_zones_, outside_;
};

}  // namespace headroom::world
