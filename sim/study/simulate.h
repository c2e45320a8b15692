#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "models/client/client.h"
#include "sim/base/check.h"
#include "sim/faults/injector.h"
#include "sim/invariants/request_ledger.h"
#include "sim/metrics/healing.h"
#include "sim/metrics/journal.h"
#include "sim/metrics/result.h"
#include "sim/metrics/series.h"
#include "sim/metrics/tracer.h"
#include "sim/metrics/window.h"
#include "sim/study/availability.h"
#include "sim/study/deployment.h"
#include "sim/study/scenario.h"
#include "sim/study/standstill.h"
#include "sim/world/world.h"

namespace headroom::study {

/// The measured window of a scenario.
metrics::Window window_of(const ScenarioConfig& scenario);

/// One replication: the hardware, what runs on it, and the phases of a run. It may be abandoned at any
/// moment.
class Replication {
 public:
  /// `number` counts from 0. The scenario must have passed its checks and outlive the replication. `watch`
  /// sees the requests, too; `tracer` traces those of the window. Both outlive the replication.
  Replication(const ScenarioConfig& scenario, int number, client::RequestWatch* watch = nullptr,
              metrics::Tracer* tracer = nullptr);
  Replication(const Replication&) = delete;
  Replication& operator=(const Replication&) = delete;
  ~Replication();

  world::World& world() { return *world_; }

  /// Begins, if it has not begun, and stops in the middle. Throws TimeStandsStill, as `finish` does, if time
  /// does not advance.
  void run_until(TimePoint date);
  /// Runs to the end: warm-up, window; drain, while arrivals go on until each request of the window has its
  /// outcome; then no more arrivals, all is let go empty, and the last usage records are billed. Once only.
  /// `progress` is told, now and then, the share of simulated time that is done.
  metrics::ReplicationResult finish(const std::function<void(double)>& progress = {});

 private:
  /// Sees every request for the invariant, and lets another one see it.
  class Watch final : public client::RequestWatch {
   public:
    explicit Watch(client::RequestWatch* next) : next_(next) {}
    void offered(std::uint64_t number) override;
    void ended(std::uint64_t number) override;
    const invariants::RequestLedger& ledger() const { return ledger_; }

   private:
    invariants::RequestLedger ledger_;
    client::RequestWatch* next_;
  };
  class Now final : public Underway {
   public:
    explicit Now(const Replication& of) : of_(of) {}
    void write(std::FILE* to) const override;

   private:
    const Replication& of_;
  };
  void begin();
  void tear_down();
  void run_in_steps(TimePoint end, const std::function<void(double)>& progress);
  void report_healing(const metrics::SeriesTable& series, metrics::ResultBuilder& results) const;
  std::int64_t living_processes() const;
  metrics::ReplicationResult report();

  const ScenarioConfig& scenario_;
  int number_;
  metrics::Window window_;
  metrics::Series series_;
  metrics::Journal journal_;
  Watch watch_;
  std::unique_ptr<world::World> world_;
  metrics::Tracer* tracer_;
  std::unique_ptr<Deployment> deployment_;
  Standstill standstill_;
  Availability availability_;
  std::unique_ptr<faults::Injector> injector_;  ///< none: nothing goes wrong
  std::optional<metrics::Trouble> trouble_;     ///< there was, and it was over before the window was
  std::int64_t processes_ = 0;                  ///< that live, at the start
  std::int64_t starting_ = 0;                   ///< those of them that do not at the end of the window
  bool begun_ = false;
  bool torn_down_ = false;
  Now underway_;
};

/// Runs one replication (counted from 0): a pure function of the scenario and the number. At most one call
/// per process if the platform's network has bandwidth limits.
metrics::ReplicationResult simulate(const ScenarioConfig& scenario, int replication,
                                    const std::function<void(double)>& progress = {});

/// The same, with the course of some of its requests. Tracing changes nothing in the result.
struct Traced {
  metrics::ReplicationResult result;
  metrics::Trace trace;
};
Traced simulate_traced(const ScenarioConfig& scenario, int replication,
                       const std::function<void(double)>& progress = {});

}  // namespace headroom::study
