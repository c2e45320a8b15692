#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "sim/report/machine.h"
#include "sim/study/executor.h"
#include "sim/study/grid.h"
#include "sim/study/kept.h"

/// Parts of a sweep (`--shard I/N`) leave their replications in the folder of what is kept, and beside them
/// what they are parts of, so that `headroom merge` can complete the result from that folder alone.
namespace headroom::study {

/// A file of which `headroom sweep` makes the same points.
struct SweepFile {
  std::filesystem::path path;
  bool faithful = true;  ///< false: it does not, and was removed; values that name files mean others there
};

/// Writes the sweep down in the folder of what is kept, resolved, under a name that says what is in it.
std::variant<SweepFile, report::Problem> put_sweep(const Grid& grid, const KeptReplications& kept);

/// Says that part `shard` of the sweep in that file was begun, or, with what it took, that it has ended.
std::optional<report::Problem> put_part(const KeptReplications& kept, Shard shard,
                                        const std::filesystem::path& sweep,
                                        const report::Effort* effort = nullptr);

/// The parts that were begun, all of one sweep.
struct Parts {
  std::filesystem::path sweep;  ///< as put_sweep wrote it
  std::vector<Shard> shards;    ///< in ascending order of `of`, then `part`
  report::Effort effort;        ///< of all parts together
};

/// Reads what put_part wrote. Problems if there is nothing, or if parts are of different sweeps or were
/// computed by another program than this: which, and in what they differ. `target` is named in them.
std::variant<Parts, std::vector<report::Problem>> parts_in(const KeptReplications& kept,
                                                           const std::filesystem::path& target);

/// Which parts lack replications, a sentence each or together. `missing`: numbers of replications, of `all`
/// that the sweep wants.
std::vector<std::string> incomplete_parts(const Parts& parts, const std::vector<std::size_t>& missing,
                                          std::size_t all);

}  // namespace headroom::study
