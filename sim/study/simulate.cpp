#include "sim/study/simulate.h"

#include <algorithm>
#include <memory>
#include <string>

#include "sim/base/random.h"
#include "sim/invariants/request_ledger.h"
#include "sim/metrics/journal.h"
#include "sim/metrics/series.h"
#include "sim/study/deployment.h"
#include "sim/world/world.h"

namespace headroom::study {
namespace {

/// How often progress is told, in shares of the run.
constexpr int kProgressSteps = 200;
/// How long the last usage records may take to be billed when everything else is over.
constexpr Duration kSettle = Duration::s(60);

class Ledger final : public client::RequestWatch {
 public:
  void offered(std::uint64_t number) override { ledger_.offered(number); }
  void ended(std::uint64_t number) override { ledger_.ended(number); }
  const invariants::RequestLedger& ledger() const { return ledger_; }

 private:
  invariants::RequestLedger ledger_;
};

/// `quiet`: nobody waits or works any more, so nothing may be in flight that should have arrived.
void check_messages(const world::NetworkCounts& c, std::uint64_t in_flight, bool quiet,
                    metrics::ResultBuilder& results) {
  const bool holds = c.sent == c.received + c.lost + c.refused + in_flight && (in_flight == 0 || !quiet);
  results.invariant("messages sent = received + lost + refused", holds, static_cast<std::int64_t>(c.sent),
                    holds ? ""
                          : std::to_string(c.sent) + " sent, " + std::to_string(c.received) + " received, " +
                                std::to_string(c.lost) + " lost, " + std::to_string(c.refused) +
                                " refused, " + std::to_string(in_flight) + " in flight");
}

}  // namespace

metrics::Window window_of(const ScenarioConfig& scenario) {
  return {TimePoint::at(scenario.run.warmup), scenario.run.duration};
}

metrics::ReplicationResult simulate(const ScenarioConfig& scenario, int replication,
                                    const std::function<void(double)>& progress) {
  const metrics::Window window = window_of(scenario);
  const Duration drain = scenario.run.drain;
  const StreamKey key =
      StreamKey(static_cast<std::uint64_t>(scenario.seed)) / "replication" / std::to_string(replication);

  Ledger ledger;
  metrics::Series series(window.end().since_start() + drain * 2 + kSettle);
  auto world = std::make_unique<world::World>(scenario.platform, key / "platform");
  auto deployment = std::make_unique<Deployment>(scenario, *world, key, window, series, &ledger);
  client::Clients& clients = deployment->clients();
  metrics::Journal journal;

  deployment->start();
  const Duration step = std::max(Duration::ns(1), window.end().since_start() / kProgressSteps);
  for (TimePoint t = TimePoint::at(step);; t = std::min(t + step, window.end())) {
    world->run_until(t);
    if (progress) progress(t.since_start() / window.end().since_start());
    if (t >= window.end()) break;
  }
  journal.record(window.begin(), "window begins", "run");
  journal.record(window.end(), "window ends", "run");
  // Arrivals go on while the measured requests drain; then they end, and all is let go empty, so that books
  // can be balanced from empty to empty.
  world->run_until(window.end() + drain, [&] { return clients.measured_open() == 0; });
  const TimePoint drained = world->now();
  journal.record(drained, "drained", "run", {{"unfinished", clients.measured_open()}});
  clients.stop();
  world->run_until(world->now() + drain, [&] { return clients.open() == 0 && deployment->idle(); });
  deployment->flush();
  const bool quiet = clients.open() == 0 && deployment->idle();
  const auto over = [&] { return deployment->settled() && (!quiet || world->network().in_flight() == 0); };
  world->run_until(world->now() + kSettle, over);

  const TimePoint end = world->now();
  deployment->stop();
  metrics::ResultBuilder results(window);
  deployment->report(results);
  results.invariant("each offered request has exactly one outcome", ledger.ledger().holds(),
                    ledger.ledger().checked(), ledger.ledger().detail());
  check_messages(world->network().counts(), world->network().in_flight(), quiet, results);
  results.bookkeeping(static_cast<std::int64_t>(world->scheduler().fired()), end.since_start());
  results.series(series.finish(end));
  results.journal(journal);
  world.reset();
  return std::move(results).build();
}

}  // namespace headroom::study
