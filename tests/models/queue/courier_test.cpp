#include "models/queue/courier.h"

#include <catch2/catch.hpp>

/// The leader's volatile side by hand: who gets what, and what a report puts right.
namespace headroom::queue {
namespace {

constexpr world::HostId kWorker{7};
constexpr world::HostId kOther{8};

TimePoint at(std::int64_t ms) {
  return TimePoint::at(Duration::ms(ms));
}

struct Desk {
  explicit Desk(std::uint64_t waiting) {
    for (std::uint64_t i = 0; i < waiting; ++i) enqueue();
    lead();
  }
  void enqueue() {
    Enqueue e;
    e.session = {world::HostId{1}, 1};
    e.serial = serial++;
    e.content = ContentPtr(new Content(calls::Job{}, Bytes(100)));
    jobs.apply(e, TimePoint());
  }
  /// A new leader begins.
  void lead(TimePoint now = TimePoint()) {
    Courier::Settings s;
    s.visibility_timeout = Duration::s(3);
    s.lost_after = Duration::s(2);
    courier.emplace(jobs, s, now);
  }
  static calls::WorkerName name(world::HostId host, std::int64_t slots, std::uint64_t life = 1) {
    return {{host, nullptr}, life, slots};
  }
  Courier::Reported report(world::HostId host, std::int64_t slots, std::vector<JobId> held = {},
                           std::vector<JobId> done = {}, TimePoint now = TimePoint(),
                           std::uint64_t life = 1) {
    calls::WorkerReport r{name(host, slots, life), 1, {}, {}};
    for (const JobId job : held) r.held.push_back({job, 0, 1, 0, 1});
    for (const JobId job : done) r.done.push_back({job, 0, 1, 0, 1});
    return courier->report(r, now);
  }
  /// What goes out as long as there are free workers; each delivery is written down at once.
  std::vector<std::pair<JobId, world::HostId>> give_all(TimePoint now = TimePoint()) {
    std::vector<std::pair<JobId, world::HostId>> given;
    while (courier->free_worker()) {
      const JobId job = courier->next_job();
      if (job == 0) break;
      const Courier::Given g = courier->give(now);
      jobs.apply(Deliver{job, g.worker});
      courier->delivery_applied(job);
      given.emplace_back(job, g.worker.host);
    }
    return given;
  }

  Jobs jobs{Jobs::Settings{}};
  std::uint64_t serial = 0;
  std::optional<Courier> courier;
};

using Given = std::vector<std::pair<JobId, world::HostId>>;

TEST_CASE("courier: first in, first out, to workers with free slots in turn") {
  Desk desk(5);
  CHECK_FALSE(desk.courier->free_worker());  // nobody has reported
  desk.report(kWorker, 2);
  desk.report(kOther, 1);
  CHECK(desk.courier->known_workers() == 2);
  CHECK(desk.give_all() == Given{{1, kWorker}, {2, kOther}, {3, kWorker}});
  CHECK(desk.courier->ready() == 2);
  CHECK(desk.courier->delivery_ended(Desk::name(kOther, 1), 2) == 1);
  desk.jobs.apply(Settle{2, 0, {kOther, 1}}, at(1));
  CHECK(desk.give_all() == Given{{4, kOther}});
}

TEST_CASE("courier: what a worker does not know of is lost, but not before it can have arrived") {
  Desk desk(1);
  desk.report(kWorker, 1);
  desk.give_all(at(0));
  CHECK(desk.report(kWorker, 1, {}, {}, at(1999)).lost.empty());
  const auto lost = desk.report(kWorker, 1, {}, {}, at(2000)).lost;
  REQUIRE(lost.size() == 1);
  CHECK(lost[0].job == 1);
  CHECK(lost[0].delivery == 1);
}

TEST_CASE("courier: a new life of a worker proves that what it held is gone") {
  Desk desk(2);
  desk.report(kWorker, 2);
  desk.give_all();
  CHECK(desk.report(kWorker, 2, {}, {}, at(1), 2).lost.size() == 2);
  CHECK(desk.courier->delivery_ended(Desk::name(kWorker, 2, 1), 1) == 0);  // of the earlier life
}

TEST_CASE("courier: a silent worker loses what it has, and gets nothing more") {
  Desk desk(2);
  desk.report(kWorker, 1);
  desk.give_all(at(0));
  CHECK(desk.courier->next_expiry() == at(3000));
  desk.report(kWorker, 1, {1}, {}, at(1000));
  CHECK(desk.courier->next_expiry() == at(4000));
  CHECK(desk.courier->expire(at(3999)).empty());
  const auto lost = desk.courier->expire(at(4000));
  REQUIRE(lost.size() == 1);
  CHECK(lost[0].job == 1);
  CHECK_FALSE(desk.courier->free_worker());
}

TEST_CASE("courier: a new leader goes on with the deliveries before it, written down or not") {
  Desk desk(3);
  desk.report(kWorker, 2);
  desk.give_all();  // 1 and 2
  desk.lead(at(10));
  const auto adopted = desk.report(kWorker, 3, {1, 2, 3}, {}, at(10)).adopted;
  REQUIRE(adopted.size() == 1);  // 3 was sent, and nobody wrote it down
  CHECK(adopted[0].job == 3);
  CHECK(desk.courier->next_job() == 0);
  CHECK(desk.courier->ready() == 0);
}

TEST_CASE("courier: a job that was done while nobody had written down its delivery is not given again") {
  for (const bool by_report : {true, false}) {
    Desk desk(2);
    desk.lead(at(10));
    if (by_report) {
      desk.report(kWorker, 2, {}, {1}, at(10));
    } else {
      desk.report(kWorker, 2, {}, {}, at(10));
      desk.courier->settle_proposed(1);
    }
    CHECK(desk.give_all(at(10)) == Given{{2, kWorker}});  // its Settle is not committed yet
    desk.jobs.apply(Settle{1, 0, {kWorker, 1}}, at(11));
    desk.courier->settle_applied(1);
    CHECK(desk.courier->next_job() == 0);
  }
}

TEST_CASE("courier: a job that was done while it was being given back is not given again") {
  for (const bool by_report : {true, false}) {
    Desk desk(2);
    desk.report(kWorker, 1);
    CHECK(desk.give_all(at(0)) == Given{{1, kWorker}});
    GiveBack back{1, 1};
    if (by_report) {
      REQUIRE(desk.courier->expire(at(3000)).size() == 1);  // the worker was silent
    } else {
      REQUIRE(desk.courier->delivery_ended(Desk::name(kWorker, 1), 1) == 1);
      desk.courier->give_back_proposed(1);
    }
    desk.report(kWorker, 1, {}, {1}, at(3001));  // it has done it, and its Settle is behind the GiveBack
    desk.jobs.apply(back, at(3002));
    desk.courier->give_back_applied(1, true);
    CHECK(desk.courier->ready() == 2);
    CHECK(desk.give_all(at(3002)) == Given{{2, kWorker}});
    desk.jobs.apply(Settle{1, 0, {kWorker, 1}}, at(3003));
    desk.courier->settle_applied(1);
    CHECK(desk.courier->next_job() == 0);
    CHECK(desk.courier->ready() == 0);
  }
}

}  // namespace
}  // namespace headroom::queue
