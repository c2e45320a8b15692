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
  // A job waits for the leader's fsync that is under way (5 ms on average), then for a follower's that is
  // under way (0 to 10 ms: members' disks need not be in step), and for its own there (10 ms); then it is
  // done (1 ms).
  CHECK(trial["latency.mean_ms"] > 15.5);
  CHECK(trial["latency.mean_ms"] < 26.5);
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

TEST_CASE("a leader that dies is replaced, and nobody is refused for it") {
  auto s = busy_log(3);
  s.workload.arrivals = client::Poisson{Rate{500}};
  s.workload.deadline = Duration::s(3);
  Trial trial(s);
  trial.at(Duration::s(2), [&] { trial.host("queue", 1).crash(); });
  trial.run();
  CHECK(trial["yield"] == 1);
  CHECK(trial["queue.leader_changes"] == 1);
  // An election timeout of 150 to 300 ms, three fsyncs, and the sessions' pauses.
  CHECK(trial["latency.max_ms"] > 150);
  CHECK(trial["latency.max_ms"] < 800);
  CHECK(trial["queue.lost_acknowledged"] == 0);
  CHECK(trial["processing.repeated"] < 10);  // what was on its way at that instant
}

TEST_CASE("a full queue that blocks answers all, one that drops the oldest answers the newest") {
  auto s = workers(1, 1, always(Duration::ms(100)));
  add_queue(s, 3);
  s.deployment.queue->capacity = 5;
  s.deployment.queue->when_full = queue::WhenFull::block;
  client::Trace trace;
  for (int i = 1; i <= 20; ++i) trace.rows.push_back({Duration::ms(10 + i), {}, {}});
  s.workload.arrivals = trace;
  measure(s, Duration(), Duration::s(10));
  {
    Trial trial(s);
    trial.run();
    CHECK(trial["outcome.complete"] == 20);
    CHECK(trial["queue.depth_max"] == 5);
    CHECK(std::is_sorted(trial.ended().begin(), trial.ended().end()));
    CHECK(trial.violated().empty());
  }
  s.deployment.queue->when_full = queue::WhenFull::drop_oldest;
  {
    Trial trial(s);
    trial.run();
    CHECK(trial["outcome.complete"] == 6);
    CHECK(trial["outcome.rejected"] == 14);
    CHECK(trial["queue.dropped"] == 14);
    // First the one with the worker, then those that were pushed out, then the last five.
    CHECK(trial.ended().back() == 19);
    CHECK(trial.violated().empty());
  }
}

/// One job of 300 ms at a time on each of two workers; the first worker dies at 1.05 s, with a job.
study::ScenarioConfig dying_worker() {
  auto s = workers(2, 1, always(Duration::ms(300)));
  add_queue(s, 3);
  s.deployment.queue->visibility_timeout = Duration::s(2);
  s.workload.arrivals = client::Constant{Rate{3}};
  measure(s, Duration(), Duration::s(6));
  return s;
}

TEST_CASE("a silent worker's job is delivered again after the visibility timeout, a rebooted one's at once") {
  {
    Trial trial(dying_worker());
    trial.at(Duration::from_seconds(1.05), [&] { trial.host("worker", 1).crash(); });
    trial.run();
    CHECK(trial["yield"] == 1);
    CHECK(trial["queue.redeliveries"] >= 1);
    CHECK(trial["latency.max_ms"] > 2000);
    CHECK(trial["latency.max_ms"] < 3500);
  }
  {
    Trial trial(dying_worker());
    trial.at(Duration::from_seconds(1.05), [&] { trial.host("worker", 1).crash(); });
    trial.at(Duration::from_seconds(1.15), [&] { trial.host("worker", 1).boot(); });
    trial.run();
    CHECK(trial["yield"] == 1);
    CHECK(trial["queue.redeliveries"] == 1);
    CHECK(trial["latency.max_ms"] < 1000);
  }
}

TEST_CASE("a job that kills its workers becomes a dead letter") {
  auto s = workers(1, 1, always(Duration::ms(300)));
  add_queue(s, 3);
  s.deployment.queue->max_deliveries = 3;
  s.workload.arrivals = burst(1);
  measure(s, Duration(), Duration::s(10));
  Trial trial(s);
  for (int k = 0; k < 8; ++k) {
    trial.at(Duration::from_seconds(.2 + .5 * k), [&] { trial.host("worker").slots()[0]->kill(); });
    trial.at(Duration::from_seconds(.4 + .5 * k), [&] { trial.host("worker").slots()[0]->start(); });
  }
  trial.run();
  CHECK(trial["outcome.error"] == 1);
  CHECK(trial["queue.dead_lettered"] == 1);
  CHECK(trial["queue.redeliveries"] == 2);
  CHECK(trial.violated().empty());
}

TEST_CASE("at most once: a job that dies with its worker's process is reset, and not done again") {
  auto s = dying_worker();
  s.deployment.queue->delivery = queue::Delivery::at_most_once;
  Trial trial(s);
  trial.at(Duration::from_seconds(1.05), [&] { trial.host("worker", 1).slots()[0]->kill(); });
  trial.at(Duration::from_seconds(1.15), [&] { trial.host("worker", 1).slots()[0]->start(); });
  trial.run();
  CHECK(trial["outcome.died"] == 1);
  CHECK(trial["queue.redeliveries"] == 0);
  CHECK(trial["processing.repeated"] == 0);
}

}  // namespace
}  // namespace headroom
