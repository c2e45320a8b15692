#include "models/processing/calibrate/service.h"

#include <algorithm>
#include <atomic>
#include <boost/random/exponential_distribution.hpp>
#include <condition_variable>
#include <ctime>
#include <deque>
#include <mutex>
#include <thread>

#include "models/processing/calibrate/contention.h"
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

/// The images of the service in random order.
std::vector<std::size_t> shuffled(std::size_t n, Engine& draw) {
  std::vector<std::size_t> order(n);
  for (std::size_t i = 0; i < n; ++i) order[i] = i;
  for (std::size_t i = n; i > 1; --i)
    std::swap(order[i - 1], order[static_cast<std::size_t>(uniform_below(draw, i))]);
  return order;
}

/// One image after the other, handed over as a request is that finds nobody at work: the time from then to
/// the answer, which is what an idle service is seen to take.
std::vector<double> alone(const std::vector<Encoded>& images, const ServicePlan& plan,
                          const std::vector<std::size_t>& order) {
  std::vector<double> took(plan.images.size());
  Queue queue(1);
  std::mutex mutex;
  std::condition_variable answered;
  std::size_t answers = 0;
  std::thread worker([&] {
    for (std::size_t i = 0; queue.pop(i);) {
      const double handed_over = took[i];
      convert(images[plan.images[i]], plan.task);
      took[i] = wall_now() - handed_over;
      {
        const std::scoped_lock lock(mutex);
        ++answers;
      }
      answered.notify_one();
    }
    thread_done();
  });
  constexpr double kPause = 10e-3;  // s: between requests at a low load; caches cool, the worker falls asleep
  for (std::size_t n = 0; n < order.size(); ++n) {
    sleep_until(wall_now() + kPause);
    took[order[n]] = wall_now();
    queue.push(order[n]);
    std::unique_lock lock(mutex);
    answered.wait(lock, [&] { return answers > n; });
  }
  queue.close();
  worker.join();
  return took;
}

/// So many cores that always have something to do, handed over by a thread that wakes as often as the
/// generator of requests would; each goes on until all images are done, so that none is done among fewer.
std::vector<double> together(const std::vector<Encoded>& images, const ServicePlan& plan,
                             const std::vector<std::size_t>& order, std::int64_t busy) {
  std::vector<double> took(plan.images.size());
  std::atomic<std::size_t> done{0};
  const std::size_t ahead = 3 * static_cast<std::size_t>(busy);
  Queue queue(2 * ahead);
  std::vector<std::thread> workers;
  for (std::int64_t core = 0; core < busy; ++core)
    workers.emplace_back([&] {
      for (std::size_t n = 0; queue.pop(n);) {
        const std::size_t i = order[n % order.size()];
        const double begin = wall_now();
        convert(images[plan.images[i]], plan.task);
        if (n < order.size()) took[i] = wall_now() - begin;
        ++done;
      }
      thread_done();
    });
  constexpr double kFirst = 1e-3;  // s between pushes, until it is known how long conversions take
  const double begin = wall_now();
  // The last of the counted images is done when as many more are: the queue is first in, first out.
  const std::size_t all = order.size() + static_cast<std::size_t>(busy);
  for (std::size_t pushed = 0; done < all;) {
    while (pushed < done + ahead) queue.push(pushed++);
    const double now = wall_now();
    const auto n = static_cast<double>(done.load());
    sleep_until(now + (n > 0 ? (now - begin) / n : kFirst));
  }
  queue.close();
  for (std::thread& worker : workers) worker.join();
  return took;
}

Pass pass_of(const std::vector<Encoded>& images, const ServicePlan& plan,
             const std::vector<std::int64_t>& busy, Engine& draw) {
  Pass pass;
  for (const std::int64_t n : busy) {
    const std::vector<std::size_t> order = shuffled(plan.images.size(), draw);
    pass.took.push_back(n == 1 ? alone(images, plan, order) : together(images, plan, order, n));
  }
  return pass;
}

