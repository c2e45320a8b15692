#pragma once

#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/metrics/result.h"
#include "sim/study/scenario.h"
#include "sim/study/simulate.h"
#include "sim/world/world.h"

namespace headroom {

/// One replication of a scenario given as structs, with things that happen to its hosts in between.
class Trial {
 public:
  explicit Trial(study::ScenarioConfig scenario)
      : scenario_(std::move(scenario)), replication_(scenario_, 0, &watch_) {}
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  study::Replication& replication() { return replication_; }
  world::World& world() { return replication_.world(); }
  world::Host& host(std::string_view group, std::size_t member = 1) {
    return *world().group(group).at(member - 1);
  }
  /// Things that happen at a date.
  void at(Duration date, std::function<void()> act) {
    events_.push_back(std::make_unique<world::Callback<std::function<void()>>>(std::move(act)));
    world().scheduler().schedule(*events_.back(), TimePoint::at(date));
  }

  /// Things that happen again and again, up to that date.
  void every(Duration period, Duration until, const std::function<void()>& act) {
    for (Duration date = period; date <= until; date += period) at(date, act);
  }

  /// Begins, and stops in the middle.
  void run_until(Duration date) { replication_.run_until(TimePoint::at(date)); }
  /// Runs to the end.
  Trial& run() {
    result_ = replication_.finish();
    return *this;
  }

  /// The metric's value; the test fails if there is none.
  double operator[](std::string_view name) const {
    const auto value = find(name);
    INFO("metric " << name);
    REQUIRE(value.has_value());
    return *value;
  }
  std::optional<double> find(std::string_view name) const {
    for (const metrics::MetricValue& m : result_.metrics)
      if (m.name == name) return m.value;
    return std::nullopt;
  }
  const metrics::ReplicationResult& result() const { return result_; }
  /// The requests in the order in which they ended.
  const std::vector<std::uint64_t>& ended() const { return watch_.numbers; }
  /// The names of the invariants that are violated.
  std::string violated() const {
    std::string names;
    for (const metrics::Invariant& i : result_.invariants)
      if (!i.holds) names += i.name + "; ";
    return names;
  }

 private:
  struct Watch final : client::RequestWatch {
    void offered(std::uint64_t) override {}
    void ended(std::uint64_t number) override { numbers.push_back(number); }
    std::vector<std::uint64_t> numbers;
  };

  study::ScenarioConfig scenario_;
  Watch watch_;
  study::Replication replication_;
  std::vector<std::unique_ptr<world::Event>> events_;
  metrics::ReplicationResult result_;
};

/// Hosts of a group.
inline void hosts(study::ScenarioConfig& s, const std::string& group, std::int64_t count,
                  std::int64_t cores) {
  s.platform.hosts[group].count = count;
  s.platform.hosts[group].cores = cores;
}

inline Distribution<Duration> always(Duration d) {
  return Distribution<Duration>::constant(d);
}

/// Bare workers on an ideal network; every conversion takes `service`.
inline study::ScenarioConfig workers(std::int64_t count, std::int64_t cores, Distribution<Duration> service) {
  study::ScenarioConfig s;
  s.scenario = "test";
  hosts(s, "worker", count, cores);
  s.deployment.processing.emplace();
  s.deployment.processing->hosts = {"worker"};
  s.deployment.processing->service_time = std::move(service);
  s.run.drain = Duration::s(20);
  return s;
}

inline void add_api(study::ScenarioConfig& s, std::int64_t count = 1, Duration cpu = Duration()) {
  hosts(s, "api", count, 4);
  s.deployment.api.emplace();
  s.deployment.api->hosts = {"api"};
  s.deployment.api->cpu = cpu;
}

inline void add_queue(study::ScenarioConfig& s, std::int64_t members = 3,
                      Duration fsync = Duration::us(100)) {
  hosts(s, "queue", members, 4);
  s.deployment.queue.emplace();
  s.deployment.queue->hosts = {"queue"};
  s.deployment.queue->fsync = always(fsync);
}

inline void add_usage(study::ScenarioConfig& s) {
  hosts(s, "store", 2, 4);
  s.deployment.usage.emplace();
  s.deployment.usage->store.hosts = {"store"};
  s.deployment.usage->aggregator.flush_every = Duration::s(1);
}

inline void measure(study::ScenarioConfig& s, Duration warmup, Duration duration) {
  s.run.warmup = warmup;
  s.run.duration = duration;
}

/// Requests that are all sent within the first microsecond, in the order of their numbers.
inline client::Trace burst(int requests) {
  client::Trace trace;
  for (int i = 0; i < requests; ++i) trace.rows.push_back({Duration::ns(i), {}, {}});
  return trace;
}

/// Every message between two hosts, or with clients, takes 2 ms; no bandwidth limits.
inline void two_milliseconds(study::ScenarioConfig& s) {
  s.platform.network.ideal = false;
  s.platform.network.nic.latency = Duration::ms(1);
  s.platform.network.internet.latency = Duration::ms(1);
}

}  // namespace headroom
