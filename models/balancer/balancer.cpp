#include "models/balancer/balancer.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "models/balancer/metrics.h"
#include "models/calls/choice.h"
#include "models/calls/defect.h"
#include "models/calls/span.h"
#include "sim/world/task.h"

namespace headroom::balancer {
namespace {

/// Unless `detect_after` says otherwise: three advertisements that did not come, one a second (RFC 5798,
/// section 6.1).
constexpr Duration kDetectAfter = Duration::s(3);

}  // namespace

/// A proxy: sees a request's head, chooses a server, lets the body and the answer stream through.
class Proxy final : public calls::RequestServer {
 public:
  Proxy(world::Host& host, Balancer& balancer)
      : RequestServer(host),
        balancer_(balancer),
        choice_key_(balancer.key_ / "choice"),
        port_(balancer.balancing_.port(balancer.servers_, "host/" + host.name())) {
    port_->check_regularly(scope(), host.id(), balancer.key_ / "health_check");
  }
  ~Proxy() override { scope().clear(); }

  void accept(calls::Arrival arrival) override { scope().spawn(handle(this, std::move(arrival))); }

 private:
  /// A request's stay.
  class Visit {
   public:
    explicit Visit(Proxy& proxy) : proxy_(proxy), since_(proxy.now()) {
      proxy_.balancer_.station_.enter(since_);
    }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    ~Visit() { proxy_.balancer_.station_.leave(proxy_.now(), since_); }

   private:
    Proxy& proxy_;
    TimePoint since_;
  };

  TimePoint now() { return host().scheduler().now(); }

  static world::Task<> handle(Proxy* self, calls::Arrival arrival) {
    const Balancer& balancer = self->balancer_;
    const calls::Request& request = *arrival.request;
    world::Network& network = balancer.world_.network();
    const world::HostId me = self->host().id();
    const Visit visit(*self);
    calls::Span stay(request.trace, metrics::Step::balancer, me, arrival.attempt);
    const Duration tls = arrival.new_connection ? balancer.tls_cpu_ : Duration();
    {
      const calls::Span span(request.trace, metrics::Step::balancer_cpu, me, arrival.attempt);
      co_await self->host().cpu().run(calls::effort(*self, balancer.balancing_.config.cpu + tls));
    }
    if (calls::errs(*self, request.number, arrival.attempt)) {
      arrival.responder.reply(Failure::error);
      co_return;
    }

    calls::Port::Question question;
    question.round.draw = calls::engine_for_attempt(self->choice_key_, request.number, arrival.attempt);
    question.round.number = request.number;
    question.round.user = request.user;
    question.until = request.deadline;
    world::HostId server;
    const auto send = [&](calls::Call<calls::Answer>& call, const calls::Endpoint& to) {
      server = to.host;
      const world::Route in{world::kClients, server, me, true};
      calls::send_request(network, call, to, in, {server, me}, request.image + calls::kControl,
                          arrival.request, false, arrival.attempt);
      arrival.responder.pass_on(call.slot());
    };
    const auto outcome = co_await self->port_->ask<calls::Answer>(std::move(question), send);
    if (!outcome) {
      stay.end(calls::note_of(outcome.failure()));
      arrival.responder.reply(outcome.failure());
      co_return;
    }
    const world::Route out{server, world::kClients, me, true};
    arrival.responder.reply(outcome, request.renditions_size(outcome->renditions) + calls::kControl, out);
  }

