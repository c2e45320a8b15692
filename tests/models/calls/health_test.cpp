#include "models/calls/health.h"

#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "models/calls/choice.h"
#include "tests/models/trial.h"

namespace headroom::calls {
namespace {

TimePoint at_s(double seconds) {
  return TimePoint::at(Duration::from_seconds(seconds));
}

TEST_CASE("a server changes sides exactly when the last checks all say so") {
  const auto holds = [](const std::vector<bool>& checks, std::uint8_t down, std::uint8_t up) {
    HealthCheckConfig config;
    config.unhealthy_after = 1 + down % 5;
    config.healthy_after = 1 + up % 5;
    HealthState state;
    bool healthy = true;
    for (std::size_t i = 0; i < checks.size(); ++i) {
      const bool changed = state.checked(checks[i], config);
      // By the definition: the last k checks, none of them from before the last change, say the opposite.
      std::size_t in_a_row = 0;
      while (in_a_row <= i && checks[i - in_a_row] != healthy) ++in_a_row;
      const auto needed = static_cast<std::size_t>(healthy ? config.unhealthy_after : config.healthy_after);
      const bool expected = in_a_row >= needed;
      RC_ASSERT(changed == expected);
      if (expected) healthy = !healthy;
      RC_ASSERT(state.healthy() == healthy);
    }
  };
  CHECK(rc::check(holds));
}

OutlierConfig ejecting(std::int64_t failures, double base_s, double most_s, double share) {
  OutlierConfig o;
  o.consecutive_failures = failures;
  o.base_ejection = Duration::from_seconds(base_s);
  o.max_ejection = Duration::from_seconds(most_s);
  o.max_ejected = Share{share};
  return o;
}

TEST_CASE("failures in a row eject, longer each time, and that is forgotten") {
  Outliers outliers(ejecting(3, 30, 100, .5), 4);
  const auto fail = [&](double at) { return outliers.ended(1, true, at_s(at)); };
  CHECK_FALSE(fail(1));
  CHECK_FALSE(fail(1));
  CHECK_FALSE(outliers.ended(1, false, at_s(1)));  // begins anew
  CHECK_FALSE(fail(2));
  CHECK_FALSE(fail(2));
  CHECK(fail(3) == Duration::s(30));
  CHECK_FALSE(fail(4));  // was sent before
  outliers.returned(1, at_s(33));
  const auto again = [&](double at) { return fail(at), fail(at), fail(at); };
  CHECK(again(34) == Duration::s(60));
  outliers.returned(1, at_s(94));
  CHECK(again(95) == Duration::s(90));
  outliers.returned(1, at_s(185));
  CHECK(again(185) == Duration::s(100));  // not 120 s
  outliers.returned(1, at_s(285));
  CHECK(again(306) ==
        Duration::s(90));  // two intervals of 10 s: two of four are forgotten, this is the third
}

TEST_CASE("no more are ejected than may be, whatever fails") {
  const auto holds = [](const std::vector<std::uint8_t>& moves, std::uint8_t size, std::uint8_t percent) {
    const int servers = 1 + size % 20;
    const double share = percent % 101 / 100.0;
    Outliers outliers(ejecting(2, 1, 10, share), servers);
    const int most = std::max(1, static_cast<int>(std::floor(share * servers + 1e-9)));
    std::multimap<TimePoint, int> returning;
    TimePoint now;
    for (const std::uint8_t move : moves) {
      now = now + Duration::ms(50);
      while (!returning.empty() && returning.begin()->first <= now) {
        outliers.returned(returning.begin()->second, now);
        returning.erase(returning.begin());
      }
      const int server = move % servers;
      const auto ejection = outliers.ended(server, move < 200, now);
      if (ejection) {
        RC_ASSERT(*ejection >= Duration::s(1));
        RC_ASSERT(*ejection <= Duration::s(10));
        returning.emplace(now + *ejection, server);
      }
      RC_ASSERT(outliers.ejected() == static_cast<int>(returning.size()));
      RC_ASSERT(outliers.ejected() <= most);
    }
  };
  CHECK(rc::check(holds));
}

constexpr Policy kPolicies[] = {Policy::random,         Policy::round_robin,
                                Policy::least_requests, Policy::power_of_two_choices,
                                Policy::ewma_latency,   Policy::consistent_hash};

TEST_CASE("who is left out is never picked, unless all are, and all come back as they were") {
  const auto holds = [](const std::vector<std::uint8_t>& moves, std::uint8_t size, std::uint8_t which) {
    const int servers = 1 + size % 6;
    Choice choice(kPolicies[which % 6], servers, Duration::s(which % 3));
    std::set<int> out;
    TimePoint now;
    for (std::size_t i = 0; i < moves.size(); ++i) {
      now = now + Duration::ms(100);
      const int server = moves[i] % servers;
      if (moves[i] < 60) {
        choice.use(server, false, now);
        out.insert(server);
      } else if (moves[i] < 110) {
        choice.use(server, true, now);
        out.erase(server);
      }
      const bool panic = static_cast<int>(out.size()) == servers;
      RC_ASSERT(choice.panics() == panic);
      Engine draw = StreamKey(5).engine_for(i);
      const int picked = choice.pick(draw, i % 50, now);
      RC_ASSERT(picked >= 0);
      RC_ASSERT(picked < servers);
      RC_ASSERT(panic || !out.contains(picked));
      choice.started(picked);
      if (i % 3 != 0) choice.ended(picked, now - Duration::ms(1 + moves[i]), now, Verdict::good);
    }
  };
  CHECK(rc::check(holds));
}

TEST_CASE("when all are used again, picks are those of a choice that never knew anything else") {
  for (const Policy policy : kPolicies) {
    Choice plain(policy, 5);
    Choice tried(policy, 5, Duration::s(1));
    for (int s = 0; s < 5; ++s) tried.use(s, false, at_s(1));
    for (int s = 0; s < 5; ++s) tried.use(s, true, at_s(2));
    for (std::uint64_t i = 0; i < 500; ++i) {
      Engine a = StreamKey(5).engine_for(i);
      Engine b = a;
      const int expected = plain.pick(a, i, at_s(3));
      CHECK(tried.pick(b, i, at_s(3)) == expected);
      plain.started(expected);
      tried.started(expected);
    }
  }
}

TEST_CASE("the weight of a server that came back grows linearly") {
  // Two of three have their full weight; the third came back at 100 s, for 10 s.
  for (const Policy policy : {Policy::random, Policy::round_robin})
    for (const double after : {0.0, 2.5, 5.0, 9.0, 10.0}) {
      Choice choice(policy, 3, Duration::s(10));
      choice.use(2, false, at_s(1));
      choice.use(2, true, at_s(100));
      constexpr int kPicks = 20'000;
      int third = 0;
      for (std::uint64_t i = 0; i < kPicks; ++i) {
        Engine draw = StreamKey(8).engine_for(i);
        third += choice.pick(draw, i, at_s(100 + after)) == 2;
      }
      const double weight = std::max(Choice::kLeastWeight, after / 10);
      const double share = weight / (2 + weight);
      INFO(static_cast<int>(policy) << " after " << after << " s");
      CHECK(third == Approx(share * kPicks).margin(4 * std::sqrt(kPicks * share * (1 - share))));
    }
}

TEST_CASE("least requests considers a server that comes back with its weight as probability") {
  Choice choice(Policy::least_requests, 2, Duration::s(10));
  choice.use(1, false, at_s(1));
  choice.started(0);
  choice.use(1, true, at_s(100));
  int back = 0;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    Engine draw = StreamKey(8).engine_for(i);
    back += choice.pick(draw, i, at_s(103)) == 1;  // it is idle, the other one is not
  }
  CHECK(back == Approx(3'000).margin(4 * std::sqrt(10'000 * .3 * .7)));
}

