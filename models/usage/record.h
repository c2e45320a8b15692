#pragma once

#include <cstdint>

#include "models/calls/conversion.h"

namespace headroom::usage {

/// A usage record: a conversion, as the API server that metered it wrote it down. What it used is never
/// changed, so all copies of a record share it.
struct Record {
  calls::ConversionPtr conversion;
  std::int64_t period =
      0;  ///< billing period, by the clock of the host that metered it; 0 began at the start
};

}  // namespace headroom::usage
