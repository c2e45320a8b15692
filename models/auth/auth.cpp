#include "models/auth/auth.h"

#include <string>

#include "models/auth/edge.h"
#include "models/auth/metrics.h"

namespace headroom::auth {

Identity::Identity(const AuthConfig& config, const calls::Environment& env, StreamKey key, std::int64_t users,
                   const Hosts& hosts)
    : config_(config),
      world_(env.world),
      window_(env.window),
      journal_(env.journal),
      backoff_key_(key / "backoff") {
  static_assert(series::kBySource.size() == kSources);
  for (std::size_t s = 0; s < kSources; ++s) checks_[s].series = &env.series.counter(series::kBySource[s]);
  if (config.management) {
    denied_valid_.series = &env.series.counter(series::kDeniedValid);
    served_revoked_.series = &env.series.counter(series::kServedRevoked);
    world::Host* where = hosts.management.empty() ? nullptr : hosts.management.front();
    management_.emplace(*config.management, env, log_, key, users, where);
  }
  data_plane_.emplace(config.data_plane, env, log_, management(), hosts.data_plane);
}

void Identity::empty_caches() {
  for (Edge* edge : edges_) edge->empty();
}

void Identity::start() {
  if (management_) management_->start();
}

void Identity::wind_down() {
  if (management_) management_->wind_down();
  data_plane_->wind_down();
}

void Identity::tear_down() {
  if (management_) management_->tear_down();
}

void Identity::count(Counted& counted, bool probe) {
  counted.sum.add(batch(probe));
  if (!probe) counted.series->add(world_.now());
}

void Identity::decided(Source source, bool accepted, Credentials who, bool probe) {
  count(source, probe);
  if (!management_) return;
  const bool valid = log_.valid(who);
  if (valid && !accepted) count(denied_valid_, probe);
  if (!valid && accepted) count(served_revoked_, probe);
}

void Identity::report(metrics::ResultBuilder& results) const {
  const metrics::BatchSum asked = checks(Source::data_plane) + checks(Source::stale) + checks(Source::nobody);
  const metrics::BatchSum all = asked + checks(Source::cache);
  if (config_.edge_cache) {
    results.share(metric::kHitRatio, checks(Source::cache), all);
    results.total(metric::kStaleServed, checks(Source::stale));
    results.total(metric::kCoalesced, coalesced_);
  }
  if (config_.data_plane.retry) results.total(metric::kRetries, retries_);
  results.total(metric::kUnchecked, checks(Source::nobody));
  results.share(metric::kAvailability, checks(Source::data_plane), asked);
  if (!management_) return;
  results.total(metric::kDeniedValid, denied_valid_.sum);
  results.total(metric::kServedRevoked, served_revoked_.sum);
  management_->report(results);
}

}  // namespace headroom::auth
