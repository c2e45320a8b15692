#include "models/processing/cost.h"

#include <algorithm>

#include "models/calls/conversion.h"
#include "sim/base/check.h"

namespace headroom::processing {
namespace {

/// Of the logarithm of an image's pixels per byte.
constexpr double kPixelSigma = 0.5;

}  // namespace

void Cost::check(const Cost& c, Complaints& complaints) {
  if (c.profile() != nullptr && !c.profile()->kernels.empty()) return;
  const auto refuse = [&](std::string_view key, bool given) {
    if (given)
      complaints.add(key,
                     "it selects one of a profile's kernels, but there are none here; `headroom calibrate` "
                     "writes profiles with kernels");
  };
  refuse("operation", c.operation.has_value());
  refuse("output", c.output.has_value());
  refuse("width", c.width.has_value());
  refuse("beyond_measured", c.beyond_measured.has_value());
}

const Kernel* kernel_of(const Cost& cost, Encoding input) {
  return cost.profile() != nullptr ? find_kernel(*cost.profile(), input, cost.operation, cost.output)
                                   : nullptr;
}

std::vector<double> contention_of(const Cost& cost, Encoding input, std::int64_t cores) {
  if (const Kernel* kernel = kernel_of(cost, input)) {
    if (!kernel->scaling) return {};
    // Beyond the end of the list the processor holds the last speed.
    const bool hold = cost.beyond_measured == Beyond::hold;
    return speeds(*kernel->scaling, hold ? std::min(cores, kernel->scaling->busy.back()) : cores);
  }
  return cost.profile() != nullptr ? cost.profile()->contention : std::vector<double>();
}

CostModel::CostModel(const ProcessingConfig& config, const Images& images, StreamKey key)
    : service_time_(config.service_time),
      images_(images),
      key_(key / "service"),
      pixels_key_(key / "pixels") {
  if (!config.cost) return;
  HEADROOM_CHECK(images.mean.has_value(), "cost by size needs a size");
  const Profile* profile = config.cost->profile();
  if (profile == nullptr) {
    const double rate = std::get<ConversionsPerCore>(config.cost->by).rate.per_second;
    ns_per_byte_ = 1e9 / rate / static_cast<double>(images.mean->count());
  } else if (profile->kernels.empty()) {
    profile_ = *profile;
  } else {
    const Kernel* kernel = kernel_of(*config.cost, images.format);
    HEADROOM_CHECK(kernel != nullptr, "the profile has no such kernel");
    profile_ = *kernel;
    kernel_ = kernel->operation;
    width_ = config.cost->width;
  }
}

double CostModel::by_profile(double bytes, double pixels) const {
  const double output =
      width_ ? output_pixels(static_cast<double>(*width_), pixels) : pixels * images_.rendition_share;
  if (kernel_) return cpu_seconds(*profile_, pixels_of(*kernel_, images_.format, pixels, output), bytes);
  return cpu_seconds(*profile_, {pixels, pixels, 0, 0, output}, bytes);
}

Duration CostModel::work(std::uint64_t request, std::int64_t rendition, Image image) const {
  const auto bytes = static_cast<double>(image.bytes.count());
  if (!profile_ && !service_time_) return Duration::from_ns(ns_per_byte_ * bytes);
  // Renditions of one request draw from neighbouring numbers.
  const auto number = request * calls::kRenditionsPerRequest + static_cast<std::uint64_t>(rendition);
  if (!profile_) {
    Engine draw = key_.engine_for(number);
    return service_time_->sample(draw);
  }
  auto pixels = static_cast<double>(image.pixels);
  if (image.pixels == 0) {
    Engine about_image = pixels_key_.engine_for(request);
    pixels = bytes * 8 / images_.bits_per_pixel * law::sample(law::Lognormal{1, kPixelSigma}, about_image);
  }
  double seconds = by_profile(bytes, pixels);
  if (!profile_->residuals.empty()) {
    Engine draw = key_.engine_for(number);
    seconds *= profile_->residuals[uniform_below(draw, profile_->residuals.size())];
  }
  return Duration::from_seconds(seconds);
}

double CostModel::mean_seconds() const {
  if (service_time_) return law::mean(service_time_->law) / 1e9;
  const auto bytes = static_cast<double>(images_.mean->count());
  if (!profile_) return ns_per_byte_ * bytes / 1e9;
  double residual = 0;
  for (const double r : profile_->residuals) residual += r / static_cast<double>(profile_->residuals.size());
  return by_profile(bytes, bytes * 8 / images_.bits_per_pixel) * (profile_->residuals.empty() ? 1 : residual);
}

}  // namespace headroom::processing
