#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/models/trial.h"

/// The queue between clients (or API servers) and workers.
namespace headroom {
namespace {

TEST_CASE("a full queue rejects, and counts it") {
  auto s = workers(1, 1, always(Duration::s(1)));
  add_queue(s, 1);
  s.deployment.queue->capacity = 5;
  client::Trace trace;
  for (int i = 1; i <= 20; ++i) trace.rows.push_back({Duration::ms(i), {}, {}});
  s.workload.arrivals = trace;
  measure(s, Duration(), Duration::s(10));
  Trial trial(s);
  trial.run();
  CHECK(trial["outcome.complete"] == 6);  // one with the worker, five waiting
  CHECK(trial["outcome.rejected"] == 14);
  CHECK(trial["queue.rejected"] == 14);
  CHECK(trial["queue.depth_max"] == 5);
  CHECK(trial.violated().empty());
}

TEST_CASE("jobs are delivered first in, first out") {
  auto s = workers(1, 1, Distribution<Duration>::exponential(Duration::ms(10)));
  add_queue(s);
  s.workload.arrivals = client::Poisson{Rate{90}};
  measure(s, Duration(), Duration::s(30));
  Trial trial(s);
  trial.run();
  CHECK(trial.ended().size() > 2000);
  CHECK(std::is_sorted(trial.ended().begin(), trial.ended().end()));
  CHECK(trial["queue.depth_max"] > 3);
}

TEST_CASE("expired jobs waste a worker, unless they are dropped") {
  auto s = workers(1, 1, always(Duration::ms(300)));
  add_queue(s, 1);
  s.workload.arrivals = burst(10);
  s.workload.deadline = Duration::s(1);
  measure(s, Duration(), Duration::s(10));
  {
    Trial trial(s);
    trial.run();
    CHECK(trial["outcome.complete"] == 3);
    CHECK(trial["outcome.late"] == 7);
    CHECK(trial["processing.wasted_cpu_s"] == Approx(7 * .3));
    CHECK_FALSE(trial.find("queue.expired").has_value());
  }
  s.deployment.queue->drop_expired = true;
  {
    Trial trial(s);
    trial.run();
    CHECK(trial["outcome.complete"] == 3);
    CHECK(trial["outcome.late"] == 7);
    CHECK(trial["processing.wasted_cpu_s"] == Approx(.3));  // the one that had begun
    CHECK(trial["queue.expired"] == 6);
    CHECK(trial.violated().empty());
  }
}

TEST_CASE("the API's deadline travels with the job") {
  auto s = workers(1, 1, always(Duration::ms(300)));
  add_api(s);
  add_queue(s, 1);
  s.deployment.api->deadline = Duration::s(1);
  s.deployment.queue->drop_expired = true;
  s.workload.arrivals = burst(10);
  s.workload.deadline = Duration::s(100);
  measure(s, Duration(), Duration::s(10));
  Trial trial(s);
  trial.run();
  CHECK(trial["outcome.complete"] == 3);
  CHECK(trial["outcome.error"] == 7);
  CHECK(trial["queue.expired"] == 6);
}

/// 2000 requests/s against an fsync of 10 ms, which allows 100 per second one by one.
study::ScenarioConfig busy_log(std::int64_t members) {
  auto s = workers(1, 16, always(Duration::ms(1)));
  add_queue(s, members, Duration::ms(10));
  s.workload.arrivals = client::Poisson{Rate{2000}};
  s.workload.deadline = Duration::s(1);
  measure(s, Duration::s(1), Duration::s(4));
  return s;
}

TEST_CASE("what arrives during an fsync shares the next one") {
  Trial trial(busy_log(3));
  trial.run();
  CHECK(trial["yield"] == 1);
  // A job waits for the fsync that is under way and for its own: at most 20 ms, 15 ms on average.
  CHECK(trial["latency.mean_ms"] == Approx(16).epsilon(.05));
  CHECK(trial["latency.max_ms"] < 32);
}

TEST_CASE("a majority commits: one follower of two may be down, not both") {
  {
    Trial trial(busy_log(3));
    trial.at(Duration::from_seconds(.5), [&] { trial.host("queue", 2).crash(); });
    trial.run();
    CHECK(trial["yield"] == 1);
    CHECK(trial.violated().empty());
  }
  {
    Trial trial(busy_log(3));
    trial.at(Duration::s(3), [&] {
      trial.host("queue", 2).crash();
      trial.host("queue", 3).crash();
    });
    trial.run();
    CHECK(trial["yield"] == Approx(.5).margin(.02));
    CHECK(trial["outcome.late"] > 3800);
  }
  {
    Trial trial(busy_log(5));
    trial.at(Duration::from_seconds(.5), [&] {
      trial.host("queue", 3).crash();
      trial.host("queue", 5).crash();
    });
    trial.run();
    CHECK(trial["yield"] == 1);
  }
}

TEST_CASE("a follower that comes back helps to commit again") {
  Trial trial(busy_log(3));
  trial.at(Duration::from_seconds(1.5), [&] {
    trial.host("queue", 2).crash();
    trial.host("queue", 3).crash();
  });
  trial.at(Duration::s(2), [&] { trial.host("queue", 3).boot(); });
  trial.run();
  CHECK(trial["yield"] > .85);  // half a second of four was lost at most
  CHECK(trial.violated().empty());
}

TEST_CASE("without replication followers do not matter") {
  auto s = busy_log(3);
  s.deployment.queue->replication = queue::Replication::none;
  Trial trial(s);
  trial.at(Duration::s(1), [&] {
    trial.host("queue", 2).crash();
    trial.host("queue", 3).crash();
  });
  trial.run();
  CHECK(trial["yield"] == 1);
}

}  // namespace
}  // namespace headroom
