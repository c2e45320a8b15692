#pragma once

#include <functional>
#include <map>
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
  std::vector<std::string> died;   ///< how attempts ended for which no image is to blame, begun again
  std::vector<std::string> notes;  ///< what was measured and could not be written, and why
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

/// Measures in a process of its own: whatever an image does to a decoder, this one goes on. If that process
/// dies, the images that it was converting are left out (`skipped` says so) and it is begun again without
/// them; if it was converting none, at most twice. Call it before the process has any thread.
std::variant<Calibration, CalibrationFailure> calibrate(const processing::calibrate::Plan& plan,
                                                        const std::function<void(double)>& progress = {});

/// Repeats a measurement until it yields a result: `measure` is called in a process of its own with the
/// images that are to be left out, and why. Of what it takes from libvips it says so by `Holding`
/// (in_hand.h).
struct Survived {
  std::optional<std::string> result;  ///< none: interrupted, or it dies of nothing that can be left out
  std::map<std::string, std::string> deadly;
  std::vector<std::string> died;
  bool interrupted = false;
};
Survived survive_images(const std::function<std::string(const std::map<std::string, std::string>& deadly,
                                                        const std::function<void(double)>& tell)>& measure,
                        const std::function<void(double)>& progress = {});

/// Takes out of a profile what its schema refuses, so that what is written can be read again: kernels, and
/// what is said about the machine. Returns what that was, and why.
std::vector<std::string> keep_what_can_be_read(processing::Profile& profile);

/// The profile as a file.
std::string profile_yaml(const processing::Profile& profile);
/// Whether there is a profile in this file (as `calibrate` writes it), which may be replaced.
bool is_profile(const std::string& file);

/// A number as measured on the machine, and as simulated. Half-widths of 95 % intervals by the jackknife over
/// blocks (R. G. Miller, Biometrika 61, 1974); the error's is smaller than the sides' because both had the
/// same requests.
struct Pair {
  double measured = 0;
  double simulated = 0;
  double measured_half = 0;
  double simulated_half = 0;
  double error_half = 0;
  double error() const { return simulated / measured - 1; }
};
/// What the answered requests of a block took, s, each side of it.
struct BlockLatencies {
  std::vector<double> measured, simulated;
};
/// `statistic` of all blocks together, and how much it depends on single ones. At least two blocks; each side
/// must have answered something.
Pair pair_of(const std::vector<BlockLatencies>& blocks,
             const std::function<double(const std::vector<double>&)>& statistic);

struct Comparison {
  double load = 0;            ///< share of the capacity
  int blocks = 0;             ///< that count
  std::int64_t requests = 0;  ///< in them
  std::int64_t measured_rejected = 0;
  double simulated_rejected = 0;  ///< mean over the draws
  Pair mean, p50, p95, p99;       ///< s, at the usual speed of the machine
};

/// The reality check as a whole.
struct Reality {
  std::vector<Comparison> loads;  ///< those with at least `kLeastBlocks` blocks that count, ascending
  double alone = 0;               ///< s: mean of a conversion that finds nobody at work
  double together = 0;            ///< s: when all cores are busy
  double capacity = 0;            ///< 1/s
  /// What the profile says these images take alone, relative to what they took: its own error, and the change
  /// of the machine's speed since it was measured. Latency is compared without it.
  double profile_error = 0;
};
inline constexpr int kLeastBlocks = 3;

/// The scenario of one block: its arrivals; of each request the time that its image took alone in one of the
/// passes, drawn at random, at the block's speed; cores that slow each other down as in the passes around it.
ScenarioConfig reality_scenario(const processing::calibrate::ServiceRun& service,
                                const processing::calibrate::Reference& reference,
                                const processing::calibrate::Block& block, std::uint64_t seed);
/// Simulates every block that counts; nothing if that was interrupted or failed.
std::optional<Reality> compare_with_reality(const Calibration& calibration);

}  // namespace headroom::study
