#include "models/calls/choice.h"

#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <set>
#include <vector>

namespace headroom::calls {
namespace {

constexpr TimePoint kStart;
TimePoint at_s(double seconds) {
  return TimePoint::at(Duration::from_seconds(seconds));
}
Engine draws(std::uint64_t n) {
  return StreamKey(7).engine_for(n);
}

/// Each server outstanding as often as `counts` says.
Choice loaded(Policy policy, const std::vector<int>& counts) {
  Choice choice(policy, static_cast<int>(counts.size()));
  for (std::size_t s = 0; s < counts.size(); ++s)
    for (int i = 0; i < counts[s]; ++i) choice.started(static_cast<int>(s));
  return choice;
}

/// How often each server is picked in n independent picks.
std::vector<int> picks(Choice& choice, int servers, int n) {
  std::vector<int> counts(static_cast<std::size_t>(servers));
  for (int i = 0; i < n; ++i) {
    Engine draw = draws(static_cast<std::uint64_t>(i));
    ++counts[static_cast<std::size_t>(choice.pick(draw, 0, kStart))];
  }
  return counts;
}

/// Whether counts of n trials are those of probabilities `p`: chi-square below mean + 5 standard deviations.
bool agrees(const std::vector<int>& counts, const std::vector<double>& p, int n) {
  double chi = 0;
  int cells = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (p[i] == 0 && counts[i] != 0) return false;
    if (p[i] == 0) continue;
    chi += std::pow(counts[i] - p[i] * n, 2) / (p[i] * n);
    ++cells;
  }
  const double freedom = cells - 1;
  return chi <= freedom + 5 * std::sqrt(2 * freedom);
}

TEST_CASE("random picks every server equally often, however loaded") {
  Choice choice = loaded(Policy::random, {9, 0, 3, 0, 50});
  CHECK(agrees(picks(choice, 5, 20'000), {.2, .2, .2, .2, .2}, 20'000));
}

TEST_CASE("round robin goes in turn") {
  Choice choice(Policy::round_robin, 3);
  std::vector<int> order;
  for (std::uint64_t i = 0; i < 7; ++i) {
    Engine draw = draws(i);
    order.push_back(choice.pick(draw, i, kStart));
  }
  CHECK(order == std::vector<int>{0, 1, 2, 0, 1, 2, 0});
}

TEST_CASE("least requests breaks ties uniformly") {
  Choice choice = loaded(Policy::least_requests, {2, 1, 3, 1, 1, 2});
  CHECK(agrees(picks(choice, 6, 30'000), {0, 1. / 3, 0, 1. / 3, 1. / 3, 0}, 30'000));
}

TEST_CASE("least requests picks a minimum after any history") {
  CHECK(rc::check([](std::uint64_t seed) {
    const int servers = *rc::gen::inRange(1, 12);
    const auto steps = *rc::gen::container<std::vector<int>>(300, rc::gen::inRange(0, 1000));
    Choice choice(Policy::least_requests, servers);
    std::vector<int> naive(static_cast<std::size_t>(servers));
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const int s = steps[i] % servers;
      const auto index = static_cast<std::size_t>(s);
      if (steps[i] % 2 == 0 && naive[index] > 0) {
        --naive[index];
        choice.ended(s, kStart - Duration::ms(1), kStart, Verdict::good);
      } else {
        ++naive[index];
        choice.started(s);
      }
      Engine draw = StreamKey(seed).engine_for(i);
      const int picked = choice.pick(draw, i, kStart);
      RC_ASSERT(naive[static_cast<std::size_t>(picked)] == *std::min_element(naive.begin(), naive.end()));
      for (int k = 0; k < servers; ++k)
        RC_ASSERT(choice.outstanding(k) == naive[static_cast<std::size_t>(k)]);
    }
  }));
}

TEST_CASE("power of two choices is the law of the better of two different servers") {
  // Servers in ascending order of load: the one of rank r (from 0) of n is the better of n−1−r pairs.
  Choice choice = loaded(Policy::power_of_two_choices, {0, 1, 2, 3, 4});
  CHECK(agrees(picks(choice, 5, 30'000), {.4, .3, .2, .1, 0}, 30'000));
  Choice level = loaded(Policy::power_of_two_choices, {1, 1, 1});
  CHECK(agrees(picks(level, 3, 30'000), {1. / 3, 1. / 3, 1. / 3}, 30'000));
  Choice single(Policy::power_of_two_choices, 1);
  CHECK(picks(single, 1, 10) == std::vector<int>{10});
}

TEST_CASE("the same request draws the same in every instance") {
  for (const Policy policy : {Policy::random, Policy::least_requests, Policy::power_of_two_choices,
                              Policy::ewma_latency, Policy::consistent_hash}) {
    Choice a(policy, 10);
    Choice b(policy, 10);
    for (std::uint64_t i = 0; i < 50; ++i) {
      Engine one = draws(i);
      Engine other = draws(i);
      CHECK(a.pick(one, i, kStart) == b.pick(other, i, kStart));
    }
  }
}

TEST_CASE("ewma prefers the faster server") {
  Choice choice(Policy::ewma_latency, 2);
  for (int i = 0; i < 10; ++i) {
    choice.started(0);
    choice.ended(0, at_s(i) - Duration::ms(10), at_s(i), Verdict::good);
    choice.started(1);
    choice.ended(1, at_s(i) - Duration::ms(200), at_s(i), Verdict::good);
  }
  for (std::uint64_t i = 0; i < 20; ++i) {
    Engine draw = draws(i);
    CHECK(choice.pick(draw, 0, at_s(10)) == 0);
  }
  // … until it has so much to do that the slower one is quicker: 10 ms × 21 > 200 ms × 1.
  for (int i = 0; i < 20; ++i) choice.started(0);
  Engine draw = draws(0);
  CHECK(choice.pick(draw, 0, at_s(10)) == 1);
}

TEST_CASE("ewma rises with a peak at once and forgets it with time constant 10 s") {
  Choice choice(Policy::ewma_latency, 2);
  const auto seen = [&](int server, Duration took, double at) {
    choice.started(server);
    choice.ended(server, at_s(at) - took, at_s(at), Verdict::good);
  };
  const auto picked = [&](double at) {
    Engine draw = draws(1);
    return choice.pick(draw, 0, at_s(at));
  };
  seen(0, Duration::ms(100), 0);
  seen(1, Duration::ms(100), 0);
  seen(0, Duration::s(1), 0);
  CHECK(picked(0) == 1);  // 1 s against 100 ms
  // Server 1 stays at 100 ms. Ten time constants later server 0's peak is gone: 1 s × e^-10 ≪ 100 ms.
  seen(1, Duration::ms(100), 100);
  CHECK(picked(100) == 0);
}

TEST_CASE("ewma does not feed a server that never answers") {
  Choice choice(Policy::ewma_latency, 3);
  std::vector<int> sent(3);
  for (std::uint64_t i = 0; i < 300; ++i) {
    Engine draw = draws(i);
    const int server = choice.pick(draw, 0, at_s(static_cast<double>(i)));
    ++sent[static_cast<std::size_t>(server)];
    choice.started(server);
    if (server != 2)
      choice.ended(server, at_s(static_cast<double>(i)) - Duration::ms(50), at_s(static_cast<double>(i)),
                   Verdict::good);
  }
  CHECK(sent[2] == 1);
}

std::vector<int> owners(int servers, std::uint64_t users) {
  Choice choice(Policy::consistent_hash, servers);
  std::vector<int> owner;
  for (std::uint64_t user = 0; user < users; ++user) {
    Engine draw = draws(user);
    owner.push_back(choice.pick(draw, user, kStart));
  }
  return owner;
}

TEST_CASE("consistent hash: a user stays with its server, whatever happens meanwhile") {
  Choice choice(Policy::consistent_hash, 8);
  const auto before = owners(8, 1000);
  for (std::uint64_t user = 0; user < 1000; ++user) {
    Engine draw = draws(user + 17);
    const int server = choice.pick(draw, user, at_s(5));
    choice.started(server);
    CHECK(server == before[user]);
  }
}

TEST_CASE("consistent hash: shares are balanced, and few users move when a server is added") {
  constexpr std::uint64_t users = 100'000;
  for (const int servers : {3, 10, 40}) {
    const auto before = owners(servers, users);
    std::map<int, int> share;
    for (const int s : before) ++share[s];
    // 160 points each: the share of one server has a relative standard deviation of 1/√160 = 7.9 %.
    for (const auto& [server, n] : share) CHECK(n / (double(users) / servers) == Approx(1).margin(.35));
    CHECK(share.size() == static_cast<std::size_t>(servers));
    const auto after = owners(servers + 1, users);
    int moved = 0;
    for (std::size_t u = 0; u < users; ++u) {
      if (before[u] == after[u]) continue;
      ++moved;
      CHECK(after[u] == servers);  // nobody moves between the old ones
    }
    CHECK(moved / double(users) == Approx(1. / (servers + 1)).epsilon(.35));
  }
}

TEST_CASE("who is not admitted is never picked, whatever is admitted is, and balances as if it were alone") {
  constexpr Policy kAll[] = {Policy::random,         Policy::round_robin,
                             Policy::least_requests, Policy::power_of_two_choices,
                             Policy::ewma_latency,   Policy::consistent_hash};
  const auto holds = [&](const std::vector<std::uint8_t>& moves, std::uint8_t which) {
    const int servers = 5;
    Choice choice(kAll[which % 6], servers, Duration::s(which % 3));
    std::set<int> in = {0, 1, 2, 3, 4};
    std::set<int> out;
    std::vector<int> under_way;
    TimePoint now;
    for (std::size_t i = 0; i < moves.size(); ++i) {
      now = now + Duration::ms(100);
      const int server = moves[i] % (servers + 3);  // more may come than there were
      if (moves[i] < 80) {
        choice.admit(server, false, now);
        in.erase(server);
      } else if (moves[i] < 160) {
        choice.admit(server, true, now);
        in.insert(server);
      } else if (server < servers) {
        choice.use(server, moves[i] % 2 == 0, now);
        moves[i] % 2 == 0 ? out.erase(server) : out.insert(server).second;
      }
      Round round{.draw = draws(i), .user = i % 50};
      const auto picked = choice.next(round, now);
      RC_ASSERT(choice.any(now) == !in.empty());
      RC_ASSERT(picked.has_value() == !in.empty());
      RC_ASSERT(!choice.next(round, now).has_value());
      if (!picked) continue;
      RC_ASSERT(in.contains(*picked));
      const bool panic = std::includes(out.begin(), out.end(), in.begin(), in.end());
      RC_ASSERT(choice.panics() == panic);
      RC_ASSERT(panic || !out.contains(*picked));
      choice.started(*picked);
      under_way.push_back(*picked);
      if (i % 3 == 0) continue;  // what it was given before it left ends after that, too
      choice.ended(under_way.front(), now - Duration::ms(1), now, Verdict::good);
      under_way.erase(under_way.begin());
    }
  };
  CHECK(rc::check(holds));
}

TEST_CASE("with fewest requests, one that was admitted is filled first, and one that left is not looked at") {
  Choice choice = loaded(Policy::least_requests, {3, 2, 4});
  choice.admit(3, true, kStart);
  CHECK(agrees(picks(choice, 4, 1'000), {0, 0, 0, 1}, 1'000));
  choice.admit(3, false, kStart);
  CHECK(agrees(picks(choice, 4, 1'000), {0, 1, 0, 0}, 1'000));
  choice.admit(1, false, kStart);
  CHECK(agrees(picks(choice, 4, 1'000), {1, 0, 0, 0}, 1'000));
}

TEST_CASE("on the ring, only the users of who comes or goes move") {
  Choice choice(Policy::consistent_hash, 8);
  const auto owner = [&](std::uint64_t user) {
    Engine draw = draws(user);
    return choice.pick(draw, user, kStart);
  };
  std::vector<int> before;
  for (std::uint64_t user = 0; user < 2'000; ++user) before.push_back(owner(user));
  choice.admit(5, false, kStart);
  for (std::uint64_t user = 0; user < 2'000; ++user)
    CHECK((before[user] == 5 ? owner(user) != 5 : owner(user) == before[user]));
  choice.admit(5, true, kStart);
  for (std::uint64_t user = 0; user < 2'000; ++user) CHECK(owner(user) == before[user]);
}

}  // namespace
}  // namespace headroom::calls
