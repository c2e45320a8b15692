#pragma once

#include "sim/report/run.h"

namespace headroom::report {

/// A run of realistic shape, made up: 10 s warm-up, 90 s window, a crash from 40 s to 60 s that halves the
/// fleet, an election at 45 s, two tiers, a bill that lags.
Run sample_run(std::uint64_t seed = 1);

/// A bare queue: no queue tier, no usage, no faults.
Run bare_run();

}  // namespace headroom::report
