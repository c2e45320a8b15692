#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "models/processing/calibrate/calibrate.h"
#include "models/processing/cost.h"
#include "sim/study/scenario.h"

namespace headroom::study {

/// What `headroom calibrate` measured, and the requests of the reality check with what their images were.
struct Calibration {
  processing::Profile profile;
  std::vector<processing::calibrate::Skipped> skipped;
  std::int64_t left_out = 0;                  ///< images that were usable but too many
  std::int64_t unmeasured = 0;                ///< (image, width) pairs for which there was no time
  std::vector<processing::Encoding> missing;  ///< encodings that this libvips does not have
  std::vector<std::string> died;              ///< how earlier attempts ended, each begun again from the start
  std::optional<processing::calibrate::ServiceRun> service;
  std::string no_service;                 ///< why there is none
  std::vector<processing::Image> images;  ///< by number
};

struct CalibrationFailure {
  std::string why;
  std::vector<processing::calibrate::Skipped> skipped;
  bool no_images = false;    ///< the images are to blame, not the machine
  bool interrupted = false;  ///< Ctrl-C
};

/// Measures in a process of its own: whatever an image does to a decoder, this one goes on. Call it before
/// the process has any thread.
std::variant<Calibration, CalibrationFailure> calibrate(const processing::calibrate::Plan& plan,
                                                        const std::function<void(double)>& progress = {});

/// The profile as a file.
std::string profile_yaml(const processing::Profile& profile);
/// Whether there is a profile in this file (as `calibrate` writes it), which may be replaced.
bool is_profile(const std::string& file);

/// A number as measured on the machine, and as simulated.
struct Pair {
  double measured = 0;
  double simulated = 0;
  double error() const { return simulated / measured - 1; }
};
struct Comparison {
  double load = 0;  ///< share of the measured capacity
  double rate = 0;  ///< 1/s
  std::int64_t requests = 0;
  Pair throughput, mean, p50, p95, p99;  ///< 1/s; s
  std::int64_t rejected = 0;
  std::string noise;  ///< why the machine was too noisy; empty: it was quiet
};

/// The scenario of one load: the arrivals and the images of the real service, the profile, one host.
ScenarioConfig reality_scenario(const Calibration& calibration, const processing::calibrate::LoadRun& load);
/// Runs it; nothing if that was interrupted or failed.
std::optional<Comparison> compare_with_reality(const Calibration& calibration,
                                               const processing::calibrate::LoadRun& load);

}  // namespace headroom::study
