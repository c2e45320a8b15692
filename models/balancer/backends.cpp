#include "models/balancer/backends.h"

#include <utility>

#include "models/calls/job.h"

namespace headroom::balancer {

void Balancing::report(metrics::ResultBuilder& results) const {
  if (config.outlier_ejection) results.total("lb.ejections", ejections);
  if (config.health_check) results.total("lb.unhealthy", unhealthy);
  if (config.outlier_ejection || config.health_check) results.total("lb.panic_picks", panic_picks);
}

Backends::Backends(Balancing& balancing, const std::vector<calls::Endpoint>& servers, std::string name)
    : balancing_(balancing),
      servers_(servers),
      name_(std::move(name)),
      choice_(balancing.config.policy, static_cast<int>(servers.size()),
              balancing.config.slow_start.value_or(Duration())) {
  if (const auto& o = balancing.config.outlier_ejection)
    outliers_.emplace(*o, static_cast<int>(servers.size()));
}

int Backends::pick(Engine& draw, std::uint64_t user) {
  if (choice_.panics()) balancing_.panic_picks.add(batch());
  return choice_.pick(draw, user, now());
}

void Backends::finished(int server, Duration took, calls::Sign sign) {
  choice_.finished(server, took, now());
  if (!outliers_ || sign == calls::Sign::none) return;
  const auto ejection = outliers_->ended(server, sign == calls::Sign::bad, now());
  if (!ejection) return;
  balancing_.ejections.add(batch());
  note("ejected", server, {{"for_s", ejection->seconds()}});
  consider(server);
  returning_.emplace(now() + *ejection, server);
  world().scheduler().schedule(*this, returning_.begin()->first);
}

void Backends::fire() {
  while (!returning_.empty() && returning_.begin()->first <= now()) {
    const int server = returning_.begin()->second;
    returning_.erase(returning_.begin());
    outliers_->returned(server, now());
    note("returned", server);
    consider(server);
  }
  if (!returning_.empty()) world().scheduler().schedule(*this, returning_.begin()->first);
}

void Backends::check_regularly(world::Scope& scope, world::HostId from, StreamKey key) {
  if (!balancing_.config.health_check) return;
  health_.resize(servers_.size());
  for (std::size_t s = 0; s < servers_.size(); ++s) {
    Engine draw = (key / name_).engine_for(s);
    const Duration phase = balancing_.config.health_check->interval * uniform01(draw);
    scope.spawn(check(this, static_cast<int>(s), from, phase));
  }
}

world::Task<> Backends::check(Backends* self, int server, world::HostId from, Duration phase) {
  const HealthCheckConfig& config = *self->balancing_.config.health_check;
  const calls::Endpoint& to = self->servers_[static_cast<std::size_t>(server)];
  world::Network& network = self->world().network();
  world::Scheduler& scheduler = self->world().scheduler();
  TimePoint next = self->now() + phase;
  while (true) {
    co_await world::Sleep(scheduler, next);
    if (self->balancing_.winding_down) co_return;
    next = next + config.interval;
    calls::Call<calls::Alive> call(scheduler, self->now() + config.timeout);
    calls::send_to<calls::RequestServer>(
        network, {from, to.host}, calls::kControl, *to.slot,
        [responder = call.responder(network, {to.host, from})](calls::RequestServer& s) mutable {
          s.check(std::move(responder));
        },
        [reply = call.slot()](Failure why) {
          if (why == Failure::lost) reply->if_silent = why;  // refused: the responder dies and says so
        });
    const auto outcome = co_await call;
    self->checked(server, outcome.ok());
  }
}

void Backends::checked(int server, bool answered) {
  HealthState& health = health_[static_cast<std::size_t>(server)];
  if (!health.checked(answered, *balancing_.config.health_check)) return;
  if (!answered) balancing_.unhealthy.add(batch());
  note(answered ? "healthy" : "unhealthy", server);
  consider(server);
}

void Backends::consider(int server) {
  const bool healthy = health_.empty() || health_[static_cast<std::size_t>(server)].healthy();
  const bool panicked = choice_.panics();
  choice_.use(server, healthy && !(outliers_ && outliers_->ejected(server)), now());
  if (panicked == choice_.panics()) return;
  balancing_.environment.journal.record(now(), panicked ? "panic ends" : "panic begins", name_);
}

void Backends::note(const char* kind, int server, std::vector<metrics::Field> details) {
  const world::HostId host = servers_[static_cast<std::size_t>(server)].host;
  details.emplace_back("by", name_);
  balancing_.environment.journal.record(now(), kind, "host/" + world().host(host).name(), std::move(details));
}

}  // namespace headroom::balancer