  Balancer& balancer_;
  StreamKey choice_key_;
  std::unique_ptr<calls::Port> port_;
};

Balancing::Balancing(const BalancerConfig& c, const calls::Environment& env)
    : config(c), ports({c.health_check, c.outlier_ejection}, env) {}

void Balancing::report(metrics::ResultBuilder& results) const {
  if (config.outlier_ejection) results.total(metric::kEjections, ports.ejections);
  if (config.health_check) results.total(metric::kUnhealthy, ports.unhealthy);
  if (config.outlier_ejection || config.health_check) results.total(metric::kPanicPicks, ports.panic_picks);
}

std::unique_ptr<calls::Port> Balancing::port(const calls::Members& servers, std::string name) {
  return std::make_unique<calls::Port>(
      ports, servers,
      std::make_unique<calls::Choice>(config.policy, servers.size(), config.slow_start.value_or(Duration())),
      std::move(name));
}

Balancer::Balancer(Balancing& balancing, const calls::Members& servers, StreamKey key)
    : balancing_(balancing),
      world_(balancing.ports.environment.world),
      servers_(servers),
      key_(key),
      to_proxies_({}, balancing.ports.environment),
      entrance_{nullptr, key, false} {}

void Balancer::install(const std::vector<world::Host*>& hosts, Duration tls_cpu) {
  tls_cpu_ = tls_cpu;
  if (hosts.empty()) {
    port_ = balancing_.port(servers_, "clients");
    entrance_ = {port_.get(), key_ / "choice", false};
    return;
  }
  for (world::Host* host : hosts)
    proxies_.install(*host, [this](world::Host& h, int) { return std::make_unique<Proxy>(h, *this); });
  const BalancerConfig& config = balancing_.config;
  if (config.redundancy)
    addresses_.emplace(*config.redundancy, proxies_.size(),
                       Addresses::Times{config.detect_after.value_or(kDetectAfter),
                                        calls::take_over_time(config.take_over,
                                                              config.standby.value_or(calls::Standby::hot))});
  port_ = std::make_unique<calls::Port>(
      to_proxies_, proxies_, std::make_unique<AddressChoice>(addresses_, proxies_.size()), "clients");
  entrance_ = {port_.get(), key_ / "entrance", true};
}

world::Task<> Balancer::watch_addresses() {
  constexpr int kLooks = 30;  // while a balancer is silent, before another one takes over
  const Duration detect_after = balancing_.config.detect_after.value_or(kDetectAfter);
  while (!balancing_.ports.winding_down) {
    co_await world::Sleep(world_.scheduler(), std::max(Duration::ns(1), detect_after / kLooks));
    const std::vector<world::ProcessSlot*> slots = proxies_.slots();
    std::vector<bool> alive;
    for (const world::ProcessSlot* slot : slots) alive.push_back(slot->get() != nullptr);
    for (const Addresses::Move& move : addresses_->look(world_.now(), alive)) {
      const auto name = [&](int proxy) { return slots[static_cast<std::size_t>(proxy)]->host().name(); };
      balancing_.ports.environment.journal.record(world_.now(), "address moves", "load_balancer",
                                                  {{"from", name(move.from)}, {"to", name(move.to)}});
    }
  }
}

void Balancer::start() {
  if (addresses_) scope_.spawn(watch_addresses());
  if (proxies_.empty()) port_->check_regularly(scope_, world::kClients, key_ / "health_check");
}

void Balancer::tear_down() {
  scope_.clear();
  port_->tear_down();
}

void Balancer::report(metrics::ResultBuilder& results) const {
  if (!proxies_.empty())
    results.invariant("Little's law: load_balancer", station_.holds(world_.now()), station_.entered());
  balancing_.report(results);
}

JobBalancer::JobBalancer(Balancing& balancing, const calls::Members& workers, StreamKey key)
    : world_(balancing.ports.environment.world), key_(key / "job"), port_(balancing.port(workers, "jobs")) {}

/// One job on its worker, as the balancer counts it.
class JobBalancer::Outstanding final : public calls::Placement {
 public:
  Outstanding(JobBalancer& balancer, calls::Use use, TimePoint deadline)
      : balancer_(balancer), use_(std::move(use)), deadline_(deadline) {}
  ~Outstanding() override {
    if (!use_.over()) balancer_.fell_silent(std::move(use_), deadline_);
  }
  void came_back(calls::Verdict verdict) override { use_.end(verdict); }

 private:
  JobBalancer& balancer_;
  calls::Use use_;
  TimePoint deadline_;
};

void JobBalancer::dispatch(calls::Job job) {
  calls::Round round{.draw = calls::engine_for_attempt(key_, job.key(), job.attempt),
                     .number = job.key(),
                     .user = job.request->user,
                     .caller = job.origin.host.value,
                     .retry = job.attempt};
  Outcome<calls::Use> use = port_->take(round);
  if (!use) {
    job.gather->failed(job.rendition, use.failure());
    return;
  }
  const calls::Endpoint worker = use->at();
  const Bytes size = job.request->image + calls::kControl;
  job.placement = new Outstanding(*this, std::move(*use), job.deadline);
  calls::send_job<calls::JobServer>(world_.network(), worker, size, std::move(job),
                                    [](calls::JobServer& w, calls::Job j) { w.push(std::move(j)); });
}

void JobBalancer::tear_down() {
  torn_down_ = true;
  cancel();
  port_->tear_down();
}

void JobBalancer::fell_silent(calls::Use use, TimePoint deadline) {
  if (torn_down_) return;
  silent_.emplace(std::min(deadline, world_.now() + kSilence), std::move(use));
  world_.scheduler().schedule(*this, silent_.begin()->first);
}

void JobBalancer::fire() {
  while (!silent_.empty() && silent_.begin()->first <= world_.now()) {
    calls::Use over = std::move(silent_.begin()->second);
    silent_.erase(silent_.begin());
    over.end(calls::Verdict::bad);
  }
  if (!silent_.empty()) world_.scheduler().schedule(*this, silent_.begin()->first);
}

}  // namespace headroom::balancer
