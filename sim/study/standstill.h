#pragma once

#include <array>
#include <cstdint>
#include <stdexcept>

#include "models/client/client.h"
#include "models/queue/queue.h"
#include "sim/base/units.h"
#include "sim/study/scenario.h"
#include "sim/world/world.h"

namespace headroom::study {

/// The end of a run that would never end: something goes round and round at one instant.
class TimeStandsStill final : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Looks at what happens when a great many events are run at one instant, and decides whether that is a burst
/// (a million users who click at once) or will go on for ever. For ever: at one instant, and since the last
/// arrival of an open loop (a trace may have many requests of one date), ten million events, and a hundred
/// more for each rendition of each attempt that each open request may make; a burst needs some forty.
class Standstill {
 public:
  /// Events from one alarm to the next.
  static constexpr std::uint64_t kEvents = 1'000'000;

  /// All must outlive it; `queue` may be null.
  Standstill(const ScenarioConfig& scenario, const world::World& world, const client::Clients& clients,
             const queue::Queue* queue)
      : scenario_(scenario), world_(world), clients_(clients), queue_(queue) {}
  /// The world's clock stands still for another `kEvents`. Throws TimeStandsStill if that is for ever, with
  /// the instant and what goes round.
  void alarm();

 private:
  /// What has happened so far, over the whole run.
  struct Counts {
    std::int64_t requests = 0;
    std::array<std::int64_t, client::kEndings.size()> endings{};
    std::int64_t redeliveries = 0;
    std::uint64_t messages = 0;
  };
  Counts count() const;
  double burst() const;

  const ScenarioConfig& scenario_;
  const world::World& world_;
  const client::Clients& clients_;
  const queue::Queue* queue_;
  TimePoint instant_ = TimePoint::never();
  Counts first_;               ///< at the first alarm of this instant
  std::int64_t requests_ = 0;  ///< at the last one
  std::uint64_t events_ = 0;   ///< since the first alarm
};

}  // namespace headroom::study
