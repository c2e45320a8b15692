#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/describe.h"
#include "sim/base/distribution.h"
#include "sim/base/units.h"

/// What the hardware is and which fates it shares (SPEC §3, `platform`). Plain values: `Topology` says what
/// follows from them, `World` builds it.
namespace headroom::world {

/// One direction of a link; the other direction is the same and is not shared with it (full duplex).
struct LinkConfig {
  std::optional<Bandwidth> bandwidth;  ///< none: no limit
  Duration latency;                    ///< one way
  template <class V>
  static void describe(V& v) {
    v.optional("bandwidth", &LinkConfig::bandwidth, "each way; without it there is no limit", positive());
    v.optional("latency", &LinkConfig::latency, "one way", not_negative());
  }
};

/// The network of a region: a tree of host – rack – zone, zones joined to each other and to the clients.
/// `ideal` (written as the bare word) means no latency and no limit anywhere.
struct NetworkConfig {
  bool ideal = false;
  LinkConfig nic;            ///< host to top-of-rack switch
  LinkConfig rack_uplink;    ///< rack to zone
  LinkConfig zone_uplink;    ///< zone to the region's core
  LinkConfig between_zones;  ///< from one zone to another; each ordered pair of zones has its own
  LinkConfig internet;       ///< clients to the region's edge, shared by all clients
  static NetworkConfig make_ideal() {
    NetworkConfig network;
    network.ideal = true;
    return network;
  }
  template <class V>
  static void describe(V& v) {
    v.optional("nic", &NetworkConfig::nic, "a host's network card");
    v.optional("rack_uplink", &NetworkConfig::rack_uplink, "top-of-rack switch to its zone");
    v.optional("zone_uplink", &NetworkConfig::zone_uplink, "zone to the core");
    v.optional("between_zones", &NetworkConfig::between_zones, "from one zone to another");
    v.optional("internet", &NetworkConfig::internet, "clients to the region");
  }
};

enum class Cooling { per_zone };

/// The building: zones of racks, each rack with its power feeds.
struct LayoutConfig {
  std::int64_t zones = 1;
  std::int64_t racks_per_zone = 1;
  std::int64_t power_feeds_per_rack = 1;
  Cooling cooling = Cooling::per_zone;
  template <class V>
  static void describe(V& v) {
    v.optional("zones", &LayoutConfig::zones, "zones a, b, c …", between(1, 26));
    v.optional("racks_per_zone", &LayoutConfig::racks_per_zone, "racks a1, a2 …", between(1, 1000));
    v.optional("power_feeds_per_rack", &LayoutConfig::power_feeds_per_rack, "feeds a1-1, a1-2 …",
               between(1, 8));
    v.optional("cooling", &LayoutConfig::cooling, "what one cooling plant serves");
  }
};

/// Local disk. Defaults are those of a SATA-class SSD: sequential write 500 MB/s (assumed), and the lognormal
/// through the first two points of a published histogram of etcd's write-ahead-log fsync times (76.8 % ≤ 1
/// ms, 97.2 % ≤ 2 ms): median 0.65 ms, mean 0.77 ms, p99 2.6 ms. Its tail is lighter than that histogram's.
struct DiskConfig {
  Bandwidth bandwidth{500e6};
  Distribution<Duration> fsync{law::Lognormal{770'000, 0.588}};
  template <class V>
  static void describe(V& v) {
    v.optional("bandwidth", &DiskConfig::bandwidth, "sequential write", positive());
    v.optional("fsync", &DiskConfig::fsync, "time of one fsync, apart from the bytes written");
  }
};

/// Where a group's members may stand; empty means anywhere.
struct PlaceConfig {
  std::vector<std::string> zones;
  std::vector<std::string> racks;
  template <class V>
  static void describe(V& v) {
    v.optional("zones", &PlaceConfig::zones, "only in these zones");
    v.optional("racks", &PlaceConfig::racks, "only in these racks");
  }
};

struct WattsConfig {
  Power idle;
  Power busy;  ///< with all cores busy
  template <class V>
  static void describe(V& v) {
    v.required("idle", &WattsConfig::idle, "power drawn when idle", not_negative());
    v.required("busy", &WattsConfig::busy, "power drawn with all cores busy", not_negative());
  }
};

/// Hosts that are alike.
struct HostGroupConfig {
  std::int64_t count = 1;
  std::int64_t cores = 1;
  double speed = 1.0;            ///< 1.0 is the reference core: it does one second of work in one second
  std::optional<Bandwidth> nic;  ///< overrides network.nic's bandwidth
  DiskConfig disk;
  std::int64_t power_cords = 1;  ///< the host is up while any of the feeds that they are plugged into is
  std::optional<PlaceConfig> place;
  Price price;
  std::optional<WattsConfig> watts;
  template <class V>
  static void describe(V& v) {
    v.optional("count", &HostGroupConfig::count, "number of hosts", between(1, 100'000));
    v.optional("cores", &HostGroupConfig::cores, "cores per host", between(1, 4096));
    v.optional("speed", &HostGroupConfig::speed, "speed of a core; 1.0 is the reference core", positive());
    v.optional("nic", &HostGroupConfig::nic, "bandwidth of its network card, if not network.nic's",
               positive());
    v.optional("disk", &HostGroupConfig::disk, "local disk");
    v.optional("power_cords", &HostGroupConfig::power_cords, "cords, each to another feed of the rack",
               between(1, 8));
    v.optional("place", &HostGroupConfig::place, "where the members may stand; default: spread everywhere");
    v.optional("price", &HostGroupConfig::price, "of one host", not_negative());
    v.optional("watts", &HostGroupConfig::watts, "power drawn");
  }
  static void check(const HostGroupConfig&, Complaints&);
};

/// A region's hardware. Without `layout` there is one zone `a` with one rack `a1`; without `network` it is
/// ideal.
struct PlatformConfig {
  std::optional<std::string> platform;  ///< its name; `region` if it has none
  LayoutConfig layout;
  NetworkConfig network = NetworkConfig::make_ideal();
  std::map<std::string, HostGroupConfig> hosts;  ///< by group name
  template <class V>
  static void describe(V& v) {
    v.optional("platform", &PlatformConfig::platform, "its name");
    v.optional("layout", &PlatformConfig::layout, "zones, racks and power feeds");
    v.optional("network", &PlatformConfig::network, "`ideal`, or its links");
    v.required("hosts", &PlatformConfig::hosts, "groups of hosts, by name");
  }
  /// At least one group; names made of letters, digits, `_` and `-`; cords ≤ feeds; places that exist.
  static void check(const PlatformConfig&, Complaints&);
};

}  // namespace headroom::world

template <>
struct headroom::enum_names<headroom::world::Cooling> {
  static constexpr std::string_view names[] = {"per_zone"};
};
