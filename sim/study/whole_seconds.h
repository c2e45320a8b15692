#pragma once

#include "sim/base/units.h"

namespace headroom::study {

/// The whole number of seconds that is no shorter: so many slots of a time series.
constexpr Duration up_to_seconds(Duration d) {
  return Duration::s((d.count_ns() + 999'999'999) / 1'000'000'000);
}

}  // namespace headroom::study
