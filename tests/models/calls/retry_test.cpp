#include "models/calls/retry.h"

#include <boost/random/normal_distribution.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <queue>
#include <vector>

#include "tests/models/trial.h"

namespace headroom {
namespace {

using calls::Jitter;
using calls::RetryConfig;

RetryConfig exponential(Duration base, Duration cap, Jitter jitter = Jitter::none) {
  RetryConfig r;
  r.backoff = calls::ExponentialBackoff{base, cap};
  r.jitter = jitter;
  return r;
}

std::vector<std::int64_t> waits_ms(const RetryConfig& config, int n, std::uint64_t seed = 1) {
  calls::BackoffSchedule schedule(config);
  Engine draw = StreamKey(seed).engine();
  std::vector<std::int64_t> waits;
  for (int i = 0; i < n; ++i) waits.push_back(schedule.next(draw).count_ns() / 1'000'000);
  return waits;
}

TEST_CASE("backoff doubles up to its cap, however often") {
  using List = std::vector<std::int64_t>;
  CHECK(waits_ms(exponential(Duration::ms(50), Duration::s(1)), 7) ==
        List{50, 100, 200, 400, 800, 1000, 1000});
  CHECK(waits_ms(exponential(Duration::ms(50), Duration::s(1)), 1000).back() == 1000);
  RetryConfig fixed;
  fixed.backoff = calls::FixedBackoff{Duration::ms(30)};
  CHECK(waits_ms(fixed, 3) == List{30, 30, 30});
  CHECK(waits_ms(RetryConfig{}, 3) == List{0, 0, 0});
}

TEST_CASE("jitter spreads a wait over its range") {
  const auto mean_and_range = [](Jitter jitter, int nth) {
    double sum = 0;
    double low = 1e9;
    double high = 0;
    constexpr int kRuns = 20'000;
    for (std::uint64_t run = 0; run < kRuns; ++run) {
      const auto wait =
          static_cast<double>(waits_ms(exponential(Duration::s(1), Duration::s(8), jitter), nth, run).back());
      sum += wait;
      low = std::min(low, wait);
      high = std::max(high, wait);
    }
    return std::vector<double>{sum / kRuns, low, high};
  };
  // The third wait is at most 4 s. Standard error of the mean of U(0, 4 s): 8 ms.
  const auto full = mean_and_range(Jitter::full, 3);
  CHECK(full[0] == Approx(2000).margin(35));
  CHECK(full[1] < 10);
  CHECK(full[2] > 3990);
  CHECK(full[2] <= 4000);
  const auto equal = mean_and_range(Jitter::equal, 3);
  CHECK(equal[0] == Approx(3000).margin(20));
  CHECK(equal[1] >= 2000);
  CHECK(equal[2] <= 4000);
  // First U(1, 3), then U(1, 3·first): mean (1 + 3·2)/2.
  CHECK(mean_and_range(Jitter::decorrelated, 1)[0] == Approx(2000).margin(20));
  const auto second = mean_and_range(Jitter::decorrelated, 2);
  CHECK(second[0] == Approx(3500).margin(70));
  CHECK(second[2] <= 8000);
}

/// What Brooker's protocol costs: 100 clients read a row and write it back, which fails if another one wrote
/// in between; each hop takes |N(10, 2)| ms. Calls are writes; it is over with the last write.
struct Cost {
  double calls = 0;
  double seconds = 0;
};
Cost optimistic_writers(const RetryConfig& config) {
  enum class Step { read, answer, write, again };
  struct Message {
    double at_ms;
    std::uint64_t sequence;
    std::size_t client;
    Step step;
    int version;
    bool operator<(const Message& o) const {
      return at_ms != o.at_ms ? at_ms > o.at_ms : sequence > o.sequence;
    }
  };
  constexpr int kRuns = 100;
  constexpr std::size_t kClients = 100;
  Cost cost;
  for (std::uint64_t run = 0; run < kRuns; ++run) {
    Engine draw = StreamKey(run).engine();
    const auto hop = [&] { return std::abs(boost::random::normal_distribution<double>(10, 2)(draw)); };
    std::vector<calls::BackoffSchedule> backoff(kClients, calls::BackoffSchedule(config));
    std::priority_queue<Message> due;
    std::uint64_t sequence = 0;
    const auto send = [&](double at_ms, std::size_t client, Step step, int version) {
      due.push({at_ms, sequence++, client, step, version});
    };
    int version = 0;
    double last_ms = 0;
    for (std::size_t c = 0; c < kClients; ++c) send(hop(), c, Step::read, 0);
    while (!due.empty()) {
      const Message m = due.top();
      due.pop();
      switch (m.step) {
        case Step::read:
          send(m.at_ms + hop(), m.client, Step::answer, version);
          break;
        case Step::answer:
          send(m.at_ms + hop(), m.client, Step::write, m.version);
          break;
        case Step::write: {
          cost.calls += 1.0 / kRuns;
          last_ms = m.at_ms;
          if (m.version == version)
            ++version;
          else
            send(m.at_ms + hop(), m.client, Step::again, 0);
          break;
        }
        case Step::again: {
          const double wait_ms = backoff[m.client].next(draw).milliseconds();
          send(m.at_ms + wait_ms + hop(), m.client, Step::read, 0);
          break;
        }
      }
    }
    cost.seconds += last_ms / 1000 / kRuns;
  }
  return cost;
}

TEST_CASE("backoff and jitter cost what Brooker published") {
  // His formula counts attempts from 1, so that with a base of 5 ms the first wait is 10 ms; but for the
  // decorrelated one.
  const Duration cap = Duration::ms(2000);
  const auto check = [](const RetryConfig& config, double calls, double seconds) {
    const Cost cost = optimistic_writers(config);
    CHECK(cost.calls == Approx(calls).epsilon(.01));
    CHECK(cost.seconds == Approx(seconds).epsilon(.03));
  };
  check(RetryConfig{}, 2424, 2.03);
  check(exponential(Duration::ms(10), cap), 1847, 63.0);
  check(exponential(Duration::ms(10), cap, Jitter::equal), 812, 6.63);
  check(exponential(Duration::ms(10), cap, Jitter::full), 795, 4.87);
  check(exponential(Duration::ms(5), cap, Jitter::decorrelated), 1000, 4.59);
}

TEST_CASE("a budget is a share of the requests of the last ten seconds") {
  calls::RetryBudget budget(.1);
  const auto at = [](double s) { return TimePoint::at(Duration::from_seconds(s)); };
  CHECK_FALSE(budget.retry(at(0)));
  for (int i = 0; i < 25; ++i) budget.request(at(1));
  CHECK(budget.retry(at(1)));
  CHECK(budget.retry(at(2)));
  CHECK_FALSE(budget.retry(at(3)));
  for (int i = 0; i < 5; ++i) budget.request(at(10));
  CHECK(budget.retry(at(10.5)));
  CHECK_FALSE(budget.retry(at(10.8)));
  // The 25 requests are gone by now, and the retries of the first two seconds, too; 5 requests allow none.
  CHECK_FALSE(budget.retry(at(12.1)));
  for (int i = 0; i < 15; ++i) budget.request(at(15));
  CHECK(budget.retry(at(15)));
  CHECK_FALSE(budget.retry(at(15)));
  for (int i = 0; i < 10; ++i) budget.request(at(1000));
  CHECK(budget.retry(at(1000)));
  CHECK_FALSE(budget.retry(at(1000)));
}

TEST_CASE("in no ten seconds are there more retries than the budget's share, at any load") {
  calls::RetryBudget budget(.2);
  Engine draw = StreamKey(3).engine();
  std::vector<std::pair<double, bool>> sent;  // when, a retry or not
  double t = 0;
  for (int i = 0; i < 20'000; ++i) {
    t += -std::log(1 - uniform01(draw)) / (i / 5000 % 2 == 0 ? 100 : 10);
    const TimePoint now = TimePoint::at(Duration::from_seconds(t));
    budget.request(now);
    sent.emplace_back(t, false);
    for (int k = 0; k < 3; ++k)
      if (budget.retry(now)) sent.emplace_back(t, true);
  }
  std::size_t first = 0;
  double requests = 0;
  double retries = 0;
  for (const auto& [at, retry] : sent) {
    (retry ? retries : requests) += 1;
    for (; sent[first].first <= at - 10; ++first) (sent[first].second ? retries : requests) -= 1;
    // Up to 100 ms of requests are forgotten early, retries with them.
    if (retry) CHECK(retries <= .2 * requests + .2 * 100 * .1 * 5);
  }
}

/// API servers that answer at once, `dead` of them without a process; one zone, 2 ms per message.
study::ScenarioConfig servers(std::int64_t count, std::int64_t dead) {
  study::ScenarioConfig s;
  s.scenario = "test";
  add_api(s, count);
  two_milliseconds(s);
  s.workload.arrivals = client::Poisson{Rate{200}};
  s.workload.deadline = Duration::s(10);
  measure(s, Duration::s(1), Duration::s(100));
  s.run.drain = Duration::s(20);
  for (std::int64_t d = 1; d <= dead; ++d) {
    faults::Crash kill;
    kill.target.name = "host/api-" + std::to_string(d);
    kill.process = true;
    faults::FaultConfig f;
    f.at = Duration();
    f.kind = kill;
    s.faults.push_back(f);
  }
  return s;
}

TEST_CASE("each attempt fails with probability p: there are (1 - p^m)/(1 - p) attempts, 1 - p^m answered") {
  for (const std::int64_t dead : {1, 2, 3})
    for (const std::int64_t m : {1, 2, 5}) {
      INFO(dead << " of 4 dead, " << m << " attempts");
      auto s = servers(4, dead);
      s.workload.retry.emplace();
      s.workload.retry->attempts = m;
      Trial trial(s);
      trial.run();
      const double p = static_cast<double>(dead) / 4;
      const double all = std::pow(p, m);
      const double n = trial["requests.offered"];
      CHECK(trial["yield"] == Approx(1 - all).margin(4 * std::sqrt(all * (1 - all) / n)));
      // The number of attempts is at most m, so its variance is at most (m − 1)²/4.
      const double attempts = (1 - all) / (1 - p);
      CHECK(trial["retry_amplification"] ==
            Approx(attempts).margin(4 * static_cast<double>(m - 1) / 2 / std::sqrt(n) + 1e-9));
      CHECK(trial["attempts"] == trial["attempt.complete"] + trial["attempt.refused"]);
      CHECK(trial["outcome.refused"] == n - trial["requests.answered"]);
      CHECK(trial.violated() == "");
    }
}

TEST_CASE("a budget bounds the retries of a service that is gone") {
  auto s = servers(2, 2);
  s.workload.retry.emplace();
  s.workload.retry->attempts = 10;
  s.workload.retry->budget = Share{.25};
  Trial trial(s);
  trial.run();
  CHECK(trial["yield"] == 0);
  CHECK(trial["retry_amplification"] == Approx(1.25).margin(.01));
}

TEST_CASE("retries change nothing about the requests and their first attempts") {
  auto s = servers(4, 2);
  Trial once(s);
  once.run();
  s.workload.retry.emplace();
  s.workload.retry->attempts = 2;
  Trial twice(s);
  twice.run();
  CHECK(twice["requests.offered"] == once["requests.offered"]);
  CHECK(twice["attempts"] - twice["requests.offered"] == once["attempt.refused"]);
}

/// One worker that takes `service`, and requests one by one.
study::ScenarioConfig slow(Duration service, Duration attempt_timeout, std::int64_t attempts) {
  auto s = workers(1, 100, always(service));
  two_milliseconds(s);
  s.workload.arrivals = client::Trace{{{Duration::s(1), {}, {}}, {Duration::s(30), {}, {}}}};
  s.workload.attempt_timeout = attempt_timeout;
  s.workload.deadline = Duration::s(5);
  s.workload.retry.emplace();
  s.workload.retry->attempts = attempts;
  measure(s, Duration(), Duration::s(60));
  return s;
}

TEST_CASE("an answer that comes after its attempt's time still counts if it is the first") {
  Trial trial(slow(Duration::ms(1500), Duration::s(1), 3));
  trial.run();
  CHECK(trial["outcome.complete"] == 2);
  CHECK(trial["latency.max_ms"] ==
        Approx(1504).epsilon(.005));  // of the first attempt, while the second works
  CHECK(trial["attempts"] == 4);
  CHECK(trial["attempt.complete"] == 2);
  CHECK(trial["attempt.late"] == 2);
  CHECK(trial.violated() == "");
}

TEST_CASE("when the last attempt's time is over, or the deadline is there, the request is late") {
  Trial trial(slow(Duration::s(20), Duration::s(1), 3));
  trial.run();
  CHECK(trial["outcome.late"] == 2);
  CHECK(trial["attempt.late"] == 6);
  Trial no_time(slow(Duration::s(20), Duration::s(3), 9));
  no_time.run();
  CHECK(no_time["outcome.late"] == 2);
  CHECK(no_time["attempts"] == 4);  // at 0 and 3 s; 6 s is past the deadline
  auto s = slow(Duration::s(20), Duration::s(2), 1);
  s.workload.retry.reset();
  Trial once(s);
  once.run();
  CHECK(once["outcome.late"] == 2);
  CHECK(once["attempts"] == 2);
}

TEST_CASE("what is still open when the run ends is unfinished, attempts too") {
  auto s = slow(Duration::s(1000), Duration::s(1), 3);
  s.workload.deadline.reset();
  s.workload.attempt_timeout = Duration::s(100);
  s.run.drain = Duration::s(120);
  Trial trial(s);
  trial.run();
  CHECK(trial["outcome.unfinished"] == 2);
  CHECK(trial["attempt.unfinished"] == 6);  // at 1, 101, 201 and at 30, 130, 230 s
  CHECK(trial.violated() == "");
}

TEST_CASE("how an attempt ended is told apart") {
  SECTION("the server dies while working, its host stays up") {
    auto s = slow(Duration::s(3), Duration::s(4), 2);
    Trial trial(s);
    trial.at(Duration::s(2), [&] { trial.host("worker").slots()[0]->kill(); });
    trial.at(Duration::from_seconds(2.001), [&] { trial.host("worker").slots()[0]->start(); });
    trial.run();
    CHECK(trial["attempt.died"] == 1);
    CHECK(trial["attempt.complete"] == 2);
  }
  SECTION("its host dies, too: silence") {
    auto s = slow(Duration::ms(500), Duration::s(1), 2);
    Trial trial(s);
    trial.at(Duration::from_seconds(1.1), [&] { trial.host("worker").crash(); });
    trial.at(Duration::from_seconds(1.9), [&] { trial.host("worker").boot(); });
    trial.run();
    CHECK(trial["attempt.died"] == 1);
    CHECK(trial["outcome.complete"] == 2);
  }
  SECTION("lost on the way there, or back") {
    for (const bool forward : {true, false}) {
      auto s = slow(Duration::ms(500), Duration::s(1), 2);
      faults::FaultConfig f;
      f.at = Duration::ms(forward ? 500 : 1'200);
      f.length = Duration::ms(600);
      f.kind = faults::Partition{{{{{"clients", {}, 0}, {"group/worker", {}, 0}},
                                   forward ? faults::Direction::forward : faults::Direction::backward}}};
      s.faults.push_back(f);
      Trial trial(s);
      trial.run();
      CHECK(trial["attempt.lost"] == 1);
      CHECK(trial["outcome.complete"] == 2);
      CHECK(trial["latency.max_ms"] == Approx(1504).epsilon(.005));
    }
  }
}

TEST_CASE("closed users try again, too") {
  auto s = servers(2, 1);
  s.workload.arrivals = client::Closed{10, always(Duration::ms(100))};
  s.workload.retry.emplace();
  s.workload.retry->attempts = 20;
  s.workload.retry->backoff = calls::FixedBackoff{Duration::ms(10)};
  Trial trial(s);
  trial.run();
  CHECK(trial["yield"] == Approx(1).margin(1e-3));
  CHECK(trial["retry_amplification"] == Approx(2).epsilon(.05));
  CHECK(trial.violated() == "");
}

}  // namespace
}  // namespace headroom
