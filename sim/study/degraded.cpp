#include "sim/study/degraded.h"

#include <algorithm>
#include <optional>
#include <variant>

#include "sim/study/traits.h"

namespace headroom::study {
namespace {

/// Kinds of faults that change what there is, or what is asked of it.
bool matters(const faults::FaultConfig& fault) {
  if (fault.stochastic()) return false;
  return std::visit(
      []<class K>(const K& kind) {
        if constexpr (std::is_same_v<K, faults::Bug> || std::is_same_v<K, faults::BadConfig>)
          return !kind.effect.error_rate.has_value();
        else
          return !std::is_same_v<K, faults::Loss> && !std::is_same_v<K, faults::Duplicate> &&
                 !std::is_same_v<K, faults::Reorder> && !std::is_same_v<K, faults::Clock> &&
                 !std::is_same_v<K, faults::Poison> && !std::is_same_v<K, faults::Dns>;
      },
      fault.kind);
}

/// When it is all over, if it ever is: `for`, and the time to come up again.
TimePoint ends(const faults::FaultConfig& fault) {
  const auto lasts = fault.lasts();
  if (!lasts) return TimePoint::never();
  return fault.first() + *lasts + fault.recovery();
}

class Builder {
 public:
  Builder(const ScenarioConfig& scenario, const world::Topology& topology, const Phase& phase)
      : scenario_(scenario), topology_(topology), phase_(phase) {}

  Degraded build() {
    for (const std::size_t f : phase_.faults) {
      const faults::FaultConfig& fault = scenario_.faults[f];
      std::visit([&](const auto& kind) { apply(kind, fault); }, fault.kind);
      const faults::MoreLoad more = faults::more_load(fault.kind);
      left_.factor += more.of_own;
      left_.added_rate += more.per_second;
      left_.added_users += more.users;
    }
    for (const world::HostId host : topology_.without_power(feeds_out_)) left_.down.insert(host);
    return std::move(left_);
  }

 private:
  using Hosts = std::set<world::HostId>;

  Hosts all() const {
    Hosts hosts;
    for (const auto& member : topology_.hosts()) hosts.insert(member.id);
    return hosts;
  }
  std::vector<world::HostId> group(const Ref& ref) const {
    const auto* members = topology_.domain("group/" + ref.name);
    return members != nullptr ? *members : std::vector<world::HostId>();
  }

  /// The domains that a target stands for; a pick takes the first ones.
  std::vector<std::string> domains(const faults::Target& target) const {
    std::vector<std::string> names = faults::names_in(target, topology_);
    if (target.pick > 0 && static_cast<std::size_t>(target.pick) < names.size())
      names.resize(static_cast<std::size_t>(target.pick));
    std::vector<std::string> found;
    for (const std::string& name : names) {
      if (!name.starts_with("queue.") || !scenario_.deployment.queue) {
        found.push_back(name);
        continue;
      }
      bool leader = true;  // the first that is up
      for (const world::HostId host : group(scenario_.deployment.queue->hosts)) {
        if (!left_.up(host)) continue;
        if (leader == (name == "queue.leader")) found.push_back("host/" + topology_.host(host).name);
        leader = false;
      }
    }
    return found;
  }
  Hosts hosts(const faults::Target& target) const {
    Hosts found;
    for (const std::string& name : domains(target)) {
      if (name == faults::kClientsName) found.insert(world::kClients);
      if (const auto* members = topology_.domain(name)) found.insert(members->begin(), members->end());
    }
    return found;
  }
  static void slow(std::map<world::HostId, double>& shares, world::HostId host, double share) {
    const auto [place, fresh] = shares.emplace(host, share);
    if (!fresh) place->second *= share;
  }
  void narrow(const std::string& part, double share) {
    const auto [place, fresh] = left_.links.emplace(part, share);
    if (!fresh) place->second *= share;
  }

