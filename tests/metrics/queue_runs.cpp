#include "tests/metrics/queue_runs.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <queue>

#include "sim/base/random.h"
#include "tests/metrics/named.h"

namespace headroom::metrics::queue_runs {
namespace {

constexpr double kService = 0.1;

double exponential(Engine& engine) {
  return -std::log1p(-uniform01(engine));
}

double service(const Queue& queue, Engine& engine) {
  if (queue.scv == 1) return kService * exponential(engine);
  const double p = 0.5 * (1 + std::sqrt((queue.scv - 1) / (queue.scv + 1)));
  const double share = uniform01(engine) < p ? p : 1 - p;
  return kService * exponential(engine) / (2 * share);
}

/// Probability that an arrival waits (Erlang C).
double waits(int servers, double load) {
  const double offered = servers * load;
  double blocked = 1;
  for (int c = 1; c <= servers; ++c) blocked = offered * blocked / (c + offered * blocked);
  return blocked / (1 - load * (1 - blocked));
}

/// The time in an M/M/c system that is exceeded with probability `p`.
double exceeded(const Queue& queue, double p) {
  const double wait = waits(queue.servers, queue.load);
  const double drain = queue.servers * (1 - queue.load);  // in services per service time
  const auto beyond = [&](double t) {
    // A service, after a wait that is 0 or exponential.
    const double both = std::abs(drain - 1) < 1e-9
                            ? (1 + t) * std::exp(-t)
                            : (drain * std::exp(-t) - std::exp(-drain * t)) / (drain - 1);
    return (1 - wait) * std::exp(-t) + wait * both;
  };
  if (queue.servers == 1) return -std::log(p) / (1 - queue.load);
  double low = 0, high = 1e4;
  for (int i = 0; i < 200; ++i) (beyond((low + high) / 2) > p ? low : high) = (low + high) / 2;
  return low;
}

}  // namespace

Truth truth(const Queue& queue) {
  Truth t;
  t.utilization = queue.load;
  const double ms = kService * 1e3;
  if (queue.servers == 1) {
    t.wait_ms = ms * queue.load * (1 + queue.scv) / 2 / (1 - queue.load);  // Pollaczek, Khinchine
  } else {
    t.wait_ms = ms * waits(queue.servers, queue.load) / (queue.servers * (1 - queue.load));
  }
  t.latency_ms = t.wait_ms + ms;
  if (queue.scv == 1) {
    t.p50_ms = ms * exceeded(queue, 0.5);
    t.p99_ms = ms * exceeded(queue, 0.01);
  }
  return t;
}

double memory_s(const Queue& queue) {
  return kService * (1 + queue.scv) * (1 + queue.load) / (1 - queue.load) / (1 - queue.load) / queue.servers;
}

ReplicationResult run(const Queue& queue, double window_s, std::uint64_t seed) {
  Engine engine = (StreamKey(1) / "queue").engine_for(seed);
  const double rate = queue.load * queue.servers / kService;
  // The steady state: of M/M/c drawn; of others after a while.
  const double warmup = queue.scv == 1 ? 0 : 20 * memory_s(queue);
  const Window window(TimePoint::at(Duration::from_ns(warmup * 1e9)), Duration::from_ns(window_s * 1e9));
  std::priority_queue<double, std::vector<double>, std::greater<>> free;
  BatchSum busy, length, arrived, wait;
  BatchHistogram latency;
  const auto occupy = [&](double from, double to) {
    const TimePoint end = std::min(TimePoint::at(Duration::from_ns(to * 1e9)), window.end());
    TimePoint at = std::max(TimePoint::at(Duration::from_ns(from * 1e9)), window.begin());
    while (at < end) {
      const int b = window.batch(at);
      const TimePoint next = std::min(end, window.edge(b + 1));
      busy.add(b, (next - at).count_ns());
      at = next;
    }
  };
  if (queue.scv == 1) {
    // With probability 1 − P(wait) some server is free; else all work and a geometric number waits.
    const double offered = queue.servers * queue.load;
    double weight = 1, all = 0;
    std::vector<double> weights;
    for (int k = 0; k < queue.servers; ++k) {
      weights.push_back(weight);
      all += weight;
      weight *= offered / (k + 1);
    }
    double u = uniform01(engine) * (all + weight / (1 - queue.load));
    int present = 0;
    while (present < queue.servers && u >= weights[static_cast<std::size_t>(present)])
      u -= weights[static_cast<std::size_t>(present++)];
    if (present == queue.servers)
      while (uniform01(engine) < queue.load) ++present;
    for (int s = 0; s < queue.servers; ++s) free.push(0);
    for (int k = 0; k < present; ++k) {
      const double start = free.top();
      free.pop();
      const double end = start + service(queue, engine);
      free.push(end);
      occupy(start, end);
    }
  } else {
    for (int s = 0; s < queue.servers; ++s) free.push(0);
  }
  for (double t = exponential(engine) / rate; t < warmup + window_s; t += exponential(engine) / rate) {
    const double start = std::max(free.top(), t);
    free.pop();
    const double end = start + service(queue, engine);
    free.push(end);
    occupy(start, end);
    const int b = window.batch(TimePoint::at(Duration::from_ns(t * 1e9)));
    if (b < 0) continue;
    arrived.add(b);
    wait.add(b, static_cast<std::int64_t>((start - t) * 1e9));
    latency.record(b, static_cast<std::int64_t>((end - t) * 1e9));
  }
  for (int b = 0; b < kBatches; ++b) length.add(b, (window.edge(b + 1) - window.edge(b)).count_ns());
  ResultBuilder builder(window);
  builder.mean(test::metric("latency.mean_ms"), latency, 1e-6);
  builder.ratio(test::metric("wait_mean_ms"), wait, arrived, 1e-6);
  builder.quantile(test::metric("latency.p50_ms"), latency, 0.5, 1e-6);
  builder.quantile(test::metric("latency.p99_ms"), latency, 0.99, 1e-6);
  builder.time_share(test::metric("utilization"), busy, length, 1.0 / queue.servers);
  return std::move(builder).build();
}

}  // namespace headroom::metrics::queue_runs
