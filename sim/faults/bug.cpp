#include "sim/faults/bug.h"

#include <utility>

namespace headroom::faults {
namespace {

class Fires final : public Effect {
 public:
  Fires(Hardware& hardware, const Bug& bug, std::vector<world::ProcessSlot*> instances)
      : hardware_(hardware),
        instances_(std::move(instances)),
        affliction_(hardware, bug.component, bug.effect, bug.recovery()) {}
  void begin() override {
    for (world::ProcessSlot* slot : instances_) affliction_.strike(*slot);
  }
  std::string struck() const override { return names_of(hardware_.world(), instances_); }

 private:
  Hardware& hardware_;
  std::vector<world::ProcessSlot*> instances_;
  Affliction affliction_;
};

}  // namespace

void Bug::check_targets(const std::string& path, const Names& names, Complaints& complaints) const {
  check_component(component, path + ".component", names, complaints);
  check_malfunction(effect, component, path + ".effect", complaints);
}

std::unique_ptr<Effect> Bug::strike(Hardware& hardware, Engine&) const {
  return std::make_unique<Fires>(hardware, *this, hardware.service().instances(component));
}

}  // namespace headroom::faults
