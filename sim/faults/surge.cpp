#include "sim/faults/surge.h"

#include <fmt/format.h>

namespace headroom::faults {

void Surge::check_targets(const std::string& path, const Names& names, Complaints& complaints) const {
  if (!names.workload.has_rate)
    complaints.add(path,
                   "these arrivals have no rate that could grow, expected workload.arrivals: poisson, "
                   "constant, bursts or profile with it");
}

std::string Surge::subject() const {
  return fmt::format("x{:g}", factor);
}

std::unique_ptr<Effect> Surge::strike(Hardware& hardware, Engine& draw) const {
  return changing(std::string(kClientsName),
                  [&service = hardware.service(), surge = *this, key = StreamKey(draw())] {
                    return service.surge(surge.factor, surge.ramp, key);
                  });
}

}  // namespace headroom::faults
