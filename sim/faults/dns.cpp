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
  return changing(std::string(kClientsName),
                  [&service = hardware.service(), p = probability.value] { return service.fail_names(p); });
}

}  // namespace headroom::faults
