#include "models/processing/cost.h"

#include "sim/base/check.h"

namespace headroom::processing {
namespace {

/// Renditions of one request draw from neighbouring numbers; a request asks for at most 1000 of them.
constexpr std::uint64_t kRenditionsPerRequest = 1024;
/// Of the logarithm of an image's pixels per byte.
constexpr double kPixelSigma = 0.5;

}  // namespace

void Profile::check(const Profile& p, Complaints& complaints) {
  const Duration none;
  if (p.fixed == none && p.per_input_megapixel == none && p.per_output_megapixel == none &&
      p.per_input_megabyte == none)
    complaints.add("",
                   "the profile says that conversions cost nothing: expected fixed or a per_… coefficient");
}

CostModel::CostModel(const ProcessingConfig& config, const Images& images, StreamKey key)
    : service_time_(config.service_time),
      images_(images),
      key_(key / "service"),
      pixels_key_(key / "pixels") {
  if (!config.cost) return;
  HEADROOM_CHECK(images.mean.has_value(), "cost by size needs a size");
  if (const auto* rate = std::get_if<ConversionsPerCore>(&*config.cost))
    ns_per_byte_ = 1e9 / rate->rate.per_second / static_cast<double>(images.mean->count());
  else
    profile_ = std::get<Profile>(*config.cost);
}

double CostModel::linear_ns(double bytes, double pixels) const {
  const auto ns = [](Duration d) { return static_cast<double>(d.count_ns()); };
  return ns(profile_->fixed) + ns(profile_->per_input_megapixel) * pixels / 1e6 +
         ns(profile_->per_output_megapixel) * pixels * images_.rendition_share / 1e6 +
         ns(profile_->per_input_megabyte) * bytes / 1e6;
}

Duration CostModel::by_profile(std::uint64_t request, std::int64_t rendition, Bytes image) const {
  const auto bytes = static_cast<double>(image.count());
  Engine about_image = pixels_key_.engine_for(request);
  const double spread = law::sample(law::Lognormal{1, kPixelSigma}, about_image);
  double ns = linear_ns(bytes, bytes * 8 / images_.bits_per_pixel * spread);
  if (!profile_->residuals.empty()) {
    Engine draw = key_.engine_for(request * kRenditionsPerRequest + static_cast<std::uint64_t>(rendition));
    ns *= profile_->residuals[uniform_below(draw, profile_->residuals.size())];
  }
  return Duration::from_ns(ns);
}

Duration CostModel::work(std::uint64_t request, std::int64_t rendition, Bytes image) const {
  if (profile_) return by_profile(request, rendition, image);
  if (!service_time_) return Duration::from_ns(ns_per_byte_ * static_cast<double>(image.count()));
  Engine draw = key_.engine_for(request * kRenditionsPerRequest + static_cast<std::uint64_t>(rendition));
  return service_time_->sample(draw);
}

double CostModel::mean_seconds() const {
  if (service_time_) return law::mean(service_time_->law) / 1e9;
  const auto bytes = static_cast<double>(images_.mean->count());
  if (!profile_) return ns_per_byte_ * bytes / 1e9;
  double residual = 0;
  for (const double r : profile_->residuals) residual += r / static_cast<double>(profile_->residuals.size());
  return linear_ns(bytes, bytes * 8 / images_.bits_per_pixel) / 1e9 *
         (profile_->residuals.empty() ? 1 : residual);
}

}  // namespace headroom::processing
