#include "sim/faults/injector.h"

#include <algorithm>
#include <utility>

namespace headroom::faults {

Injector::Injector(const std::vector<FaultConfig>& faults, world::World& world, Service& service,
                   metrics::Journal& journal, StreamKey key)
    : world_(world), journal_(journal), hardware_(world, service, journal, key / "defects") {
  for (std::size_t i = 0; i < faults.size(); ++i) {
    const FaultConfig& fault = faults[i];
    const StreamKey fault_key = key / std::to_string(i);
    if (!fault.stochastic()) {
      parts_.push_back({&fault, fault.kind, fault_key});
    } else {
      add_stochastic(fault, fault_key);
    }
  }
}

// With a common cause, two kinds of failure processes run side by side: each member's own, and one that
// strikes all. Their rates sum to that of one member.
void Injector::add_stochastic(const FaultConfig& fault, StreamKey key) {
  const double common = fault.common_cause ? fault.common_cause->value : 0;
  if (common < 1)
    std::visit(
        [&](const auto& kind) {
          for (auto& part : kind.parts(world_.topology()))
            parts_.push_back({&fault, part, key / part.subject(), 1 - common});
        },
        fault.kind);
  if (common > 0) parts_.push_back({&fault, fault.kind, key / "common cause", common});
}

Injector::~Injector() {
  scope_.clear();
  under_way_.clear();
}

void Injector::start(TimePoint window_end, TimePoint run_end) {
  window_end_ = window_end;
  run_end_ = run_end;
  for (const Part& part : parts_)
    scope_.spawn(part.fault->stochastic() ? at_random(part) : on_schedule(part));
}

Duration Injector::trigger(const Part& part) {
  return std::visit(
      [&]<class K>(const K& kind) {
        if constexpr (Triggered<K>) {
          Engine draw = (part.key / "times").engine();
          return kind.trigger.sample(draw);
        } else {
          return Duration();
        }
      },
      part.kind);
}

bool Injector::strikes(const Part& part, std::uint64_t number) {
  if (!part.fault->probability) return true;
  Engine draw = (part.key / "probability").engine_for(number);
  return uniform01(draw) < part.fault->probability->value;
}

world::Task<> Injector::on_schedule(const Part& part) {
  const FaultConfig& fault = *part.fault;
  TimePoint next = fault.due();
  for (std::uint64_t n = 0;; ++n) {
    const TimePoint due = next + trigger(part);
    if (due > run_end_) co_return;
    co_await world::Sleep(world_.scheduler(), due);
    if (strikes(part, n)) co_await strike(part, n, fault.lasts().value_or(Duration::max()));
    if (!fault.every) co_return;
    next = next + *fault.every;
  }
}

world::Task<> Injector::at_random(const Part& part) {
  Engine draw = (part.key / "times").engine();
  const Duration recovery = std::visit([](const auto& kind) { return kind.recovery(); }, part.kind);
  for (std::uint64_t n = 0;; ++n) {
    const Duration up = part.fault->mttf->sample(draw);
    const TimePoint due = world_.now() + (part.rate == 1 ? up : up * (1 / part.rate));
    if (due > run_end_) co_return;
    co_await world::Sleep(world_.scheduler(), due);
    if (!strikes(part, n)) continue;
    const Duration down = part.fault->mttr->sample(draw);
    co_await strike(part, n, down);
    co_await world::Sleep(world_.scheduler(), recovery);
  }
}

std::optional<metrics::Trouble> Injector::trouble() const {
  const bool at_random =
      std::any_of(parts_.begin(), parts_.end(), [](const Part& part) { return part.fault->stochastic(); });
  const bool goes_on = std::any_of(under_way_.begin(), under_way_.end(),
                                   [&](const auto& strike) { return strike.second.begin < window_end_; });
  if (at_random || goes_on || (trouble_ && trouble_->end >= window_end_)) return std::nullopt;
  return trouble_;
}

void Injector::end_due() {
  while (!under_way_.empty() && under_way_.begin()->first <= world_.now()) {
    const auto strike = under_way_.extract(under_way_.begin());
    const auto& [name, begin, effect] = strike.mapped();
    journal_.record(world_.now(), "fault ends", name);
    if (begin >= window_end_) continue;
    trouble_ = {trouble_ ? std::min(trouble_->begin, begin) : begin, world_.now()};
  }
}

world::Task<> Injector::strike(const Part& part, std::uint64_t number, Duration length) {
  end_due();  // whoever of them is resumed first
  const std::string name = name_of(part.kind);
  Engine draw = part.key.engine_for(number);
  auto effect = std::visit([&](const auto& kind) { return kind.strike(hardware_, draw); }, part.kind);
  std::vector<metrics::Field> details = {{"fault", name_of(part.fault->kind)}, {"struck", effect->struck()}};
  if (length < Duration::max()) details.emplace_back("for_s", length.seconds());
  journal_.record(world_.now(), "fault begins", name, std::move(details));
  const TimePoint end = world_.now() + length;
  Effect& begins = *effect;
  under_way_.emplace(end, Strike{name, world_.now(), std::move(effect)});
  begins.begin();
  co_await world::Sleep(world_.scheduler(), end);
  end_due();
}

}  // namespace headroom::faults
