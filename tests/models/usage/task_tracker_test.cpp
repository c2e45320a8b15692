#include "models/usage/task_tracker.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <vector>

namespace headroom::usage {
namespace {

TimePoint at(std::int64_t s) {
  return TimePoint::at(Duration::s(s));
}

TEST_CASE("every task is given to somebody once, and no more while all goes well") {
  TaskTracker tracker(3, {});
  for (int task = 0; task < 3; ++task) CHECK(tracker.assign(at(0))->task == task);
  CHECK_FALSE(tracker.assign(at(0)));
  for (int task = 0; task < 3; ++task) CHECK(tracker.completed(task, at(1)));
  CHECK(tracker.over());
  CHECK(tracker.completed() == 3);
  CHECK(tracker.backups() == 0);
  CHECK_FALSE(tracker.assign(at(1)));
}

TEST_CASE("a failed task is done again, and given up in the end") {
  TaskTracker tracker(1, {});
  for (int attempt = 0; attempt < 4; ++attempt) {
    CHECK(tracker.assign(at(0))->attempt == attempt);
    CHECK_FALSE(tracker.over());
    tracker.failed(0);
  }
  CHECK(tracker.over());
  CHECK(tracker.completed() == 0);
  CHECK(tracker.reexecutions() == 3);
}

TEST_CASE("a straggler gets a backup, once, and the first to complete counts") {
  TaskTracker tracker(3, {});
  for (int task = 0; task < 3; ++task) tracker.assign(at(0));
  tracker.completed(0, at(10));
  CHECK_FALSE(tracker.next_backup());  // more than half are left
  tracker.completed(1, at(12));
  CHECK(tracker.next_backup() == at(24));
  CHECK_FALSE(tracker.assign(at(23)));
  const auto backup = tracker.assign(at(24));
  REQUIRE(backup);
  CHECK(backup->task == 2);
  CHECK(backup->backup);
  CHECK_FALSE(tracker.assign(at(100)));
  CHECK(tracker.completed(2, at(34)));
  CHECK(tracker.over());
  CHECK_FALSE(tracker.completed(2, at(100)));
  CHECK(tracker.completed() == 3);
}

TEST_CASE("without backup tasks a straggler is waited for") {
  TaskTracker::Rules rules;
  rules.backup_tasks = false;
  TaskTracker tracker(2, rules);
  tracker.assign(at(0));
  tracker.assign(at(0));
  tracker.completed(0, at(1));
  CHECK_FALSE(tracker.next_backup());
  CHECK_FALSE(tracker.assign(at(1000)));
}

TEST_CASE("a task of which one of two executions failed goes on") {
  TaskTracker tracker(2, {});
  tracker.assign(at(0));
  tracker.assign(at(0));
  tracker.completed(0, at(1));
  CHECK(tracker.assign(at(2))->backup);
  tracker.failed(1);
  CHECK_FALSE(tracker.over());
  CHECK(tracker.completed(1, at(5)));
  CHECK(tracker.over());
}

TEST_CASE("a task that fails and fails is given up, backups or not") {
  TaskTracker tracker(3, {});
  for (int task = 0; task < 3; ++task) tracker.assign(at(0));
  tracker.completed(0, at(1));
  tracker.completed(1, at(1));
  std::int64_t now = 2;
  std::vector<TimePoint> ends;  // two workers; an execution fails after 4 s
  for (; !tracker.over() && now < 100; ++now) {
    if (std::erase(ends, at(now)) > 0 || now == 4) tracker.failed(2);
    if (ends.size() < 2 && tracker.assign(at(now))) ends.push_back(at(now + 4));
  }
  CHECK(tracker.over());
  CHECK(now < 20);
}

TEST_CASE("whatever workers do, each task ends once, and the master is not stuck") {
  CHECK(rc::check("", [](std::uint8_t count, const std::vector<std::uint8_t>& fates) {
    const int tasks = count % 8 + 1;
    TaskTracker tracker(tasks, {});
    std::vector<int> running;
    std::vector<int> counted(static_cast<std::size_t>(tasks));
    std::int64_t now = 0;
    std::size_t fate = 0;
    const auto next = [&] { return fate < fates.size() ? fates[fate++] : std::uint8_t{1}; };
    for (int step = 0; !tracker.over(); ++step) {
      RC_ASSERT(step < 1000);
      now += next() % 4;
      if (const auto work = tracker.assign(at(now))) {
        running.push_back(work->task);
        if (next() % 2 == 0) continue;
      }
      RC_ASSERT(!running.empty());
      const std::size_t i = next() % running.size();
      const int task = running[i];
      running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
      if (next() % 4 == 0) {
        tracker.failed(task);
      } else if (tracker.completed(task, at(now))) {
        ++counted[static_cast<std::size_t>(task)];
      }
    }
    int sum = 0;
    for (const int n : counted) {
      RC_ASSERT(n <= 1);
      sum += n;
    }
    RC_ASSERT(sum == tracker.completed());
  }));
}

}  // namespace
}  // namespace headroom::usage