  void apply(const faults::Crash& crash, const faults::FaultConfig&) {
    left_.down.merge(hosts(crash.target));
  }
  void apply(const faults::Outage& outage, const faults::FaultConfig& fault) {
    for (const std::string& name : domains(outage.target)) {
      const auto* members = topology_.domain(name);
      if (members == nullptr) continue;
      if (name.starts_with("power/")) {
        feeds_out_.insert(name);
      } else if (name.starts_with("switch/")) {
        Hosts others = all();
        for (const world::HostId host : *members) others.erase(host);
        others.insert(world::kClients);
        left_.between.push_back(
            {.a = {members->begin(), members->end()}, .b = std::move(others), .blocked = true});
      } else if (name.starts_with("cooling/")) {
        const auto lasts = fault.lasts();
        const TimePoint stop = fault.first() + outage.stays_on();
        const TimePoint end = std::min(lasts ? fault.first() + *lasts : TimePoint::never(), phase_.to);
        for (const world::HostId host : *members)
          if (stop < end)
            left_.down.insert(host);
          else
            slow(left_.cpu, host, outage.throttled());
      } else {
        for (const world::HostId host : *members) left_.down.insert(host);
      }
    }
  }
  void between(const faults::Sides& sides, bool blocked, double added_s) {
    if (sides.between.size() != 2) return;
    left_.between.push_back({hosts(sides.between[0]), hosts(sides.between[1]),
                             sides.direction != faults::Direction::backward,
                             sides.direction != faults::Direction::forward, blocked, added_s});
  }
  void apply(const faults::Partition& cut, const faults::FaultConfig&) { between(cut, true, 0); }
  void apply(const faults::Latency& latency, const faults::FaultConfig&) {
    between(latency, false, law::mean(latency.add.law) / 1e9);
  }
  void apply(const faults::Bandwidth& narrow_to, const faults::FaultConfig&) {
    for (const std::string& name : domains(narrow_to.target)) {
      if (name.starts_with("group/")) {
        for (const world::HostId host : *topology_.domain(name))
          narrow("host/" + topology_.host(host).name, narrow_to.to.value);
      } else if (name == faults::kClientsName || name.starts_with("region/")) {
        narrow("internet", narrow_to.to.value);
      } else if (name.starts_with("switch/")) {
        narrow("rack/" + name.substr(name.find('/') + 1), narrow_to.to.value);
      } else {
        narrow(name, narrow_to.to.value);
      }
    }
  }
  void apply(const faults::Slow& gray, const faults::FaultConfig&) {
    for (const world::HostId host : hosts(gray.target)) {
      if (gray.cpu) slow(left_.cpu, host, gray.cpu->value);
      if (gray.disk) slow(left_.disk, host, gray.disk->value);
      if (gray.nic) narrow("host/" + topology_.host(host).name, gray.nic->value);
    }
  }
  /// So many instances of a component have it.
  void malfunction(const faults::Malfunction& effect, faults::Component component, std::int64_t count) {
    if (effect.slow) {
      const auto [place, fresh] = left_.software.emplace(component, effect.slow->value);
      if (!fresh) place->second *= effect.slow->value;
    }
    if (!effect.crash) return;
    const auto ref = hosts_of(component);
    if (!ref) return;
    for (const world::HostId host : group(*ref))
      if (count-- > 0) left_.down.insert(host);
  }
  std::optional<Ref> hosts_of(faults::Component component) const {
    const DeploymentConfig& d = scenario_.deployment;
    switch (component) {
      case faults::Component::load_balancer:
        return d.load_balancer ? d.load_balancer->hosts : std::nullopt;
      case faults::Component::api:
        return d.api ? std::optional(d.api->hosts) : std::nullopt;
      case faults::Component::auth:
        return d.auth ? d.auth->data_plane.hosts : std::nullopt;
      case faults::Component::queue:
        return d.queue ? std::optional(d.queue->hosts) : std::nullopt;
      case faults::Component::processing:
        return d.processing ? std::optional(d.processing->hosts) : std::nullopt;
      case faults::Component::usage_store:
        return d.usage ? std::optional(d.usage->store.hosts) : std::nullopt;
    }
    return std::nullopt;
  }
  void apply(const faults::BadConfig& push, const faults::FaultConfig&) {
    const auto instances = instances_of(scenario_.deployment, scenario_.platform);
    const auto found = instances.find(push.component);
    if (found == instances.end()) return;
    std::size_t last = push.waves.size() - 1;  // of the waves that are pushed before somebody notices
    if (push.detect_after && push.wave_every)
      while (last > 0 && *push.wave_every * static_cast<std::int64_t>(last) >= *push.detect_after) --last;
    const std::int64_t count = push.waves[last].of(found->second);
    if (push.effect.slow && count < found->second) {  // one speed for all of them would be wrong
      const auto ref = hosts_of(push.component);
      std::int64_t more = count;
      if (ref)
        for (const world::HostId host : group(*ref))
          if (more-- > 0) slow(left_.cpu, host, push.effect.slow->value);
      return;
    }
    malfunction(push.effect, push.component, count);
  }
  void apply(const faults::Bug& bug, const faults::FaultConfig&) {
    const auto instances = instances_of(scenario_.deployment, scenario_.platform);
    const auto found = instances.find(bug.component);
    if (found != instances.end()) malfunction(bug.effect, bug.component, found->second);
  }
  void apply(const faults::Flush&, const faults::FaultConfig&) { left_.cold_cache = true; }
  template <class K>
  void apply(const K&, const faults::FaultConfig&) {}  // see `matters`; or it only brings more load

  const ScenarioConfig& scenario_;
  const world::Topology& topology_;
  const Phase& phase_;
  std::set<std::string, std::less<>> feeds_out_;
  Degraded left_;
};

}  // namespace

bool Degraded::connected(world::HostId from, world::HostId to) const {
  return std::none_of(between.begin(), between.end(), [&](const Between& side) {
    return side.blocked &&
           ((side.a.contains(from) && side.b.contains(to)) || (side.a.contains(to) && side.b.contains(from)));
  });
}

double Degraded::added_s(world::HostId from, world::HostId to) const {
  double sum = 0;
  for (const Between& side : between)
    if ((side.forward && side.a.contains(from) && side.b.contains(to)) ||
        (side.backward && side.b.contains(from) && side.a.contains(to)))
      sum += side.added_s;
  return sum;
}

std::vector<Phase> phases(const ScenarioConfig& scenario) {
  const TimePoint end = TimePoint::at(scenario.run.warmup + scenario.run.duration);
  std::vector<Phase> all = {{{}, TimePoint(), end}};
  const auto& list = scenario.faults;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!matters(list[i])) continue;
    Phase phase{{}, list[i].first(), std::min(ends(list[i]), end)};
    for (std::size_t j = 0; j < list.size(); ++j) {
      const bool earlier = list[j].first() < phase.from || (list[j].first() == phase.from && j < i);
      if (j != i && matters(list[j]) && earlier && ends(list[j]) > phase.from) phase.faults.push_back(j);
    }
    phase.faults.push_back(i);
    all.push_back(std::move(phase));
  }
  return all;
}

Degraded degraded(const ScenarioConfig& scenario, const world::Topology& topology, const Phase& phase) {
  return Builder(scenario, topology, phase).build();
}

}  // namespace headroom::study
