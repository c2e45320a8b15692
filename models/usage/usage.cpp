#include "models/usage/usage.h"

#include <algorithm>
#include <utility>

#include "models/usage/metrics.h"

namespace headroom::usage {
namespace {

/// When all is over: how long batches may take to reach the store, and the last bill to be computed. Nothing
/// is measured any more but the bill.
constexpr Duration kLastShipping = Duration::s(25);
constexpr Duration kLastBill = Duration::s(30);
constexpr Duration kPoll = Duration::ms(100);

/// Stafford's variant 13 of the MurmurHash3 finaliser: neighbouring numbers go to different shards.
std::uint64_t spread(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace

Pipeline::Pipeline(const UsageConfig& config, const calls::Environment& env, const Hosts& hosts,
                   StreamKey key, BooksCheck* check)
    : config_(config),
      world_(env.world),
      journal_(env.journal),
      key_(key),
      store_(config.store, env, hosts.store, key / "store"),
      audit_(env, check),
      bill_(config.billing, config.idempotency, store_.shards(), audit_),
      billing_(config.billing, env, store_, hosts.billing, key / "billing") {}

Pipeline::~Pipeline() = default;

std::unique_ptr<Aggregator> Pipeline::aggregator(world::Process& server) {
  const world::HostId host = server.host().id();
  std::unique_ptr<BatchLog>& log = logs_[host.value];
  // All records of a job meet in one shard.
  const auto shard_of = [this](const Record& record) {
    return store_.shard_of(spread(record.conversion->job));
  };
  if (!log)
    log = std::make_unique<BatchLog>(static_cast<int>(host.value), config_.record_bytes,
                                     config_.aggregator.journal,
                                     config_.cold_storage && config_.cold_storage->replay, shard_of);
  auto aggregator = std::make_unique<Aggregator>(*this, server, *log);
  aggregators_.push_back(aggregator.get());
  return aggregator;
}

void Pipeline::gone(const Aggregator& aggregator) {
  aggregators_.erase(std::find(aggregators_.begin(), aggregators_.end(), &aggregator));
}

std::int64_t Pipeline::period(TimePoint date) const {
  const std::int64_t ns = date.since_start().count_ns();
  const std::int64_t length = config_.billing.every.count_ns();
  return ns / length - (ns % length < 0);
}

void Pipeline::start() {
  store_.start();
  scope_.spawn(work());
  if (config_.report) scope_.spawn(report_regularly());
}

void Pipeline::wind_down() {
  winding_down_ = true;
  store_.wind_down();
  for (Aggregator* aggregator : aggregators_) aggregator->flush();
  winding_down_begins_.notify_all();
}

void Pipeline::tear_down() {
  scope_.clear();
  store_.tear_down();
  audit_.close(bill_);
}

bool Pipeline::shipped() const {
  return std::all_of(logs_.begin(), logs_.end(), [](const auto& log) { return log.second->empty(); });
}

void Pipeline::keep(const std::vector<ItemPtr>& raw) {
  for (const ItemPtr& batch : raw) {
    cold_.emplace(batch->key, batch);
    billed_not_cold_.erase(batch->key);
  }
}

world::Task<> Pipeline::work() {
  world::Scheduler& scheduler = world_.scheduler();
  const auto& replay_config = config_.cold_storage ? config_.cold_storage->replay : std::nullopt;
  TimePoint replay_at = TimePoint::never();
  if (replay_config)
    if (const auto* at = std::get_if<ReplayAt>(&*replay_config)) replay_at = TimePoint::at(at->date);
  while (!winding_down_) {
    const TimePoint now = scheduler.now();
    const std::int64_t ending = std::max<std::int64_t>(0, period(now - config_.billing.delay));
    const TimePoint next_bill = TimePoint::at(config_.billing.every * (ending + 1)) + config_.billing.delay;
    const TimePoint next = std::min(next_bill, replay_at);
    if (co_await winding_down_begins_.wait(scheduler, next)) break;
    if (next == replay_at) {
      replay_at = TimePoint::never();
      co_await replay();
    } else {
      co_await bill(next + config_.billing.every);
    }
  }
  const TimePoint latest = scheduler.now() + kLastShipping;
  while (!shipped() && scheduler.now() < latest) co_await world::Sleep(scheduler, kPoll);
  co_await bill(scheduler.now() + kLastBill);
  if (replay_config && std::holds_alternative<ReplayAtEnd>(*replay_config)) co_await replay();
  wound_down_ = true;
}

world::Task<> Pipeline::bill(TimePoint until) {
  const std::int64_t ended = period(world_.now() - config_.billing.delay) - 1;
  const MappedShards shards = co_await billing_.run(until);
  const TimePoint now = world_.now();
  for (const auto& items : shards) {
    if (!items) continue;
    for (const ItemPtr& batch : *items) {
      const bool added = bill_.add(batch, now);
      const bool replayable = config_.cold_storage && config_.cold_storage->replay;
      if (added && replayable && !cold_.contains(batch->key)) billed_not_cold_.emplace(batch->key, batch);
      store_.forget(batch->key);
    }
  }
  bill_.close(ended);
}

world::Task<> Pipeline::replay() {
  world::Scheduler& scheduler = world_.scheduler();
  const TimePoint began = scheduler.now();
  for (Aggregator* aggregator : aggregators_) aggregator->ship_raw();
  co_await world::Sleep(scheduler, config_.cold_storage->latency * 2);
  std::int64_t records = 0;
  for (const auto& [key, batch] : cold_) records += static_cast<std::int64_t>(batch->records.size());
  co_await world::Sleep(scheduler, config_.billing.cpu_per_record * records / billing_.cores());
  auto batches = cold_;
  batches.insert(billed_not_cold_.begin(), billed_not_cold_.end());
  bill_.rebuild(batches, scheduler.now());
  journal_.record(scheduler.now(), "replay", "usage",
                  {{"records", records}, {"took_s", (scheduler.now() - began).seconds()}});
}

world::Task<> Pipeline::report_regularly() {
  world::Scheduler& scheduler = world_.scheduler();
  while (true) {
    co_await world::Sleep(scheduler, config_.report->every);
    const TimePoint until = scheduler.now() + config_.report->timeout;
    const auto answers = std::make_shared<std::int64_t>(0);
    for (int shard = 0; shard < store_.shards(); ++shard) scope_.spawn(ask(answers, shard, until));
    co_await world::Sleep(scheduler, until);
    ++reports_;
    report_answers_ += *answers;
  }
}

world::Task<> Pipeline::ask(std::shared_ptr<std::int64_t> answers, int shard, TimePoint until) {
  const world::Host* host = billing_.live_host();
  if (host == nullptr) co_return;
  if (co_await store_.scan(host->id(), shard, 0, until)) ++*answers;
}

void Pipeline::report(metrics::ResultBuilder& results) const {
  audit_.report(results);
  billing_.report(results);
  store_.report(results);
  results.single(metric::kLateRecords, static_cast<double>(bill_.late_records()));
  results.single(metric::kInvoices, static_cast<double>(bill_.invoices()));
  results.single(metric::kInvoicedUsd, bill_.amount().usd());
  if (config_.report)
    results.single(metric::kReportHarvest,
                   reports_ == 0 ? std::nullopt
                                 : std::optional(static_cast<double>(report_answers_) /
                                                 static_cast<double>(reports_ * store_.shards())));
}

}  // namespace headroom::usage
