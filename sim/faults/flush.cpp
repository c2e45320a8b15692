#include "sim/faults/flush.h"

#include "sim/base/check.h"

namespace headroom::faults {
namespace {

Component component_of(Cache cache) {
  switch (cache) {
    case Cache::auth:
      return Component::auth;
  }
  HEADROOM_CHECK(false, "unknown cache");
  return {};
}

}  // namespace

void Flush::check_targets(const std::string& path, const Names& names, Complaints& complaints) const {
  if (!names.workload.auth_cache)
    complaints.add(path + ".cache", "there is no such cache, expected deployment.auth.edge_cache with it");
}

std::string Flush::subject() const {
  return "auth";
}

std::unique_ptr<Effect> Flush::strike(Hardware& hardware, Engine&) const {
  return altering(subject(), [&caches = hardware.service().caches(component_of(cache))] {
    caches.empty_caches();
    return world::Alteration();
  });
}

}  // namespace headroom::faults
