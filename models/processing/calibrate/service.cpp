#include "models/processing/calibrate/service.h"

#include <algorithm>
#include <atomic>
#include <boost/random/exponential_distribution.hpp>
#include <condition_variable>
#include <ctime>
#include <deque>
#include <mutex>
#include <thread>

#include "models/processing/calibrate/fit.h"
#include "sim/base/random.h"

namespace headroom::processing::calibrate {
namespace {

/// First in, first out, with so many places and not more.
class Queue {
 public:
  explicit Queue(std::size_t places) : places_(places) {}
  /// False if there is no place.
  bool push(std::size_t request) {
    {
      const std::scoped_lock lock(mutex_);
      if (waiting_.size() >= places_ && idle_ == 0) return false;
      waiting_.push_back(request);
    }
    more_.notify_one();
    return true;
  }
  /// Waits for a request; false when there will be none any more.
  bool pop(std::size_t& request) {
    std::unique_lock lock(mutex_);
    ++idle_;
    more_.wait(lock, [&] { return !waiting_.empty() || closed_; });
    --idle_;
    if (waiting_.empty()) return false;
    request = waiting_.front();
    waiting_.pop_front();
    return true;
  }
  void close() {
    {
      const std::scoped_lock lock(mutex_);
      closed_ = true;
    }
    more_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<std::size_t> waiting_;
  std::size_t places_;
  std::size_t idle_ = 0;
  bool closed_ = false;
};

void sleep_until(double wall) {
  timespec t{};
  t.tv_sec = static_cast<time_t>(wall);
  t.tv_nsec = static_cast<long>((wall - static_cast<double>(t.tv_sec)) * 1e9);
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr) != 0) {
  }
}

std::size_t draw_image(const ServicePlan& plan, Engine& draw) {
  return plan.images[uniform_below(draw, plan.images.size())];
}

/// Conversions per second when nobody ever waits for work.
double capacity_of(const std::vector<Encoded>& images, const ServicePlan& plan) {
  std::atomic<std::int64_t> done{0};
  const double begin = wall_now();
  const double until = begin + plan.capacity_seconds;
  std::vector<double> ended(static_cast<std::size_t>(plan.cores));
  std::vector<std::thread> workers;
  for (int core = 0; core < plan.cores; ++core)
    workers.emplace_back([&, core] {
      Engine draw = (StreamKey(plan.seed) / "capacity").engine_for(static_cast<std::uint64_t>(core));
      do {
        convert(images[draw_image(plan, draw)], plan.task);
        ++done;
      } while (wall_now() < until);
      ended[static_cast<std::size_t>(core)] = wall_now();
      thread_done();
    });
  for (std::thread& worker : workers) worker.join();
  double worked = 0;
  for (const double end : ended) worked += end - begin;
  return static_cast<double>(done) * plan.cores / worked;
}

LoadRun run_load(const std::vector<Encoded>& images, const ServicePlan& plan, double load, double capacity,
                 const std::function<void(double)>& progress) {
  LoadRun run;
  run.load = load;
  run.rate = load * capacity;
  // Everything is drawn beforehand: the generator only sleeps and hands over.
  const StreamKey key = StreamKey(plan.seed) / "service" / std::to_string(load);
  Engine draw = key.engine();
  boost::random::exponential_distribution<double> gap(run.rate);
  for (double at = gap(draw); at < plan.seconds; at += gap(draw))
    run.requests.push_back({at, draw_image(plan, draw), false, 0});

  Queue queue(plan.places);
  Watch watch;
  constexpr double kSettle = 0.2;  // s for the threads to begin
  const double start = wall_now() + kSettle;
  std::vector<std::thread> workers;
  for (int core = 0; core < plan.cores; ++core)
    workers.emplace_back([&] {
      for (std::size_t i = 0; queue.pop(i);) {
        convert(images[run.requests[i].image], plan.task);
        run.requests[i].latency = wall_now() - start - run.requests[i].at;
      }
      thread_done();
    });
  std::vector<double> late;
  double told = 0;
  for (std::size_t i = 0; i < run.requests.size(); ++i) {
    Served& request = run.requests[i];
    sleep_until(start + request.at);
    const double now = wall_now() - start;
    late.push_back(now - request.at);
    if (!queue.push(i)) request.rejected = true;
    if (progress && now > told + 0.5) {
      told = now;
      progress(now / plan.seconds);
    }
  }
  queue.close();
  for (std::thread& worker : workers) worker.join();
  run.late = late.empty() ? 0 : quantile(late, 0.99);
  watch.probe();
  run.noise = watch.so_far();
  return run;
}

}  // namespace

ServiceRun run_service(const std::vector<Encoded>& images, const ServicePlan& plan,
                       const std::function<void(double)>& progress) {
  ServiceRun service;
  service.plan = plan;
  service.capacity = capacity_of(images, plan);
  const auto parts = static_cast<double>(plan.loads.size());
  for (std::size_t i = 0; i < plan.loads.size(); ++i)
    service.loads.push_back(run_load(images, plan, plan.loads[i], service.capacity, [&](double share) {
      if (progress) progress((static_cast<double>(i) + share) / parts);
    }));
  return service;
}

}  // namespace headroom::processing::calibrate
