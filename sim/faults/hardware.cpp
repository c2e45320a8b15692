#include "sim/faults/hardware.h"

#include <algorithm>

#include "sim/base/check.h"

namespace headroom::faults {
namespace {

constexpr std::size_t kMostNames = 8;

/// Sorted by host and place, each once.
void normalise(std::vector<Victim>& victims, world::World& world) {
  const auto place = [&](const Victim& v) -> std::pair<std::uint32_t, std::size_t> {
    if (v.slot == nullptr) return {v.host.value, 0};
    const auto& slots = world.host(v.host).slots();
    const auto at =
        std::find_if(slots.begin(), slots.end(), [&](const auto& s) { return s.get() == v.slot; });
    return {v.host.value, static_cast<std::size_t>(at - slots.begin()) + 1};
  };
  std::sort(victims.begin(), victims.end(),
            [&](const Victim& a, const Victim& b) { return place(a) < place(b); });
  victims.erase(
      std::unique(victims.begin(), victims.end(),
                  [](const Victim& a, const Victim& b) { return a.host == b.host && a.slot == b.slot; }),
      victims.end());
}

}  // namespace

void Hold::take() {
  cancel();
  ++holders_;
  if (!std::exchange(down_, true)) set_(false);
}

void Hold::release(Duration recovery) {
  HEADROOM_CHECK(holders_ > 0, "what is let go was held");
  ready_ = std::max(ready_, scheduler_.now() + recovery);
  if (--holders_ == 0) scheduler_.schedule(*this, ready_);
}

void Hold::fire() {
  down_ = false;
  set_(true);
}

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
  normalise(victims, world_);
  if (target.pick == 0) return victims;
  const auto wanted = std::min(victims.size(), static_cast<std::size_t>(target.pick));
  for (std::size_t i = 0; i < wanted; ++i)
    std::swap(victims[i], victims[i + uniform_below(draw, victims.size() - i)]);
  victims.resize(wanted);
  normalise(victims, world_);
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
  normalise(each, world_);
  std::vector<world::ProcessSlot*> slots;
  for (const Victim& victim : each) slots.push_back(victim.slot);
  return slots;
}

Hold& Hardware::power(world::HostId id) {
  std::unique_ptr<Hold>& hold = power_[id];
  if (hold == nullptr)
    hold = std::make_unique<Hold>(world_.scheduler(), [this, &host = world_.host(id)](bool up) {
      journal_.record(world_.now(), up ? "host up" : "host down", "host/" + host.name());
      up ? host.boot() : host.crash();
    });
  return *hold;
}

Hold& Hardware::life(world::ProcessSlot& slot) {
  const auto& slots = slot.host().slots();
  const auto at = std::find_if(slots.begin(), slots.end(), [&](const auto& s) { return s.get() == &slot; });
  std::unique_ptr<Hold>& hold = life_[{slot.host().id(), static_cast<std::size_t>(at - slots.begin())}];
  if (hold == nullptr)
    hold = std::make_unique<Hold>(world_.scheduler(), [this, &slot](bool up) {
      journal_.record(world_.now(), up ? "process up" : "process down", "host/" + slot.host().name());
      up ? slot.enable() : slot.disable();
    });
  return *hold;
}

std::string names_of(world::World& world, const std::vector<world::HostId>& hosts) {
  std::string text;
  const std::size_t shown = std::min(hosts.size(), kMostNames);
  for (std::size_t i = 0; i < shown; ++i) {
    text += i == 0 ? "" : ", ";
    text += hosts[i] == world::kClients ? std::string(kClientsName) : world.host(hosts[i]).name();
  }
  if (hosts.size() > shown) text += " and " + std::to_string(hosts.size() - shown) + " more";
  return text.empty() ? "nobody" : text;
}

}  // namespace headroom::faults
