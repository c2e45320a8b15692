#include "sim/faults/slow.h"

#include "sim/faults/bandwidth.h"

namespace headroom::faults {
namespace {

class Sluggish final : public Effect {
 public:
  Sluggish(Hardware& hardware, std::vector<world::HostId> hosts, const Slow& slow)
      : hardware_(hardware), hosts_(std::move(hosts)), slow_(slow) {}
  ~Sluggish() override {
    each([](Throttle& part, double share) { part.release(share); });
  }
  void begin() override {
    each([](Throttle& part, double share) { part.take(share); });
  }
  std::string struck() const override { return names_of(hardware_.world(), hosts_); }

 private:
  template <class F>
  void each(F act) {
    for (const world::HostId host : hosts_) {
      if (slow_.cpu) act(hardware_.cpu(host), slow_.cpu->value);
      if (slow_.disk) act(hardware_.disk(host), slow_.disk->value);
      if (slow_.nic) act(hardware_.link("host/" + hardware_.world().host(host).name()), slow_.nic->value);
    }
  }
  Hardware& hardware_;
  std::vector<world::HostId> hosts_;
  Slow slow_;
};

}  // namespace

void Slow::check(const Slow& slow, Complaints& complaints) {
  if (!slow.cpu && !slow.disk && !slow.nic)
    complaints.add("", "nothing is slow, expected cpu, disk or nic, each the share that is left");
}

void Slow::check_targets(const std::string& path, const Names& names, Complaints& complaints) const {
  check_target(target, path + ".target", tag, Strikes::hosts, names, complaints);
  if (!nic) return;
  Target cards;  // of those hosts
  for (const std::string& name : names_in(target, names.topology)) {
    const auto* hosts = names.topology.domain(name);
    if (hosts == nullptr) continue;
    for (const world::HostId host : *hosts)
      cards.of.push_back({"host/" + names.topology.host(host).name, {}, 0});
  }
  if (!cards.of.empty()) check_limited(cards, path + ".nic", names.topology, complaints);
}

std::unique_ptr<Effect> Slow::strike(Hardware& hardware, Engine& draw) const {
  return std::make_unique<Sluggish>(hardware, hardware.hosts(target, draw), *this);
}

}  // namespace headroom::faults
