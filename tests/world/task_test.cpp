#include "sim/world/task.h"

#include <catch2/catch.hpp>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim/base/random.h"

namespace headroom::world {
namespace {

using Lines = std::vector<std::string>;

/// Says when a frame's local variables are destroyed.
struct Local {
  Local(Lines& its_log, std::string its_name) : log(its_log), name(std::move(its_name)) {}
  Local(const Local&) = delete;
  Local& operator=(const Local&) = delete;
  ~Local() { log.push_back("~" + name); }
  Lines& log;
  std::string name;
};

Task<int> twice(Scheduler& scheduler, Lines& log, int x) {
  const Local local(log, "inner");
  co_await Sleep(scheduler, Duration::ms(1));
  co_return 2 * x;
}

Task<> outer(Scheduler& scheduler, Lines& log) {
  const Local local(log, "outer");
  const int four = co_await twice(scheduler, log, 2);
  log.push_back("got " + std::to_string(four));
  co_await Sleep(scheduler, Duration::ms(1));
  log.push_back("end");
}

void run(Scheduler& scheduler) {
  while (!scheduler.idle()) scheduler.run_next_instant();
}

TEST_CASE("a task runs inside its caller and returns a value") {
  Scheduler scheduler;
  Lines log;
  Scope scope;
  scope.spawn(outer(scheduler, log));
  CHECK(scope.live() == 1);
  run(scheduler);
  CHECK(scope.live() == 0);
  CHECK(log == Lines{"~inner", "got 4", "end", "~outer"});
  CHECK(scheduler.now() == TimePoint::at(Duration::ms(2)));
}

TEST_CASE("a task that is never started, and one that never waits") {
  Scheduler scheduler;
  Lines log;
  {
    const Task<> never = outer(scheduler, log);
  }
  CHECK(log.empty());  // its body did not begin, so there was no local variable
  Scope scope;
  scope.spawn([](Lines& lines) -> Task<> {
    lines.push_back("at once");
    co_return;
  }(log));
  CHECK(log == Lines{"at once"});
  CHECK(scope.live() == 0);
}

TEST_CASE("destroying a scope destroys waiting frames, children included, and nothing fires afterwards") {
  Scheduler scheduler;
  Lines log;
  {
    Scope scope;
    scope.spawn(outer(scheduler, log));
    CHECK_FALSE(scheduler.idle());
  }
  // A frame's variables go in reverse order of construction: the child was made last.
  CHECK(log == Lines{"~inner", "~outer"});
  CHECK(scheduler.idle());
}

Task<> waiter(Condition& condition, Scheduler& scheduler, Lines& log, std::string name,
              TimePoint until = TimePoint::never()) {
  const bool notified = co_await condition.wait(scheduler, until);
  log.push_back(name + (notified ? " notified" : " timed out"));
}

TEST_CASE("conditions serve first come first served, time out, and forget those who die waiting") {
  Scheduler scheduler;
  Lines log;
  Condition condition;
  Scope living, dying;
  living.spawn(waiter(condition, scheduler, log, "a"));
  dying.spawn(waiter(condition, scheduler, log, "b"));
  living.spawn(waiter(condition, scheduler, log, "c", TimePoint::at(Duration::ms(1))));
  living.spawn(waiter(condition, scheduler, log, "d"));
  dying.clear();
  run(scheduler);
  CHECK(log == Lines{"c timed out"});
  condition.notify_one();
  CHECK(log.size() == 1);  // resumed by the root, not inside the call
  run(scheduler);
  condition.notify_all();
  run(scheduler);
  CHECK(log == Lines{"c timed out", "a notified", "d notified"});
  CHECK_FALSE(condition.has_waiters());

  living.spawn(waiter(condition, scheduler, log, "e"));
  condition.notify_one();
  living.clear();  // dies between the notification and its turn
  run(scheduler);
  CHECK(log.size() == 3);
  CHECK(scheduler.idle());
}

TEST_CASE("notified at the very instant of its timeout, a waiter is resumed once") {
  Scheduler scheduler;
  Lines log;
  Condition condition;
  Scope scope;
  Callback notify([&] { condition.notify_all(); });
  scheduler.schedule(notify, TimePoint::at(Duration::ms(1)));
  scope.spawn(waiter(condition, scheduler, log, "first", TimePoint::at(Duration::ms(1))));
  run(scheduler);
  CHECK(log == Lines{"first notified"});
}

Task<> wander(Scheduler& scheduler, Condition& condition, Scope& scope, Engine& random, int depth);

Task<> wander(Scheduler& scheduler, Condition& condition, Scope& scope, Engine& random, int depth) {
  for (int i = 0; i < 4; ++i) {
    switch (uniform_below(random, 5)) {
      case 0:
        co_await Sleep(scheduler, Duration::ns(static_cast<std::int64_t>(uniform_below(random, 5))));
        break;
      case 1:
        co_await condition.wait(
            scheduler, scheduler.now() + Duration::ns(static_cast<std::int64_t>(uniform_below(random, 9))));
        break;
      case 2:
        condition.notify_one();
        break;
      case 3:
        if (depth < 5) co_await wander(scheduler, condition, scope, random, depth + 1);
        break;
      case 4:
        if (depth < 5) scope.spawn(wander(scheduler, condition, scope, random, depth + 1));
        break;
    }
  }
}

TEST_CASE("scopes cleared at random moments leave nothing behind") {
  std::size_t killed = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Engine random = StreamKey(seed).engine();
    Scheduler scheduler;
    Condition condition;
    Scope scopes[3];
    Callback strike([&] {
      Scope& victim = scopes[uniform_below(random, 3)];
      killed += victim.live();
      victim.clear();
      REQUIRE(victim.live() == 0);
    });
    for (int round = 0; round < 10; ++round) {
      for (Scope& scope : scopes) scope.spawn(wander(scheduler, condition, scope, random, 0));
      scheduler.schedule_in(strike, Duration::ns(static_cast<std::int64_t>(uniform_below(random, 12))));
      for (int i = 0; i < 8 && !scheduler.idle(); ++i) scheduler.run_next_instant();
    }
    for (Scope& scope : scopes) scope.clear();
    strike.cancel();
    CHECK_FALSE(condition.has_waiters());
    CHECK(scheduler.idle());
  }
  CHECK(killed > 1000);
}

TEST_CASE("the pool gives distinct cells, of every size, and uses them again") {
  std::set<void*> seen;
  std::vector<std::pair<void*, std::size_t>> held;
  for (int round = 0; round < 3; ++round) {
    for (std::size_t size : {1UL, 64UL, 65UL, 200UL, 2048UL, 2049UL, 5000UL})
      for (int i = 0; i < 100; ++i) {
        void* p = Pool::allocate(size);
        REQUIRE(reinterpret_cast<std::uintptr_t>(p) % alignof(std::max_align_t) == 0);
        std::fill_n(static_cast<unsigned char*>(p), size, static_cast<unsigned char>(round));
        REQUIRE(seen.insert(p).second);
        held.emplace_back(p, size);
      }
    for (const auto& [p, size] : held) Pool::release(p, size);
    held.clear();
    seen.clear();
  }
#ifndef __SANITIZE_ADDRESS__
  void* first = Pool::allocate(100);
  Pool::release(first, 100);
  void* second = Pool::allocate(120);  // the same size class
  CHECK(first == second);
  Pool::release(second, 120);
#endif
}

}  // namespace
}  // namespace headroom::world
