#include "models/calls/choice.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "sim/base/check.h"

namespace headroom::calls {
namespace {

constexpr int kPointsPerServer = 160;
constexpr double kLatencyTimeConstant = 10;  // seconds
constexpr double kUnknown = 1e9;             // cost of a server that has requests and never answered one

}  // namespace

Choice::Choice(Policy policy, int servers, Duration slow_start)
    : policy_(policy), servers_(static_cast<std::size_t>(servers)), slow_start_(slow_start) {
  for (int s = 0; s < servers; ++s) admitted_.push_back(s);
  used_ = admitted_;
  if (policy == Policy::least_requests) {
    buckets_.resize(1);
    for (const int s : admitted_) fill_bucket(s);
  }
  build_ring();
}

void Choice::build_ring() {
  if (policy_ != Policy::consistent_hash) return;
  ring_.clear();
  const StreamKey ring = StreamKey(0) / "consistent_hash";  // the same ring in every instance and run
  for (const int s : admitted_) {
    Engine points = (ring / std::to_string(s)).engine();
    for (int p = 0; p < kPointsPerServer; ++p) ring_.push_back({points(), s});
  }
  std::sort(ring_.begin(), ring_.end(), [](const Point& a, const Point& b) {
    return a.at < b.at || (a.at == b.at && a.server < b.server);
  });
}

std::optional<int> Choice::next(Round& round, TimePoint now) {
  if (round.named++ > 0 || admitted_.empty()) return std::nullopt;
  return pick(round.draw, round.user, now);
}

int Choice::random(Engine& draw) const {
  return admitted_[uniform_below(draw, admitted_.size())];
}

std::pair<int, int> Choice::two(Engine& draw) const {
  const auto a = uniform_below(draw, admitted_.size());
  if (admitted_.size() == 1) return {admitted_[a], admitted_[a]};
  const auto b = uniform_below(draw, admitted_.size() - 1);
  return {admitted_[a], admitted_[b < a ? b : b + 1]};
}

double Choice::cost(int server, TimePoint now) const {
  const Server& s = servers_[static_cast<std::size_t>(server)];
  if (s.latency_s == 0 && s.outstanding > 0) return kUnknown + s.outstanding;
  const double decay = std::exp(-(now - s.latency_at).seconds() / kLatencyTimeConstant);
  return s.latency_s * decay * (s.outstanding + 1);
}

int Choice::cheaper(int a, int b, TimePoint now) const {
  const double cost_a = cost(a, now);
  const double cost_b = cost(b, now);
  if (cost_a == cost_b) return emptier(a, b);
  return cost_b < cost_a ? b : a;
}

std::size_t Choice::place_on_ring(std::uint64_t user) const {
  const std::uint64_t at = (StreamKey(0) / "consistent_hash" / "user").engine_for(user)();
  const auto owner = std::lower_bound(ring_.begin(), ring_.end(), at,
                                      [](const Point& p, std::uint64_t x) { return p.at < x; });
  return owner == ring_.end() ? 0 : static_cast<std::size_t>(owner - ring_.begin());
}

int Choice::pick(Engine& draw, std::uint64_t user, TimePoint now) {
  if (!equal(now)) return pick_by_weight(draw, user, now);
  switch (policy_) {
    case Policy::random:
      return random(draw);
    case Policy::round_robin:
      return admitted_[turn_++ % admitted_.size()];
    case Policy::least_requests: {
      const auto& idlest = buckets_[lowest_];
      return idlest[uniform_below(draw, idlest.size())];
    }
    case Policy::power_of_two_choices: {
      const auto [a, b] = two(draw);
      return emptier(a, b);
    }
    case Policy::ewma_latency: {
      const auto [a, b] = two(draw);
      return cheaper(a, b, now);
    }
    case Policy::consistent_hash:
      return ring_[place_on_ring(user)].server;
  }
  HEADROOM_CHECK(false, "unknown policy");
  return 0;
}

int Choice::pick_by_weight(Engine& draw, std::uint64_t user, TimePoint now) {
  switch (policy_) {
    case Policy::random:
      return random_by_weight(draw, now, -1);
    case Policy::round_robin:
      return in_turn_by_weight(now);
    case Policy::least_requests:
      return least_by_weight(draw, now);
    case Policy::power_of_two_choices:
    case Policy::ewma_latency: {
      const int a = random_by_weight(draw, now, -1);
      if (used_.size() == 1) return a;
      const int b = random_by_weight(draw, now, a);
      return policy_ == Policy::ewma_latency ? cheaper(a, b, now) : emptier(a, b);
    }
    case Policy::consistent_hash:
      return owner_by_weight(user, now);
  }
  HEADROOM_CHECK(false, "unknown policy");
  return 0;
}

void Choice::admit(int server, bool admitted, TimePoint now) {
  const auto index = static_cast<std::size_t>(server);
  while (index >= servers_.size()) servers_.emplace_back().admitted = false;
  Server& s = servers_[index];
  if (!set_listed(admitted_, server, admitted)) return;
  s.admitted = admitted;
  if (policy_ == Policy::least_requests) admitted ? fill_bucket(server) : leave_bucket(server);
  build_ring();
  update(server, now);
}

void Choice::use(int server, bool used, TimePoint now) {
  servers_[static_cast<std::size_t>(server)].left_out = !used;
  update(server, now);
}

/// Of `used_`, after what decides it may have changed.
void Choice::update(int server, TimePoint now) {
  Server& s = servers_[static_cast<std::size_t>(server)];
  if (!set_listed(used_, server, used(s)) || !used(s)) return;
  s.returned = true;
  s.back = now;
  s.credit = 0;
  equal_from_ = std::max(equal_from_, now + slow_start_);
}

double Choice::weight(int server, TimePoint now) const {
  const Server& s = servers_[static_cast<std::size_t>(server)];
  if (!s.returned || now >= s.back + slow_start_) return 1;
  return std::max(kLeastWeight, (now - s.back) / slow_start_);
}

int Choice::random_by_weight(Engine& draw, TimePoint now, int except) const {
  double sum = 0;
  for (const int s : used_)
    if (s != except) sum += weight(s, now);
  double left = uniform01(draw) * sum;
  int last = -1;
  for (const int s : used_) {
    if (s == except) continue;
    last = s;
    left -= weight(s, now);
    if (left < 0) break;
  }
  return last;
}

int Choice::in_turn_by_weight(TimePoint now) {
  while (true) {
    const int candidate = used_[turn_++ % used_.size()];
    double& credit = servers_[static_cast<std::size_t>(candidate)].credit;
    const double share = weight(candidate, now);
    credit = share == 1 ? 1 : credit + share;
    if (credit < 1) continue;
    credit -= 1;
    return candidate;
  }
}

int Choice::least_by_weight(Engine& draw, TimePoint now) const {
  std::vector<int> least;
  const auto consider = [&](int s) {
    if (!least.empty() && outstanding(s) > outstanding(least.front())) return;
    if (!least.empty() && outstanding(s) < outstanding(least.front())) least.clear();
    least.push_back(s);
  };
  for (const int s : used_) {
    const double share = weight(s, now);
    if (share == 1 || uniform01(draw) < share) consider(s);
  }
  if (least.empty())
    for (const int s : used_) consider(s);
  return least[uniform_below(draw, least.size())];
}

int Choice::owner_by_weight(std::uint64_t user, TimePoint now) const {
  const std::size_t place = place_on_ring(user);
  int first_used = -1;
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    const int owner = ring_[(place + i) % ring_.size()].server;
    if (!used(servers_[static_cast<std::size_t>(owner)])) continue;
    const double share = weight(owner, now);
    if (share == 1) return owner;
    // The same draw for a user and a server at all times: who has come back stays.
    Engine draw = (StreamKey(0) / "consistent_hash" / "return" / std::to_string(owner)).engine_for(user);
    if (uniform01(draw) < share) return owner;
    if (first_used < 0) first_used = owner;
  }
  return first_used;
}

