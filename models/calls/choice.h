#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "models/calls/port_config.h"
#include "models/calls/selector.h"
#include "sim/base/random.h"
#include "sim/base/units.h"

namespace headroom::calls {

/// Balances: which of n servers gets the next request. It knows only what this caller has sent and has seen
/// come back.
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
///
/// Servers may be left out (`use`); if all are, all are used (panic). One that comes back has, for the time
/// `slow_start`, a weight that grows linearly from kLeastWeight to 1 (Envoy's slow start): random,
/// power_of_two_choices and ewma_latency draw by weight; round_robin gives it so many of its turns;
/// least_requests considers it with that probability; with consistent_hash its users come back one by one,
/// and those of a server that is left out go to the next one on the ring. A server that is admitted later
/// starts as slowly as one that comes back.
class Choice final : public Selector {
 public:
  static constexpr double kLeastWeight = 0.1;

  Choice(Policy policy, int servers, Duration slow_start = Duration());

  /// One server in each attempt.
  std::optional<int> next(Round& round, TimePoint now) override;
  bool any(TimePoint) const override { return !admitted_.empty(); }
  void admit(int server, bool admitted, TimePoint now) override;
  void use(int server, bool used, TimePoint now) override;
  /// Whether all are left out, and so all are used.
  bool panics() const override { return used_.empty() && !admitted_.empty(); }
  void started(int server) override;
  void ended(int server, TimePoint since, TimePoint now, Verdict verdict) override;

  /// Only if there is `any`. `draw` is the request's own engine, so the same request draws the same
  /// everywhere.
  int pick(Engine& draw, std::uint64_t user, TimePoint now);
  int outstanding(int server) const { return servers_[static_cast<std::size_t>(server)].outstanding; }

 private:
  struct Server {
    int outstanding = 0;
    int place = 0;  // index in its bucket
    double latency_s = 0;
    TimePoint latency_at;
    bool admitted = true;
    bool left_out = false;
    bool returned = false;
    TimePoint back;     // when it returned
    double credit = 0;  // round_robin: what it has saved up while its weight is below 1
  };
  struct Point {
    std::uint64_t at;
    int server;
  };
  int random(Engine& draw) const;
  std::pair<int, int> two(Engine& draw) const;
  double cost(int server, TimePoint now) const;
  int cheaper(int a, int b, TimePoint now) const;
  bool used(const Server& s) const { return s.admitted && !s.left_out; }
  void update(int server, TimePoint now);
  void fill_bucket(int server);
  void leave_bucket(int server);
  void build_ring();
  int emptier(int a, int b) const { return outstanding(b) < outstanding(a) ? b : a; }
  void move(int server, int to);
  double weight(int server, TimePoint now) const;
  /// All have the same weight: every server is used, and none came back lately; or it panics.
  bool equal(TimePoint now) const {
    return used_.empty() || (used_.size() == admitted_.size() && now >= equal_from_);
  }
  int pick_by_weight(Engine& draw, std::uint64_t user, TimePoint now);
  int random_by_weight(Engine& draw, TimePoint now, int except) const;
  int in_turn_by_weight(TimePoint now);
  int least_by_weight(Engine& draw, TimePoint now) const;
  int owner_by_weight(std::uint64_t user, TimePoint now) const;
  std::size_t place_on_ring(std::uint64_t user) const;

  Policy policy_;
  std::vector<Server> servers_;
  std::vector<int> admitted_;              // ascending
  std::vector<std::vector<int>> buckets_;  // of those, by outstanding; least_requests only
  std::size_t lowest_ = 0;                 // no bucket below this one holds a server
  std::uint64_t turn_ = 0;
  std::vector<Point> ring_;  // consistent_hash only
  Duration slow_start_;
  std::vector<int> used_;  // of those admitted; ascending; empty: panic
  TimePoint equal_from_;   // no server comes back slowly from then on
};

}  // namespace headroom::calls
