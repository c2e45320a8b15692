// Faults that come from traffic: surges, abuse, names that cannot be looked up, emptied caches.
#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "models/client/arrivals.h"
#include "tests/models/trial.h"

namespace headroom {
namespace {

/// Numbers of requests on top of the scenario's own begin here.
constexpr std::uint64_t kExtra = 1ULL << 52;

/// Whether a count is within 4.5 standard deviations of a Poisson variable's mean.
bool poisson_like(double count, double mean) {
  return std::abs(count - mean) < 4.5 * std::sqrt(mean);
}

std::vector<double> times(client::ArrivalProcess& process, double end) {
  std::vector<double> all;
  while (const auto t = process.next()) {
    if (t->since_start().seconds() >= end) break;
    all.push_back(t->since_start().seconds());
  }
  CHECK(std::is_sorted(all.begin(), all.end()));
  return all;
}

TEST_CASE("arrivals that begin late are those of a process at that time") {
  const auto late = [](const client::Arrivals& arrivals, double begin, double end) {
    const auto process = client::make_arrivals(arrivals, StreamKey(3));
    process->begin_at(TimePoint::at(Duration::from_seconds(begin)));
    const auto all = times(*process, end);
    if (!all.empty()) CHECK(all.front() >= begin);
    return static_cast<double>(all.size());
  };
  CHECK(poisson_like(late(client::Poisson{Rate{100}}, 500, 600), 10'000));
  CHECK(late(client::Constant{Rate{100}}, 500, 600) == Approx(10'000).margin(1));
  // From 100/s at 0 s to 300/s at 100 s; from 50 s on, 200/s to 300/s.
  client::Profile ramp;
  ramp.points = {{Duration(), Rate{100}}, {Duration::s(100), Rate{300}}};
  CHECK(poisson_like(late(ramp, 50, 100), 12'500));
  ramp.repeat = Duration::s(120);
  CHECK(poisson_like(late(ramp, 50 + 3 * 120, 100 + 3 * 120), 12'500));
  client::Profile day;
  day.diurnal = client::Diurnal{Rate{100}, Rate{150}, Duration::s(1000), Duration::s(250)};
  CHECK(poisson_like(late(day, 2000, 2500), 50'000 + 50 * 1000 / 3.14159265));
}

TEST_CASE("what comes on top has the rate of the base at any time, in the same bursts, and other requests") {
  client::Bursts bursts;
  bursts.calm = Rate{10};
  bursts.burst = Rate{1000};
  bursts.mean_calm = Duration::s(20);
  bursts.mean_burst = Duration::s(5);
  const auto base = client::make_arrivals(bursts, StreamKey(3));
  const auto extra = client::make_extra_arrivals(bursts, StreamKey(3), 2, StreamKey(9));
  extra->begin_at(TimePoint::at(Duration::s(300)));
  const auto a = times(*base, 1000);
  const auto b = times(*extra, 1000);
  int both = 0;
  int busy = 0;
  for (int s = 300; s < 1000; ++s) {
    const auto in = [s](const std::vector<double>& all) {
      return static_cast<double>(
          std::count_if(all.begin(), all.end(), [s](double t) { return t >= s && t < s + 1; }));
    };
    const double of_base = in(a);
    if (of_base < 900) continue;
    ++busy;
    both += poisson_like(in(b), 2000);
  }
  CHECK(busy > 30);
  CHECK(both >= busy - busy / 10);  // but for seconds in which a burst begins or ends
  CHECK(client::make_extra_arrivals(client::Poisson{Rate{1}}, StreamKey(3), 0, StreamKey(9)) == nullptr);
  CHECK(client::make_extra_arrivals(client::Closed{1, {}}, StreamKey(3), 1, StreamKey(9)) == nullptr);
}

/// API servers that answer at once; 2 ms per message.
study::ScenarioConfig service(double rate) {
  study::ScenarioConfig s;
  s.scenario = "test";
  add_api(s, 2);
  two_milliseconds(s);
  s.workload.users = 1000;
  s.workload.arrivals = client::Poisson{Rate{rate}};
  s.workload.deadline = Duration::s(1);
  measure(s, Duration(), Duration::s(100));
  s.run.drain = Duration::s(20);
  return s;
}

faults::FaultConfig fault(double at_s, double for_s, faults::Kind kind) {
  faults::FaultConfig f;
  f.at = Duration::from_seconds(at_s);
  f.length = Duration::from_seconds(for_s);
  f.kind = std::move(kind);
  return f;
}

/// The scenario's own requests, in order.
std::vector<std::uint64_t> own(const Trial& trial) {
  std::vector<std::uint64_t> numbers;
  for (const std::uint64_t n : trial.ended())
    if (n < kExtra) numbers.push_back(n);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

TEST_CASE("a surge adds its requests, ramp and all, and leaves the others what they are") {
  auto s = service(200);
  Trial plain(s);
  plain.run();
  s.faults.push_back(fault(20, 30, faults::Surge{3, Duration::s(10)}));
  Trial surge(s);
  surge.run();
  const double more = surge["requests.offered"] - plain["requests.offered"];
  CHECK(poisson_like(more, 2 * 200 * (10 / 2.0 + 20)));
  CHECK(own(surge) == own(plain));
  CHECK(surge["yield"] == 1);
  CHECK(surge.violated() == "");
  SECTION("it grows linearly") {
    measure(s, Duration::s(20), Duration::s(5));
    Trial first(s);
    first.run();
    CHECK(poisson_like(first["requests.offered"], 200 * 5 + 400 * 5 * .25));
  }
  SECTION("and ends at once") {
    measure(s, Duration::s(50), Duration::s(50));
    Trial after(s);
    after.run();
    s.faults.clear();
    Trial without(s);
    without.run();
    CHECK(after["requests.offered"] == without["requests.offered"]);
  }
  SECTION("two of them add what is more") {
    s.faults.push_back(fault(30, 10, faults::Surge{2, {}}));
    measure(s, Duration::s(30), Duration::s(10));
    Trial both(s);
    both.run();
    CHECK(poisson_like(both["requests.offered"], 200 * 10 * (1 + 2 + 1)));
  }
}

TEST_CASE("abusers are users whose requests come on top") {
  auto s = service(200);
  s.workload.arrivals = client::Closed{3, always(Duration::ms(50))};  // no matter what the others do
  s.faults.push_back(fault(20, 50, faults::Abuse{2, Rate{100}}));
  Trial trial(s);
  trial.run();
  const double extra = static_cast<double>(
      std::count_if(trial.ended().begin(), trial.ended().end(), [](auto n) { return n >= kExtra; }));
  CHECK(poisson_like(extra, 5'000));
  CHECK(trial["others.yield"] == 1);
  std::string struck;
  for (const metrics::Event& e : trial.result().journal)
    if (e.kind == "fault begins") struck = std::get<std::string>(e.details.at(1).value);
  CHECK_THAT(struck, Catch::StartsWith("user ") && Catch::Contains(", user "));
}

TEST_CASE("without abusers everybody is one of the others, if an objective asks for them") {
  auto s = service(200);
  faults::Loss loss;
  loss.between = {{"clients", {}, 0}, {"group/api", {}, 0}};
  loss.probability = Share{.1};
  s.faults.push_back(fault(0, 100, loss));
  Trial plain(s);
  plain.run();
  CHECK_FALSE(plain.find("others.yield").has_value());
  s.slo.objectives.push_back({"others.yield", .999, metrics::Better::higher});
  Trial asked(s);
  asked.run();
  CHECK(asked["others.yield"] == plain["yield"]);
  CHECK(plain["yield"] < 1);
}

TEST_CASE("names that cannot be looked up fail new connections, and only those") {
  auto s = service(200);
  s.workload.connections.emplace();
  s.workload.connections->reuse = Share{.75};
  s.faults.push_back(fault(20, 40, faults::Dns{Share{1}}));
  Trial all(s);
  all.run();
  CHECK(poisson_like(all["outcome.dns_failed"], 200 * 40 * .25));
  CHECK(all["requests.failed"] == all["outcome.dns_failed"]);
  CHECK(all["attempt.dns_failed"] == all["outcome.dns_failed"]);
  SECTION("two independent ones: 1 - .6 x .5") {
    s.faults = {fault(20, 40, faults::Dns{Share{.4}}), fault(20, 40, faults::Dns{Share{.5}})};
    Trial both(s);
    both.run();
    CHECK(poisson_like(both["outcome.dns_failed"], 200 * 40 * .25 * .7));
  }
  SECTION("another attempt may find a connection") {
    s.workload.retry.emplace();
    s.workload.retry->attempts = 2;
    Trial twice(s);
    twice.run();
    CHECK(poisson_like(twice["outcome.dns_failed"], 200 * 40 * .25 * .25));
    CHECK(twice["attempt.dns_failed"] == all["outcome.dns_failed"] + twice["outcome.dns_failed"]);
  }
}

TEST_CASE("a flushed cache asks for every user again") {
  auto s = service(500);
  s.workload.users = 20;
  s.deployment.auth.emplace();
  s.deployment.auth->edge_cache.emplace();
  s.deployment.auth->edge_cache->ttl = Duration::s(1000);
  hosts(s, "auth", 1, 4);
  s.deployment.auth->data_plane.hosts = Ref{"auth"};
  measure(s, Duration::s(30), Duration::s(60));
  Trial plain(s);
  plain.run();
  CHECK(plain["auth.hit_ratio"] == 1);
  faults::FaultConfig f;
  f.at = Duration::s(50);
  f.kind = faults::Flush{};
  s.faults.push_back(f);
  Trial flushed(s);
  flushed.run();
  const double misses = (1 - flushed["auth.hit_ratio"]) * flushed["requests.offered"];
  CHECK(misses >= 40 - .5);  // twenty users on two servers; a few more while the first answer is on its way
  CHECK(misses <= 60);
  CHECK(flushed["yield"] == 1);
}

TEST_CASE("when all is over the load is what it would have been, whatever overlapped") {
  const auto holds = [](const std::vector<std::uint8_t>& kinds) {
    auto s = service(50);
    s.workload.connections.emplace();
    measure(s, Duration::s(20), Duration::s(10));
    Trial plain(s);
    plain.run();
    Engine draw = StreamKey(kinds.size()).engine();
    for (const std::uint8_t kind : kinds) {
      const double at = uniform01(draw) * 15;
      const double length = uniform01(draw) * (19.5 - at);
      if (kind % 3 == 0)
        s.faults.push_back(fault(at, length, faults::Surge{1 + kind / 50.0, Duration::s(2)}));
      if (kind % 3 == 1) s.faults.push_back(fault(at, length, faults::Abuse{1 + kind, Rate{1.0 * kind}}));
      if (kind % 3 == 2) s.faults.push_back(fault(at, length, faults::Dns{Share{kind / 255.0}}));
    }
    Trial trial(s);
    trial.run();
    RC_ASSERT(trial["requests.offered"] == plain["requests.offered"]);
    RC_ASSERT(trial["requests.answered"] == plain["requests.answered"]);
    RC_ASSERT(own(trial) == own(plain));
    RC_ASSERT(trial.violated().empty());
  };
  CHECK(rc::check(holds));
}

TEST_CASE("one run in which an attempt ends in each of the six ways") {
  auto s = service(100);
  s.workload.connections.emplace();
  s.deployment.processing.emplace();
  hosts(s, "worker", 2, 50);
  s.deployment.processing->hosts = {"worker"};
  s.deployment.processing->service_time = always(Duration::ms(300));
  faults::Crash process;
  process.target.name = "host/api-1";
  process.process = true;
  faults::Crash host;
  host.target.name = "group/worker";
  host.boot = Duration();
  s.faults = {
      fault(10, 5, faults::Dns{}), fault(20, 5, process), fault(30, 5, host),
      fault(40, 5,
            faults::Partition{{{{{"clients", {}, 0}, {"host/api-2", {}, 0}}, faults::Direction::both}}})};
  Trial trial(s);
  trial.run();
  for (const char* ending : {"complete", "dns_failed", "refused", "died", "late", "lost"}) {
    INFO(ending);
    CHECK(trial["attempt." + std::string(ending)] > 0);
  }
  CHECK(trial.violated() == "");
}

}  // namespace
}  // namespace headroom
