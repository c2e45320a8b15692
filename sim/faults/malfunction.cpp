#include "sim/faults/malfunction.h"

#include "sim/config/diagnostics.h"
#include "sim/faults/hardware.h"

namespace headroom::faults {

void Malfunction::check(const Malfunction& m, Complaints& complaints) {
  if (m.crash && !*m.crash)
    complaints.add("crash", "without it nothing happens, expected crash: true, error_rate or slow");
}

void check_component(Component component, const std::string& path, const Names& names,
                     Complaints& complaints) {
  if (names.instances.contains(component)) return;
  std::vector<std::string_view> there;
  for (const auto& [c, count] : names.instances) there.push_back(name_of(c));
  complaints.add(path, "this deployment has no " + std::string(name_of(component)) +
                           " with hosts of its own, expected " +
                           (there.empty() ? "a component that has" : config::list_of(there)));
}

void check_malfunction(const Malfunction& m, Component component, const std::string& path,
                       Complaints& complaints) {
  const bool works_on_disks = component == Component::queue || component == Component::usage_store;
  if (m.slow && works_on_disks)
    complaints.add(path + ".slow", "the work of " + std::string(name_of(component)) +
                                       " is its disks', not its CPU's, expected error_rate or crash");
}

Affliction::Affliction(Hardware& hardware, Component component, const Malfunction& malfunction,
                       Duration restart)
    : hardware_(hardware), component_(component), malfunction_(malfunction), restart_(restart) {}

Affliction::~Affliction() {
  for (const auto& [slot, id] : struck_)
    if (malfunction_.crash)
      hardware_.life(*slot).release(restart_);
    else
      hardware_.defects().remove(*slot, id);
}

void Affliction::strike(world::ProcessSlot& slot) {
  std::uint64_t id = 0;
  if (malfunction_.crash)
    hardware_.life(slot).take();
  else
    id = hardware_.defects().add(slot, component_, malfunction_);
  struck_.emplace_back(&slot, id);
}

std::uint64_t Defects::add(world::ProcessSlot& slot, Component component, const Malfunction& malfunction) {
  const auto found = slots_.try_emplace(place_of(slot), OfSlot{key_ / name_of(component), {}}).first;
  found->second.active.emplace(++next_, malfunction);
  apply(slot, found->second);
  return next_;
}

void Defects::remove(world::ProcessSlot& slot, std::uint64_t id) {
  OfSlot& all = slots_.at(place_of(slot));
  all.active.erase(id);
  apply(slot, all);
}

void Defects::apply(world::ProcessSlot& slot, const OfSlot& all) {
  world::Defect defect;
  defect.stream = all.stream;
  double right = 1;
  for (const auto& [id, m] : all.active) {
    if (m.error_rate) right *= 1 - m.error_rate->value;
    if (m.slow) defect.speed *= m.slow->value;
  }
  defect.error_rate = 1 - right;
  slot.set_defect(defect);
}

}  // namespace headroom::faults
