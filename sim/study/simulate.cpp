#include "sim/study/simulate.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sim/base/random.h"
#include "sim/invariants/message_balance.h"
#include "sim/study/catalogue.h"
#include "sim/study/metrics.h"

namespace headroom::study {
namespace {

/// How often progress is told, in shares of the run.
constexpr int kProgressSteps = 200;
/// How long the last usage records may take to be billed when everything else is over.
constexpr Duration kSettle = Duration::s(60);

StreamKey key_of(const ScenarioConfig& scenario, int replication) {
  return StreamKey(static_cast<std::uint64_t>(scenario.seed)) / "replication" / std::to_string(replication);
}

void check_messages(const world::Network& network, metrics::ResultBuilder& results) {
  const world::NetworkCounts& c = network.counts();
  const world::InFlight f = network.in_flight();
  const invariants::MessageBalance balance{c.sent, c.received, c.lost, c.refused, f.under_way, f.stranded};
  results.invariant("messages sent = received + lost + refused + in flight", balance.holds(),
                    static_cast<std::int64_t>(c.sent), balance.detail());
}

}  // namespace

metrics::Window window_of(const ScenarioConfig& scenario) {
  return {TimePoint::at(scenario.run.warmup), scenario.run.duration};
}

void Replication::Watch::offered(std::uint64_t number) {
  ledger_.offered(number);
  if (next_ != nullptr) next_->offered(number);
}
void Replication::Watch::ended(std::uint64_t number) {
  ledger_.ended(number);
  if (next_ != nullptr) next_->ended(number);
}

Replication::Replication(const ScenarioConfig& scenario, int number, client::RequestWatch* watch,
                         metrics::Tracer* tracer)
    : scenario_(scenario),
      number_(number),
      window_(window_of(scenario)),
      series_(window_.end().since_start() + scenario.run.drain * 2 + kSettle),
      watch_(watch),
      world_(std::make_unique<world::World>(scenario.platform, key_of(scenario, number) / "platform")),
      tracer_(tracer),
      deployment_(std::make_unique<Deployment>(
          scenario, calls::Environment{*world_, window_, series_, journal_, tracer}, key_of(scenario, number),
          &watch_)),
      standstill_(scenario, *world_, deployment_->clients(), deployment_->queue()),
      availability_(scenario.watch, *world_, window_, series_),
      underway_(*this) {
  if (tracer_ != nullptr) tracer_->start(world_->scheduler().clock());
  world_->scheduler().when_crowded(Standstill::kEvents, [this] { standstill_.alarm(); });
  if (!scenario.faults.empty())
    injector_ = std::make_unique<faults::Injector>(scenario.faults, *world_, *deployment_, journal_,
                                                   key_of(scenario, number) / "faults");
}

void Replication::Now::write(std::FILE* to) const {
  const double now = of_.world_ ? of_.world_->now().since_start().seconds() : 0;
  std::fprintf(to, "at %.9f s of replication %d of %s, seed %lld", now, of_.number_ + 1,
               of_.scenario_.scenario.c_str(), static_cast<long long>(of_.scenario_.seed));
}

Replication::~Replication() {
  tear_down();
  world_.reset();
}

void Replication::begin() {
  if (std::exchange(begun_, true)) return;
  deployment_->start();
  if (injector_) injector_->start(window_.end(), window_.end() + scenario_.run.drain * 2 + kSettle * 2);
}

void Replication::tear_down() {
  if (std::exchange(torn_down_, true)) return;
  deployment_->tear_down();
  if (tracer_ != nullptr) tracer_->stop();
  if (injector_) trouble_ = injector_->trouble();
  injector_.reset();
}

void Replication::run_until(TimePoint date) {
  begin();
  world_->run_until(date);
}

void Replication::run_in_steps(TimePoint end, const std::function<void(double)>& progress) {
  const Duration step = std::max(Duration::ns(1), window_.end().since_start() / kProgressSteps);
  while (world_->now() < end) {
    world_->run_until(std::min(world_->now() + step, end));
    if (progress) progress(world_->now().since_start() / window_.end().since_start());
  }
}

metrics::ReplicationResult Replication::finish(const std::function<void(double)>& progress) {
  const Duration drain = scenario_.run.drain;
  client::Clients& clients = deployment_->clients();
  begin();
  world_->run_until(world_->now());
  processes_ = living_processes();
  run_in_steps(window_.begin(), progress);
  journal_.record(window_.begin(), "window begins", "run");
  run_in_steps(window_.end(), progress);
  starting_ = std::max<std::int64_t>(0, processes_ - living_processes());
  journal_.record(window_.end(), "window ends", "run");
  // Arrivals go on while the measured requests drain; then they end, and all is let go empty, so that books
  // can be balanced from empty to empty.
  world_->run_until(window_.end() + drain, [&] { return clients.measured_open() == 0; });
  journal_.record(world_->now(), "drained", "run", {{"unfinished", clients.measured_open()}});
  clients.send_no_more();
  world_->run_until(world_->now() + drain, [&] { return clients.open() == 0 && deployment_->idle(); });
  deployment_->wind_down();
  world_->run_until(world_->now() + kSettle, [&] { return deployment_->wound_down(); });
  tear_down();
  return report();
}

std::int64_t Replication::living_processes() const {
  std::int64_t count = 0;
  for (const auto& host : world_->hosts())
    for (const auto& slot : host->slots()) count += slot->get() != nullptr ? 1 : 0;
  return count;
}

void Replication::report_healing(const metrics::SeriesTable& series, metrics::ResultBuilder& results) const {
  if (!trouble_) return;
  const metrics::Healing h = metrics::healing(series, window_, *trouble_);
  results.single(metric::kHealS, h.took ? std::optional(h.took->seconds()) : std::nullopt);
  results.single(metric::kHealWatchedS, h.watched ? std::optional(h.watched->seconds()) : std::nullopt);
  results.single(metric::kHealStarting, static_cast<double>(starting_));
}

metrics::ReplicationResult Replication::report() {
  const TimePoint end = world_->now();
  metrics::ResultBuilder results(window_);
  deployment_->report(results);
  availability_.report(results);
  results.invariant("each offered request has exactly one outcome", watch_.ledger().holds(),
                    watch_.ledger().checked(), watch_.ledger().detail());
  check_messages(world_->network(), results);
  results.bookkeeping(static_cast<std::int64_t>(world_->scheduler().fired()), end.since_start());
  metrics::SeriesTable series = series_.finish(end);
  report_healing(series, results);
  results.series(std::move(series));
  results.journal(journal_);
  results.uses(deployment_->uses());
  metrics::ReplicationResult result = std::move(results).build();
  check_catalogued(result);
  return result;
}

metrics::ReplicationResult simulate(const ScenarioConfig& scenario, int replication,
                                    const std::function<void(double)>& progress) {
  return Replication(scenario, replication).finish(progress);
}

Traced simulate_traced(const ScenarioConfig& scenario, int replication,
                       const std::function<void(double)>& progress) {
  metrics::Tracer tracer(key_of(scenario, replication) / "trace");
  Replication run(scenario, replication, nullptr, &tracer);
  Traced traced{run.finish(progress), tracer.take()};
  traced.trace.hosts = {"clients"};
  for (const world::Topology::Member& host : run.world().topology().hosts())
    traced.trace.hosts.push_back(host.name);
  return traced;
}

}  // namespace headroom::study
