#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/calls/authenticator.h"
#include "models/calls/entrance.h"
#include "models/calls/environment.h"
#include "models/calls/job.h"
#include "models/calls/request.h"
#include "models/calls/retry.h"
#include "models/calls/service.h"
#include "models/client/arrivals.h"
#include "models/client/config.h"
#include "sim/metrics/batches.h"
#include "sim/metrics/histogram.h"
#include "sim/metrics/result.h"
#include "sim/metrics/series.h"
#include "sim/metrics/station.h"
#include "sim/metrics/window.h"
#include "sim/world/alteration.h"
#include "sim/world/task.h"
#include "sim/world/traffic.h"
#include "sim/world/world.h"

namespace headroom::client {

/// What became of a request; each has exactly one (SPEC §4).
enum class Ending {
  complete,
  partial,
  dns_failed,
  refused,
  unreachable,
  rejected,
  denied,
  error,
  died,
  late,
  lost,
  unfinished
};
inline constexpr std::array<std::string_view, 12> kEndings = {
    "complete", "partial", "dns_failed", "refused", "unreachable", "rejected",
    "denied",   "error",   "died",       "late",    "lost",        "unfinished"};

/// Sees every request begin and end, and shares no code with what counts them.
class RequestWatch {
 public:
  virtual ~RequestWatch() = default;
  virtual void offered(std::uint64_t number) = 0;
  virtual void ended(std::uint64_t number) = 0;
};

/// All clients of the service: they send requests, wait, and count what becomes of them. They live outside
/// the region; an open loop does not slow down because the service does.
class Clients final : public world::Traffic {
 public:
  struct Parts {
    const calls::Entrance* entrance = nullptr;  ///< null: there is no server to connect to
    /// Without entrance: makes what clients ask for conversions themselves; empty: there are none.
    std::function<std::unique_ptr<calls::Dispatcher>(const calls::Origin&)> session;
    calls::Authenticator* authenticator =
        nullptr;  ///< null: credentials are checked elsewhere, or not at all
    RequestWatch* watch = nullptr;
    calls::ConversionWatch* books = nullptr;  ///< is told when nobody works for a request any more
    std::optional<Bytes> only_below;          ///< the `only.` metrics look at images smaller than this
    bool reports_others = false;              ///< the `others.` metrics: of requests that are not an abuser's
  };
  Clients(const WorkloadConfig& config, const calls::Environment& env, StreamKey key, const Parts& parts);
  ~Clients() override;
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  void start();
  /// No more requests from now on.
  void send_no_more() { sends_no_more_ = true; }
  std::uint64_t users() const override { return static_cast<std::uint64_t>(config_.users); }
  world::Alteration add(world::Load load) override;
  world::Alteration alter_requests(std::function<void(world::Asked&)> alter) override {
    return asked_.add(std::move(alter));
  }
  world::Alteration alter_access(std::function<void(world::Access&)> alter) override {
    return access_.add(std::move(alter));
  }

  /// Requests of the window that have no outcome yet.
  std::int64_t measured_open() const { return measured_open_; }
  /// Requests that have no outcome yet.
  std::int64_t open() const { return station_.present(); }
  /// What is still open has the outcome `unfinished`.
  void tear_down();
  metrics::BatchSum answered() const;
  /// Requests sent so far, and those that ended in this way, inside of the window or not.
  std::int64_t all_offered() const { return all_offered_; }
  std::int64_t all_ended(Ending ending) const {
    const metrics::BatchSum& sum = endings_[static_cast<std::size_t>(ending)];
    return sum.total() + sum.outside();
  }
  void report(metrics::ResultBuilder& results) const;

 private:
  class Visit;
  class Attempts;
  class Sink;
  struct Extra;
  static constexpr std::size_t kSizeClasses = 4;

  calls::Origin origin();
  /// `abuser`: who sends it, if that is not drawn.
  calls::RequestPtr make_request(std::uint64_t number, TimePoint sent,
                                 std::optional<std::uint64_t> abuser = std::nullopt);
  world::Task<> extra_loop(std::shared_ptr<Extra> extra);
  world::Task<> open_loop();
  world::Task<> closed_user(std::int64_t user);
  /// From its sending to its outcome, in the way that the scenario says.
  world::Task<> whole_request(calls::RequestPtr request);
  world::Task<> one_request(calls::RequestPtr request);
  world::Task<> persistent_request(calls::RequestPtr request);
  world::Task<> one_of(Attempts* attempts, int number, calls::RequestPtr request);
  /// `all`: if it is one of several; it is told the slot in which silence is explained.
  world::Task<Outcome<calls::Answer>> attempt(calls::RequestPtr request, int number, Attempts* all);
  world::Task<> probe_regularly();
  world::Task<> probe(calls::RequestPtr request);
  /// Attempts time out, or are followed by others.
  bool persistent() const { return config_.attempt_timeout || config_.retry; }
  /// Whether an attempt has to open a connection; dns_failed: it cannot.
  Outcome<bool> needs_connection(const calls::Request& request, int attempt) const;
  void count(const calls::Request& request, Ending ending, std::int64_t renditions);
  void end_trace(calls::Request& request, Ending ending);

  WorkloadConfig config_;
  world::World& world_;
  metrics::Window window_;
  Parts parts_;
  metrics::Tracer* tracer_;
  StreamKey key_, user_key_, image_key_, connection_key_, think_key_, backoff_key_, name_key_;
  ZipfSampler popularity_;
  std::unique_ptr<ArrivalProcess> arrivals_;
  const Trace* trace_ = nullptr;
  std::unique_ptr<Sink> sink_;
  calls::RetryConfig retry_;  ///< one attempt if the scenario does not say more
  std::optional<calls::RetryBudget> budget_;
  std::set<std::uint64_t> extras_;  ///< the numbers that name additional loads
  world::Alterable<world::Asked> asked_;
  world::Alterable<world::Access> access_;
  world::Scope scope_;
  bool sends_no_more_ = false;
  bool torn_down_ = false;

  std::int64_t measured_open_ = 0;
  std::int64_t all_offered_ = 0;
  metrics::Station station_;
  metrics::BatchSum offered_;
  std::array<metrics::BatchSum, kEndings.size()> endings_;
  metrics::BatchSum others_offered_,
      others_answered_;         ///< without those of abusers; only if they are told
  metrics::BatchSum attempts_;  ///< and how they ended; only if they are persistent
  std::array<metrics::BatchSum, kEndings.size()> attempt_endings_;
  metrics::Tally harvest_;
  metrics::BatchSum probes_, probes_up_;
  metrics::BatchHistogram latency_;
  metrics::BatchHistogram only_latency_;
  std::array<metrics::BatchHistogram, kSizeClasses> latency_by_size_;
  metrics::Series::Counter& offered_series_;
  metrics::Series::Counter& answered_series_;
  std::array<metrics::Series::Counter*, kEndings.size()> ending_series_{};
  metrics::Series::Counter* attempts_series_ = nullptr;        ///< only if they are persistent
  metrics::Series::Counter* others_offered_series_ = nullptr;  ///< only if they are told
  metrics::Series::Counter* others_answered_series_ = nullptr;
  metrics::Series::Counter& asked_series_;
  metrics::Series::Counter& delivered_series_;
  metrics::Series::Quantiles& latency_series_;
};

}  // namespace headroom::client