TEST_CASE("with consistent hashing only a server's own users move, one by one, and stay") {
  constexpr int kServers = 5;
  const Choice plain(Policy::consistent_hash, kServers);
  Choice choice(Policy::consistent_hash, kServers, Duration::s(10));
  const auto owner = [](Choice& c, std::uint64_t user, double at) {
    Engine draw = StreamKey(8).engine_for(user);
    return c.pick(draw, user, at_s(at));
  };
  Choice before = plain;
  choice.use(3, false, at_s(1));
  choice.use(3, true, at_s(100));
  Choice without = plain;
  without.use(3, false, at_s(1));
  int own = 0;
  int halfway = 0;
  for (std::uint64_t user = 0; user < 5'000; ++user) {
    const int home = owner(before, user, 0);
    const int guest = owner(without, user, 50);
    CHECK(guest != 3);
    if (home != 3) CHECK(guest == home);
    bool returned = false;
    for (const double at : {101.0, 105.0, 108.0, 110.0}) {
      const int now = owner(choice, user, at);
      CHECK((now == home || (!returned && now == guest)));
      returned = now == home;
      if (home == 3 && at == 105.0) halfway += returned;
    }
    CHECK(returned);
    own += home == 3;
  }
  CHECK(halfway == Approx(own / 2.0).margin(4 * std::sqrt(own * .25)));
}

