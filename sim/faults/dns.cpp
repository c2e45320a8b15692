#include "sim/faults/dns.h"

#include "sim/config/units.h"

namespace headroom::faults {

void Dns::check_targets(const std::string& path, const Names& names, Complaints& complaints) const {
  if (!names.workload.connects)
    complaints.add(path,
                   "connections are open for ever, so no name is ever looked up, expected "
                   "workload.connections with it");
}

std::string Dns::subject() const {
  return config::print(probability);
}

std::unique_ptr<Effect> Dns::strike(Hardware& hardware, Engine&) const {
  return altering(std::string(kClientsName),
                  [&traffic = hardware.service().traffic(), p = probability.value] {
                    return traffic.alter_access([p](world::Access& access) { access.names *= 1 - p; });
                  });
}

}  // namespace headroom::faults
