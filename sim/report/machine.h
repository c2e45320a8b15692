#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace headroom::report {

/// What computing took.
struct Effort {
  double wall_clock_s = 0;
  double cpu_s = 0;                  ///< of all replications
  std::int64_t peak_memory_mib = 0;  ///< of the largest replication
  double simulated_s = 0;
  std::int64_t events = 0;
  std::vector<std::pair<std::string, std::string>> versions;  ///< headroom, simgrid, libvips …
};

/// machine.json: the effort, the time, and this machine.
std::string machine_json(const Effort&);

}  // namespace headroom::report
