#include "models/auth/auth.h"

#include <string>

#include "models/auth/edge.h"

namespace headroom::auth {

Identity::Identity(const AuthConfig& config, const calls::Environment& env, StreamKey key, std::int64_t users,
                   const Hosts& hosts)
    : config_(config),
      world_(env.world),
      window_(env.window),
      journal_(env.journal),
      backoff_key_(key / "backoff") {
  static constexpr std::array<const char*, kSources> kNames = {"cache", "data_plane", "stale", "nobody"};
  for (std::size_t s = 0; s < kSources; ++s)
    checks_[s].series = &env.series.counter("auth.by_" + std::string(kNames[s]));
  if (config.management) {
    denied_valid_.series = &env.series.counter("auth.denied_valid");
    served_revoked_.series = &env.series.counter("auth.served_revoked");
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
    results.share("auth.hit_ratio", checks(Source::cache), all);
    results.total("auth.stale_served", checks(Source::stale));
    results.total("auth.coalesced", coalesced_);
  }
  if (config_.data_plane.retry) results.total("auth.retries", retries_);
  results.total("auth.unchecked", checks(Source::nobody));
  results.share("auth.availability", checks(Source::data_plane), asked);
  if (!management_) return;
  results.total("auth.denied_valid", denied_valid_.sum);
  results.total("auth.served_revoked", served_revoked_.sum);
  management_->report(results);
}

const std::vector<metrics::MetricInfo> kMetrics = {
    {"auth.utilization", "share", "busy core-seconds / configured core-seconds of the data plane's hosts",
     metrics::Better::lower},
    {"auth.hit_ratio", "share", "share of credential checks answered from the edge cache",
     metrics::Better::higher},
    {"auth.stale_served", "count",
     "credential checks answered from an entry past its time, because the data plane could not be reached",
     metrics::Better::neither},
    {"auth.coalesced", "count", "credential checks that waited for a look-up which another one had begun",
     metrics::Better::neither},
    {"auth.retries", "count", "look-ups that no host had answered and that were tried again",
     metrics::Better::lower},
    {"auth.unchecked", "count",
     "credential checks that could not be made: no entry to believe, no answer from the data plane",
     metrics::Better::lower},
    {"auth.availability", "share",
     "share of credential checks beyond the edge cache that the data plane answered",
     metrics::Better::higher},
    {"auth.denied_valid", "count",
     "requests denied although their credentials were valid, because that was not yet known where they were "
     "checked",
     metrics::Better::lower},
    {"auth.served_revoked", "count",
     "requests accepted although their credentials were revoked, because that was not yet known where they "
     "were checked",
     metrics::Better::lower},
    {"auth.propagation_mean_s", "s",
     "mean time from a change of an account to its arrival at a data-plane host or an edge cache",
     metrics::Better::lower},
    {"auth.propagation_p99_s", "s",
     "99th percentile of the time from a change of an account to its arrival at a data-plane host or an edge "
     "cache",
     metrics::Better::lower},
};

}  // namespace headroom::auth
