#include "models/balancer/balancer.h"

#include <algorithm>
#include <memory>
#include <utility>

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
        backends_(balancer.balancing_, balancer.servers_, "host/" + host.name()) {
    backends_.check_regularly(scope(), host.id(), balancer.check_key_);
  }
  ~Proxy() override { scope().clear(); }

  void accept(calls::Arrival arrival) override { scope().spawn(handle(this, std::move(arrival))); }

 private:
  /// A request's stay; outstanding on `server` from `forward` on.
  class Visit {
   public:
    explicit Visit(Proxy& proxy) : proxy_(proxy), since_(proxy.now()) {
      proxy_.balancer_.station_.enter(since_);
    }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    ~Visit() {
      if (server_ >= 0) proxy_.backends_.finished(server_, proxy_.now() - forwarded_, sign_);
      proxy_.balancer_.station_.leave(proxy_.now(), since_);
    }
    void forward(int server) {
      server_ = server;
      forwarded_ = proxy_.now();
      proxy_.backends_.started(server);
    }
    void answered(calls::Sign sign) { sign_ = sign; }

   private:
    Proxy& proxy_;
    TimePoint since_;
    TimePoint forwarded_;
    int server_ = -1;
    calls::Sign sign_ = calls::Sign::none;
  };

  TimePoint now() { return host().scheduler().now(); }

  static world::Task<> handle(Proxy* self, calls::Arrival arrival) {
    const Balancer& balancer = self->balancer_;
    const calls::Request& request = *arrival.request;
    world::Network& network = balancer.world_.network();
    const world::HostId me = self->host().id();
    Visit visit(*self);
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

    Engine draw = calls::engine_for_attempt(balancer.choice_key_, request.number, arrival.attempt);
    const int chosen = self->backends_.pick(draw, request.user);
    visit.forward(chosen);
    const calls::Endpoint server = balancer.servers_[static_cast<std::size_t>(chosen)];
    calls::Call<calls::Answer> call(self->host().scheduler(), request.deadline);
    const world::Route in{world::kClients, server.host, me, true};
    calls::send_request(network, call, server, in, {server.host, me}, request.image + calls::kControl,
                        arrival.request, false, arrival.attempt);
    arrival.responder.pass_on(call.slot());
    const auto outcome = co_await call;
    visit.answered(calls::sign_of(outcome));
    if (!outcome) {
      stay.end(calls::note_of(outcome.failure()));
      arrival.responder.reply(outcome.failure());
      co_return;
    }
    const double bytes = static_cast<double>(request.image.count()) * balancer.rendition_share_ *
                         static_cast<double>(outcome->renditions);
    const world::Route out{server.host, world::kClients, me, true};
    arrival.responder.reply(outcome, Bytes::from_double(bytes) + calls::kControl, out);
  }

  Balancer& balancer_;
  Backends backends_;
};

Balancer::Balancer(Balancing& balancing, StreamKey key)
    : balancing_(balancing),
      world_(balancing.environment.world),
      entrance_key_(key / "entrance"),
      choice_key_(key / "choice"),
      check_key_(key / "health_check") {}

void Balancer::install(const std::vector<world::Host*>& hosts, const std::vector<calls::Endpoint>& servers,
                       Duration tls_cpu, double rendition_share) {
  servers_ = servers;
  tls_cpu_ = tls_cpu;
  rendition_share_ = rendition_share;
  if (hosts.empty()) backends_ = std::make_unique<Backends>(balancing_, servers_, "clients");
  for (world::Host* host : hosts) {
    world::ProcessSlot& slot =
        host->install([this](world::Host& h) { return std::make_unique<Proxy>(h, *this); });
    proxies_.push_back({host->id(), &slot});
  }
  const BalancerConfig& config = balancing_.config;
  if (config.redundancy)
    addresses_.emplace(*config.redundancy, static_cast<int>(proxies_.size()),
                       Addresses::Times{config.detect_after.value_or(kDetectAfter),
                                        calls::take_over_time(config.take_over,
                                                              config.standby.value_or(calls::Standby::hot))});
}

world::Task<> Balancer::watch_addresses() {
  constexpr int kLooks = 30;  // while a balancer is silent, before another one takes over
  const Duration detect_after = balancing_.config.detect_after.value_or(kDetectAfter);
  while (!balancing_.winding_down) {
    co_await world::Sleep(world_.scheduler(), std::max(Duration::ns(1), detect_after / kLooks));
    std::vector<bool> alive;
    for (const calls::Endpoint& proxy : proxies_) alive.push_back(proxy.slot->get() != nullptr);
    for (const Addresses::Move& move : addresses_->look(world_.now(), alive)) {
      const auto name = [&](int proxy) {
        return proxies_[static_cast<std::size_t>(proxy)].slot->host().name();
      };
      balancing_.environment.journal.record(world_.now(), "address moves", "load_balancer",
                                            {{"from", name(move.from)}, {"to", name(move.to)}});
    }
  }
}

