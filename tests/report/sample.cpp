#include "tests/report/sample.h"

#include <boost/random/gamma_distribution.hpp>
#include <cmath>

#include "sim/base/random.h"
#include "tests/metrics/named.h"

namespace headroom::report {
namespace {

using metrics::Better;
using metrics::MetricInfo;
using metrics::test::column;
using metrics::test::latencies;
using metrics::test::metric;

TimePoint at(double seconds) {
  return TimePoint::at(Duration::from_seconds(seconds));
}

constexpr MetricInfo kCatalogue[] = {
    {"yield", "share", "Answered requests as a share of offered ones.", Better::higher},
    {"harvest", "share", "Mean share of the answer that answered requests got.", Better::higher},
    {"requests.offered", "count", "Requests that clients meant to send in the window."},
    {"throughput_rps", "1/s", "Answered requests per second.", Better::higher},
    {"latency.<quantile>_ms", "ms", "Intended send to last byte of the answer.", Better::lower},
    {"outcome.<kind>", "count", "Requests with this outcome."},
    {"processing.utilization", "share", "Busy slot-seconds / configured slot-seconds."},
    {"api.utilization", "share", "Busy core-seconds / configured core-seconds."},
    {"queue.depth_max", "jobs", "The most jobs that waited at once.", Better::lower},
    {"cost.usd_per_hour", "USD/h", "Price of all hosts.", Better::lower},
};

metrics::ReplicationResult replication(std::uint64_t seed, const metrics::Window& window) {
  Engine engine = (StreamKey(seed) / "sample").engine();
  boost::random::gamma_distribution<double> gamma(2.5, 1.0);
  metrics::Series series(Duration::s(170));
  auto& offered = series.counter(column("offered"));
  auto& answered = series.counter(column("answered"));
  auto& complete = series.counter(column("complete"));
  auto& partial = series.counter(column("partial"));
  auto& asked = series.counter(column("renditions.asked"));
  auto& delivered = series.counter(column("renditions.delivered"));
  auto& outcome_complete = series.counter(column("outcome.complete"));
  auto& outcome_partial = series.counter(column("outcome.partial"));
  auto& outcome_rejected = series.counter(column("outcome.rejected"));
  auto& outcome_late = series.counter(column("outcome.late"));
  series.counter(column("outcome.lost"));
  auto& quantiles = series.quantiles(latencies());
  auto& depth = series.level(column("queue.depth"));
  auto& leader = series.level(column("queue.leader"), 1, 1);
  auto& workers = series.level(column("processing.utilization"), 1e-3);
  auto& api = series.level(column("api.utilization"), 1e-3);
  auto& billed = series.counter(column("usage.billed_cpu_s"), 1e-9);
  auto& actual = series.counter(column("usage.actual_cpu_s"), 1e-9);
  metrics::BatchSum offered_sum, answered_sum, rejected_sum, late_sum, complete_sum, partial_sum;
  metrics::BatchHistogram latency, small, large;
  metrics::TimeAverage depth_average(window), busy_average(window), api_average(window);
  double waiting = 0;
  std::int64_t unbilled = 0;
  for (int second = 0; second < 104; ++second) {
    const bool fault = second >= 40 && second < 60;
    waiting = std::max(3.0, waiting + (fault ? 300 : -450));
    const auto jobs = static_cast<std::int64_t>(waiting + 8 * gamma(engine));
    const auto busy = static_cast<std::int64_t>(fault || waiting > 100 ? 995 : 790 + 8 * gamma(engine));
    depth.set(at(second), jobs);
    depth_average.set(at(second), jobs);
    workers.set(at(second), busy);
    busy_average.set(at(second), busy);
    const auto api_busy = static_cast<std::int64_t>(640 + 6 * gamma(engine));
    api.set(at(second), api_busy);
    api_average.set(at(second), api_busy);
    if (second == 45) leader.set(at(45.2), 0), leader.set(at(45.9), 1);
    for (int i = 0; i < 400; ++i) {
      const TimePoint sent = at(second + i / 400.0);
      const int batch = window.batch(sent);
      offered.add(sent, 25);
      asked.add(sent, 100);
      offered_sum.add(batch, 25);
      const double u = uniform01(engine);
      if (u < (fault ? 0.04 : 0.0003)) {
        const bool rejected = u < (fault ? 0.03 : 0.0002);
        (rejected ? outcome_rejected : outcome_late).add(sent, 25);
        (rejected ? rejected_sum : late_sum).add(batch, 25);
        continue;
      }
      const bool part = fault && u > 0.98;
      answered.add(sent, 25);
      answered_sum.add(batch, 25);
      (part ? partial : complete).add(sent, 25);
      (part ? outcome_partial : outcome_complete).add(sent, 25);
      (part ? partial_sum : complete_sum).add(batch, 25);
      delivered.add(sent, part ? 50 : 100);
      const bool big = uniform01(engine) < 0.2;
      const double ms = 25 + (big ? 70 : 25) * gamma(engine) + waiting / 12;
      quantiles.open(sent);
      quantiles.record(sent, Duration::from_ns(ms * 1e6));
      latency.record(batch, Duration::from_ns(ms * 1e6));
      (big ? large : small).record(batch, Duration::from_ns(ms * 1e6));
      actual.add(sent, 2'500'000'000);
      unbilled += 2'500'000'000;
    }
    if (second % 10 == 9) {
      billed.add(at(second), unbilled - unbilled / 500);
      unbilled = 0;
    }
  }
  depth_average.finish(at(104));
  busy_average.finish(at(104));
  api_average.finish(at(104));

  metrics::ResultBuilder builder(window);
  builder.total(metric("requests.offered"), offered_sum);
  builder.share(metric("yield"), answered_sum, offered_sum);
  builder.share(metric("harvest"), complete_sum, answered_sum);
  builder.rate(metric("throughput_rps"), answered_sum);
  builder.total(metric("outcome.complete"), complete_sum);
  builder.total(metric("outcome.partial"), partial_sum);
  builder.total(metric("outcome.rejected"), rejected_sum);
  builder.total(metric("outcome.late"), late_sum);
  builder.quantile(metric("latency.p50_ms"), latency, 0.5, 1e-6);
  builder.quantile(metric("latency.p99_ms"), latency, 0.99, 1e-6);
  builder.maximum(metric("latency.max_ms"), latency, 1e-6);
  builder.time_share(metric("processing.utilization"), busy_average, 1e-3);
  builder.time_share(metric("api.utilization"), api_average, 1e-3);
  builder.maximum(metric("queue.depth_max"), depth_average);
  builder.constant(metric("cost.usd_per_hour"), 48.9);
  builder.none(metric("usage.billing_error"));
  builder.invariant("no acknowledged job lost", true, 900'000);
  builder.invariant("every request has exactly one outcome", true, 1'040'000);
  builder.latency("all", latency);
  builder.latency("<64KB", small);
  builder.latency(">=1MB", large);
  metrics::Journal journal;
  journal.record(at(40), "crash", "host/worker-7", {{"boot_s", 20}});
  journal.record(at(45.9), "election", "queue", {{"term", 2}, {"leader", "queue-2"}, {"took_ms", 213.4}});
  builder.journal(journal);
  builder.series(series.finish(at(103.4)));
  builder.bookkeeping(2'000'000, Duration::ms(103'400));
  return std::move(builder).build();
}

}  // namespace

Run sample_run(std::uint64_t seed) {
  Run run;
  run.scenario = "rack-down";
  run.question =
      "Does one region hold 10K RPS at p99 < 500 ms and 99.9 % yield while half of the fleet is down?";
  run.seed = seed;
  run.fingerprint = "5d41402abc4b2a76";
  run.window = metrics::Window(TimePoint::at(Duration::s(10)), Duration::s(90));
  run.result = metrics::merge({replication(seed, run.window), replication(seed + 100, run.window),
                               replication(seed + 200, run.window)});
  run.numbers = {1, 2, 3};
  // Half of the fleet is down in the middle of the window.
  run.limits = {{"processing", 0.995, 20, 40, 40, metrics::Duty::serves, false},
                {"queue.capacity", 0.9, 1, 1, 40, metrics::Duty::holds, false},
                {"api", 0.655, 3, 3, 10, metrics::Duty::serves, false},
                {"nic host/lb-1", 0.21, 1, 1, 30, metrics::Duty::serves, true}};
  run.slo = metrics::evaluate({{"yield", 0.999, Better::higher}, {"latency.p99_ms", 500, Better::lower}},
                              run.result);
  run.catalogue = kCatalogue;
  run.faults = {{"crash rack/a1", at(40), at(60)}, {"partition zone a | zone b, \"both\"", at(45), at(46)}};
  run.scenario_yaml = "scenario: rack-down\nseed: 1\n";
  run.wall_clock_s = 12.5;
  run.versions = {{"headroom", "0.1.0"}};
  return run;
}

Run bare_run() {
  Run run;
  run.scenario = "mmc";
  run.window = metrics::Window(TimePoint::at(Duration::s(1)), Duration::s(20));
  metrics::BatchSum offered, answered;
  metrics::BatchHistogram latency;
  metrics::Series series(Duration::s(30));
  auto& quantiles = series.quantiles(latencies());
  auto& offered_column = series.counter(column("offered"));
  auto& answered_column = series.counter(column("answered"));
  for (int i = 0; i < 2000; ++i) {
    const TimePoint sent = at(0.5 + i * 0.0105);
    const int batch = run.window.batch(sent);
    const auto took = Duration::us(100'000 + i * 7919 % 50'000);
    offered.add(batch);
    answered.add(batch);
    offered_column.add(sent);
    answered_column.add(sent);
    latency.record(batch, took);
    quantiles.open(sent);
    quantiles.record(sent, took);
  }
  metrics::ResultBuilder builder(run.window);
  builder.share(metric("yield"), answered, offered);
  builder.quantile(metric("latency.p99_ms"), latency, 0.99, 1e-6);
  builder.latency("all", latency);
  builder.series(series.finish(at(21.6)));
  run.result = metrics::merge({std::move(builder).build()});
  run.numbers = {1};
  run.scenario_yaml = "scenario: mmc\n";
  return run;
}

}  // namespace headroom::report
