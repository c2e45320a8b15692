#include "models/processing/cost.h"

#include "sim/base/check.h"

namespace headroom::processing {
namespace {

/// Renditions of one request draw from neighbouring numbers; a request asks for at most 1000 of them.
constexpr std::uint64_t kRenditionsPerRequest = 1024;

}  // namespace

CostModel::CostModel(const ProcessingConfig& config, std::optional<Bytes> mean_image, StreamKey key)
    : service_time_(config.service_time), key_(key / "service") {
  if (!config.cost) return;
  const auto& cost = std::get<ConversionsPerCore>(*config.cost);
  HEADROOM_CHECK(mean_image.has_value(), "cost by size needs a size");
  ns_per_byte_ = 1e9 / cost.rate.per_second / static_cast<double>(mean_image->count());
}

Duration CostModel::work(std::uint64_t request, std::int64_t rendition, Bytes image) const {
  if (!service_time_) return Duration::from_ns(ns_per_byte_ * static_cast<double>(image.count()));
  Engine draw = key_.engine_for(request * kRenditionsPerRequest + static_cast<std::uint64_t>(rendition));
  return service_time_->sample(draw);
}

}  // namespace headroom::processing