/// API servers behind balancer hosts; 2 ms per message.
study::ScenarioConfig balanced(std::int64_t servers) {
  study::ScenarioConfig s;
  s.scenario = "test";
  add_api(s, servers);
  hosts(s, "lb", 1, 4);
  s.deployment.load_balancer.emplace();
  s.deployment.load_balancer->hosts = Ref{"lb"};
  two_milliseconds(s);
  s.workload.arrivals = client::Poisson{Rate{500}};
  s.workload.deadline = Duration::s(1);
  s.run.drain = Duration::s(20);
  measure(s, Duration(), Duration::s(100));
  return s;
}

faults::FaultConfig crash(const std::string& host, double at_s, double for_s, bool process = false) {
  faults::Crash kill;
  kill.target.name = host;
  kill.process = process;
  if (!process) kill.boot = Duration();
  if (process) kill.restart = Duration();
  faults::FaultConfig f;
  f.at = Duration::from_seconds(at_s);
  f.length = Duration::from_seconds(for_s);
  f.kind = kill;
  return f;
}

/// Seconds at which `kind` was noted of `subject`.
std::vector<double> noted(const Trial& trial, const std::string& kind, const std::string& subject) {
  std::vector<double> at;
  for (const metrics::Event& e : trial.result().journal)
    if (e.kind == kind && e.subject == subject) at.push_back(e.at.since_start().seconds());
  return at;
}

TEST_CASE("a dead server is noticed after (k - 1) intervals and a time-out, and up to an interval before") {
  for (const std::uint64_t seed : {1, 2, 3}) {
    auto s = balanced(3);
    s.seed = static_cast<std::int64_t>(seed);
    s.deployment.load_balancer->health_check = HealthCheckConfig{};
    s.faults.push_back(crash("host/api-2", 20, 40));
    Trial trial(s);
    trial.run();
    const auto unhealthy = noted(trial, "unhealthy", "host/api-2");
    const auto healthy = noted(trial, "healthy", "host/api-2");
    REQUIRE(unhealthy.size() == 1);
    REQUIRE(healthy.size() == 1);
    CHECK(unhealthy[0] >= 22.5 - .003);  // what was on its way is lost, too
    CHECK(unhealthy[0] <= 24.5);
    CHECK(healthy[0] >= 62);
    CHECK(healthy[0] <= 64.1);
    // A third of the requests fails until then, none afterwards.
    const double failed = trial["requests.failed"];
    const double expected = 500.0 / 3 * (unhealthy[0] - 20);
    CHECK(failed == Approx(expected).margin(4 * std::sqrt(expected)));
    CHECK(trial["lb.unhealthy"] == 1);
    CHECK(trial["lb.panic_picks"] == 0);
    CHECK(trial.violated() == "");
  }
}

