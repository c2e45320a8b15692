#pragma once

#include <cstdint>
#include <optional>

#include "models/processing/config.h"
#include "sim/base/distribution.h"
#include "sim/base/random.h"
#include "sim/base/units.h"

namespace headroom::processing {

/// What is known of the workload's images.
struct Images {
  std::optional<Bytes> mean;    ///< of workload.image_bytes; required for a cost by size
  double bits_per_pixel = 2.1;  ///< of their format, on average
  double rendition_share = 0;   ///< bytes of a rendition / bytes of the image; the same for pixels
  Encoding format = Encoding::jpeg;
};

/// One image to be converted.
struct Image {
  Bytes bytes;
  std::int64_t pixels = 0;  ///< 0: not known, drawn from the bytes
};

/// CPU of a conversion on a core of speed 1.0. Pure: what is drawn is drawn by the request's number, so that
/// a request costs the same on whatever worker, in whatever order.
///
/// A profile needs pixels. An image of b bytes has 8·b / bits_per_pixel of them on average (Web Almanac 2022,
/// media: JPEG 2.1, WebP 1.4, PNG 4.2, AVIF 1.0 bits per pixel); single images spread around that lognormally
/// with sigma 0.5 (assumed: the Almanac gives no spread within a format).
class CostModel {
 public:
  CostModel(const ProcessingConfig& config, const Images& images, StreamKey key);
  Duration work(std::uint64_t request, std::int64_t rendition, Image image) const;
  /// The mean over the workload, as far as it is known without running it.
  double mean_seconds() const;

 private:
  double by_profile(double bytes, double pixels) const;

  std::optional<Distribution<Duration>> service_time_;
  std::optional<Coefficients> profile_;
  std::optional<Operation> kernel_;  ///< the profile's kernel; none: it has no kernels
  std::optional<std::int64_t> width_;
  Images images_;
  double ns_per_byte_ = 0;
  StreamKey key_;
  StreamKey pixels_key_;
};

/// The kernel that the cost means; nullptr if its profile has none that fits, or none at all.
const Kernel* kernel_of(const Cost& cost, Encoding input);
/// Relative speed of each busy core when 1, 2, … `cores` are busy; empty: always 1.
std::vector<double> contention_of(const Cost& cost, Encoding input, std::int64_t cores);

}  // namespace headroom::processing
