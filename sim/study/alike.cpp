#include "sim/study/alike.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

namespace headroom::study {
namespace {

constexpr const char* kLeader = "queue.leader";
constexpr const char* kFollowers = "queue.followers";

/// What happens to those that fall.
enum class How { stop, cut_off, slow };
How how(ThingKind kind) {
  switch (kind) {
    case ThingKind::network_switch:
      return How::cut_off;
    case ThingKind::cooling:
      return How::slow;
    default:
      return How::stop;
  }
}

/// How much it does, against others with the same losses: the first does most.
int rank(ThingKind kind) {
  constexpr std::array kOrder = {ThingKind::host,   ThingKind::rack,    ThingKind::zone,
                                 ThingKind::power,  ThingKind::process, ThingKind::network_switch,
                                 ThingKind::cooling};
  return static_cast<int>(std::find(kOrder.begin(), kOrder.end(), kind) - kOrder.begin());
}

/// Collects things by what falls with them.
class Classes {
 public:
  void add(Thing thing, std::vector<Loss> falls) {
    if (falls.empty()) return;
    const auto same = std::find_if(classes_.begin(), classes_.end(), [&](const Alike& known) {
      return known.kind() == thing.kind && known.falls == falls;
    });
    if (same != classes_.end())
      same->things.push_back(std::move(thing));
    else
      classes_.push_back({{std::move(thing)}, std::move(falls)});
  }
  std::vector<Alike> take() { return std::move(classes_); }

