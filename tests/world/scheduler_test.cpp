#include "sim/world/scheduler.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <vector>

#include "sim/base/random.h"

namespace headroom::world {
namespace {

TimePoint at_ns(std::int64_t n) {
  return TimePoint::at(Duration::ns(n));
}

class Tick final : public Event {
 public:
  Tick(std::vector<int>& log, int tag) : log_(log), tag_(tag) {}
  ~Tick() override = default;

 private:
  void fire() override { log_.push_back(tag_); }
  std::vector<int>& log_;
  int tag_;
};

TEST_CASE("events fire in the order of (date, order of scheduling), against a reference") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Engine random = StreamKey(seed).engine();
    Scheduler scheduler;
    std::vector<int> log, expected;
    std::vector<std::unique_ptr<Tick>> ticks;
    for (int i = 0; i < 200; ++i) ticks.push_back(std::make_unique<Tick>(log, i));
    std::map<std::pair<std::int64_t, int>, int> reference;  // (date, sequence) → tag
    std::map<int, std::pair<std::int64_t, int>> key_of;
    int sequence = 0;
    for (int step = 0; step < 2000; ++step) {
      const int tag = static_cast<int>(uniform_below(random, 200));
      const std::uint64_t what = uniform_below(random, 10);
      if (what < 6) {  // schedule, or move, to a date that is often shared
        const std::int64_t date = 1 + static_cast<std::int64_t>(uniform_below(random, 50));
        scheduler.schedule(*ticks[static_cast<std::size_t>(tag)], at_ns(date));
        if (key_of.contains(tag)) reference.erase(key_of[tag]);
        key_of[tag] = {date, sequence};
        reference[{date, sequence++}] = tag;
      } else if (what < 9) {
        ticks[static_cast<std::size_t>(tag)]->cancel();
        if (key_of.contains(tag)) reference.erase(key_of[tag]);
        key_of.erase(tag);
      } else {  // destroyed while pending
        ticks[static_cast<std::size_t>(tag)] = std::make_unique<Tick>(log, tag);
        if (key_of.contains(tag)) reference.erase(key_of[tag]);
        key_of.erase(tag);
      }
      REQUIRE(ticks[static_cast<std::size_t>(tag)]->pending() == key_of.contains(tag));
    }
    for (const auto& [key, tag] : reference) expected.push_back(tag);
    std::int64_t last = 0;
    while (!scheduler.idle()) {
      REQUIRE(scheduler.next_date() == at_ns(reference.begin()->first.first));
      scheduler.run_next_instant();
      REQUIRE(scheduler.now() > at_ns(last));
      last = scheduler.now().since_start().count_ns();
      std::erase_if(reference, [&](const auto& entry) { return entry.first.first <= last; });
    }
    CHECK(reference.empty());
    CHECK(log == expected);
    CHECK(scheduler.fired() == expected.size());
  }
}

TEST_CASE("events that schedule, move and take off others while they are run, against a reference") {
  constexpr int kEvents = 200;
  // Now; nanoseconds, which many share; within a bucket; some buckets ahead; beyond the last bucket.
  constexpr std::int64_t kDelays[] = {1, 40, 3'000'000, 900'000'000, 40'000'000'000};
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Engine random = StreamKey(seed).engine();
    Scheduler scheduler;
    std::map<std::pair<std::int64_t, int>, int> reference;  // (date, sequence) → tag
    std::map<int, std::pair<std::int64_t, int>> key_of;
    std::vector<std::unique_ptr<Event>> events;
    int sequence = 0, fired = 0;
    const auto forget = [&](int tag) {
      if (key_of.contains(tag)) reference.erase(key_of[tag]);
      key_of.erase(tag);
    };
    const auto change = [&] {
      const int tag = static_cast<int>(uniform_below(random, kEvents));
      forget(tag);
      if (uniform_below(random, 4) == 0) {
        events[static_cast<std::size_t>(tag)]->cancel();
        return;
      }
      const std::int64_t most = kDelays[uniform_below(random, std::size(kDelays))];
      const std::int64_t now = scheduler.now().since_start().count_ns();
      const std::int64_t date =
          now + static_cast<std::int64_t>(uniform_below(random, static_cast<std::uint64_t>(most)));
      scheduler.schedule(*events[static_cast<std::size_t>(tag)], at_ns(date));
      key_of[tag] = {date, sequence};
      reference[{date, sequence++}] = tag;
    };
    for (int i = 0; i < kEvents; ++i)
      events.push_back(std::make_unique<Callback<std::function<void()>>>([&, i] {
        REQUIRE(reference.begin()->second == i);
        REQUIRE(scheduler.now() == at_ns(reference.begin()->first.first));
        forget(i);
        for (std::uint64_t changes = ++fired < 20'000 ? uniform_below(random, 4) : 0; changes > 0; --changes)
          change();
      }));
    for (int i = 0; i < kEvents; ++i) change();
    while (fired < 20'000 || !scheduler.idle()) {
      if (scheduler.idle()) change();
      if (!scheduler.idle()) scheduler.run_next_instant();
    }
    CHECK(reference.empty());
  }
}

TEST_CASE("what is due now waits for its turn: first come, first served") {
  Scheduler scheduler;
  std::vector<int> log;
  Tick one(log, 1), two(log, 2), three(log, 3);
  scheduler.post(two);
  scheduler.schedule(one, at_ns(-5));  // a date that has passed
  scheduler.post(three);
  scheduler.post(two);  // moved to the end
  CHECK(scheduler.next_date() == at_ns(0));
  scheduler.run_next_instant();
  CHECK(log == std::vector<int>{1, 3, 2});
}

TEST_CASE("an event may cancel, move or destroy others of the same instant, and itself") {
  Scheduler scheduler;
  std::vector<int> log;
  auto doomed = std::make_unique<Tick>(log, 9);
  Tick cancelled(log, 8), moved(log, 7), after(log, 6);
  std::unique_ptr<Event> self;
  self = std::make_unique<Callback<std::function<void()>>>([&] {
    doomed.reset();
    cancelled.cancel();
    scheduler.schedule(moved, at_ns(20));
    scheduler.post(after);
    log.push_back(1);
    auto dying = std::move(self);  // destroys this event when it returns
    dying.reset();
  });
  scheduler.schedule(*self, at_ns(10));
  scheduler.schedule(*doomed, at_ns(10));
  scheduler.schedule(cancelled, at_ns(10));
  scheduler.schedule(moved, at_ns(10));
  scheduler.run_next_instant();
  CHECK(log == std::vector<int>{1, 6});
  scheduler.run_next_instant();
  CHECK(log == std::vector<int>{1, 6, 7});
  CHECK(scheduler.idle());
}

TEST_CASE("never is never, and the clock does not pass what comes next or go back") {
  Scheduler scheduler;
  std::vector<int> log;
  Tick tick(log, 1);
  scheduler.schedule(tick, TimePoint::never());
  CHECK_FALSE(tick.pending());
  CHECK(scheduler.next_date() == TimePoint::never());
  scheduler.advance_to(at_ns(5));
  CHECK(scheduler.now() == at_ns(5));
  scheduler.schedule(tick, at_ns(8));
  scheduler.advance_to(at_ns(100));
  CHECK(scheduler.now() == at_ns(8));
  scheduler.advance_to(at_ns(3));
  CHECK(scheduler.now() == at_ns(8));
  scheduler.run_next_instant();
  CHECK(log == std::vector<int>{1});
}

}  // namespace
}  // namespace headroom::world
