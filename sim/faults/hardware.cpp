#include "sim/faults/hardware.h"

#include <algorithm>
#include <iterator>

#include "sim/base/check.h"

namespace headroom::faults {
namespace {

/// Sorted by host and place, each once.
void normalise(std::vector<Victim>& victims) {
  const auto place = [](const Victim& v) -> Place {
    return {v.host, v.slot == nullptr ? 0 : place_of(*v.slot).second + 1};
  };
  std::sort(victims.begin(), victims.end(),
            [&](const Victim& a, const Victim& b) { return place(a) < place(b); });
  victims.erase(
      std::unique(victims.begin(), victims.end(),
                  [](const Victim& a, const Victim& b) { return a.host == b.host && a.slot == b.slot; }),
      victims.end());
}

/// Those of the first (sorted) that are not in the second (sorted).
std::vector<world::HostId> difference(const std::vector<world::HostId>& a,
                                      const std::vector<world::HostId>& b) {
  std::vector<world::HostId> only;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(only));
  return only;
}

/// So many of them, drawn; sorted again by the caller.
template <class T>
void choose(std::vector<T>& from, std::int64_t pick, Engine& draw) {
  const auto wanted = std::min(from.size(), static_cast<std::size_t>(pick));
  for (std::size_t i = 0; i < wanted; ++i) std::swap(from[i], from[i + uniform_below(draw, from.size() - i)]);
  from.resize(wanted);
}

}  // namespace

Hardware::Hardware(world::World& world, Service& service, metrics::Journal& journal, StreamKey key)
    : world_(world), service_(service), journal_(journal), defects_(key) {}

std::vector<Victim> Hardware::resolve(const Target& target, Engine& draw) const {
  std::vector<Victim> victims;
  if (target.name == kClientsName) {
    victims.push_back({world::kClients});
  } else if (!target.name.empty()) {
    if (const auto* domain = world_.topology().domain(target.name))
      for (const world::HostId host : *domain) victims.push_back({host});
    else
      for (world::ProcessSlot* slot : service_.players(target.name))
        victims.push_back({slot->host().id(), slot});
  }
  for (const Target& part : target.of)
    for (const Victim& victim : resolve(part, draw)) victims.push_back(victim);
  normalise(victims);
  if (target.pick == 0) return victims;
  choose(victims, target.pick, draw);
  normalise(victims);
  return victims;
}

std::vector<world::HostId> Hardware::hosts(const Target& target, Engine& draw) const {
  std::vector<world::HostId> hosts;
  for (const Victim& victim : resolve(target, draw))
    if (hosts.empty() || hosts.back() != victim.host) hosts.push_back(victim.host);
  return hosts;
}

std::vector<world::ProcessSlot*> Hardware::processes(const Target& target, Engine& draw) const {
  std::vector<Victim> each;
  for (const Victim& victim : resolve(target, draw)) {
    if (victim.slot != nullptr) {
      each.push_back(victim);
      continue;
    }
    for (const auto& slot : world_.host(victim.host).slots()) each.push_back({victim.host, slot.get()});
  }
  normalise(each);
  std::vector<world::ProcessSlot*> slots;
  for (const Victim& victim : each) slots.push_back(victim.slot);
  return slots;
}

std::vector<std::string> Hardware::domains(const Target& target, Engine& draw) const {
  std::vector<std::string> names;
  const bool whole = target.name == kClientsName ||
                     (!target.name.starts_with("group/") && world_.topology().domain(target.name) != nullptr);
  if (whole) {
    names.push_back(target.name);
  } else {
    for (const world::HostId host : hosts({target.name, {}, 0}, draw))
      names.push_back("host/" + world_.host(host).name());
  }
  for (const Target& part : target.of)
    for (std::string& name : domains(part, draw)) names.push_back(std::move(name));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  if (target.pick == 0) return names;
  choose(names, target.pick, draw);
  std::sort(names.begin(), names.end());
  return names;
}

world::Hold& Hardware::power(world::HostId id) {
  std::unique_ptr<world::Hold>& hold = power_[id];
  if (hold == nullptr)
    hold = std::make_unique<world::Hold>(world_.scheduler(), [this, &host = world_.host(id)](bool up) {
      journal_.record(world_.now(), up ? "host up" : "host down", "host/" + host.name());
      up ? host.boot() : host.crash();
    });
  return *hold;
}

