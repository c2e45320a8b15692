#include "models/client/client.h"

#include <algorithm>
#include <utility>

#include "models/calls/attempts.h"
#include "models/calls/span.h"
#include "models/client/metrics.h"
#include "sim/base/check.h"

namespace headroom::client {
namespace {

/// Numbers of probes, apart from those of requests; and of a closed user's requests. Others draw by 1024 ×
/// the number, so numbers stay below 2^54.
constexpr std::uint64_t kProbes = 1ULL << 53;
constexpr int kRequestsPerUserBits = 28;  // at most 1e7 users
/// Numbers of additional requests: so many loads, with so many requests each.
constexpr std::uint64_t kExtra = 1ULL << 52;
constexpr int kExtraLoadBits = 20;
constexpr int kRequestsPerExtraBits = 32;
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

Ending ending_of(const calls::Answer& answer, const calls::Request& request) {
  return answer.renditions >= request.renditions ? Ending::complete : Ending::partial;
}

/// Whether the names in a catalogue are those of the kinds of ending, in their order.
constexpr bool by_ending(const auto& infos) {
  for (std::size_t e = 0; e < kEndings.size(); ++e)
    if (infos[e].name.substr(infos[e].name.find('.') + 1) != kEndings[e]) return false;
  return infos.size() == kEndings.size();
}
static_assert(by_ending(metric::kOutcomes) && by_ending(metric::kAttemptEndings) &&
              by_ending(series::kOutcomes));

/// Its name as a literal, which the catalogue's names are.
const char* literal(Ending ending) {
  return kEndings[static_cast<std::size_t>(ending)].data();
}

/// How an attempt ended.
const char* text(const Outcome<calls::Answer>& outcome, const calls::Request& request) {
  const Ending ending = outcome ? ending_of(*outcome, request) : ending_of(outcome.failure());
  return literal(ending);
}

calls::Span client_span(const calls::Request& request, metrics::Step step, int attempt) {
  return {request.trace, step, world::kClients, attempt};
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
    if (clients_.tracer_ != nullptr && r.batch >= 0) request_->trace = clients_.tracer_->begin();
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
    if (request_->trace) clients_.end_trace(*request_, ending);
    if (clients_.parts_.watch != nullptr) clients_.parts_.watch->ended(request_->number);
  }

 private:
  Clients& clients_;
  calls::RequestPtr request_;
};

/// The attempts at one request, for calls::in_attempts: one that times out goes on, and its answer counts if
/// it is the first. When they are destroyed, those that are still open are given up.
class Clients::Attempts {
 public:
  Attempts(Clients& clients, calls::RequestPtr request) : clients_(clients), request_(std::move(request)) {}
  Attempts(const Attempts&) = delete;
  Attempts& operator=(const Attempts&) = delete;
  ~Attempts() {
    scope_.clear();
    for (Try& t : tries_) {
      const Ending ending = !t.outcome && !request_->ended ? Ending::unfinished
                            : t.outcome && *t.outcome      ? ending_of(**t.outcome, *request_)
                                                           : ending_of(failure(t));
      clients_.attempt_endings_[static_cast<std::size_t>(ending)].add(request_->batch);
      t.span.end(literal(ending));
    }
  }

  /// Makes the next one: until it has failed, or another one was answered, or its time is over.
  world::Task<Outcome<calls::Answer>> attempt(int number) {
    TimePoint until = request_->deadline;
    if (const auto& timeout = clients_.config_.attempt_timeout) until = std::min(until, now() + *timeout);
    start(number);
    while (!answer_ && !tries_.back().outcome && now() < until) co_await change(until);
    if (answer_) co_return *answer_;
    co_return failure(tries_.back());
  }
  world::Task<std::optional<calls::Answer>> pause(TimePoint until) {
    const calls::Span span = client_span(*request_, metrics::Step::backoff, -1);
    while (!answer_ && now() < until) co_await change(until);
    co_return answer_;
  }

  void note_slot(int number, calls::ReplySlotPtr<calls::Answer> slot) { at(number).slot = std::move(slot); }
  void ended(int number, const Outcome<calls::Answer>& outcome) {
    at(number).outcome = outcome;
    at(number).span.end(text(outcome, *request_));
    if (outcome && !answer_) answer_ = *outcome;
    changed_.notify_all();
  }

