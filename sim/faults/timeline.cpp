#include "sim/faults/timeline.h"

#include <string>
#include <utility>

namespace headroom::faults {

std::vector<Part> parts_of(const std::vector<FaultConfig>& faults, const world::Topology& topology,
                           const StreamKey& key) {
  std::vector<Part> parts;
  for (std::size_t i = 0; i < faults.size(); ++i) {
    const FaultConfig& fault = faults[i];
    const StreamKey of_fault = key / std::to_string(i);
    if (!fault.stochastic()) {
      parts.push_back({&fault, i, fault.kind, of_fault});
      continue;
    }
    const double common = fault.common_cause ? fault.common_cause->value : 0;
    if (common < 1)
      std::visit(
          [&](const auto& kind) {
            for (auto& part : kind.parts(topology)) {
              const StreamKey of_part = of_fault / part.subject();
              parts.push_back({&fault, i, std::move(part), of_part, 1 - common});
            }
          },
          fault.kind);
    if (common > 0) parts.push_back({&fault, i, fault.kind, of_fault / "common cause", common, true});
  }
  return parts;
}

bool strikes(const Part& part, const StreamKey& key, std::uint64_t number) {
  if (!part.fault->probability) return true;
  Engine draw = (key / "probability").engine_for(number);
  return uniform01(draw) < part.fault->probability->value;
}

RandomStrikes::RandomStrikes(const Part& part, const StreamKey& key)
    : part_(part),
      key_(key),
      draw_((key / "times").engine()),
      recovery_(std::visit([](const auto& kind) { return kind.recovery(); }, part.kind)) {}

std::optional<RandomStrike> RandomStrikes::next(TimePoint end) {
  while (true) {
    const Duration up = part_.fault->mttf->sample(draw_);
    const TimePoint due = up_since_ + (part_.rate == 1 ? up : up * (1 / part_.rate));
    if (due > end) return std::nullopt;
    up_since_ = due;
    if (const std::uint64_t number = number_++; strikes(part_, key_, number)) {
      const TimePoint repaired = due + part_.fault->mttr->sample(draw_);
      up_since_ = repaired + recovery_;
      return RandomStrike{number, due, repaired, up_since_};
    }
  }
}

}  // namespace headroom::faults
