#include "sim/faults/injector.h"

#include <algorithm>
#include <utility>

namespace headroom::faults {

Injector::Injector(const std::vector<FaultConfig>& faults, world::World& world, Service& service,
                   metrics::Journal& journal, StreamKey key)
    : world_(world),
      journal_(journal),
      hardware_(world, service, journal, key / "defects"),
      parts_(parts_of(faults, world.topology(), key)) {}

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

world::Task<> Injector::on_schedule(const Part& part) {
  const FaultConfig& fault = *part.fault;
  TimePoint next = fault.due();
  for (std::uint64_t n = 0;; ++n) {
    const TimePoint due = next + trigger(part);
    if (due > run_end_) co_return;
    co_await world::Sleep(world_.scheduler(), due);
    if (strikes(part, part.key, n)) co_await strike(part, n, fault.lasts().value_or(Duration::max()));
    if (!fault.every) co_return;
    next = next + *fault.every;
  }
}

world::Task<> Injector::at_random(const Part& part) {
  RandomStrikes strikes(part);
  while (const auto next = strikes.next(run_end_)) {
    co_await world::Sleep(world_.scheduler(), next->begin);
    co_await strike(part, next->number, next->end - next->begin);
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
