#include "sim/faults/poison.h"

#include "sim/base/distribution.h"
#include "sim/faults/malfunction.h"

namespace headroom::faults {
namespace {

Component component_of(Poisoned poisoned) {
  return poisoned == Poisoned::api ? Component::api : Component::processing;
}

class Supply final : public Effect {
 public:
  Supply(Hardware& hardware, const Poison& poison, const Engine& draw)
      : hardware_(hardware), poison_(poison), draw_(draw) {}
  ~Supply() override { scope_.clear(); }
  void begin() override { scope_.spawn(poison_requests(this)); }
  std::string struck() const override { return "some requests"; }

 private:
  static world::Task<> poison_requests(Supply* self) {
    const Poison& poison = self->poison_;
    const auto gaps = Distribution<Duration>::exponential(Duration::from_seconds(1 / poison.rate.per_second));
    while (true) {
      co_await world::Sleep(self->hardware_.world().scheduler(), gaps.sample(self->draw_));
      // What is poison stays so when the fault is over, and kills whoever still works on it.
      self->hardware_.service().poison_next(
          component_of(poison.component), [&hardware = self->hardware_, restart = poison.restart](
                                              world::ProcessSlot& victim, std::uint64_t request) {
            hardware.journal().record(hardware.world().now(), "killed by poison",
                                      "host/" + victim.host().name(), {{"request", request}});
            Hold& life = hardware.life(victim);
            life.take();
            life.release(restart);
          });
    }
  }

  Hardware& hardware_;
  Poison poison_;
  Engine draw_;
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
