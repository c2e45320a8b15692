#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/describe.h"
#include "sim/base/pace.h"
#include "sim/faults/hardware.h"
#include "sim/faults/malfunction.h"
#include "sim/faults/target.h"

namespace headroom::faults {

/// How many of a component's instances have the new configuration after a wave, those of the waves before
/// included: a number, or a share (rounded up).
struct Wave {
  std::int64_t count = 0;  ///< 0: it is a share
  Share share{};
  std::int64_t of(std::int64_t instances) const;
};

/// A configuration that is wrong is pushed to a component, wave after wave, until somebody notices; then it
/// is rolled back. Which instances come first is drawn at each push.
struct BadConfig {
  static constexpr std::string_view tag = "bad_config";
  Component component{};
  std::vector<Wave> waves = {{0, Share{1}}};
  std::optional<Duration> wave_every;
  Malfunction effect;
  std::optional<Duration> detect_after;
  std::optional<Duration> roll_back;
  template <class V>
  static void describe(V& v) {
    v.required("component", &BadConfig::component, "whose configuration");
    v.optional("waves", &BadConfig::waves,
               "how many instances, or which share of them, have it after each wave, those before included");
    v.optional("wave_every", &BadConfig::wave_every, "from one wave to the next", recurring());
    v.required("effect", &BadConfig::effect, "what an instance does with it");
    v.optional("detect_after", &BadConfig::detect_after,
               "from the first wave until it is noticed, and no wave follows (default: never)",
               not_negative());
    v.optional("roll_back", &BadConfig::roll_back,
               "from then until all instances have the old one again, at once (default: 0s)", not_negative());
  }
  static void check(const BadConfig& push, Complaints& complaints);

  void check_targets(const std::string& path, const Names& names, Complaints& complaints) const;
  std::string subject() const { return std::string(name_of(component)); }
  std::vector<BadConfig> parts(const world::Topology&) const { return {*this}; }
  Duration recovery() const { return {}; }
  /// From the first wave to the end of the roll-back; none: it is never noticed.
  std::optional<Duration> length() const;
  std::unique_ptr<Effect> strike(Hardware& hardware, Engine& draw) const;
};

}  // namespace headroom::faults
