#include "models/calls/health.h"

#include <algorithm>
#include <cmath>

#include "sim/base/check.h"

namespace headroom::calls {

Outliers::Outliers(const OutlierConfig& config, int servers) : config_(config) {
  resize(servers, servers);
}

void Outliers::resize(int servers, int admitted) {
  servers_.resize(static_cast<std::size_t>(servers));
  most_ = std::max(1, static_cast<int>(std::floor(config_.max_ejected.value * admitted + 1e-9)));
}

std::optional<Duration> Outliers::ended(int server, bool failed, TimePoint now) {
  Server& s = servers_[static_cast<std::size_t>(server)];
  if (s.ejected) return std::nullopt;  // sent before
  if (!failed) {
    s.failures = 0;
    return std::nullopt;
  }
  if (++s.failures < config_.consecutive_failures || ejected_ >= most_) return std::nullopt;
  const std::int64_t quiet = (now - s.returned).count_ns() / config_.interval.count_ns();
  s.ejections = std::max<std::int64_t>(0, s.ejections - quiet) + 1;
  s.failures = 0;
  s.ejected = true;
  ++ejected_;
  return std::min(config_.max_ejection, config_.base_ejection * s.ejections);
}

void Outliers::returned(int server, TimePoint now) {
  Server& s = servers_[static_cast<std::size_t>(server)];
  HEADROOM_CHECK(s.ejected, "who returns was ejected");
  s.ejected = false;
  s.returned = now;
  --ejected_;
}

}  // namespace headroom::calls