 private:
  std::vector<Alike> classes_;
};

faults::Target one_of_followers(std::int64_t pick) {
  return {"", {faults::Target{kFollowers, {}, 0}}, pick};
}

/// Each host, or what runs on it, by itself.
void add_hosts(Classes& classes, const world::Topology& topology, const Roles& roles, ThingKind kind) {
  const std::string prefix = kind == ThingKind::process ? "process of " : "";
  // A process that is named by its role dies alone, even if others run on its host.
  const std::string electing =
      !roles.electing().empty() && (kind == ThingKind::host || roles.queue_alone()) ? roles.electing() : "";
  bool told = false;
  for (const world::Topology::Member& host : topology.hosts()) {
    if (host.group != electing) {
      const std::string name = "host/" + host.name;
      classes.add({kind, prefix + name, {name, {}, 0}, {host.id}}, roles.losses({host.id}));
      continue;
    }
    if (std::exchange(told, true)) continue;
    const std::int64_t size = roles.size(electing);
    classes.add({kind, prefix + kLeader, {kLeader, {}, 0}}, {{electing, "leader", 1, size}});
    const faults::Target follower = one_of_followers(1);
    classes.add({kind, prefix + faults::to_text(follower), follower, {}, size - 1},
                {{electing, "follower", 1, size}});
  }
}

/// The domains of a kind, in the order of the building.
std::vector<std::string> domains(const world::Topology& topology, ThingKind kind) {
  std::vector<std::string> names;
  const std::string prefix = std::string(name_of(kind)) + "/";
  if (kind == ThingKind::zone || kind == ThingKind::cooling) {
    for (int zone = 0; zone < topology.zones(); ++zone) names.push_back(prefix + topology.zone_name(zone));
    return names;
  }
  for (int rack = 0; rack < topology.racks(); ++rack) {
    if (kind != ThingKind::power) {
      names.push_back(prefix + topology.rack_name(rack));
      continue;
    }
    for (int feed = 0; feed < topology.platform().layout.power_feeds_per_rack; ++feed)
      names.push_back(prefix + topology.feed_name(rack, feed));
  }
  return names;
}

std::string rack_of_feed(const std::string& feed) {
  return feed.substr(0, feed.rfind('-'));
}

/// Whether the two are different things, and neither takes the other with it.
bool apart(const Thing& a, const Thing& b) {
  if (a.hosts.empty() && b.hosts.empty()) return faults::to_text(a.target) != faults::to_text(b.target);
  // Without both of its feeds a rack is dark, which is another thing.
  if (a.kind == ThingKind::power && b.kind == ThingKind::power &&
      rack_of_feed(a.target.name) == rack_of_feed(b.target.name))
    return false;
  return std::none_of(a.hosts.begin(), a.hosts.end(), [&](world::HostId host) {
    return std::binary_search(b.hosts.begin(), b.hosts.end(), host);
  });
}

std::vector<Loss> sum(const std::vector<Loss>& a, const std::vector<Loss>& b) {
  std::vector<Loss> all = a;
  for (const Loss& more : b) {
    const auto same = std::find_if(all.begin(), all.end(), [&](const Loss& loss) {
      return loss.group == more.group && loss.role == more.role;
    });
    if (same != all.end())
      same->count += more.count;
    else
      all.push_back(more);
  }
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

std::string_view name_of(ThingKind kind) {
  return enum_names<ThingKind>::names[static_cast<std::size_t>(kind)];
}

std::string name_of(ThingKind kind, std::int64_t count) {
  const std::string one(name_of(kind));
  switch (kind) {
    case ThingKind::power:
      return count == 1 ? "power feed" : "power feeds";
    case ThingKind::cooling:
      return count == 1 ? "cooling plant" : "cooling plants";
    case ThingKind::process:
    case ThingKind::network_switch:
      return count == 1 ? one : one + "es";
    default:
      return count == 1 ? one : one + "s";
  }
}

std::vector<ThingKind> kinds_of(const world::PlatformConfig& platform) {
  const world::LayoutConfig& layout = platform.layout;
  const bool racks = layout.zones * layout.racks_per_zone > 1;
  std::vector<ThingKind> kinds = {ThingKind::host, ThingKind::process};
  if (racks) kinds.insert(kinds.end(), {ThingKind::rack, ThingKind::network_switch});
  if (racks || layout.power_feeds_per_rack > 1) kinds.push_back(ThingKind::power);
  if (layout.zones > 1) kinds.insert(kinds.end(), {ThingKind::cooling, ThingKind::zone});
  return kinds;
}

std::int64_t Alike::count(ThingKind kind) const {
  std::int64_t sum = 0;
  for (const Thing& thing : things) sum += thing.kind == kind ? thing.number : 0;
  return sum;
}

std::vector<Alike> alike(const ScenarioConfig& scenario, const world::Topology& topology,
                         const std::vector<ThingKind>& kinds, Moment moment) {
  const Roles roles(scenario, topology, moment);
  std::vector<Alike> all;
  for (const ThingKind kind : kinds) {
    Classes classes;
    if (kind == ThingKind::host || kind == ThingKind::process) {
      add_hosts(classes, topology, roles, kind);
    } else {
      for (const std::string& domain : domains(topology, kind)) {
        std::vector<world::HostId> hosts =
            kind == ThingKind::power ? topology.without_power({domain}) : *topology.domain(domain);
        std::vector<Loss> falls = roles.losses(hosts);
        classes.add({kind, domain, {domain, {}, 0}, std::move(hosts)}, std::move(falls));
      }
    }
    for (Alike& one : classes.take()) all.push_back(std::move(one));
  }
  return all;
}

std::vector<Alike> across_kinds(const std::vector<Alike>& classes) {
  std::vector<Alike> all;
  for (const Alike& one : classes) {
    const auto same =
        std::find_if(all.begin(), all.end(), [&](const Alike& known) { return known.falls == one.falls; });
    if (same == all.end()) {
      all.push_back(one);
      continue;
    }
    auto& things = same->things;
    const bool does_more = rank(one.kind()) < rank(same->kind());
    things.insert(does_more ? things.begin() : things.end(), one.things.begin(), one.things.end());
  }
  return all;
}

bool within(const std::vector<Loss>& small, const std::vector<Loss>& large) {
  return std::all_of(small.begin(), small.end(), [&](const Loss& loss) {
    return std::any_of(large.begin(), large.end(), [&](const Loss& more) {
      return more.group == loss.group && more.role == loss.role && more.count >= loss.count;
    });
  });
}

bool contains(const Alike& large, const Alike& small) {
  return how(large.kind()) == how(small.kind()) && within(small.falls, large.falls);
}

faults::FaultConfig fault_of(const Thing& thing, Duration at, std::optional<Duration> length) {
  faults::FaultConfig fault;
  fault.at = at;
  fault.length = length;
  switch (thing.kind) {
    case ThingKind::host:
    case ThingKind::rack:
      fault.kind = faults::Crash{thing.target, false, {}, {}};
      break;
    case ThingKind::process:
      fault.kind = faults::Crash{thing.target, true, {}, {}};
      break;
    case ThingKind::cooling: {
      faults::Outage outage{thing.target, {}, {}, {}};
      if (length && *length <= outage.stays_on()) outage.boot = Duration();  // none switches itself off
      fault.kind = std::move(outage);
      break;
    }
    case ThingKind::network_switch:
    case ThingKind::power:
    case ThingKind::zone:
      fault.kind = faults::Outage{thing.target, {}, {}, {}};
      break;
  }
  return fault;
}

std::vector<AlikePair> pairs_of(const std::vector<Alike>& classes) {
  std::vector<AlikePair> pairs;
  const auto of_kind = [](const Alike& one) {
    std::vector<const Thing*> things;
    for (const Thing& thing : one.things)
      if (thing.kind == one.kind()) things.push_back(&thing);
    return things;
  };
  const auto find = [&](const Alike& a, const Alike& b) -> std::pair<const Thing*, const Thing*> {
    for (const Thing* x : of_kind(a))
      for (const Thing* y : of_kind(b))
        if (x != y && apart(*x, *y)) return {x, y};
    return {nullptr, nullptr};
  };
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const Alike& a = classes[i];
    const Thing& role = a.representative();
    if (role.number > 1) {
      Thing two = role;
      two.target.pick = 2;
      two.what = (role.kind == ThingKind::process ? "process of " : "") + faults::to_text(two.target);
      pairs.push_back({{two}, sum(a.falls, a.falls), two.what});
    }
    for (std::size_t j = i; j < classes.size(); ++j) {
      const Alike& b = classes[j];
      const auto [x, y] = find(a, b);
      if (x == nullptr) continue;
      AlikePair pair{{*x, *y}, sum(a.falls, b.falls), x->what + " and " + y->what};
      // Who leads is asked while it still does: when followers have been struck, not the other way round.
      if (x->target.name == kLeader) std::swap(pair.things[0], pair.things[1]);
      pairs.push_back(std::move(pair));
    }
  }
  return pairs;
}

}  // namespace headroom::study
