#include "models/usage/aggregator.h"

#include <algorithm>
#include <utility>

#include "models/usage/usage.h"

namespace headroom::usage {
namespace {

/// How long one put may try, and the pause after one that failed: doubled each time, up to the longest, of
/// which a random half is waited (many servers wait for the same store). No request waits for it: each batch
/// is shipped by a task of its own, and what it coordinates has time-outs that are keys (usage.store).
constexpr Duration kPut = Duration::s(10);
constexpr Duration kFirstPause = Duration::ms(500);
constexpr Duration kLongestPause = Duration::s(10);

}  // namespace

Aggregator::Aggregator(Pipeline& pipeline, world::Process& server, BatchLog& log)
    : pipeline_(pipeline),
      server_(server),
      log_(log),
      jitter_((pipeline.key() / server.host().name()).engine_for(server.host().boots())) {
  world::Scope& scope = server_.scope();
  for (const auto& [key, batch] : log_.unconfirmed()) scope.spawn(ship(this, batch));
  if (log_.journalled()) scope.spawn(commit(this));
  scope.spawn(flush_regularly(this));
  if (pipeline_.config().cold_storage) scope.spawn(ship_raw_regularly(this));
}

Aggregator::~Aggregator() {
  log_.crash();
  pipeline_.gone(*this);
}

void Aggregator::converted(const calls::Job& job) {
  if (job.request->probe) {  // billed to nobody
    job.gather->done(job.rendition);
    return;
  }
  const UsageConfig& config = pipeline_.config();
  const std::int64_t period = pipeline_.period(server_.host().local_time());
  pipeline_.audit().metered(job, period != pipeline_.period(server_.host().scheduler().now()));
  log_.append({job.request->conversion(job.rendition), period});
  if (log_.journalled()) {
    pending_.push_back({job.gather, job.rendition,
                        calls::Span(job.request->trace, metrics::Step::metering, server_.host().id(),
                                    job.attempt, job.rendition)});
    appended_.notify_one();
  } else {
    job.gather->done(job.rendition);
  }
  if (log_.open() >= config.aggregator.max_records) flush();
}

void Aggregator::flush() {
  log_.cut();
  appended_.notify_one();
  ship_formed();
}

void Aggregator::ship_formed() {
  for (ItemPtr& batch : log_.take_formed()) server_.scope().spawn(ship(this, std::move(batch)));
}

world::Task<> Aggregator::commit(Aggregator* self) {
  BatchLog& log = self->log_;
  world::Host& host = self->server_.host();
  std::vector<Pending> written;
  while (true) {
    while (log.end() == log.safe()) co_await self->appended_.wait(host.scheduler());
    const std::uint64_t end = log.end();
    std::swap(written, self->pending_);
    co_await host.disk().write(
        Bytes(static_cast<std::int64_t>(end - log.safe()) * log.record_bytes().count()));
    co_await host.disk().fsync();
    log.make_safe(end);
    for (const Pending& p : written) p.gather->done(p.rendition);
    written.clear();
    self->ship_formed();
  }
}

world::Task<> Aggregator::flush_regularly(Aggregator* self) {
  while (true) {
    co_await world::Sleep(self->server_.host().scheduler(), self->pipeline_.config().aggregator.flush_every);
    self->flush();
  }
}

world::Task<> Aggregator::ship(Aggregator* self, ItemPtr batch) {
  world::Host& host = self->server_.host();
  Duration pause = kFirstPause;
  while (!co_await self->pipeline_.store().put(host.id(), batch, host.scheduler().now() + kPut)) {
    const double share = uniform01(self->jitter_);
    co_await world::Sleep(host.scheduler(), pause * (1 + share) / 2);
    pause = std::min(pause * 2, kLongestPause);
  }
  if (self->log_.confirm(batch->key)) self->pipeline_.audit().stored(*batch);
}

void Aggregator::ship_raw() {
  server_.scope().spawn(ship_raw_records(this));
}

world::Task<> Aggregator::ship_raw_records(Aggregator* self) {
  co_await world::Sleep(self->server_.host().scheduler(), self->pipeline_.config().cold_storage->latency);
  self->pipeline_.keep(self->log_.take_raw());
}

world::Task<> Aggregator::ship_raw_regularly(Aggregator* self) {
  while (true) {
    co_await world::Sleep(self->server_.host().scheduler(),
                          self->pipeline_.config().cold_storage->ship_every);
    co_await ship_raw_records(self);
  }
}

}  // namespace headroom::usage
