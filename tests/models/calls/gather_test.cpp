#include <catch2/catch.hpp>
#include <memory>
#include <optional>

#include "models/calls/job.h"
#include "sim/world/task.h"

namespace headroom::calls {
namespace {

world::Task<> wait(GatherPtr gather, world::Scheduler& scheduler, TimePoint until,
                   std::optional<TimePoint>& woken) {
  co_await Gather::Wait(*gather, scheduler, until);
  woken = scheduler.now();
}

struct Bench {
  world::Scheduler scheduler;
  std::optional<TimePoint> woken;
  std::unique_ptr<world::Scope> scope = std::make_unique<world::Scope>();
  GatherPtr start(std::int64_t asked, TimePoint until = TimePoint::never()) {
    GatherPtr gather(new Gather(asked));
    scope->spawn(wait(gather, scheduler, until, woken));
    return gather;
  }
  void run() {
    while (!scheduler.idle()) scheduler.run_next_instant();
  }
};

TEST_CASE("a gather waits for all renditions") {
  Bench bench;
  const GatherPtr gather = bench.start(3);
  gather->done(0);
  gather->done(1);
  bench.run();
  CHECK_FALSE(bench.woken);
  gather->done(2);
  CHECK_FALSE(bench.woken);  // never from inside the caller
  bench.run();
  CHECK(bench.woken);
  CHECK(gather->complete());
}

TEST_CASE("failures end a gather, which remembers the first") {
  Bench bench;
  const GatherPtr gather = bench.start(3);
  gather->failed(0, Failure::rejected);
  gather->done(1);
  gather->failed(2, Failure::timeout);
  bench.run();
  CHECK(bench.woken);
  CHECK_FALSE(gather->complete());
  CHECK(gather->all_ended());
  CHECK(gather->done_count() == 1);
  CHECK(gather->failure() == Failure::rejected);
}

TEST_CASE("a rendition ends once, however often it is done") {
  Bench bench;
  const GatherPtr gather = bench.start(100);
  for (const std::int64_t r : {0, 99, 0, 99}) gather->done(r);
  gather->failed(99, Failure::died);
  CHECK(gather->done_count() == 2);
  for (std::int64_t r = 1; r < 99; ++r) gather->failed(r, Failure::died);
  gather->done(50);
  CHECK(gather->all_ended());
  CHECK(gather->done_count() == 2);
}

TEST_CASE("at the deadline a gather has what is there; what comes later changes nothing for who waited") {
  Bench bench;
  const TimePoint deadline = TimePoint::at(Duration::s(1));
  const GatherPtr gather = bench.start(2, deadline);
  gather->done(0);
  bench.run();
  CHECK(bench.woken == deadline);
  CHECK(gather->done_count() == 1);
  CHECK_FALSE(gather->all_ended());
  gather->done(1);
  bench.run();
  CHECK(bench.woken == deadline);
}

TEST_CASE("a gather with nothing left to wait for does not wait") {
  Bench bench;
  GatherPtr gather(new Gather(1));
  gather->failed(0, Failure::rejected);
  bench.scope->spawn(wait(gather, bench.scheduler, TimePoint::never(), bench.woken));
  CHECK(bench.woken);
}

TEST_CASE("who waits may die before, at, or after the end") {
  for (const int when : {0, 1}) {
    Bench bench;
    const GatherPtr gather = bench.start(1, TimePoint::at(Duration::s(1)));
    if (when == 0) bench.scope.reset();
    gather->done(0);
    bench.scope.reset();  // when == 1: woken, but not yet resumed
    bench.run();
    CHECK_FALSE(bench.woken);
  }
}

}  // namespace
}  // namespace headroom::calls
