#include "sim/faults/poison.h"

#include "sim/base/distribution.h"
#include "sim/faults/malfunction.h"

namespace headroom::faults {
namespace {

Component component_of(Poisoned poisoned) {
  return poisoned == Poisoned::api ? Component::api : Component::processing;
}

class Poisoning final : public world::Killer {
 public:
  Poisoning(Hardware& hardware, Duration restart) : hardware_(hardware), restart_(restart) {}
  void kill(world::ProcessSlot& victim, std::uint64_t request) override {
    hardware_.journal().record(hardware_.world().now(), "killed by poison", "host/" + victim.host().name(),
                               {{"request", request}});
    world::Hold& life = hardware_.life(victim);
    life.take();
    life.release(restart_);
  }

 private:
  Hardware& hardware_;
  Duration restart_;
};

class Supply final : public Effect {
 public:
  Supply(Hardware& hardware, const Poison& poison, const Engine& draw)
      : hardware_(hardware),
        poison_(poison),
        draw_(draw),
        poisoning_(std::make_shared<Poisoning>(hardware, poison.restart)) {
    // What is poison stays so when the fault is over, and kills whoever still works on it.
    hardware.keep(poisoning_);
  }
  ~Supply() override { scope_.clear(); }
  void begin() override {
    alteration_ =
        hardware_.service().traffic().alter_requests([this](world::Asked& request) { poison(request); });
    scope_.spawn(make_poison(this));
  }
  std::string struck() const override { return "some requests"; }

 private:
  /// The first harmless request after each instant becomes poison.
  void poison(world::Asked& request) {
    world::Killer*& kills = poison_.component == Poisoned::api ? request.kills_server : request.kills_worker;
    if (due_ == 0 || kills != nullptr) return;
    --due_;
    kills = poisoning_.get();
  }
  static world::Task<> make_poison(Supply* self) {
    const Poison& poison = self->poison_;
    const auto gaps = Distribution<Duration>::exponential(Duration::from_seconds(1 / poison.rate.per_second));
    while (true) {
      co_await world::Sleep(self->hardware_.world().scheduler(), gaps.sample(self->draw_));
      ++self->due_;
    }
  }

  Hardware& hardware_;
  Poison poison_;
  Engine draw_;
  std::shared_ptr<Poisoning> poisoning_;
  std::int64_t due_ = 0;  ///< requests that are to become poison
  world::Alteration alteration_;
  world::Scope scope_;
};

}  // namespace

void Deadly::check(const Deadly& effect, Complaints& complaints) {
  if (!effect.crash)
    complaints.add("crash",
                   "poison that does not kill is none, expected crash: true; for errors and slowness "
                   "see bug and bad_config");
}

void Poison::check_targets(const std::string& path, const Names& names, Complaints& complaints) const {
  check_component(component_of(component), path + ".component", names, complaints);
}

std::string Poison::subject() const {
  return std::string(name_of(component_of(component)));
}

std::unique_ptr<Effect> Poison::strike(Hardware& hardware, Engine& draw) const {
  return std::make_unique<Supply>(hardware, *this, draw);
}

}  // namespace headroom::faults
