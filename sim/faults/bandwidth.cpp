#include "sim/faults/bandwidth.h"

#include <algorithm>
#include <utility>

namespace headroom::faults {
namespace {

class Narrow final : public Effect {
 public:
  Narrow(Hardware& hardware, std::vector<std::string> links, double share)
      : hardware_(hardware), links_(std::move(links)), share_(share) {}
  ~Narrow() override {
    for (const std::string& link : links_) hardware_.link(link).release(share_);
  }
  void begin() override {
    for (const std::string& link : links_) hardware_.link(link).take(share_);
  }
  std::string struck() const override { return list_of_names(links_); }

 private:
  Hardware& hardware_;
  std::vector<std::string> links_;
  double share_;
};

bool limited(const std::string& domain, const world::Topology& topology) {
  const world::NetworkConfig& network = topology.platform().network;
  if (network.ideal) return false;
  if (domain.starts_with("rack/") || domain.starts_with("switch/"))
    return network.rack_uplink.bandwidth.has_value();
  if (domain.starts_with("zone/")) return network.zone_uplink.bandwidth.has_value();
  if (domain == kClientsName || domain.starts_with("region/")) return network.internet.bandwidth.has_value();
  const auto& hosts = *topology.domain(domain);
  return network.nic.bandwidth || topology.host(hosts.front()).config->nic;
}

}  // namespace

void check_limited(const Target& target, const std::string& path, const world::Topology& topology,
                   Complaints& complaints) {
  const auto names = names_in(target, topology);
  // Roles are not known before they are struck, and what does not exist has been said.
  if (std::any_of(names.begin(), names.end(), [&](const std::string& name) {
        return name != kClientsName && topology.domain(name) == nullptr;
      }))
    return;
  if (std::none_of(names.begin(), names.end(),
                   [&](const std::string& name) { return limited(name, topology); }))
    complaints.add(path, "the bandwidth of " + to_text(target) +
                             " has no limit in the platform, so there is no share of it, expected "
                             "platform.network with that bandwidth");
}

void Bandwidth::check_targets(const std::string& path, const Names& names, Complaints& complaints) const {
  check_target(target, path + ".target", tag, Strikes::links, names, complaints);
  check_limited(target, path + ".target", names.topology, complaints);
}

std::unique_ptr<Effect> Bandwidth::strike(Hardware& hardware, Engine& draw) const {
  return std::make_unique<Narrow>(hardware, hardware.domains(target, draw), to.value);
}

}  // namespace headroom::faults
