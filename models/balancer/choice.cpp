#include "models/balancer/choice.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "sim/base/check.h"

namespace headroom::balancer {
namespace {

constexpr int kPointsPerServer = 160;
constexpr double kLatencyTimeConstant = 10;  // seconds
constexpr double kUnknown = 1e9;             // cost of a server that has requests and never answered one

}  // namespace

Choice::Choice(Policy policy, int servers) : policy_(policy), servers_(static_cast<std::size_t>(servers)) {
  HEADROOM_CHECK(servers > 0, "a choice needs at least one server");
  if (policy == Policy::least_requests) {
    buckets_.resize(1);
    for (int s = 0; s < servers; ++s) {
      servers_[static_cast<std::size_t>(s)].place = s;
      buckets_[0].push_back(s);
    }
  }
  if (policy == Policy::consistent_hash) {
    const StreamKey ring = StreamKey(0) / "consistent_hash";  // the same ring in every instance and run
    for (int s = 0; s < servers; ++s) {
      Engine points = (ring / std::to_string(s)).engine();
      for (int p = 0; p < kPointsPerServer; ++p) ring_.push_back({points(), s});
    }
    std::sort(ring_.begin(), ring_.end(), [](const Point& a, const Point& b) {
      return a.at < b.at || (a.at == b.at && a.server < b.server);
    });
  }
}

int Choice::random(Engine& draw) const {
  return static_cast<int>(uniform_below(draw, servers_.size()));
}

std::pair<int, int> Choice::two(Engine& draw) const {
  const int a = random(draw);
  if (servers_.size() == 1) return {a, a};
  const int b = static_cast<int>(uniform_below(draw, servers_.size() - 1));
  return {a, b < a ? b : b + 1};
}

double Choice::cost(int server, TimePoint now) const {
  const Server& s = servers_[static_cast<std::size_t>(server)];
  if (s.latency_s == 0 && s.outstanding > 0) return kUnknown + s.outstanding;
  const double decay = std::exp(-(now - s.latency_at).seconds() / kLatencyTimeConstant);
  return s.latency_s * decay * (s.outstanding + 1);
}

int Choice::pick(Engine& draw, std::uint64_t user, TimePoint now) {
  switch (policy_) {
    case Policy::random:
      return random(draw);
    case Policy::round_robin:
      return static_cast<int>(turn_++ % servers_.size());
    case Policy::least_requests: {
      const auto& idlest = buckets_[lowest_];
      return idlest[uniform_below(draw, idlest.size())];
    }
    case Policy::power_of_two_choices: {
      const auto [a, b] = two(draw);
      return outstanding(b) < outstanding(a) ? b : a;
    }
    case Policy::ewma_latency: {
      const auto [a, b] = two(draw);
      const double cost_a = cost(a, now);
      const double cost_b = cost(b, now);
      if (cost_a == cost_b) return outstanding(b) < outstanding(a) ? b : a;
      return cost_b < cost_a ? b : a;
    }
    case Policy::consistent_hash: {
      const std::uint64_t at = (StreamKey(0) / "consistent_hash" / "user").engine_for(user)();
      const auto owner = std::lower_bound(ring_.begin(), ring_.end(), at,
                                          [](const Point& p, std::uint64_t x) { return p.at < x; });
      return owner == ring_.end() ? ring_.front().server : owner->server;
    }
  }
  HEADROOM_CHECK(false, "unknown policy");
  return 0;
}

void Choice::move(int server, int to) {
  Server& s = servers_[static_cast<std::size_t>(server)];
  if (policy_ != Policy::least_requests) {
    s.outstanding = to;
    return;
  }
  auto& from_bucket = buckets_[static_cast<std::size_t>(s.outstanding)];
  const int last = from_bucket.back();
  from_bucket[static_cast<std::size_t>(s.place)] = last;
  servers_[static_cast<std::size_t>(last)].place = s.place;
  from_bucket.pop_back();
  const auto target = static_cast<std::size_t>(to);
  if (target >= buckets_.size()) buckets_.resize(target + 1);
  s.outstanding = to;
  s.place = static_cast<int>(buckets_[target].size());
  buckets_[target].push_back(server);
  lowest_ = std::min(lowest_, target);
  while (buckets_[lowest_].empty()) ++lowest_;
}

void Choice::started(int server) {
  move(server, outstanding(server) + 1);
}

void Choice::finished(int server, Duration took, TimePoint now) {
  HEADROOM_CHECK(outstanding(server) > 0, "what finishes has started");
  move(server, outstanding(server) - 1);
  if (policy_ != Policy::ewma_latency) return;
  Server& s = servers_[static_cast<std::size_t>(server)];
  const double decay = std::exp(-(now - s.latency_at).seconds() / kLatencyTimeConstant);
  const double decayed = s.latency_s * decay;
  const double seen = took.seconds();
  s.latency_s = seen > decayed ? seen : decayed + seen * (1 - decay);
  s.latency_at = now;
}

}  // namespace headroom::balancer