void Balancer::start() {
  if (addresses_) scope_.spawn(watch_addresses());
  if (backends_) backends_->check_regularly(scope_, world::kClients, check_key_);
}

void Balancer::tear_down() {
  scope_.clear();
  if (backends_) backends_->tear_down();
}

calls::Entrance::Way Balancer::choose(const calls::Request& request, int attempt) {
  if (backends_) {
    Engine draw = calls::engine_for_attempt(choice_key_, request.number, attempt);
    const int server = backends_->pick(draw, request.user);
    return {servers_[static_cast<std::size_t>(server)], server, false};
  }
  Engine draw = calls::engine_for_attempt(entrance_key_, request.number, attempt);
  auto proxy =
      uniform_below(draw, addresses_ ? static_cast<std::size_t>(addresses_->count()) : proxies_.size());
  if (addresses_) proxy = static_cast<std::size_t>(addresses_->holder(static_cast<int>(proxy)));
  return {proxies_[proxy], static_cast<int>(proxy), true};
}

void Balancer::started(const Way& way) {
  if (backends_) backends_->started(way.index);
}

void Balancer::finished(const Way& way, Duration took, calls::Sign sign) {
  if (backends_) backends_->finished(way.index, took, sign);
}

void Balancer::report(metrics::ResultBuilder& results) const {
  if (!backends_)
    results.invariant("Little's law: load_balancer", station_.holds(world_.now()), station_.entered());
}

JobBalancer::JobBalancer(Balancing& balancing, const std::vector<calls::Endpoint>& workers, StreamKey key)
    : world_(balancing.environment.world),
      workers_(workers),
      key_(key / "job"),
      backends_(balancing, workers_, "jobs") {}

/// One job on its worker, as the balancer counts it.
class JobBalancer::Outstanding final : public calls::Placement {
 public:
  Outstanding(JobBalancer& balancer, int worker, TimePoint deadline)
      : balancer_(balancer), worker_(worker), since_(balancer.world_.now()), deadline_(deadline) {
    balancer_.backends_.started(worker_);
  }
  ~Outstanding() override {
    if (!back_) balancer_.fell_silent(worker_, since_, deadline_);
  }
  void came_back(calls::Sign sign) override {
    if (!std::exchange(back_, true)) balancer_.ended(worker_, since_, sign);
  }

 private:
  JobBalancer& balancer_;
  int worker_;
  TimePoint since_;
  TimePoint deadline_;
  bool back_ = false;
};

void JobBalancer::dispatch(calls::Job job) {
  Engine draw = calls::engine_for_attempt(key_, job.key(), job.attempt);
  const int chosen = backends_.pick(draw, job.request->user);
  const calls::Endpoint& worker = workers_[static_cast<std::size_t>(chosen)];
  const Bytes size = job.request->image + calls::kControl;
  job.placement = new Outstanding(*this, chosen, job.deadline);
  calls::send_job<calls::JobServer>(world_.network(), worker, size, std::move(job),
                                    [](calls::JobServer& w, calls::Job j) { w.push(std::move(j)); });
}

void JobBalancer::ended(int worker, TimePoint since, calls::Sign sign) {
  backends_.finished(worker, world_.now() - since, sign);
}

void JobBalancer::fell_silent(int worker, TimePoint since, TimePoint deadline) {
  if (torn_down_) return;
  silent_.emplace(std::min(deadline, world_.now() + kSilence), Silent{worker, since});
  world_.scheduler().schedule(*this, silent_.begin()->first);
}

void JobBalancer::fire() {
  while (!silent_.empty() && silent_.begin()->first <= world_.now()) {
    const Silent over = silent_.begin()->second;
    silent_.erase(silent_.begin());
    ended(over.worker, over.since, calls::Sign::bad);
  }
  if (!silent_.empty()) world_.scheduler().schedule(*this, silent_.begin()->first);
}

const std::vector<metrics::MetricInfo> kMetrics = {
    {"lb.utilization", "share", "busy core-seconds / configured core-seconds of the balancer's hosts",
     metrics::Better::lower},
    {"lb.ejections", "count",
     "servers left out because requests to them failed, each time by each balancer instance",
     metrics::Better::lower},
    {"lb.unhealthy", "count",
     "servers left out because they did not answer health checks, each time by each balancer instance",
     metrics::Better::lower},
    {"lb.panic_picks", "count", "choices among all servers because every one of them was left out",
     metrics::Better::lower},
};

}  // namespace headroom::balancer
