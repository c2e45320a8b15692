#pragma once

#include <cstdint>
#include <optional>

#include "models/processing/config.h"
#include "sim/base/distribution.h"
#include "sim/base/random.h"
#include "sim/base/units.h"

namespace headroom::processing {

/// CPU of a conversion on a core of speed 1.0. Pure: what is drawn is drawn by the request's number, so that
/// a request costs the same on whatever worker, in whatever order.
class CostModel {
 public:
  /// `mean_image` is the mean of workload.image_bytes (required for cost by size).
  CostModel(const ProcessingConfig& config, std::optional<Bytes> mean_image, StreamKey key);
  Duration work(std::uint64_t request, std::int64_t rendition, Bytes image) const;

 private:
  std::optional<Distribution<Duration>> service_time_;
  double ns_per_byte_ = 0;
  StreamKey key_;
};

}  // namespace headroom::processing