world::Hold& Hardware::life(world::ProcessSlot& slot) {
  std::unique_ptr<world::Hold>& hold = life_[place_of(slot)];
  if (hold == nullptr)
    hold = std::make_unique<world::Hold>(world_.scheduler(), [this, &slot](bool up) {
      journal_.record(world_.now(), up ? "process up" : "process down", "host/" + slot.host().name());
      up ? slot.enable() : slot.disable();
    });
  return *hold;
}

Throttle& Hardware::cpu(world::HostId id) {
  const auto set = [&host = world_.host(id)](double share) { host.cpu().set_share(share); };
  return cpu_.try_emplace(id, set).first->second;
}

Throttle& Hardware::disk(world::HostId id) {
  const auto set = [&host = world_.host(id)](double share) { host.disk().set_share(share); };
  return disk_.try_emplace(id, set).first->second;
}

Throttle& Hardware::link(const std::string& domain) {
  std::string part = domain;
  if (part.starts_with("switch/")) part.replace(0, part.find('/'), "rack");
  if (part.starts_with("region/")) part = kClientsName;
  const auto set = [this, part](double share) { world_.network().set_bandwidth_share(part, share); };
  return links_.try_emplace(part, set).first->second;
}

Skew& Hardware::clock(world::HostId id) {
  return clocks_.try_emplace(id, world_.host(id)).first->second;
}

std::vector<world::HostId> Hardware::without_power() const {
  return world_.topology().without_power({feeds_out_.begin(), feeds_out_.end()});
}

std::vector<world::HostId> Hardware::hanging_on(const std::vector<std::string>& feeds) const {
  std::set<std::string, std::less<>> out(feeds_out_.begin(), feeds_out_.end());
  out.insert(feeds.begin(), feeds.end());
  return difference(world_.topology().without_power(out), without_power());
}

void Hardware::cut_feeds(const std::vector<std::string>& feeds) {
  const std::vector<world::HostId> struck = hanging_on(feeds);
  feeds_out_.insert(feeds.begin(), feeds.end());
  for (const world::HostId host : struck) power(host).take();
}

void Hardware::restore_feeds(const std::vector<std::string>& feeds, Duration boot) {
  const std::vector<world::HostId> before = without_power();
  for (const std::string& feed : feeds) {
    const auto held = feeds_out_.find(feed);
    HEADROOM_CHECK(held != feeds_out_.end(), "a feed that comes back was out");
    feeds_out_.erase(held);
  }
  for (const world::HostId host : difference(before, without_power())) power(host).release(boot);
}

namespace {

class Altering final : public Effect {
 public:
  Altering(std::string struck, std::function<world::Alteration()> alter)
      : struck_(std::move(struck)), alter_(std::move(alter)) {}
  void begin() override { alteration_ = alter_(); }
  std::string struck() const override { return struck_; }

 private:
  std::string struck_;
  std::function<world::Alteration()> alter_;
  world::Alteration alteration_;
};

}  // namespace

std::unique_ptr<Effect> altering(std::string struck, std::function<world::Alteration()> alter) {
  return std::make_unique<Altering>(std::move(struck), std::move(alter));
}

std::string list_of_names(const std::vector<std::string>& names, std::size_t most) {
  std::string text;
  const std::size_t shown = std::min(names.size(), most);
  for (std::size_t i = 0; i < shown; ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > shown) text += " and " + std::to_string(names.size() - shown) + " more";
  return text.empty() ? "nobody" : text;
}

std::string names_of(world::World& world, const std::vector<world::HostId>& hosts) {
  std::vector<std::string> names;
  for (const world::HostId host : hosts)
    names.push_back(host == world::kClients ? std::string(kClientsName) : world.host(host).name());
  return list_of_names(names);
}

std::string names_of(world::World& world, std::span<world::ProcessSlot* const> processes) {
  std::vector<world::HostId> hosts;
  for (world::ProcessSlot* slot : processes)
    if (hosts.empty() || hosts.back() != slot->host().id()) hosts.push_back(slot->host().id());
  return names_of(world, hosts);
}

}  // namespace headroom::faults
