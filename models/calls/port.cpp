#include "models/calls/port.h"

#include <utility>

#include "models/calls/messages.h"
#include "models/calls/service.h"

namespace headroom::calls {

Port::Port(PortKind& kind, const Members& members, std::unique_ptr<Selector> selector, std::string name)
    : Listener(members),
      kind_(kind),
      members_(members),
      selector_(std::move(selector)),
      name_(std::move(name)) {
  if (const auto& budget = kind.config.retry.budget) budget_.emplace(budget->value);
  if (const auto& o = kind.config.outlier_ejection) outliers_.emplace(*o, members.size());
  for (int m = 0; m < members.size(); ++m)
    if (!members.serves(m)) changed(m);
}

Outcome<Use> Port::take(Round& round) {
  if (selector_->panics()) kind_.panic_picks.add(batch());
  const auto member = selector_->next(round, now());
  if (!member) return Failure::unreachable;
  round.at = *member;
  return Use(*this, *member);
}

void Port::ended(int member, TimePoint since, Verdict verdict) {
  selector_->ended(member, since, now(), verdict);
  if (!outliers_ || verdict == Verdict::none) return;
  const auto ejection = outliers_->ended(member, verdict == Verdict::bad, now());
  if (!ejection) return;
  kind_.ejections.add(batch());
  note("ejected", member, {{"for_s", ejection->seconds()}});
  judge(member);
  returning_.emplace(now() + *ejection, member);
  world().scheduler().schedule(*this, returning_.begin()->first);
}

void Port::fire() {
  while (!returning_.empty() && returning_.begin()->first <= now()) {
    const int member = returning_.begin()->second;
    returning_.erase(returning_.begin());
    outliers_->returned(member, now());
    note("returned", member);
    judge(member);
  }
  if (!returning_.empty()) world().scheduler().schedule(*this, returning_.begin()->first);
}

void Port::changed(int member) {
  selector_->admit(member, members_.serves(member), now());
  if (outliers_) {
    int serving = 0;
    for (int m = 0; m < members_.size(); ++m) serving += members_.serves(m) ? 1 : 0;
    outliers_->resize(members_.size(), serving);
  }
  if (checker_) check_from_now_on(member);
}

void Port::check_regularly(world::Scope& scope, world::HostId from, StreamKey key) {
  if (!kind_.config.health_check) return;
  checker_.emplace(Checker{&scope, from, key / name_, {}});
  for (int m = 0; m < members_.size(); ++m) check_from_now_on(m);
}

void Port::check_from_now_on(int member) {
  const auto index = static_cast<std::size_t>(member);
  if (index >= health_.size()) health_.resize(index + 1);
  if (index >= checker_->runs.size()) checker_->runs.resize(index + 1);
  if (checker_->runs[index] || !members_.serves(member)) return;
  checker_->runs[index] = true;
  Engine draw = checker_->key.engine_for(index);
  const Duration phase = kind_.config.health_check->interval * uniform01(draw);
  checker_->scope->spawn(check(this, member, phase));
}

/// For as long as it is a member that is called, or may be.
world::Task<> Port::check(Port* self, int member, Duration phase) {
  const HealthCheckConfig& config = *self->kind_.config.health_check;
  const world::HostId from = self->checker_->from;
  world::Network& network = self->world().network();
  world::Scheduler& scheduler = self->world().scheduler();
  TimePoint next = self->now() + phase;
  while (true) {
    co_await world::Sleep(scheduler, next);
    if (self->kind_.winding_down) co_return;
    if (self->members_.state(member) == Members::State::left) break;
    next = next + config.interval;
    const Endpoint to = self->members_[member];
    Call<Alive> call(scheduler, self->now() + config.timeout);
    send_to<RequestServer>(
        network, {from, to.host}, kControl, *to.slot,
        [responder = call.responder(network, {to.host, from})](RequestServer& s) mutable {
          s.check(std::move(responder));
        },
        lost_if(call.slot()));
    const auto outcome = co_await call;
    self->checked(member, outcome.ok());
  }
  self->checker_->runs[static_cast<std::size_t>(member)] = false;
  self->health_[static_cast<std::size_t>(member)] = {};
  self->judge(member);
}

void Port::checked(int member, bool answered) {
  HealthState& health = health_[static_cast<std::size_t>(member)];
  if (!health.checked(answered, *kind_.config.health_check)) return;
  if (!answered) kind_.unhealthy.add(batch());
  note(answered ? "healthy" : "unhealthy", member);
  judge(member);
}

/// Whether the member is to be used, after something that decides it has changed.
void Port::judge(int member) {
  const bool healthy = health_.empty() || health_[static_cast<std::size_t>(member)].healthy();
  const bool panicked = selector_->panics();
  selector_->use(member, healthy && !(outliers_ && outliers_->ejected(member)), now());
  if (panicked == selector_->panics()) return;
  kind_.environment.journal.record(now(), panicked ? "panic ends" : "panic begins", name_);
}

void Port::note(const char* kind, int member, std::vector<metrics::Field> details) {
  details.emplace_back("by", name_);
  kind_.environment.journal.record(now(), kind, "host/" + world().host(members_[member].host).name(),
                                   std::move(details));
}

}  // namespace headroom::calls
