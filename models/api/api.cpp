#include "models/api/api.h"

#include <algorithm>
#include <utility>

#include "models/api/metrics.h"
#include "models/calls/defect.h"
#include "models/calls/span.h"

namespace headroom::api {

/// One API server: authenticates, works, hands out the renditions, answers.
class Server final : public calls::ConvertingServer {
 public:
  Server(world::Host& host, Tier& tier, int index)
      : ConvertingServer(host), tier_(tier), index_(index), dispatcher_(tier.parts_.dispatcher) {
    if (tier.parts_.session) {
      session_ = tier.parts_.session(origin());
      dispatcher_ = session_.get();
    }
    if (tier.parts_.authenticator) authenticator_ = tier.parts_.authenticator(host);
    if (tier.parts_.meter) meter_ = tier.parts_.meter(*this);
    if (tier.config_.quota_per_user) quota_.emplace(tier.quota());
  }
  ~Server() override = default;

  void accept(calls::Arrival arrival) override {
    const TimePoint now = host().scheduler().now();
    const int batch = arrival.request->probe ? -1 : tier_.window_.batch(now);
    tier_.reached_.add(batch);
    if (tier_.config_.max_in_flight && in_flight_ >= *tier_.config_.max_in_flight) {
      tier_.answered_.add(batch);
      span(arrival, metrics::Step::api).end("rejected: max_in_flight");
      arrival.responder.reply(Failure::rejected);
      return;
    }
    if (quota_ && !arrival.request->probe && !quota_->accept(arrival.request->user, now, &tier_.quota_use_)) {
      tier_.answered_.add(batch);
      tier_.over_quota_.add(batch);
      span(arrival, metrics::Step::api).end("rejected: quota_per_user");
      arrival.responder.reply(Failure::rejected);
      return;
    }
    scope().spawn(handle(this, std::move(arrival), batch));
  }

  void converted(const calls::Job& job) override {
    if (meter_) {
      meter_->converted(job);
    } else {
      job.gather->done(job.rendition);
    }
  }
  void answered(const calls::QueueAnswer& answer) override { dispatcher_->answered(answer); }

 private:
  /// A request's stay on this server; ends with its frame, whatever ends it.
  class Visit {
   public:
    explicit Visit(Server& server) : server_(server), since_(server.host().scheduler().now()) {
      ++server_.in_flight_;
      server_.tier_.station_.enter(since_);
    }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    ~Visit() {
      --server_.in_flight_;
      server_.tier_.station_.leave(server_.host().scheduler().now(), since_);
    }

   private:
    Server& server_;
    TimePoint since_;
  };

  calls::Span span(const calls::Arrival& arrival, metrics::Step step) {
    return {arrival.request->trace, step, host().id(), arrival.attempt};
  }

  static world::Task<> handle(Server* self, calls::Arrival arrival, int batch) {
    const Visit visit(*self);
    calls::Span stay = self->span(arrival, metrics::Step::api);
    const Tier& tier = self->tier_;
    calls::Request& request = *arrival.request;
    world::Scheduler& scheduler = self->host().scheduler();
    TimePoint until = request.deadline;
    if (tier.config_.deadline) until = std::min(until, scheduler.now() + *tier.config_.deadline);

    const Duration tls = arrival.new_connection ? tier.parts_.tls_cpu : Duration();
    {
      const calls::Span span = self->span(arrival, metrics::Step::api_cpu);
      co_await self->host().cpu().run(calls::effort(*self, tier.config_.cpu + tls));
    }
    if (request.kills_server != nullptr) co_await calls::Death(*request.kills_server, *self, request.number);
    if (calls::errs(*self, request.number, arrival.attempt)) {
      self->answer(arrival, stay, Failure::error, batch);
      co_return;
    }
    std::optional<Failure> refusal;
    if (self->authenticator_ && !self->authenticator_->known(request)) {
      const calls::Span span = self->span(arrival, metrics::Step::auth);
      refusal = co_await self->authenticator_->ask(arrival.request, until);
    }
    if (refusal) {
      self->answer(arrival, stay, *refusal, batch);
      co_return;
    }
    if (self->dispatcher_ == nullptr) {
      self->answer(arrival, stay, calls::Answer{request.renditions}, batch);
      co_return;
    }

    const calls::GatherPtr gather(new calls::Gather(request.renditions));
    for (std::int64_t r = 0; r < request.renditions; ++r)
      self->dispatcher_->dispatch({arrival.request, r, self->origin(), gather, until, arrival.attempt});
    co_await calls::Gather::Wait(*gather, scheduler, until);
    if (gather->complete() || (tier.config_.at_deadline == AtDeadline::partial && gather->done_count() > 0))
      self->answer(arrival, stay, calls::Answer{gather->done_count()}, batch);
    else
      self->answer(arrival, stay, gather->all_ended() ? gather->failure() : Failure::error, batch);
  }

  void answer(calls::Arrival& arrival, calls::Span& stay, Outcome<calls::Answer> outcome, int batch) {
    tier_.answered_.add(batch);
    if (!outcome) stay.end(calls::note_of(outcome.failure()));
    Bytes size = calls::kControl;
    if (outcome && !tier_.parts_.proxied) size += arrival.request->renditions_size(outcome->renditions);
    arrival.responder.reply(outcome, size);
  }

  calls::Origin origin() {
    world::ProcessSlot* slot = tier_.members_[index_].slot;
    return {host().id(), slot, nullptr, slot->starts()};
  }

  Tier& tier_;
  int index_;
  std::unique_ptr<calls::Dispatcher> session_;
  calls::Dispatcher* dispatcher_;
  std::unique_ptr<calls::Authenticator> authenticator_;
  std::unique_ptr<Meter> meter_;
  std::optional<Quota> quota_;
  std::int64_t in_flight_ = 0;
};

Tier::Tier(const ApiConfig& config, const calls::Environment& env)
    : config_(config), world_(env.world), window_(env.window), quota_use_(env.window) {}

void Tier::install(const std::vector<world::Host*>& hosts, Parts parts) {
  parts_ = std::move(parts);
  for (world::Host* host : hosts)
    members_.install(*host,
                     [this](world::Host& h, int index) { return std::make_unique<Server>(h, *this, index); });
}

Quota Tier::quota() const {
  const double rate = config_.quota_per_user->per_second;
  const double burst = config_.quota_burst ? static_cast<double>(*config_.quota_burst) : rate;
  const auto servers = static_cast<double>(members_.size());
  return {{rate / servers}, burst / servers};
}

void Tier::report(metrics::ResultBuilder& results) const {
  const TimePoint now = world_.now();
  results.share(metric::kAvailability, answered_, reached_);
  if (config_.quota_per_user) results.total(metric::kOverQuota, over_quota_);
  results.invariant("Little's law: api", station_.holds(now), station_.entered());
}

}  // namespace headroom::api
