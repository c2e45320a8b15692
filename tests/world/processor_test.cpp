#include "sim/world/processor.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <memory>
#include <optional>
#include <vector>

#include "sim/base/random.h"
#include "sim/world/simgrid_fluid.h"
#include "sim/world/simgrid_processor.h"
#include "sim/world/task.h"
#include "tests/world/child.h"
#include "tests/world/support.h"

namespace headroom::world {
namespace {

TimePoint at_ns(std::int64_t n) {
  return TimePoint::at(Duration::ns(n));
}
void run(Scheduler& scheduler) {
  while (!scheduler.idle()) scheduler.run_next_instant();
}

class Timed final : public Job {
 public:
  explicit Timed(Scheduler& scheduler) : scheduler_(scheduler) {}
  ~Timed() override = default;
  std::optional<TimePoint> finished;

 private:
  void done() override { finished = scheduler_.now(); }
  Scheduler& scheduler_;
};

/// What happens to one processor: the same for the processor, the oracle, and the naive simulation.
struct Story {
  struct Act {
    Duration date;
    enum class Kind { start, withdraw, share } kind;
    std::size_t job;
    Duration work;
    double share;
  };
  int cores = 1;
  double speed = 1;
  std::size_t jobs = 0;
  std::vector<double> contention;
  std::vector<Act> acts;  // in the order of dates
};

Story random_story(std::uint64_t seed, std::size_t jobs, const std::vector<double>& shares, bool contention) {
  Engine random = StreamKey(seed).engine();
  const auto below = [&](std::uint64_t n) { return uniform_below(random, n); };
  Story story;
  story.cores = 1 + static_cast<int>(below(6));
  story.speed = below(2) == 0 ? 1.0 : 0.8;
  story.jobs = jobs;
  if (contention)
    for (int i = 0; i < 4; ++i) story.contention.push_back(1.0 / (1 + 0.1 * i));
  Duration date;
  double share = 1;
  for (std::size_t job = 0; job < jobs;) {
    date += Duration::us(static_cast<std::int64_t>(below(400)));
    const std::uint64_t what = below(12);
    if (what == 0) {  // freezes happen, and end
      share = share == 0 ? shares[below(shares.size())] : below(3) == 0 ? 0 : shares[below(shares.size())];
      story.acts.push_back({date, Story::Act::Kind::share, 0, Duration(), share});
    } else if (what == 1 && job > 0) {
      story.acts.push_back({date, Story::Act::Kind::withdraw, below(job), Duration(), 0});
    } else {
      const Duration work = Duration::us(1 + static_cast<std::int64_t>(below(3000)));
      story.acts.push_back({date, Story::Act::Kind::start, job++, work, 0});
    }
  }
  date += Duration::ms(50);
  story.acts.push_back({date, Story::Act::Kind::share, 0, Duration(), 1.0});
  return story;
}

/// Tells the story to a processor: finish dates in seconds (−1: withdrawn), then the busy time.
std::vector<double> tell(const Story& story, Scheduler& scheduler, Processor& cpu,
                         const std::function<void()>& run_all) {
  if (!story.contention.empty()) cpu.set_contention(story.contention);
  std::vector<std::unique_ptr<Timed>> jobs;
  for (std::size_t i = 0; i < story.jobs; ++i) jobs.push_back(std::make_unique<Timed>(scheduler));
  Script script(scheduler);
  for (const Story::Act& act : story.acts)
    script.at(act.date, [&, act] {
      if (act.kind == Story::Act::Kind::start) cpu.start(*jobs[act.job], act.work);
      if (act.kind == Story::Act::Kind::withdraw) jobs[act.job]->withdraw();
      if (act.kind == Story::Act::Kind::share) cpu.set_share(act.share);
    });
  run_all();
  std::vector<double> result;
  for (const auto& job : jobs) result.push_back(job->finished ? job->finished->since_start().seconds() : -1);
  result.push_back(cpu.busy_time().seconds());
  return result;
}

/// Fluid simulation by the book: every job's rest is carried from event to event. O(events × jobs).
std::vector<double> naive(const Story& story) {
  struct Rest {
    std::size_t job;
    double left;  // seconds of work
  };
  std::vector<Rest> running;
  std::vector<double> finished(story.jobs, -1);
  double now = 0, share = 1, busy = 0;
  std::size_t next = 0;
  while (next < story.acts.size() || !running.empty()) {
    const auto n = static_cast<double>(running.size());
    const double cores = std::min(n, static_cast<double>(story.cores));
    double rate = running.empty() ? 0 : story.speed * share * cores / n;
    if (!story.contention.empty() && !running.empty())
      rate *= story.contention[std::min(static_cast<std::size_t>(cores), story.contention.size()) - 1];
    double step = std::numeric_limits<double>::infinity();
    for (const Rest& rest : running)
      if (rate > 0) step = std::min(step, rest.left / rate);
    const double act_in = next < story.acts.size() ? story.acts[next].date.seconds() - now
                                                   : std::numeric_limits<double>::infinity();
    step = std::min(step, act_in);
    now = step == act_in ? story.acts[next].date.seconds() : now + step;
    busy += step * cores;
    for (Rest& rest : running) rest.left -= rate * step;
    std::erase_if(running, [&](const Rest& rest) {
      if (rest.left > 1e-12) return false;
      finished[rest.job] = now;
      return true;
    });
    if (step != act_in) continue;
    const Story::Act& act = story.acts[next++];
    if (act.kind == Story::Act::Kind::start) running.push_back({act.job, act.work.seconds()});
    if (act.kind == Story::Act::Kind::withdraw)
      std::erase_if(running, [&](const Rest& rest) { return rest.job == act.job; });
    if (act.kind == Story::Act::Kind::share) share = act.share;
  }
  finished.push_back(busy);
  return finished;
}

void same(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    INFO("job " << i << " of " << a.size());
    REQUIRE(a[i] == Approx(b[i]).epsilon(1e-6).margin(100e-9));  // each date rounds up by up to 1 ns
  }
}

TEST_CASE("jobs that have a core each end exactly after their work") {
  Scheduler scheduler;
  VirtualTimeProcessor cpu(scheduler, 4, 1.0);
  std::vector<std::unique_ptr<Timed>> jobs;
  Script script(scheduler);
  Engine random = StreamKey(3).engine();
  std::vector<std::int64_t> expected;
  for (int i = 0; i < 400; ++i) {  // 4 slots, never more jobs than cores, back to back
    jobs.push_back(std::make_unique<Timed>(scheduler));
    const std::int64_t begin = (i / 4) * 1'000'003 + (i % 4);
    const auto work = 1 + static_cast<std::int64_t>(uniform_below(random, 999'000));
    expected.push_back(begin + work);
    script.at(Duration::ns(begin),
              [&cpu, job = jobs.back().get(), work] { cpu.start(*job, Duration::ns(work)); });
  }
  run(scheduler);
  for (std::size_t i = 0; i < jobs.size(); ++i) CHECK(jobs[i]->finished == at_ns(expected[i]));
}

TEST_CASE("finish dates round up; equal work ends together, first come first served") {
  Scheduler scheduler;
  VirtualTimeProcessor cpu(scheduler, 2, 1.0);
  Timed a(scheduler), b(scheduler), c(scheduler);
  for (Timed* job : {&a, &b, &c}) cpu.start(*job, Duration::ns(3));  // 2 cores, 3 jobs: 4.5 ns
  CHECK(cpu.jobs() == 3);
  run(scheduler);
  for (const Timed* job : {&a, &b, &c}) CHECK(job->finished == at_ns(5));
  CHECK(cpu.busy_time() == Duration::ns(10));
}

TEST_CASE("at share 0 nothing is pending, and jobs keep their place") {
  Scheduler scheduler;
  VirtualTimeProcessor cpu(scheduler, 1, 1.0);
  Timed a(scheduler), b(scheduler);
  cpu.start(a, Duration::ms(10));
  Script script(scheduler);
  script.at(Duration::ms(4), [&] { cpu.set_share(0); });
  run(scheduler);
  CHECK(scheduler.idle());
  CHECK(cpu.jobs() == 1);
  script.at(Duration::ms(100), [&] { cpu.start(b, Duration::ms(1)); });
  run(scheduler);
  CHECK_FALSE(b.finished);
  script.at(Duration::ms(200), [&] { cpu.set_share(0.5); });
  run(scheduler);
  CHECK(b.finished == TimePoint::at(Duration::ms(204)));
  CHECK(a.finished == TimePoint::at(Duration::ms(214)));  // 1 of 6 ms done by then, 5 left at half speed
  CHECK(cpu.busy_time() == Duration::ms(214));
}

TEST_CASE("contention slows all busy cores as its curve says") {
  Scheduler scheduler;
  VirtualTimeProcessor cpu(scheduler, 4, 2.0);
  cpu.set_contention({1.0, 0.8, 0.5});
  Timed a(scheduler), b(scheduler), c(scheduler), d(scheduler);
  cpu.start(a, Duration::ms(20));
  run(scheduler);
  CHECK(a.finished == TimePoint::at(Duration::ms(10)));
  for (Timed* job : {&a, &b, &c, &d}) cpu.start(*job, Duration::ms(20));  // the last value holds beyond
  run(scheduler);
  CHECK(d.finished == TimePoint::at(Duration::ms(30)));
}

TEST_CASE("a job may start another one, withdraw one, or destroy itself when it is done") {
  Scheduler scheduler;
  VirtualTimeProcessor cpu(scheduler, 2, 1.0);
  struct Chain final : Job {
    std::function<void()> then;
    ~Chain() override = default;
    void done() override { then(); }
  };
  Timed victim(scheduler), next(scheduler);
  auto chain = std::make_unique<Chain>();
  Chain* job = chain.get();
  chain->then = [&] {
    victim.withdraw();
    cpu.start(next, Duration::ns(7));
    const auto dying = std::move(chain);
  };
  cpu.start(*job, Duration::ns(5));
  cpu.start(victim, Duration::ns(5));  // would end at the same instant
  run(scheduler);
  CHECK_FALSE(victim.finished);
  CHECK(next.finished == at_ns(12));
  CHECK(cpu.jobs() == 0);
}

Task<> compute(Processor& cpu, Scheduler& scheduler, Duration work, TimePoint& finished) {
  co_await cpu.run(Duration());  // nothing to do, nothing to wait for
  co_await cpu.run(work);
  finished = scheduler.now();
}

TEST_CASE("coroutines wait for their work; a frame that dies takes its job along") {
  Scheduler scheduler;
  VirtualTimeProcessor cpu(scheduler, 1, 1.0);
  TimePoint a, b;
  Scope living, dying;
  living.spawn(compute(cpu, scheduler, Duration::ms(10), a));
  dying.spawn(compute(cpu, scheduler, Duration::ms(10), b));
  Script script(scheduler);
  script.at(Duration::ms(4), [&] { dying.clear(); });
  run(scheduler);
  CHECK(a == TimePoint::at(Duration::ms(12)));  // 2 ms done in the first 4, then alone
  CHECK(b == TimePoint());
  CHECK(cpu.busy_time() == Duration::ms(12));
}

TEST_CASE("virtual time agrees with a naive fluid simulation") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    INFO("seed " << seed);
    const Story story = random_story(seed, 60, {1, 0.5, 0.2, 0.07}, seed % 2 == 0);
    Scheduler scheduler;
    VirtualTimeProcessor cpu(scheduler, story.cores, story.speed);
    same(tell(story, scheduler, cpu, [&] { run(scheduler); }), naive(story));
  }
}

TEST_CASE("virtual time agrees with SimGrid on the same jobs, slowdowns, freezes and deaths") {
  const std::vector<double> shares = {1.0, 0.5, 0.2, 0.0};
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    INFO("seed " << seed);
    const Story story = random_story(seed, 150, {1.0, 0.5, 0.2}, false);
    const auto oracle = in_child([&] {
      Scheduler scheduler;
      SimgridFluid fluid(scheduler);
      SimgridProcessor cpu(scheduler, fluid, "cpu", story.cores, story.speed, shares);
      return tell(story, scheduler, cpu, [&] { fluid.run(TimePoint::never(), {}); });
    });
    Scheduler scheduler;
    VirtualTimeProcessor cpu(scheduler, story.cores, story.speed);
    same(tell(story, scheduler, cpu, [&] { run(scheduler); }), oracle);
  }
}

TEST_CASE("a processor that is never idle for months does not drift") {
  Scheduler scheduler;
  VirtualTimeProcessor cpu(scheduler, 2, 1.0);
  Timed anchor(scheduler), late(scheduler);
  cpu.start(anchor, Duration::s(86'400 * 200));
  Script script(scheduler);
  const Duration begin = Duration::s(86'400 * 150);
  script.at(begin, [&] { cpu.start(late, Duration::ns(123'456'789)); });
  run(scheduler);
  CHECK(late.finished == TimePoint::at(begin + Duration::ns(123'456'789)));
  CHECK(anchor.finished == TimePoint::at(Duration::s(86'400 * 200)));
}

}  // namespace
}  // namespace headroom::world