/// Conversions per second when every core always has the next one.
double capacity_of(const ServicePlan& plan, const Pass& pass) {
  double sum = 0;
  for (const double took : pass.took.back()) sum += took;
  return plan.cores * static_cast<double>(plan.images.size()) / sum;
}

Block serve(const std::vector<Encoded>& images, const ServicePlan& plan, std::size_t load, int number,
            double capacity) {
  Block block;
  block.load = load;
  block.rate = plan.loads[load] * capacity;
  // Everything is drawn beforehand: the generator only sleeps and hands over.
  const StreamKey key = StreamKey(plan.seed) / "service" / std::to_string(load);
  Engine draw = key.engine_for(static_cast<std::uint64_t>(number));
  boost::random::exponential_distribution<double> gap(block.rate);
  for (double at = gap(draw); at < plan.block_seconds; at += gap(draw)) {
    const auto image = static_cast<std::size_t>(uniform_below(draw, plan.images.size()));
    block.requests.push_back({at, image, false, 0});
  }
  Queue queue(plan.places);
  constexpr double kSettle = 0.05;  // s for the threads to begin
  const double start = wall_now() + kSettle;
  std::vector<std::thread> workers;
  for (int core = 0; core < plan.cores; ++core)
    workers.emplace_back([&] {
      for (std::size_t i = 0; queue.pop(i);) {
        Served& request = block.requests[i];
        convert(images[plan.images[request.image]], plan.task);
        request.latency = wall_now() - start - request.at;
      }
      thread_done();
    });
  sleep_until(start);
  Watch watch;
  std::vector<double> late;
  for (std::size_t i = 0; i < block.requests.size(); ++i) {
    Served& request = block.requests[i];
    sleep_until(start + request.at);
    late.push_back(wall_now() - start - request.at);
    if (!queue.push(i)) request.rejected = true;
  }
  queue.close();
  for (std::thread& worker : workers) worker.join();
  block.late = late.empty() ? 0 : quantile(late, 0.99);
  block.noise = watch.so_far();
  return block;
}

}  // namespace

int ServiceRun::counted(std::size_t load) const {
  return static_cast<int>(std::count_if(blocks.begin(), blocks.end(), [&](const Block& block) {
    return block.load == load && block.refused.cause == Refused::no;
  }));
}

ServiceRun run_service(const std::vector<Encoded>& images, const ServicePlan& plan,
                       const std::function<void(double)>& progress) {
  ServiceRun run;
  run.plan = plan;
  run.busy = busy_counts(plan.cores);
  const double begin = wall_now();
  Engine draw = (StreamKey(plan.seed) / "blocks").engine();
  pass_of(images, plan, run.busy, draw);  // what is done for the first time takes longer
  run.passes.push_back(pass_of(images, plan, run.busy, draw));
  std::vector<int> served(plan.loads.size(), 0);
  const auto wanted = static_cast<double>(plan.loads.size()) * plan.blocks;
  for (bool missing = true; missing;) {
    missing = false;
    for (const std::size_t load : shuffled(plan.loads.size(), draw)) {
      if (run.counted(load) >= plan.blocks) continue;
      missing = true;
      if (wall_now() - begin >= plan.longest_seconds) {
        missing = false;
        break;
      }
      Block block = serve(images, plan, load, served[load]++, capacity_of(plan, run.passes.back()));
      block.pass = run.passes.size() - 1;
      run.passes.push_back(pass_of(images, plan, run.busy, draw));
      block.refused = refusal(run.passes[block.pass], run.passes.back(), block.noise, plan.limits);
      run.blocks.push_back(std::move(block));
      if (!progress) continue;
      double counted = 0;
      for (std::size_t i = 0; i < plan.loads.size(); ++i) counted += run.counted(i);
      progress(std::max(counted / wanted, (wall_now() - begin) / plan.longest_seconds));
    }
  }
  run.seconds = wall_now() - begin;
  return run;
}

}  // namespace headroom::processing::calibrate
