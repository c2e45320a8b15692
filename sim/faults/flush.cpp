#include "sim/faults/flush.h"

namespace headroom::faults {
namespace {

class Emptied final : public Effect {
 public:
  explicit Emptied(Service& service) : service_(service) {}
  void begin() override { service_.flush_auth_caches(); }
  std::string struck() const override { return "auth"; }

 private:
  Service& service_;
};

}  // namespace

void Flush::check_targets(const std::string& path, const Names& names, Complaints& complaints) const {
  if (!names.workload.auth_cache)
    complaints.add(path + ".cache", "there is no such cache, expected deployment.auth.edge_cache with it");
}

std::string Flush::subject() const {
  return "auth";
}

std::unique_ptr<Effect> Flush::strike(Hardware& hardware, Engine&) const {
  return std::make_unique<Emptied>(hardware.service());
}

}  // namespace headroom::faults