 private:
  TimePoint now() const { return clients_.world_.now(); }
  void start(int number) {
    tries_.emplace_back().span = client_span(*request_, metrics::Step::attempt, number);
    clients_.attempts_.add(request_->batch);
    clients_.attempts_series_->add(clients_.world_.now());
    scope_.spawn(clients_.one_of(this, number, request_));
  }
  struct Try {
    std::optional<Outcome<calls::Answer>> outcome;
    calls::ReplySlotPtr<calls::Answer> slot;  ///< null: no request was sent
    calls::Span span;
  };
  static Failure failure(const Try& t) {
    if (t.outcome) return t.outcome->failure();
    return t.slot ? t.slot->silence() : Failure::timeout;
  }
  world::Condition::Wait change(TimePoint until) { return changed_.wait(clients_.world_.scheduler(), until); }
  Try& at(int number) { return tries_[static_cast<std::size_t>(number)]; }

  Clients& clients_;
  calls::RequestPtr request_;
  std::vector<Try> tries_;
  std::optional<calls::Answer> answer_;
  world::Condition changed_;
  world::Scope scope_;
};

/// Where results go when there is no API server: metered by nobody.
class Clients::Sink final : public calls::ConversionSink {
 public:
  ~Sink() override = default;
  void converted(const calls::Job& job) override { job.gather->done(job.rendition); }
  void answered(const calls::QueueAnswer& answer) override { session->answered(answer); }
  std::unique_ptr<calls::Dispatcher> session;  ///< with the queue; null: there is none
};

Clients::Clients(const WorkloadConfig& config, const calls::Environment& env, StreamKey key,
                 const Parts& parts)
    : config_(config),
      world_(env.world),
      window_(env.window),
      parts_(parts),
      tracer_(env.tracer),
      key_(key),
      user_key_(key / "user"),
      image_key_(key / "image_bytes"),
      connection_key_(key / "connection"),
      think_key_(key / "think_time"),
      backoff_key_(key / "backoff"),
      name_key_(key / "name"),
      popularity_(config.users, zipf_exponent(config.popularity)),
      arrivals_(make_arrivals(config_.arrivals, key)),
      trace_(std::get_if<Trace>(&config_.arrivals)),
      sink_(std::make_unique<Sink>()),
      retry_(config.retry.value_or(calls::RetryConfig{1, {}, calls::Jitter::none, {}})),
      offered_series_(env.series.counter(series::kOffered)),
      answered_series_(env.series.counter(series::kAnswered)),
      asked_series_(env.series.counter(series::kAsked)),
      delivered_series_(env.series.counter(series::kDelivered)),
      latency_series_(env.series.quantiles(series::kLatency)) {
  if (persistent()) attempts_series_ = &env.series.counter(series::kAttempts);
  if (parts_.reports_others) {
    others_offered_series_ = &env.series.counter(series::kOthersOffered);
    others_answered_series_ = &env.series.counter(series::kOthersAnswered);
  }
  if (config_.retry && config_.retry->budget) budget_.emplace(config_.retry->budget->value);
  if (parts_.session) sink_->session = parts_.session(origin());
  for (std::size_t e = 0; e < kEndings.size(); ++e)
    ending_series_[e] = &env.series.counter(series::kOutcomes[e]);
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

void Clients::tear_down() {
  sends_no_more_ = true;
  torn_down_ = true;
  scope_.clear();
  sink_->session.reset();
}

calls::RequestPtr Clients::make_request(std::uint64_t number, TimePoint sent,
                                        std::optional<std::uint64_t> abuser) {
  calls::RequestPtr request(new calls::Request);
  request->number = number;
  request->sent = sent;
  request->deadline = config_.deadline ? sent + *config_.deadline : TimePoint::never();
  request->batch = window_.batch(sent);
  request->renditions = config_.renditions;
  if (config_.image_bytes) request->rendition_share = config_.rendition_bytes.value;
  const TraceRow* row = trace_ != nullptr && number < trace_->rows.size() ? &trace_->rows[number] : nullptr;
  if (abuser) {
    request->user = *abuser;
    request->abusive = true;
  } else if (row != nullptr && row->user) {
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
  request->books = parts_.books;
  if (!asked_.empty()) asked_.apply(*request);
  return request;
}

world::Task<> Clients::open_loop() {
  std::uint64_t number = 0;
  while (const auto sent = arrivals_->next()) {
    co_await world::Sleep(world_.scheduler(), *sent);
    if (sends_no_more_) co_return;
    scope_.spawn(whole_request(make_request(number++, *sent)));
  }
}

/// Requests on top of the scenario's own.
struct Clients::Extra {
  world::Load load;
  std::unique_ptr<ArrivalProcess> arrivals;
  TimePoint begin{};
  std::uint64_t first = 0;  ///< number of the first request
  bool over = false;

  /// Whether the n-th of them, at `date`, is sent: at the beginning not all are.
  bool sent(std::uint64_t n, TimePoint date) const {
    if (date >= begin + load.ramp) return true;
    Engine draw = (load.key / "ramp").engine_for(n);
    return uniform01(draw) < (date - begin) / load.ramp;
  }
  /// Who sends the n-th of them, if they are abusers.
  std::optional<std::uint64_t> abuser(std::uint64_t n) const {
    if (load.users.empty()) return std::nullopt;
    Engine draw = (load.key / "user").engine_for(n);
    return load.users[uniform_below(draw, load.users.size())];
  }
};

world::Alteration Clients::add(world::Load load) {
  const auto extra = std::make_shared<Extra>(Extra{.load = std::move(load), .arrivals = nullptr});
  const StreamKey& key = extra->load.key;
  const auto* times = std::get_if<world::TimesOwn>(&extra->load.rate);
  extra->arrivals = times != nullptr
                        ? make_extra_arrivals(config_.arrivals, key_, times->times, key / "arrivals")
                        : make_arrivals(Poisson{std::get<Rate>(extra->load.rate)}, key);
  if (!extra->arrivals) return {};
  extra->begin = world_.now();
  extra->arrivals->begin_at(extra->begin);
  // By the load's own stream, so that its requests are the same whatever other loads there are.
  std::uint64_t name = key.hash() >> (64 - kExtraLoadBits);
  while (!extras_.insert(name).second) name = (name + 1) % (1ULL << kExtraLoadBits);
  extra->first = kExtra + (name << kRequestsPerExtraBits);
  scope_.spawn(extra_loop(extra));
  return world::Alteration([extra] { extra->over = true; });
}

world::Task<> Clients::extra_loop(std::shared_ptr<Extra> extra) {
  for (std::uint64_t n = 0;; ++n) {
    const auto sent = extra->arrivals->next();
    if (!sent) co_return;
    co_await world::Sleep(world_.scheduler(), *sent);
    if (sends_no_more_ || extra->over) co_return;
    if (extra->sent(n, *sent))
      scope_.spawn(whole_request(make_request(extra->first + n, *sent, extra->abuser(n))));
  }
}

world::Task<> Clients::closed_user(std::int64_t user) {
  const auto& closed = std::get<Closed>(config_.arrivals);
  std::uint64_t number = static_cast<std::uint64_t>(user) << kRequestsPerUserBits;
  while (true) {
    Engine draw = think_key_.engine_for(number);
    co_await world::Sleep(world_.scheduler(), closed.think_time.sample(draw));
    if (sends_no_more_) co_return;
    const TimePoint sent = world_.now();
    co_await whole_request(make_request(number++, sent));
    if (world_.now() == sent) co_await world::Turn(world_.scheduler());
  }
}

world::Task<> Clients::whole_request(calls::RequestPtr request) {
  return persistent() ? persistent_request(std::move(request)) : one_request(std::move(request));
}

world::Task<> Clients::one_request(calls::RequestPtr request) {
  Visit visit(*this, request);
  calls::Span span = client_span(*request, metrics::Step::attempt, 0);
  const auto outcome = co_await attempt(request, 0, nullptr);
  span.end(text(outcome, *request));
  if (!outcome)
    visit.end(ending_of(outcome.failure()), 0);
  else
    visit.end(ending_of(*outcome, *request), outcome->renditions);
}

/// Until its deadline, as often as the scenario says.
world::Task<> Clients::persistent_request(calls::RequestPtr request) {
  Visit visit(*this, request);
  Attempts attempts(*this, request);
  const calls::Retries retries(retry_, budget_ ? &*budget_ : nullptr, world_.now(), request->deadline);
  const auto outcome = co_await calls::in_attempts<calls::Answer>(
      world_.scheduler(), retries, backoff_key_.engine_for(request->number), attempts);
  if (outcome)
    visit.end(ending_of(*outcome, *request), outcome->renditions);
  else
    visit.end(ending_of(outcome.failure()), 0);
}

world::Task<> Clients::one_of(Attempts* attempts, int number, calls::RequestPtr request) {
  const auto outcome = co_await attempt(std::move(request), number, attempts);
  attempts->ended(number, outcome);
}

Outcome<bool> Clients::needs_connection(const calls::Request& request, int attempt) const {
  if (!config_.connections) return false;
  world::Access access{.reuse = config_.connections->reuse.value};
  if (!access_.empty()) access_.apply(access);
  Engine draw = calls::engine_for_attempt(connection_key_, request.number, attempt);
  if (uniform01(draw) < access.reuse) return false;
  if (access.names < 1) {
    Engine look_up = calls::engine_for_attempt(name_key_, request.number, attempt);
    if (uniform01(look_up) >= access.names) return Failure::dns_failed;
  }
  return true;
}

world::Task<Outcome<calls::Answer>> Clients::attempt(calls::RequestPtr request, int number, Attempts* all) {
  world::Scheduler& scheduler = world_.scheduler();
  world::Network& network = world_.network();
  if (parts_.authenticator != nullptr && !parts_.authenticator->known(*request)) {
    const calls::Span span = client_span(*request, metrics::Step::auth, number);
    if (const auto refusal = co_await parts_.authenticator->ask(request, request->deadline))
      co_return scheduler.now() < request->deadline ? *refusal : Failure::timeout;
  }

  if (parts_.entrance == nullptr) {
    if (!sink_->session) co_return calls::Answer{request->renditions};
    const calls::GatherPtr gather(new calls::Gather(request->renditions));
    for (std::int64_t r = 0; r < request->renditions; ++r)
      sink_->session->dispatch({request, r, origin(), gather, request->deadline, number});
    co_await calls::Gather::Wait(*gather, scheduler, request->deadline);
    if (gather->complete()) co_return calls::Answer{request->renditions};
    co_return gather->all_ended() ? gather->failure() : Failure::timeout;
  }

  const Outcome<bool> opens = needs_connection(*request, number);
  if (!opens) co_return opens.failure();
  const bool fresh = *opens;
  auto use = parts_.entrance->take(*request, number);
  if (!use) co_return use.failure();
  const calls::Endpoint server = use->at();
  const world::Route there{world::kClients, server.host};
  const world::Route back{server.host, world::kClients};
  if (fresh) {
    // TCP, then TLS 1.3: a round trip each before the request can be sent.
    const Duration round_trip = network.latency(there) + network.latency(back);
    const calls::Span span = client_span(*request, metrics::Step::connect, number);
    co_await world::Sleep(scheduler, round_trip * 2);
  }
  calls::Call<calls::Answer> call(scheduler, request->deadline);
  if (all != nullptr) all->note_slot(number, call.slot());
  const Bytes size = parts_.entrance->head_first ? calls::kControl : request->image + calls::kControl;
  calls::send_request(network, call, server, there, back, size, request, fresh, number);
  const auto outcome = co_await call;
  use->end(calls::verdict_of(outcome));
  co_return outcome;
}

void Clients::count(const calls::Request& request, Ending ending, std::int64_t renditions) {
  const auto e = static_cast<std::size_t>(ending);
  const TimePoint sent = request.sent;
  endings_[e].add(request.batch);
  ending_series_[e]->add(sent);
  if (parts_.reports_others && !request.abusive) {
    others_offered_.add(request.batch);
    others_offered_series_->add(sent);
    if (request.answered) others_answered_.add(request.batch);
    if (request.answered) others_answered_series_->add(sent);
  }
  if (!request.answered) {
    if (!torn_down_) latency_series_.close(sent);
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

void Clients::end_trace(calls::Request& request, Ending ending) {
  const TimePoint now = world_.now();
  const auto latency = request.answered ? std::optional(now - request.sent) : std::nullopt;
  metrics::TracedRequest::About* about = tracer_->ended(request.trace, request.number, latency);
  if (about == nullptr) return;
  about->number = request.number;
  about->user = request.user;
  about->sent = request.sent;
  about->ended = now;
  about->outcome = literal(ending);
  about->answered = request.answered;
  about->image_bytes = request.image.count();
  about->renditions = request.renditions;
  about->delivered = request.delivered;
}

world::Task<> Clients::probe_regularly() {
  for (std::uint64_t k = 0;; ++k) {
    const TimePoint sent = TimePoint::at(*config_.probe * static_cast<std::int64_t>(k));
    co_await world::Sleep(world_.scheduler(), sent);
    if (sends_no_more_) co_return;
    calls::RequestPtr request(new calls::Request);
    request->number = kProbes + k;
    request->probe = true;
    request->sent = sent;
    request->deadline = sent + config_.deadline.value_or(*config_.probe);
    if (config_.image_bytes) {
      request->image = kProbeImage;
      request->rendition_share = config_.rendition_bytes.value;
    }
    scope_.spawn(probe(std::move(request)));
  }
}

world::Task<> Clients::probe(calls::RequestPtr request) {
  const int batch = window_.batch(request->sent);
  const auto outcome = co_await attempt(request, 0, nullptr);
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
  results.total(metric::kOffered, offered_);
  results.total(metric::kAnswered, answered);
  results.total(metric::kComplete, in(Ending::complete));
  results.total(metric::kPartial, in(Ending::partial));
  results.total(metric::kFailed, failed);
  const metrics::BatchSum& attempts = persistent() ? attempts_ : offered_;  // or an attempt is a request
  const auto& attempt_endings = persistent() ? attempt_endings_ : endings_;
  results.total(metric::kAttempts, attempts);
  results.ratio(metric::kRetryAmplification, attempts, offered_, 1, metrics::Range::at_least_one);
  for (std::size_t e = 0; e < kEndings.size(); ++e) results.total(metric::kOutcomes[e], endings_[e]);
  for (std::size_t e = 0; e < kEndings.size(); ++e)
    results.total(metric::kAttemptEndings[e], attempt_endings[e]);
  results.share(metric::kYield, answered, offered_);
  if (parts_.reports_others) results.share(metric::kOthersYield, others_answered_, others_offered_);
  results.mean(metric::kHarvest, harvest_, 1, metrics::Range::share);
  results.share(metric::kDq, harvest_, offered_);
  if (config_.probe) results.share(metric::kUptime, probes_up_, probes_);
  results.rate(metric::kThroughputRps, answered);
  const auto latencies = [&results](const metric::Latency& names, const metrics::BatchHistogram& h) {
    results.mean(names.mean, h, 1e-6);
    for (std::size_t q = 0; q < names.quantiles.size(); ++q)
      results.quantile(names.quantiles[q], h, metric::kLatencyQuantiles[q], 1e-6);
    results.maximum(names.max, h, 1e-6);
  };
  latencies(metric::kLatency, latency_);
  if (parts_.only_below) latencies(metric::kOnlyLatency, only_latency_);
  results.latency("all", latency_);
  if (config_.image_bytes || trace_ != nullptr)
    for (std::size_t c = 0; c < kSizeClasses; ++c) results.latency(kSizeNames[c], latency_by_size_[c]);
  results.invariant("Little's law: clients", station_.holds(world_.now()), station_.entered());
  std::int64_t sum = 0;
  for (const auto& ending : endings_) sum += ending.total() + ending.outside();
  results.invariant("outcomes sum to offered", sum == all_offered_, all_offered_,
                    std::to_string(sum) + " outcomes of " + std::to_string(all_offered_) + " requests");
  if (!persistent()) return;
  const std::int64_t started = attempts_.total() + attempts_.outside();
  std::int64_t ended = 0;
  for (const auto& ending : attempt_endings_) ended += ending.total() + ending.outside();
  results.invariant("each attempt has exactly one ending", ended == started, started,
                    std::to_string(ended) + " endings of " + std::to_string(started) + " attempts");
}

}  // namespace headroom::client
