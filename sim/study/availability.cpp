#include "sim/study/availability.h"

#include "sim/study/metrics.h"

namespace headroom::study {

Availability::Watched::Watched(const WatchConfig& watch, std::int64_t members, const metrics::Window& window,
                               metrics::Series& all)
    : group(watch.group.name),
      need(watch.need),
      up(members),
      enough(window, members >= watch.need ? 1 : 0),
      series(all.level({series::kUp, group}, 1, members)) {}

void Availability::Watched::change(TimePoint now, bool is_up) {
  up += is_up ? 1 : -1;
  enough.set(now, up >= need ? 1 : 0);
  series.set(now, up);
}

Availability::Availability(const std::vector<WatchConfig>& watch, world::World& world,
                           const metrics::Window& window, metrics::Series& series)
    : world_(world) {
  for (const WatchConfig& config : watch) {
    const auto members = world.group(config.group.name);
    watched_.push_back(
        std::make_unique<Watched>(config, static_cast<std::int64_t>(members.size()), window, series));
    for (world::Host* host : members)
      host->on_change([watched = watched_.back().get()](world::Host& h) {
        watched->change(h.scheduler().now(), h.up());
      });
  }
}

void Availability::report(metrics::ResultBuilder& results) {
  for (const auto& watched : watched_) {
    watched->enough.finish(world_.now());
    results.time_share({metric::kAvailability, watched->group}, watched->enough);
  }
}

}  // namespace headroom::study
