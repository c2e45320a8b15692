#include "models/client/client.h"

#include <algorithm>
#include <utility>

#include "sim/base/check.h"

namespace headroom::client {
namespace {

/// Numbers of probes, apart from those of requests; and of a closed user's requests. Others draw by 1024 ×
/// the number, so numbers stay below 2^54.
constexpr std::uint64_t kProbes = 1ULL << 53;
constexpr int kRequestsPerUserBits = 28;  // at most 1e7 users
/// A probe asks for a conversion of a thumbnail.
constexpr Bytes kProbeImage{1'000};

constexpr std::array<std::int64_t, 3> kSizeLimits = {64'000, 256'000, 1'000'000};
constexpr std::array<const char*, 4> kSizeNames = {"<64KB", "64KB-256KB", "256KB-1MB", ">=1MB"};

std::size_t size_class(Bytes image) {
  std::size_t c = 0;
  while (c < kSizeLimits.size() && image.count() >= kSizeLimits[c]) ++c;
  return c;
}

Ending ending_of(Failure failure) {
  switch (failure) {
    case Failure::dns_failed:
      return Ending::dns_failed;
    case Failure::refused:
      return Ending::refused;
    case Failure::unreachable:
      return Ending::unreachable;
    case Failure::rejected:
      return Ending::rejected;
    case Failure::denied:
      return Ending::denied;
    case Failure::error:
      return Ending::error;
    case Failure::died:
      return Ending::died;
    case Failure::timeout:
      return Ending::late;
    case Failure::lost:
      return Ending::lost;
  }
  HEADROOM_CHECK(false, "unknown failure");
  return Ending::error;
}

double zipf_exponent(const Popularity& popularity) {
  const auto* zipf = std::get_if<Zipf>(&popularity);
  return zipf == nullptr ? 0 : zipf->exponent;
}

}  // namespace

/// From a request's intended send time to its outcome. If the frame is destroyed before, the run is over.
class Clients::Visit {
 public:
  Visit(Clients& clients, calls::RequestPtr request) : clients_(clients), request_(std::move(request)) {
    const calls::Request& r = *request_;
    clients_.station_.enter(clients_.world_.now());
    ++clients_.all_offered_;
    clients_.offered_.add(r.batch);
    clients_.measured_open_ += r.batch >= 0;
    clients_.offered_series_.add(r.sent);
    clients_.asked_series_.add(r.sent, r.renditions);
    clients_.latency_series_.open(r.sent);
    if (clients_.parts_.watch != nullptr) clients_.parts_.watch->offered(r.number);
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;
  ~Visit() {
    if (!request_->ended) end(Ending::unfinished, 0);
    clients_.station_.leave(clients_.world_.now(), request_->sent);
  }
  void end(Ending ending, std::int64_t renditions) {
    request_->ended = true;
    request_->answered = ending == Ending::complete || ending == Ending::partial;
    request_->delivered = renditions;
    clients_.measured_open_ -= request_->batch >= 0;
    clients_.count(*request_, ending, renditions);
    if (clients_.parts_.watch != nullptr) clients_.parts_.watch->ended(request_->number);
  }

 private:
  Clients& clients_;
  calls::RequestPtr request_;
};

/// Where results go when there is no API server: metered by nobody.
class Clients::Sink final : public calls::ConversionSink {
 public:
  ~Sink() override = default;
  void converted(const calls::Job&, Duration, TimePoint) override {}
  void answered(const calls::QueueAnswer& answer) override { session->answered(answer); }
  std::unique_ptr<calls::Dispatcher> session;  ///< with the queue; null: there is none
};

Clients::Clients(const WorkloadConfig& config, const calls::Environment& env, StreamKey key,
                 const Parts& parts)
    : config_(config),
      world_(env.world),
      window_(env.window),
      parts_(parts),
      user_key_(key / "user"),
      image_key_(key / "image_bytes"),
      connection_key_(key / "connection"),
      think_key_(key / "think_time"),
      popularity_(config.users, zipf_exponent(config.popularity)),
      arrivals_(make_arrivals(config_.arrivals, key)),
      trace_(std::get_if<Trace>(&config_.arrivals)),
      sink_(std::make_unique<Sink>()),
      offered_series_(env.series.counter("offered")),
      answered_series_(env.series.counter("answered")),
      asked_series_(env.series.counter("renditions.asked")),
      delivered_series_(env.series.counter("renditions.delivered")),
      latency_series_(env.series.quantiles("latency")) {
  if (parts_.session) sink_->session = parts_.session(origin());
  for (std::size_t e = 0; e < kEndings.size(); ++e)
    ending_series_[e] = &env.series.counter("outcome." + std::string(kEndings[e]));
}

Clients::~Clients() = default;

calls::Origin Clients::origin() {
  return {world::kClients, nullptr, sink_.get()};
}

void Clients::start() {
  if (const auto* closed = std::get_if<Closed>(&config_.arrivals)) {
    for (std::int64_t user = 0; user < closed->users; ++user) scope_.spawn(closed_user(user));
  } else {
    scope_.spawn(open_loop());
  }
  if (config_.probe) scope_.spawn(probe_regularly());
}

void Clients::finish() {
  stopped_ = true;
  finishing_ = true;
  scope_.clear();
  sink_->session.reset();
}

calls::RequestPtr Clients::make_request(std::uint64_t number, TimePoint sent) {
  calls::RequestPtr request(new calls::Request);
  request->number = number;
  request->sent = sent;
  request->deadline = config_.deadline ? sent + *config_.deadline : TimePoint::never();
  request->batch = window_.batch(sent);
  request->renditions = config_.renditions;
  const TraceRow* row = trace_ != nullptr ? &trace_->rows[number] : nullptr;
  if (row != nullptr && row->user) {
    request->user = static_cast<std::uint64_t>(*row->user);
  } else if (config_.users > 1) {
    Engine draw = user_key_.engine_for(number);
    request->user = popularity_(draw);
  }
  if (row != nullptr && row->pixels) request->pixels = *row->pixels;
  if (row != nullptr && row->image_bytes) {
    request->image = *row->image_bytes;
  } else if (config_.image_bytes) {
    Engine draw = image_key_.engine_for(number);
    request->image = config_.image_bytes->sample(draw);
  }
  request->on_last = &Clients::last_reference;
  request->context = this;
  return request;
}

world::Task<> Clients::open_loop() {
  std::uint64_t number = 0;
  while (const auto sent = arrivals_->next()) {
    co_await world::Sleep(world_.scheduler(), *sent);
    if (stopped_) co_return;
    scope_.spawn(one_request(make_request(number++, *sent)));
  }
}

world::Task<> Clients::closed_user(std::int64_t user) {
  const auto& closed = std::get<Closed>(config_.arrivals);
  std::uint64_t number = static_cast<std::uint64_t>(user) << kRequestsPerUserBits;
  while (true) {
    Engine draw = think_key_.engine_for(number);
    co_await world::Sleep(world_.scheduler(), closed.think_time.sample(draw));
    if (stopped_) co_return;
    co_await one_request(make_request(number++, world_.now()));
  }
}

world::Task<> Clients::one_request(calls::RequestPtr request) {
  Visit visit(*this, request);
  const auto outcome = co_await attempt(request);
  if (!outcome)
    visit.end(ending_of(outcome.failure()), 0);
  else
    visit.end(outcome->renditions >= request->renditions ? Ending::complete : Ending::partial,
              outcome->renditions);
}

bool Clients::new_connection(const calls::Request& request) const {
  if (!config_.connections) return false;
  Engine draw = connection_key_.engine_for(request.number);
  return uniform01(draw) >= config_.connections->reuse.value;
}

world::Task<Outcome<calls::Answer>> Clients::attempt(calls::RequestPtr request) {
  world::Scheduler& scheduler = world_.scheduler();
  world::Network& network = world_.network();
  if (parts_.authenticator != nullptr && !parts_.authenticator->known(*request))
    if (const auto refusal = co_await parts_.authenticator->ask(request, request->deadline))
      co_return *refusal;

  if (parts_.entrance == nullptr) {
    if (!sink_->session) co_return calls::Answer{request->renditions};
    const calls::GatherPtr gather(new calls::Gather(request->renditions));
    for (std::int64_t r = 0; r < request->renditions; ++r)
      sink_->session->dispatch({request, r, origin(), gather, request->deadline});
    co_await calls::Gather::Wait(*gather, scheduler, request->deadline);
    if (gather->complete()) co_return calls::Answer{request->renditions};
    co_return gather->all_ended() ? gather->failure() : Failure::timeout;
  }

  const calls::Entrance::Way way = parts_.entrance->choose(*request);
  const world::Route there{world::kClients, way.server.host};
  const world::Route back{way.server.host, world::kClients};
  const bool fresh = new_connection(*request);
  if (fresh) {
    // TCP, then TLS 1.3: a round trip each before the request can be sent.
    const Duration round_trip = network.latency(there) + network.latency(back);
    co_await world::Sleep(scheduler, round_trip * 2);
  }
  const TimePoint started = scheduler.now();
  parts_.entrance->started(way);
  calls::Call<calls::Answer> call(scheduler, request->deadline);
  const Bytes size = way.head_first ? calls::kControl : request->image + calls::kControl;
  calls::send_request(network, call, way.server, there, back, size, request, fresh);
  const auto outcome = co_await call;
  parts_.entrance->finished(way, scheduler.now() - started);
  co_return outcome;
}

void Clients::count(const calls::Request& request, Ending ending, std::int64_t renditions) {
  const auto e = static_cast<std::size_t>(ending);
  const TimePoint sent = request.sent;
  endings_[e].add(request.batch);
  ending_series_[e]->add(sent);
  if (!request.answered) {
    if (!finishing_) latency_series_.close(sent);
    return;
  }
  const Duration latency = world_.now() - sent;
  answered_series_.add(sent);
  delivered_series_.add(sent, renditions);
  latency_series_.record(sent, latency);
  harvest_.add(request.batch, static_cast<double>(renditions) / static_cast<double>(request.renditions));
  latency_.record(request.batch, latency);
  if (!config_.image_bytes && trace_ == nullptr) return;
  latency_by_size_[size_class(request.image)].record(request.batch, latency);
  if (parts_.only_below && request.image < *parts_.only_below) only_latency_.record(request.batch, latency);
}

void Clients::last_reference(calls::Request& request, void* self) {
  auto& clients = *static_cast<Clients*>(self);
  if (request.probe) return;
  if (!request.answered)
    clients.billed_unanswered_.add(request.batch, request.billed_jobs);
  else
    clients.answered_unbilled_.add(request.batch,
                                   std::max<std::int64_t>(0, request.delivered - request.billed_jobs));
}

world::Task<> Clients::probe_regularly() {
  for (std::uint64_t k = 0;; ++k) {
    const TimePoint sent = TimePoint::at(*config_.probe * static_cast<std::int64_t>(k));
    co_await world::Sleep(world_.scheduler(), sent);
    if (stopped_) co_return;
    calls::RequestPtr request(new calls::Request);
    request->number = kProbes + k;
    request->probe = true;
    request->sent = sent;
    request->deadline = sent + config_.deadline.value_or(*config_.probe);
    if (config_.image_bytes) request->image = kProbeImage;
    scope_.spawn(probe(std::move(request)));
  }
}

world::Task<> Clients::probe(calls::RequestPtr request) {
  const int batch = window_.batch(request->sent);
  const auto outcome = co_await attempt(request);
  request->ended = true;
  probes_.add(batch);
  if (outcome) probes_up_.add(batch);
}

metrics::BatchSum Clients::answered() const {
  return endings_[static_cast<std::size_t>(Ending::complete)] +
         endings_[static_cast<std::size_t>(Ending::partial)];
}

void Clients::report(metrics::ResultBuilder& results) const {
  const auto in = [this](Ending e) -> const metrics::BatchSum& {
    return endings_[static_cast<std::size_t>(e)];
  };
  const metrics::BatchSum answered = this->answered();
  const metrics::BatchSum failed = offered_ - answered;
  results.total("requests.offered", offered_);
  results.total("requests.answered", answered);
  results.total("requests.complete", in(Ending::complete));
  results.total("requests.partial", in(Ending::partial));
  results.total("requests.failed", failed);
  // Clients do not try again: an attempt is a request.
  results.total("attempts", offered_);
  results.ratio("retry_amplification", offered_, offered_);
  for (std::size_t e = 0; e < kEndings.size(); ++e)
    results.total("outcome." + std::string(kEndings[e]), endings_[e]);
  for (std::size_t e = 0; e < kEndings.size(); ++e)
    results.total("attempt." + std::string(kEndings[e]), endings_[e]);
  results.ratio("yield", answered, offered_);
  results.mean("harvest", harvest_);
  results.ratio("dq", harvest_, offered_);
  if (config_.probe) results.ratio("uptime", probes_up_, probes_);
  results.rate("throughput_rps", answered);
  const auto latencies = [&results](const std::string& prefix, const metrics::BatchHistogram& h) {
    results.mean(prefix + "latency.mean_ms", h, 1e-6);
    results.quantile(prefix + "latency.p50_ms", h, 0.5, 1e-6);
    results.quantile(prefix + "latency.p90_ms", h, 0.9, 1e-6);
    results.quantile(prefix + "latency.p95_ms", h, 0.95, 1e-6);
    results.quantile(prefix + "latency.p99_ms", h, 0.99, 1e-6);
    results.quantile(prefix + "latency.p99_9_ms", h, 0.999, 1e-6);
    results.maximum(prefix + "latency.max_ms", h, 1e-6);
  };
  latencies("", latency_);
  if (parts_.only_below) latencies("only.", only_latency_);
  results.latency("all", latency_);
  if (config_.image_bytes || trace_ != nullptr)
    for (std::size_t c = 0; c < kSizeClasses; ++c) results.latency(kSizeNames[c], latency_by_size_[c]);
  if (parts_.metered) {
    results.total("usage.billed_unanswered", billed_unanswered_);
    results.total("usage.answered_unbilled", answered_unbilled_);
  }
  results.invariant("Little's law: clients", station_.holds(world_.now()), station_.entered());
  std::int64_t sum = 0;
  for (const auto& ending : endings_) sum += ending.total() + ending.outside();
  results.invariant("outcomes sum to offered", sum == all_offered_, all_offered_,
                    std::to_string(sum) + " outcomes of " + std::to_string(all_offered_) + " requests");
}

using metrics::Better;
const std::vector<metrics::MetricInfo> kMetrics = {
    {"requests.offered", "count", "logical requests that clients meant to send in the window",
     Better::neither},
    {"requests.answered", "count",
     "requests of which at least one rendition came before the client's deadline", Better::higher},
    {"requests.complete", "count", "requests of which all renditions came", Better::higher},
    {"requests.partial", "count", "requests of which some renditions came", Better::neither},
    {"requests.failed", "count", "requests of which no rendition came", Better::lower},
    {"attempts", "count", "attempts of all requests, the first ones included", Better::lower},
    {"retry_amplification", "ratio", "attempts / offered", Better::lower},
    {"outcome.complete", "count", "requests answered with all renditions", Better::higher},
    {"outcome.partial", "count", "requests answered with some renditions", Better::neither},
    {"outcome.dns_failed", "count", "requests whose name look-up failed", Better::lower},
    {"outcome.refused", "count", "requests to a host on which nothing listened", Better::lower},
    {"outcome.unreachable", "count", "requests with no live server to send them to", Better::lower},
    {"outcome.rejected", "count", "requests turned away before work began (overload)", Better::lower},
    {"outcome.denied", "count", "requests whose credentials were not accepted", Better::lower},
    {"outcome.error", "count", "requests answered with an error, a server's own deadline included",
     Better::lower},
    {"outcome.died", "count", "requests whose server died while it worked", Better::lower},
    {"outcome.late", "count", "requests without an answer at the client's deadline", Better::lower},
    {"outcome.lost", "count", "requests that were, or whose answer was, lost on the way", Better::lower},
    {"outcome.unfinished", "count", "requests without an outcome when the run ended", Better::lower},
    {"attempt.complete", "count", "attempts answered with all renditions", Better::higher},
    {"attempt.partial", "count", "attempts answered with some renditions", Better::neither},
    {"attempt.dns_failed", "count", "attempts whose name look-up failed", Better::lower},
    {"attempt.refused", "count", "attempts to a host on which nothing listened", Better::lower},
    {"attempt.unreachable", "count", "attempts with no live server to send them to", Better::lower},
    {"attempt.rejected", "count", "attempts turned away before work began (overload)", Better::lower},
    {"attempt.denied", "count", "attempts whose credentials were not accepted", Better::lower},
    {"attempt.error", "count", "attempts answered with an error", Better::lower},
    {"attempt.died", "count", "attempts whose server died while it worked", Better::lower},
    {"attempt.late", "count", "attempts without an answer in time", Better::lower},
    {"attempt.lost", "count", "attempts that were, or whose answer was, lost on the way", Better::lower},
    {"attempt.unfinished", "count", "attempts without an outcome when the run ended", Better::lower},
    {"yield", "share", "answered / offered", Better::higher},
    {"harvest", "share", "mean over answered requests of renditions delivered / renditions asked",
     Better::higher},
    {"dq", "share", "yield x harvest", Better::higher},
    {"uptime", "share", "share of slots in which a synthetic probe was answered in time", Better::higher},
    {"throughput_rps", "1/s", "answered requests of the window per second of it", Better::higher},
    {"latency.mean_ms", "ms", "mean time from intended send time to last byte, answered requests",
     Better::lower},
    {"latency.p50_ms", "ms", "median latency", Better::lower},
    {"latency.p90_ms", "ms", "90th percentile of latency", Better::lower},
    {"latency.p95_ms", "ms", "95th percentile of latency", Better::lower},
    {"latency.p99_ms", "ms", "99th percentile of latency", Better::lower},
    {"latency.p99_9_ms", "ms", "99.9th percentile of latency", Better::lower},
    {"latency.max_ms", "ms", "highest latency", Better::lower},
    {"only.latency.mean_ms", "ms", "mean latency of the requests that slo.only selects", Better::lower},
    {"only.latency.p50_ms", "ms", "median latency of the requests that slo.only selects", Better::lower},
    {"only.latency.p90_ms", "ms", "90th percentile of latency of the requests that slo.only selects",
     Better::lower},
    {"only.latency.p95_ms", "ms", "95th percentile of latency of the requests that slo.only selects",
     Better::lower},
    {"only.latency.p99_ms", "ms", "99th percentile of latency of the requests that slo.only selects",
     Better::lower},
    {"only.latency.p99_9_ms", "ms", "99.9th percentile of latency of the requests that slo.only selects",
     Better::lower},
    {"only.latency.max_ms", "ms", "highest latency of the requests that slo.only selects", Better::lower},
};

}  // namespace headroom::client
