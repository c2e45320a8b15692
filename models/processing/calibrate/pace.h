#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "models/processing/calibrate/noise.h"

/// How fast the machine is at this minute, told by work that is always the same. Pure: no clock, no libvips.
namespace headroom::processing::calibrate {

/// One pass of the reference: how long each image took, s, for each number of busy cores.
struct Pass {
  std::vector<std::vector<double>> took;  ///< [number of busy cores][image]
};

/// What the same conversions take, and how much slower each pass was than usual.
struct Reference {
  std::vector<std::vector<double>> usual;  ///< s, [number of busy cores][image]: mean at the usual speed
  std::vector<std::vector<double>> pace;   ///< [pass][number of busy cores]: time of this pass / usual time
};
/// The usual speed is the median over the passes.
Reference reference_of(const std::vector<Pass>& passes);

/// The time of a pass relative to another: mean of the images' ratios, without the twentieth that was slowed
/// most and the twentieth that was slowed least: one that was interrupted says nothing of the others.
double pace_of(const std::vector<double>& took, const std::vector<double>& usual);

/// From when on a block of service is not compared but repeated.
struct BlockLimits {
  double difference = 0.06;  ///< between the passes before and after it, for any number of busy cores
  double steal = 0.02;       ///< share of all cores' time
  double other_work = 0.05;  ///< share of all cores' time
};

/// Why a block does not count.
enum class Refused { no, speed, steal, others };
struct Refusal {
  Refused cause = Refused::no;
  double value = 0;  ///< what was seen of it; of several causes it is the one furthest beyond its limit
};
/// `before` and `after`: times of the same images.
Refusal refusal(const Pass& before, const Pass& after, const Disturbance& noise, const BlockLimits& limits);
/// "other programs used 43 % of the CPU time (limit 5 %)"
std::string text_of(const Refusal& refusal, const BlockLimits& limits);

}  // namespace headroom::processing::calibrate
