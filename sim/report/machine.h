#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
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

/// Adds what another part of the same work took: processor time is summed, wall-clock time and memory are
/// those of the largest.
void add_part(Effort& all, const Effort& part);

/// Times and memory, as a file of a part has them; `effort_from` throws like the library does if they are not
/// there.
nlohmann::ordered_json to_json(const Effort&);
Effort effort_from(const nlohmann::ordered_json&);

/// machine.json: the effort, the time, and this machine.
std::string machine_json(const Effort&);

}  // namespace headroom::report
