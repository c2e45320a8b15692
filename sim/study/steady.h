#pragma once

#include "sim/study/scenario.h"

namespace headroom::study {

/// Whether nothing is scheduled to change in the measured window, so that it can be asked whether the run has
/// settled in it. What changes: arrivals in bursts, recorded ones, those of a profile whose rate is not the
/// same all through the window; faults that begin or end in it (the boot after them included), that come
/// again and again, or that strike at random (mttf, poison). A fault that is there before the window and does
/// not end in it is the state that the window is about.
bool steady(const ScenarioConfig& scenario);

}  // namespace headroom::study
