#pragma once

#include <string>
#include <vector>

#include "sim/report/chart.h"
#include "sim/study/calibration.h"

namespace headroom::cli {

/// What was measured: a line for each kernel, the errors of the hold-out, how quiet the machine was.
std::string calibration_table(const study::Calibration& calibration);
/// Files that were skipped, one line each, and what else there is to know.
std::string calibration_notes(const study::Calibration& calibration);
std::string skipped_lines(const std::vector<processing::calibrate::Skipped>& skipped);

/// Measured against simulated, side by side, and what to make of it.
std::string reality_table(const study::Calibration& calibration, const study::Reality& reality);
report::Chart reality_chart(const std::string& file, const std::vector<study::Comparison>& loads);

}  // namespace headroom::cli
