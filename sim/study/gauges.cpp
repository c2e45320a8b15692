#include "sim/study/gauges.h"

#include <algorithm>
#include <optional>

#include "sim/study/metrics.h"

namespace headroom::study {

Gauges::Gauges(world::World& world, const metrics::Window& window, metrics::Series& series)
    : world_(world), window_(window), series_(series) {
  for (const auto& host : world.hosts()) {
    if (!host->config().watts) continue;
    meters_.push_back(std::make_unique<Meter>());
    meters_.back()->host = host.get();
    meters_.back()->up = host->up();
    host->on_change(
        [meter = meters_.back().get()](world::Host& h) { meter->until(h.world().now(), h.up()); });
  }
}

void Gauges::Meter::until(TimePoint now, bool up_from_now) {
  if (up) on += now - since;
  since = now;
  up = up_from_now;
}

void Gauges::add_tier(const metrics::MetricInfo& metric, const metrics::SeriesInfo& column,
                      const std::vector<world::Host*>& hosts) {
  Tier tier{metric, hosts};
  for (const world::Host* host : hosts) tier.cores += host->cores();
  const double core_ns_per_slot =
      static_cast<double>(tier.cores) * static_cast<double>(series_.slot_length().count_ns());
  tier.series = &series_.counter(column, 1 / core_ns_per_slot);
  tiers_.push_back(std::move(tier));
}

void Gauges::start() {
  scope_.spawn(watch());
}

void Gauges::read(TimePoint since) {
  const TimePoint now = world_.now();
  const int batch = window_.batch(since);
  for (Tier& tier : tiers_) {
    Duration busy;
    for (world::Host* host : tier.hosts) busy += host->cpu().busy_time();
    const std::int64_t more = (busy - tier.seen).count_ns();
    tier.seen = busy;
    tier.busy_ns.add(batch, more);
    tier.series->add(since, more);
  }
  for (const auto& meter : meters_) {
    world::Host& host = *meter->host;
    meter->until(now, host.up());
    const Duration busy = host.cpu().busy_time();
    const double busy_s = (busy - meter->busy_seen).seconds() / host.cores();
    meter->busy_seen = busy;
    const auto& watts = *host.config().watts;
    joules_.add(batch,
                watts.idle.watts * meter->on.seconds() + (watts.busy.watts - watts.idle.watts) * busy_s);
    meter->on = Duration();
  }
  if (now == window_.begin()) links_at_begin_ = world_.network().link_loads();
  if (now == window_.end()) links_at_end_ = world_.network().link_loads();
}

world::Task<> Gauges::watch() {
  TimePoint since;
  if (since == window_.begin()) links_at_begin_ = world_.network().link_loads();
  while (true) {
    const Duration slot = series_.slot_length();
    TimePoint next = TimePoint::at(slot * (since.since_start().count_ns() / slot.count_ns() + 1));
    if (since < window_.begin()) {
      next = std::min(next, window_.begin());
    } else if (since < window_.end()) {
      next = std::min(next, window_.edge(window_.batch(since) + 1));
    }
    co_await world::Sleep(world_.scheduler(), next);
    read(since);
    since = next;
  }
}

void Gauges::report(metrics::ResultBuilder& results, const metrics::BatchSum& answered) const {
  metrics::BatchSum length_ns;
  for (int b = 0; b < metrics::kBatches; ++b)
    length_ns.add(b, (window_.edge(b + 1) - window_.edge(b)).count_ns());
  for (const Tier& tier : tiers_) {
    const double cores = static_cast<double>(tier.cores);
    results.time_share(tier.metric, tier.busy_ns, length_ns, 1 / cores);
  }
  if (!links_at_end_.empty()) {
    double highest = 0;
    for (std::size_t l = 0; l < links_at_end_.size(); ++l) {
      const double bytes = links_at_end_[l].bytes - links_at_begin_[l].bytes;
      highest =
          std::max(highest, bytes / links_at_end_[l].capacity.bytes_per_second / window_.length().seconds());
    }
    // Of what is full, rounding may say a little more.
    results.maximum(metric::kNetworkUtilizationMax, std::min(highest, 1.0));
  }
  std::int64_t nano_usd_per_hour = 0;
  for (const auto& host : world_.hosts()) nano_usd_per_hour += host->config().price.nano_usd_per_hour;
  if (nano_usd_per_hour > 0) {
    const double usd_per_hour = static_cast<double>(nano_usd_per_hour) / 1e9;
    results.constant(metric::kUsdPerHour, usd_per_hour);
    results.ratio(metric::kUsdPerMillionRequests, length_ns, answered, usd_per_hour / 3600e9 * 1e6);
  }
  if (!meters_.empty()) results.total(metric::kEnergyKwh, joules_, 1 / 3.6e6);
}

}  // namespace headroom::study