void Choice::leave_bucket(int server) {
  const Server& s = servers_[static_cast<std::size_t>(server)];
  auto& bucket = buckets_[static_cast<std::size_t>(s.outstanding)];
  const int last = bucket.back();
  bucket[static_cast<std::size_t>(s.place)] = last;
  servers_[static_cast<std::size_t>(last)].place = s.place;
  bucket.pop_back();
  while (lowest_ + 1 < buckets_.size() && buckets_[lowest_].empty()) ++lowest_;
}

void Choice::fill_bucket(int server) {
  Server& s = servers_[static_cast<std::size_t>(server)];
  const auto bucket = static_cast<std::size_t>(s.outstanding);
  if (bucket >= buckets_.size()) buckets_.resize(bucket + 1);
  s.place = static_cast<int>(buckets_[bucket].size());
  buckets_[bucket].push_back(server);
  lowest_ = std::min(lowest_, bucket);
  while (buckets_[lowest_].empty()) ++lowest_;
}

void Choice::move(int server, int to) {
  Server& s = servers_[static_cast<std::size_t>(server)];
  const bool in_bucket = policy_ == Policy::least_requests && s.admitted;
  if (in_bucket) leave_bucket(server);
  s.outstanding = to;
  if (in_bucket) fill_bucket(server);
}

void Choice::started(int server) {
  move(server, outstanding(server) + 1);
}

void Choice::ended(int server, TimePoint since, TimePoint now, Verdict) {
  HEADROOM_CHECK(outstanding(server) > 0, "what finishes has started");
  move(server, outstanding(server) - 1);
  if (policy_ != Policy::ewma_latency) return;
  Server& s = servers_[static_cast<std::size_t>(server)];
  const double decay = std::exp(-(now - s.latency_at).seconds() / kLatencyTimeConstant);
  const double decayed = s.latency_s * decay;
  const double seen = (now - since).seconds();
  s.latency_s = seen > decayed ? seen : decayed + seen * (1 - decay);
  s.latency_at = now;
}

}  // namespace headroom::calls
