#include "sim/faults/flush.h"

namespace headroom::faults {

void Flush::check_targets(const std::string& path, const Names& names, Complaints& complaints) const {
  if (!names.workload.auth_cache)
    complaints.add(path + ".cache", "there is no such cache, expected deployment.auth.edge_cache with it");
}

std::string Flush::subject() const {
  return "auth";
}

std::unique_ptr<Effect> Flush::strike(Hardware& hardware, Engine&) const {
  return changing(subject(), [&service = hardware.service()]() -> Change {
    service.flush_auth_caches();
    return nullptr;
  });
}

}  // namespace headroom::faults
