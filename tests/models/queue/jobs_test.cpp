#include "models/queue/jobs.h"

#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <set>
#include <utility>
#include <vector>

/// What a queue's members replicate, as a pure state machine.
namespace headroom::queue {
namespace {

TimePoint second(int s) {
  return TimePoint::at(Duration::s(s));
}
Life worker(std::uint32_t host) {
  return {world::HostId{host}, 1};
}
Enqueue enqueue(std::uint64_t serial, std::uint64_t key, std::uint32_t session = 100,
                std::uint64_t first_open = 0) {
  return {{world::HostId{session}, 1}, serial, first_open, key, false, new Content({}, Bytes(100))};
}

TEST_CASE("serial numbers are remembered until the session has all its answers below") {
  Serials serials;
  for (const std::uint64_t s : {0, 1, 63, 64, 200}) serials.accept(s);
  CHECK(serials.look(0) == Serials::Seen::repeated);
  CHECK(serials.look(2) == Serials::Seen::fresh);
  CHECK(serials.look(200) == Serials::Seen::repeated);
  CHECK(serials.look(100'000) == Serials::Seen::fresh);
  serials.forget_below(64);
  CHECK(serials.look(63) == Serials::Seen::forgotten);
  CHECK(serials.look(64) == Serials::Seen::repeated);
  serials.forget_below(1'000'000);
  CHECK(serials.look(200) == Serials::Seen::forgotten);
  serials.accept(1'000'001);
  CHECK(serials.look(1'000'001) == Serials::Seen::repeated);
  CHECK(serials.look(1'000'000) == Serials::Seen::fresh);
}

TEST_CASE("a job goes from waiting to a worker to its end") {
  Jobs jobs({Delivery::at_least_once, 20, {}});
  const auto admitted = jobs.apply(enqueue(0, 7), second(0));
  CHECK(admitted.how == Jobs::Admission::accepted);
  CHECK(admitted.job == 1);
  CHECK(jobs.waiting() == 1);
  CHECK(jobs.apply(Deliver{1, worker(5)}));
  CHECK(jobs.waiting() == 0);
  CHECK(jobs.find(1)->worker == worker(5));
  const auto ended = jobs.apply(Settle{1, 0, worker(5)}, second(1));
  CHECK(ended.job == 1);
  CHECK(ended.content);
  CHECK(jobs.open() == 0);
  CHECK(jobs.find(1) == nullptr);
  CHECK_FALSE(jobs.apply(Settle{1, 0, worker(5)}, second(1)));
}

TEST_CASE("a session's job enters once; that of an earlier life never") {
  Jobs jobs({Delivery::at_least_once, 20, {}});
  CHECK(jobs.apply(enqueue(4, 1), second(0)).how == Jobs::Admission::accepted);
  CHECK(jobs.apply(enqueue(4, 1), second(0)).how == Jobs::Admission::repeated);
  CHECK(jobs.apply(enqueue(6, 1, 100, 5), second(0)).how == Jobs::Admission::accepted);
  CHECK(jobs.apply(enqueue(4, 1), second(0)).how == Jobs::Admission::forgotten);
  Enqueue reborn = enqueue(4, 1);
  reborn.session.number = 2;
  CHECK(jobs.apply(reborn, second(0)).how == Jobs::Admission::accepted);
  CHECK(jobs.apply(enqueue(7, 1), second(0)).how == Jobs::Admission::forgotten);
  CHECK(jobs.seen({world::HostId{100}, 1}, 7) == Serials::Seen::forgotten);
  CHECK(jobs.open() == 3);
}

TEST_CASE("a job that comes back too often is a dead letter") {
  Jobs jobs({Delivery::at_least_once, 3, {}});
  jobs.apply(enqueue(0, 1), second(0));
  for (int delivery = 1; delivery <= 3; ++delivery) {
    CHECK(jobs.apply(Deliver{1, worker(1)}));
    CHECK_FALSE(jobs.apply(GiveBack{1, delivery - 1}, second(0)));  // of an earlier delivery
    CHECK(jobs.find(1)->state == Jobs::State::out);
    CHECK(bool(jobs.apply(GiveBack{1, delivery}, second(0))) == (delivery == 3));
  }
  CHECK(jobs.open() == 0);
}

TEST_CASE("exactly once: who asks for the same gets the same, for the time of retention") {
  Jobs jobs({Delivery::exactly_once, 20, Duration::s(60)});
  jobs.apply(enqueue(0, 7), second(0));
  const auto joined = jobs.apply(enqueue(0, 7, 200), second(10));
  CHECK(joined.how == Jobs::Admission::joined);
  CHECK(joined.job == 1);
  CHECK(jobs.open() == 1);
  jobs.apply(Deliver{1, worker(3)});
  const auto ended = jobs.apply(Settle{1, 0, worker(3)}, second(20));
  CHECK(ended.joined.size() == 1);
  const auto done = jobs.apply(enqueue(1, 7, 200), second(79));
  CHECK(done.how == Jobs::Admission::done);
  CHECK(done.worker == worker(3));
  CHECK(jobs.apply(enqueue(2, 7, 200), second(81)).how == Jobs::Admission::accepted);
  jobs.apply(Drop{2, true}, second(82));
  CHECK(jobs.apply(enqueue(3, 7, 200), second(83)).how == Jobs::Admission::accepted);  // nobody did it
}

/// The same, as simple as can be: a list of all jobs there ever were, and all that was ever said about keys.
class Naive {
 public:
  explicit Naive(const Jobs::Settings& s) : settings(s) {}
  struct Job {
    std::uint64_t key;
    int deliveries = 0;
    Jobs::State state = Jobs::State::waiting;
    Life with{};
    int joined = 0;
  };
  struct Said {
    TimePoint date;
    std::uint64_t key;
    JobId job;
    bool done;
    Life by;
  };
  std::pair<Jobs::Admission, JobId> apply(const Enqueue& e, TimePoint date) {
    auto& first = firsts[e.session.host.value];
    if (e.serial < first) return {Jobs::Admission::forgotten, 0};
    if (!serials.insert({e.session.host.value, e.serial}).second) return {Jobs::Admission::repeated, 0};
    first = std::max(first, e.first_open);
    if (settings.delivery == Delivery::exactly_once) {
      const auto last = std::find_if(said.rbegin(), said.rend(), [&](const Said& s) {
        return s.key == e.key && s.date >= date - settings.retention;
      });
      if (last != said.rend() && last->job != 0) {
        if (!last->done) {
          ++jobs[last->job - 1].joined;
          return {Jobs::Admission::joined, last->job};
        }
        return {last->by == Life{} ? Jobs::Admission::given_up : Jobs::Admission::done, last->job};
      }
    }
    jobs.push_back({e.key});
    said.push_back({date, e.key, jobs.size(), false, {}});
    return {Jobs::Admission::accepted, jobs.size()};
  }
  bool deliver(JobId id, const Life& to) {
    if (!is(id, Jobs::State::waiting)) return false;
    fresh = std::max(fresh, id + 1);
    Job& job = jobs[id - 1];
    job.state = settings.delivery == Delivery::at_most_once ? Jobs::State::ended : Jobs::State::out;
    job.with = to;
    ++job.deliveries;
    return true;
  }
  bool settle(JobId id, const Life& by, TimePoint date) {
    if (!is(id, Jobs::State::waiting) && !is(id, Jobs::State::out)) return false;
    jobs[id - 1].state = Jobs::State::ended;
    said.push_back({date, jobs[id - 1].key, id, true, by});
    return true;
  }
  bool give_back(JobId id, int delivery, TimePoint date) {
    if (!is(id, Jobs::State::out) || jobs[id - 1].deliveries != delivery) return false;
    const bool dead = delivery >= settings.max_deliveries;
    jobs[id - 1].state = dead ? Jobs::State::ended : Jobs::State::waiting;
    if (dead) said.push_back({date, jobs[id - 1].key, id, true, {}});
    return dead;
  }
  bool drop(JobId id, TimePoint date) {
    if (!is(id, Jobs::State::waiting)) return false;
    fresh = std::max(fresh, id + 1);
    jobs[id - 1].state = Jobs::State::ended;
    said.push_back({date, jobs[id - 1].key, 0, false, {}});
    return true;
  }
  bool is(JobId id, Jobs::State state) const {
    return id >= 1 && id <= jobs.size() && jobs[id - 1].state == state;
  }

  Jobs::Settings settings;
  std::vector<Job> jobs;
  std::set<std::pair<std::uint32_t, std::uint64_t>> serials;
  std::map<std::uint32_t, std::uint64_t> firsts;
  std::vector<Said> said;
  JobId fresh = 1;
};

void compare(const Jobs& jobs, const Naive& naive) {
  std::int64_t waiting = 0;
  std::int64_t open = 0;
  std::set<JobId> again;
  for (JobId id = 1; id <= naive.jobs.size(); ++id) {
    const Naive::Job& job = naive.jobs[id - 1];
    const Jobs::Entry* entry = jobs.find(id);
    RC_ASSERT((entry == nullptr) == (job.state == Jobs::State::ended));
    if (entry == nullptr) continue;
    ++open;
    RC_ASSERT(entry->state == job.state);
    RC_ASSERT(entry->deliveries == job.deliveries);
    if (job.state == Jobs::State::out) RC_ASSERT(entry->worker == job.with);
    if (job.state != Jobs::State::waiting) continue;
    ++waiting;
    if (id < naive.fresh) again.insert(id);
  }
  RC_ASSERT(jobs.last() == naive.jobs.size());
  RC_ASSERT(jobs.waiting() == waiting);
  RC_ASSERT(jobs.open() == open);
  RC_ASSERT(jobs.again() == again);
  RC_ASSERT(jobs.size() >= Bytes(100 * open));
}

TEST_CASE("any history of commands leaves the jobs that a naive model says") {
  CHECK(rc::check("", [] {
    Jobs::Settings settings;
    settings.delivery =
        *rc::gen::element(Delivery::at_most_once, Delivery::at_least_once, Delivery::exactly_once);
    settings.max_deliveries = *rc::gen::inRange(1, 4);
    settings.retention = Duration::s(*rc::gen::inRange(1, 30));
    Jobs jobs(settings);
    Naive naive(settings);
    const int steps = *rc::gen::inRange(1, 150);
    for (int date = 0; date < steps; ++date) {
      if (*rc::gen::inRange(0, 10) == 0) {  // a snapshot goes on as the original would
        const Jobs copy = jobs;
        jobs = copy;
      }
      const TimePoint now = second(date);
      const auto some_job = [&] { return *rc::gen::inRange<JobId>(1, naive.jobs.size() + 2); };
      const Life someone = worker(*rc::gen::inRange<std::uint32_t>(1, 4));
      switch (*rc::gen::inRange(0, 7)) {
        case 0:
        case 1: {
          const auto serial = *rc::gen::inRange<std::uint64_t>(0, 60);
          const auto command = enqueue(serial, *rc::gen::inRange<std::uint64_t>(0, 8),
                                       *rc::gen::inRange<std::uint32_t>(100, 103),
                                       serial - std::min<std::uint64_t>(serial, 10));
          const auto admitted = jobs.apply(command, now);
          RC_ASSERT((std::pair{admitted.how, admitted.job} == naive.apply(command, now)));
          break;
        }
        case 2:
        case 3: {
          const JobId job = some_job();
          RC_ASSERT(jobs.apply(Deliver{job, someone}) == naive.deliver(job, someone));
          break;
        }
        case 4: {
          const JobId job = some_job();
          const auto ended = jobs.apply(Settle{job, 0, someone}, now);
          RC_ASSERT(bool(ended) == naive.settle(job, someone, now));
          if (ended) RC_ASSERT(ended.joined.size() == std::size_t(naive.jobs[job - 1].joined));
          break;
        }
        case 5: {
          const JobId job = some_job();
          const int delivery = *rc::gen::inRange(0, 4);
          RC_ASSERT(bool(jobs.apply(GiveBack{job, delivery}, now)) == naive.give_back(job, delivery, now));
          break;
        }
        default: {
          const JobId job = some_job();
          RC_ASSERT(bool(jobs.apply(Drop{job, false}, now)) == naive.drop(job, now));
        }
      }
      compare(jobs, naive);
    }
  }));
}

}  // namespace
}  // namespace headroom::queue
