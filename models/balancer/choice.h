#pragma once

#include <cstdint>
#include <vector>

#include "models/balancer/config.h"
#include "sim/base/random.h"
#include "sim/base/units.h"

namespace headroom::balancer {

/// The decision of one balancer instance: which of n servers gets the next request. It knows only what this
/// instance has sent and has seen come back. Pure: the draw and the time come in from outside.
///
/// - random: uniform.
/// - round_robin: in turn.
/// - least_requests: the fewest outstanding requests; ties by lot. O(1) (servers are kept in buckets by
/// count).
/// - power_of_two_choices: of two different servers drawn at random, the one with fewer outstanding requests
///   (Mitzenmacher 2001).
/// - ewma_latency: of two drawn at random, the one with the smaller latency × (outstanding + 1); latency is a
///   peak-sensitive, exponentially decaying average (time constant 10 s), as Finagle's "Peak EWMA". A server
///   that has never answered is tried first, but with one request at a time only, as long as others answer.
/// - consistent_hash: the owner of the user's point on a ring with 160 points per server (Karger et al. 1997;
///   ketama's number of points).
class Choice {
 public:
  Choice(Policy policy, int servers);

  /// `draw` is the request's own engine, so the same request draws the same everywhere.
  int pick(Engine& draw, std::uint64_t user, TimePoint now);
  void started(int server);
  /// `took` is the time since `started`.
  void finished(int server, Duration took, TimePoint now);
  int outstanding(int server) const { return servers_[static_cast<std::size_t>(server)].outstanding; }

 private:
  struct Server {
    int outstanding = 0;
    int place = 0;  // index in its bucket
    double latency_s = 0;
    TimePoint latency_at;
  };
  struct Point {
    std::uint64_t at;
    int server;
  };
  int random(Engine& draw) const;
  std::pair<int, int> two(Engine& draw) const;
  double cost(int server, TimePoint now) const;
  void move(int server, int to);

  Policy policy_;
  std::vector<Server> servers_;
  std::vector<std::vector<int>> buckets_;  // by outstanding; least_requests only
  std::size_t lowest_ = 0;                 // no bucket below this one holds a server
  std::uint64_t turn_ = 0;
  std::vector<Point> ring_;  // consistent_hash only
};

}  // namespace headroom::balancer