TEST_CASE("without hosts, servers are checked from outside") {
  auto s = balanced(3);
  s.deployment.load_balancer->hosts.reset();
  s.deployment.load_balancer->health_check = HealthCheckConfig{};
  s.faults.push_back(crash("host/api-2", 20, 40, true));
  Trial trial(s);
  trial.run();
  REQUIRE(noted(trial, "unhealthy", "host/api-2").size() == 1);
  CHECK(noted(trial, "unhealthy", "host/api-2")[0] <= 24.1);  // refused at once
  CHECK(noted(trial, "healthy", "host/api-2").size() == 1);
  CHECK(trial["outcome.refused"] == trial["requests.failed"]);
  CHECK(trial.violated() == "");
}

TEST_CASE("a server whose process is gone is ejected after five refusals, and again after its return") {
  auto s = balanced(3);
  s.deployment.load_balancer->policy = Policy::round_robin;
  s.deployment.load_balancer->outlier_ejection = OutlierConfig{};
  s.faults.push_back(crash("host/api-2", 20, 60, true));
  Trial trial(s);
  trial.run();
  const auto ejected = noted(trial, "ejected", "host/api-2");
  const auto returned = noted(trial, "returned", "host/api-2");
  REQUIRE(ejected.size() == 2);  // for 30 s at 20 s, then for 60 s at 50 s, beyond its restart
  REQUIRE(returned.size() == 1);
  CHECK(ejected[0] == Approx(20.05).margin(.06));
  CHECK(returned[0] == Approx(ejected[0] + 30));
  CHECK(ejected[1] == Approx(50.05).margin(.08));
  CHECK(trial["lb.ejections"] == 2);
  CHECK(trial["requests.failed"] >= 10);
  CHECK(trial["requests.failed"] <= 14);  // what was on its way when the fifth failed
  CHECK(trial.violated() == "");
}

TEST_CASE("when all are left out, all are used, and that is noted") {
  auto s = balanced(2);
  s.deployment.load_balancer->health_check = HealthCheckConfig{};
  s.faults.push_back(crash("group/api", 20, 10));
  Trial trial(s);
  trial.run();
  CHECK(trial["lb.panic_picks"] > 0);
  CHECK(noted(trial, "panic begins", "host/lb-1").size() == 1);
  CHECK(noted(trial, "panic ends", "host/lb-1").size() == 1);
  // The first second after the servers are back is served in panic.
  CHECK(trial["requests.failed"] == Approx(5'000).margin(4 * std::sqrt(5'000)));
}

TEST_CASE("jobs that are pushed to workers eject a worker, too") {
  auto s = workers(4, 8, always(Duration::ms(10)));
  add_api(s, 2);
  two_milliseconds(s);
  s.deployment.load_balancer.emplace();
  s.deployment.load_balancer->policy = Policy::round_robin;
  s.workload.arrivals = client::Poisson{Rate{200}};
  s.workload.deadline = Duration::s(1);
  measure(s, Duration(), Duration::s(40));
  s.faults.push_back(crash("host/worker-3", 10, 20, true));
  Trial plain(s);
  plain.run();
  s.deployment.load_balancer->outlier_ejection = OutlierConfig{};
  Trial ejecting(s);
  ejecting.run();
  CHECK(plain["requests.failed"] == Approx(1'000).margin(5 * std::sqrt(1'000)));
  CHECK(ejecting["requests.failed"] <= 10);
  CHECK(noted(ejecting, "ejected", "host/worker-3").size() == 1);
  CHECK(ejecting.violated() == "");
}

TEST_CASE("checks change nothing about what happens to requests while all is well") {
  auto s = balanced(3);
  Trial plain(s);
  plain.run();
  s.deployment.load_balancer->health_check = HealthCheckConfig{};
  s.deployment.load_balancer->outlier_ejection = OutlierConfig{};
  Trial checked(s);
  checked.run();
  CHECK(checked["latency.mean_ms"] == plain["latency.mean_ms"]);
  CHECK(checked["requests.offered"] == plain["requests.offered"]);
}

}  // namespace
}  // namespace headroom::calls
