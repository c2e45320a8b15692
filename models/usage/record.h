#pragma once

#include <cstdint>

#include "sim/base/units.h"

namespace headroom::usage {

/// What one conversion used.
struct Record {
  TimePoint finished;
  std::int64_t cpu_ns = 0;
  std::int64_t bytes = 0;
  bool probe = false;  ///< billed to nobody
};

}  // namespace headroom::usage
