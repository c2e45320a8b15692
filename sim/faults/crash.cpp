#include "sim/faults/crash.h"

namespace headroom::faults {
namespace {

constexpr Duration kBoot = Duration::s(60);

class PowerLoss final : public Effect {
 public:
  PowerLoss(Hardware& hardware, std::vector<world::HostId> hosts, Duration boot)
      : hardware_(hardware), hosts_(std::move(hosts)), boot_(boot) {}
  ~PowerLoss() override {
    for (const world::HostId host : hosts_) hardware_.power(host).release(boot_);
  }
  void begin() override {
    for (const world::HostId host : hosts_) hardware_.power(host).take();
  }
  std::string struck() const override { return names_of(hardware_.world(), hosts_); }

 private:
  Hardware& hardware_;
  std::vector<world::HostId> hosts_;
  Duration boot_;
};

class Death final : public Effect {
 public:
  Death(Hardware& hardware, std::vector<world::ProcessSlot*> slots, Duration restart)
      : hardware_(hardware), slots_(std::move(slots)), restart_(restart) {}
  ~Death() override {
    for (world::ProcessSlot* slot : slots_) hardware_.life(*slot).release(restart_);
  }
  void begin() override {
    for (world::ProcessSlot* slot : slots_) hardware_.life(*slot).take();
  }
  std::string struck() const override { return names_of(hardware_.world(), slots_); }

 private:
  Hardware& hardware_;
  std::vector<world::ProcessSlot*> slots_;
  Duration restart_;
};

}  // namespace

void Crash::check(const Crash& crash, Complaints& complaints) {
  if (crash.process && crash.boot)
    complaints.add("boot", "a host that stays up does not boot, expected restart, or no process: true");
  if (!crash.process && crash.restart)
    complaints.add("restart", "a host without power has nothing to restart, expected boot, or process: true");
}

void Crash::check_targets(const std::string& path, const Names& names, Complaints& complaints) const {
  check_target(target, path + ".target", tag, Strikes::hosts, names, complaints);
}

std::string Crash::subject() const {
  return (process ? "process of " : "") + to_text(target);
}

std::vector<Crash> Crash::parts(const world::Topology& topology) const {
  return one_for_each(*this, topology);
}

Duration Crash::recovery() const {
  return process ? restart.value_or(kRestart) : boot.value_or(kBoot);
}

std::unique_ptr<Effect> Crash::strike(Hardware& hardware, Engine& draw) const {
  if (process) return std::make_unique<Death>(hardware, hardware.processes(target, draw), recovery());
  return std::make_unique<PowerLoss>(hardware, hardware.hosts(target, draw), recovery());
}

}  // namespace headroom::faults
