#include "models/api/quota.h"

#include <rapidcheck.h>

#include <boost/random/exponential_distribution.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <vector>

#include "sim/base/random.h"
#include "tests/models/trial.h"

namespace headroom {
namespace {

TimePoint at_s(double seconds) {
  return TimePoint::at(Duration::from_seconds(seconds));
}

/// Of Poisson arrivals, how many per second a bucket accepts.
double accepted_rate(double arrivals, double rate, double burst, double seconds) {
  api::Quota quota({rate}, burst);
  Engine draw = StreamKey(4).engine();
  double accepted = 0;
  for (double t = 0; t < seconds;) {
    t += boost::random::exponential_distribution<double>(arrivals)(draw);
    accepted += quota.accept(7, at_s(t));
  }
  return accepted / seconds;
}

TEST_CASE("a bucket of one token is a server that is busy for the time of one: Erlang's loss formula") {
  // Renewals: after each one accepted, 1/rate without any, then the time to the next arrival.
  for (const double load : {.2, 1.0, 5.0}) {
    const double rate = 10;
    const double expected = 1 / (1 / rate + 1 / (rate * load));
    CHECK(accepted_rate(rate * load, rate, 1, 10'000) == Approx(expected).epsilon(.015));
  }
}

TEST_CASE("with a large bucket everything passes below the quota, and the quota above it") {
  CHECK(accepted_rate(9, 10, 200, 10'000) == Approx(9).epsilon(.02));
  CHECK(accepted_rate(30, 10, 200, 10'000) == Approx(10).epsilon(.005));
}

TEST_CASE(
    "in no interval is more accepted than the burst and what the rate gives, and nobody pays for others") {
  const auto holds = [](const std::vector<std::uint8_t>& moves, std::uint8_t size) {
    const double rate = 5;
    const double burst = 1 + size % 7;
    api::Quota quota({rate}, burst);
    std::vector<double> accepted[3];
    double t = 0;
    double last[3] = {-1e9, -1e9, -1e9};
    for (const std::uint8_t move : moves) {
      t += move / 1000.0;
      const auto user = static_cast<std::size_t>(move % 3);
      const bool ok = quota.accept(user, at_s(t));
      // Who has rested long enough for a token is never refused.
      RC_ASSERT(ok || t - last[user] <= 1 / rate + 1e-9);
      last[user] = t;
      if (!ok) continue;
      accepted[user].push_back(t);
      for (std::size_t i = 0; i < accepted[user].size(); ++i) {
        const auto n = static_cast<double>(accepted[user].size() - i);
        RC_ASSERT(n <= burst + rate * (t - accepted[user][i]) + 1e-6);
      }
    }
  };
  CHECK(rc::check(holds));
}

TEST_CASE("who is not seen for long is forgotten") {
  api::Quota quota({100}, 10);
  for (std::uint64_t i = 0; i < 100'000; ++i) CHECK(quota.accept(i, at_s(static_cast<double>(i) * .001)));
  CHECK(quota.remembered() < 3'000);
}

/// API servers behind a balancer; 2 ms per message.
study::ScenarioConfig quota_tier(double arrivals, double quota) {
  study::ScenarioConfig s;
  s.scenario = "test";
  add_api(s, 3);
  s.deployment.load_balancer.emplace();
  s.deployment.load_balancer->policy = balancer::Policy::round_robin;
  s.deployment.api->quota_per_user = Rate{quota};
  two_milliseconds(s);
  s.workload.users = 50;
  s.workload.arrivals = client::Poisson{Rate{arrivals}};
  measure(s, Duration(), Duration::s(100));
  return s;
}

TEST_CASE("an abuser is held to the quota, others do not notice") {
  auto s = quota_tier(300, 30);
  faults::FaultConfig f;
  f.at = Duration::s(20);
  f.length = Duration::s(60);
  f.kind = faults::Abuse{1, Rate{1000}};
  s.faults.push_back(f);
  Trial trial(s);
  trial.run();
  // 60 s of the abuser and of the user whose account it is (6/s); 30/s and the burst of 30 pass.
  const double passed = 60 * 30 + 30;
  CHECK(trial["outcome.rejected"] == Approx(60 * 1006 - passed).margin(4.5 * std::sqrt(60'000)));
  CHECK(trial["api.over_quota"] == trial["outcome.rejected"]);
  CHECK(trial["api.availability"] == 1);
  // Of the others, only the requests of that one user suffer: one in fifty, for 60 s of 100.
  CHECK(trial["others.yield"] == Approx(1 - .6 / 50).margin(.003));
  CHECK(trial.violated() == "");
}

TEST_CASE("without abuse there is no metric of others; a quota that nobody reaches changes nothing") {
  auto s = quota_tier(300, 1000);
  Trial with(s);
  with.run();
  CHECK_FALSE(with.find("others.yield"));
  CHECK(with["api.over_quota"] == 0);
  CHECK(with["yield"] == 1);
}

}  // namespace
}  // namespace headroom
