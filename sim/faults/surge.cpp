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
  world::Load load{.key = StreamKey(draw()), .rate = world::TimesOwn{factor - 1}, .ramp = ramp};
  return altering(std::string(kClientsName),
                  [&traffic = hardware.service().traffic(), load] { return traffic.add(load); });
}

}  // namespace headroom::faults
