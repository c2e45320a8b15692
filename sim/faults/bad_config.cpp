#include "sim/faults/bad_config.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace headroom::faults {
namespace {

class Push final : public Effect {
 public:
  /// `instances`: in the order in which they get it.
  Push(Hardware& hardware, const BadConfig& config, std::vector<world::ProcessSlot*> instances)
      : hardware_(hardware),
        config_(config),
        instances_(std::move(instances)),
        affliction_(hardware, config.component, config.effect, Duration()) {}
  ~Push() override { scope_.clear(); }
  void begin() override {
    go_to(0);
    scope_.spawn(roll_out(this));
  }
  std::string struck() const override { return names(0, reached_by(0)); }

 private:
  static world::Task<> roll_out(Push* self) {
    world::Scheduler& scheduler = self->hardware_.world().scheduler();
    const TimePoint began = scheduler.now();
    const BadConfig& config = self->config_;
    const TimePoint noticed = config.detect_after ? began + *config.detect_after : TimePoint::never();
    for (std::size_t wave = 1; wave < config.waves.size(); ++wave) {
      const TimePoint date = began + *config.wave_every * static_cast<std::int64_t>(wave);
      if (date >= noticed) break;
      co_await world::Sleep(scheduler, date);
      const std::size_t before = self->reached_;
      self->go_to(wave);
      self->note("bad config spreads", {{"struck", self->names(before, self->reached_)}});
    }
    if (!config.detect_after) co_return;
    co_await world::Sleep(scheduler, noticed);
    self->note("bad config noticed", {{"rolled_back_s", config.roll_back.value_or(Duration()).seconds()}});
  }

  std::size_t reached_by(std::size_t wave) const {
    return static_cast<std::size_t>(config_.waves[wave].of(static_cast<std::int64_t>(instances_.size())));
  }
  void go_to(std::size_t wave) {
    for (; reached_ < reached_by(wave); ++reached_) affliction_.strike(*instances_[reached_]);
  }
  void note(const char* kind, std::vector<metrics::Field> details) {
    details.emplace_back("instances", reached_);
    details.emplace_back("of", instances_.size());
    hardware_.journal().record(hardware_.world().now(), kind,
                               std::string(BadConfig::tag) + " " + config_.subject(), std::move(details));
  }
  std::string names(std::size_t from, std::size_t to) const {
    return names_of(hardware_.world(), std::span(instances_).subspan(from, to - from));
  }

  Hardware& hardware_;
  BadConfig config_;
  std::vector<world::ProcessSlot*> instances_;
  std::size_t reached_ = 0;
  Affliction affliction_;
  world::Scope scope_;
};

}  // namespace

std::int64_t Wave::of(std::int64_t instances) const {
  // 10 % of 30 are 3, although 0.1 × 30 is a little more in binary.
  const double share_of = std::ceil(share.value * static_cast<double>(instances) - 1e-9);
  return std::min(instances, count > 0 ? count : static_cast<std::int64_t>(share_of));
}

void BadConfig::check(const BadConfig& push, Complaints& complaints) {
  if (push.waves.empty())
    complaints.add("waves", "a push without waves reaches nobody, expected at least one");
  if (push.waves.size() > 1 && !push.wave_every)
    complaints.add("waves", "several waves, and nothing says how far apart, expected wave_every");
  if (push.roll_back && !push.detect_after)
    complaints.add("roll_back", "what nobody notices is not rolled back, expected detect_after");
  if (push.detect_after && push.length() == Duration())
    complaints.add("detect_after",
                   "it would be over when it begins, expected detect_after or roll_back > 0s");
}

void BadConfig::check_targets(const std::string& path, const Names& names, Complaints& complaints) const {
  check_component(component, path + ".component", names, complaints);
  check_malfunction(effect, component, path + ".effect", complaints);
  const auto found = names.instances.find(component);
  if (found == names.instances.end()) return;
  const std::int64_t instances = found->second;
  for (std::size_t i = 0; i < waves.size(); ++i) {
    const std::string at = path + ".waves." + std::to_string(i);
    if (waves[i].count > instances)
      complaints.add(at, std::string(name_of(component)) + " has only " + std::to_string(instances) +
                             (instances == 1 ? " instance" : " instances"));
    else if (i > 0 && waves[i].of(instances) < waves[i - 1].of(instances))
      complaints.add(at, "a wave includes those before it, expected at least " +
                             std::to_string(waves[i - 1].of(instances)) + " of " + std::to_string(instances) +
                             " instances");
  }
}

std::optional<Duration> BadConfig::length() const {
  if (!detect_after) return std::nullopt;
  return *detect_after + roll_back.value_or(Duration());
}

std::unique_ptr<Effect> BadConfig::strike(Hardware& hardware, Engine& draw) const {
  auto instances = hardware.service().instances(component);
  for (std::size_t i = instances.size(); i > 1; --i)
    std::swap(instances[i - 1], instances[uniform_below(draw, i)]);
  return std::make_unique<Push>(hardware, *this, std::move(instances));
}

}  // namespace headroom::faults
