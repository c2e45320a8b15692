#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/random.h"
#include "sim/faults/config.h"
#include "tests/models/trial.h"

namespace headroom {

/// A small region with every component, as faults may find it. `variant`: which of its options are on.
/// `wired`: with bandwidth limits.
inline study::ScenarioConfig region(std::uint64_t variant = 0, bool wired = false) {
  auto s = workers(4, 4, Distribution<Duration>::exponential(Duration::ms(30)));
  add_api(s, 3, Duration::us(500));
  s.deployment.api->deadline = Duration::ms(800);
  add_queue(s);
  s.platform.hosts["queue"].power_cords = 2;
  s.deployment.queue->visibility_timeout = Duration::s(2);
  s.deployment.queue->max_deliveries = 5;
  add_usage(s);
  s.deployment.usage->aggregator.journal = true;
  hosts(s, "auth", 2, 2);
  s.deployment.auth.emplace();
  s.deployment.auth->edge_cache.emplace();
  s.deployment.auth->data_plane.hosts = Ref{"auth"};
  hosts(s, "lb", 2, 2);
  s.deployment.load_balancer.emplace();
  s.deployment.load_balancer->hosts = Ref{"lb"};
  s.platform.layout.zones = 2;
  s.platform.layout.power_feeds_per_rack = 2;
  two_milliseconds(s);
  if (wired) {
    s.platform.network.nic.bandwidth = Bandwidth{1e8};
    s.platform.network.rack_uplink.bandwidth = Bandwidth{2e8};
    s.platform.network.zone_uplink.bandwidth = Bandwidth{2e8};
    s.platform.network.internet.bandwidth = Bandwidth{1e8};
  }
  s.workload.users = 100;
  s.workload.image_bytes = Distribution<Bytes>::constant(Bytes(10'000));
  s.workload.arrivals = client::Poisson{Rate{100}};
  s.workload.connections.emplace().reuse = Share{.75};
  s.workload.deadline = Duration::s(1);
  s.workload.retry.emplace().attempts = 3;
  s.workload.retry->backoff = calls::FixedBackoff{Duration::ms(50)};
  measure(s, Duration::s(2), Duration::s(38));
  s.run.drain = Duration::s(20);
  if (variant & 1) {
    auto& balancer = *s.deployment.load_balancer;
    balancer.policy = balancer::Policy::least_requests;
    balancer.redundancy = calls::Redundancy::active_active;
    balancer.health_check.emplace().interval = Duration::ms(500);
    balancer.outlier_ejection.emplace().base_ejection = Duration::s(1);
    balancer.outlier_ejection->max_ejection = Duration::s(3);
    balancer.slow_start = Duration::s(1);
  }
  if (variant & 2) {
    s.deployment.queue->delivery = queue::Delivery::exactly_once;
    s.deployment.queue->payload = queue::Payload::in_line;
    s.deployment.auth->edge_cache->ttl = Duration::s(2);
    s.deployment.auth->edge_cache->serve_stale_for = Duration::s(5);
    s.deployment.auth->management.emplace();
  }
  if (variant & 4) {
    s.workload.renditions = 3;
    s.deployment.api->at_deadline = api::AtDeadline::partial;
    s.deployment.api->quota_per_user = Rate{50};
    s.deployment.usage->idempotency.emplace();
    s.deployment.usage->billing.every = Duration::s(10);
    s.deployment.usage->cold_storage.emplace().ship_every = Duration::s(5);
    s.workload.attempt_timeout = Duration::ms(400);
    // Or what is late would be asked for again and again, and what nobody waits for any more be done first.
    s.workload.retry->budget = Share{.1};
    s.deployment.queue->drop_expired = true;
  }
  return s;
}

/// Draws faults of every kind for that region.
class Dice {
 public:
  explicit Dice(std::uint64_t seed, bool wired = false)
      : draw_((StreamKey(seed) / "chaos").engine()), wired_(wired) {}
  std::uint64_t below(std::uint64_t n) { return uniform_below(draw_, n); }

  /// Strikes between the 10th and the 18th second, once, and is over by the 20th.
  faults::FaultConfig once() {
    faults::FaultConfig f;
    f.at = Duration::s(10) + up_to(Duration::s(8));
    f.length = up_to(Duration::s(2));
    if (below(6) == 0) f.probability = Share{.5};
    f.kind = kind();
    if (auto* push = std::get_if<faults::BadConfig>(&f.kind)) {
      push->detect_after = *f.length;
      push->roll_back = Duration::ms(1);
      f.length.reset();
    }
    if (std::holds_alternative<faults::Flush>(f.kind)) f.length.reset();
    return f;
  }

  /// Strikes again and again, on a schedule or at random.
  faults::FaultConfig often() {
    while (true) {
      faults::FaultConfig f = once();
      if (std::holds_alternative<faults::Bug>(f.kind)) continue;  // they fire once
      const bool on_schedule =
          std::holds_alternative<faults::BadConfig>(f.kind) || std::holds_alternative<faults::Flush>(f.kind);
      if (on_schedule || below(2) == 0) {
        f.every = f.lasts().value_or(Duration()) + Duration::ms(1) + up_to(Duration::s(6));
        if (below(3) == 0 && f.length) f.length = f.every;
        return f;
      }
      f.at.reset();
      f.length.reset();
      f.mttf = Distribution<Duration>::exponential(Duration::s(2) + up_to(Duration::s(10)));
      f.mttr = Distribution<Duration>::exponential(Duration::ms(100) + up_to(Duration::s(1)));
      const world::Topology topology(region().platform);
      const auto alone = std::visit([&](const auto& k) { return k.parts(topology).size(); }, f.kind);
      if (alone > 1 && below(2) == 0) f.common_cause = Share{.3};
      return f;
    }
  }

 private:
  Duration up_to(Duration most) { return most * uniform01(draw_); }
  Share share() { return Share{static_cast<double>(below(10)) / 10}; }
  faults::Target any(const std::vector<const char*>& names) { return {names[below(names.size())], {}, 0}; }

  faults::Target target() {
    if (below(8) == 0) return {"", {any({"group/worker", "group/api", "zone/b"})}, 2};
    if (below(8) == 0) return {"", {target(), target()}, 0};
    return any({"queue.leader", "queue.followers", "host/worker-2", "group/api", "group/lb", "group/auth",
                "group/store", "group/worker", "zone/a", "rack/b1", "host/api-1", "region/region"});
  }
  faults::Target side() { return below(5) == 0 ? faults::Target{"clients", {}, 0} : target(); }
  template <class K>
  K between() {
    K kind;
    kind.between = {side()};
    kind.between.push_back(side());
    kind.direction = static_cast<faults::Direction>(below(3));
    return kind;
  }
  faults::Component component() { return static_cast<faults::Component>(below(6)); }
  faults::Malfunction malfunction(faults::Component component) {
    const bool on_disks =
        component == faults::Component::queue || component == faults::Component::usage_store;
    faults::Malfunction m;
    switch (below(on_disks ? 2 : 3)) {
      case 0:
        m.error_rate = Share{.5};
        break;
      case 1:
        m.crash = true;
        break;
      default:
        m.slow = Share{.1};
    }
    return m;
  }
  faults::Outage outage() {
    faults::Outage o;
    o.target = any({"power/a1-1", "power/a1-2", "power/b1-1", "switch/a1", "switch/b1", "cooling/a",
                    "cooling/b", "zone/a", "zone/b", "region/region"});
    const bool cooling = o.target.name.starts_with("cooling/");
    if (!o.target.name.starts_with("switch/")) o.boot = up_to(Duration::s(1));
    if (cooling) o.throttle = share();
    if (cooling) o.stops_after = up_to(Duration::s(2));
    return o;
  }
  faults::Slow slow() {
    faults::Slow s;
    s.target = target();
    const std::uint64_t what = below(wired_ ? 3 : 2);
    if (what == 0 || below(3) == 0) s.cpu = share();
    if (what == 1 || below(3) == 0) s.disk = share();
    if (what == 2) s.nic = share();
    return s;
  }

  faults::Kind kind() {
    switch (below(wired_ ? 18 : 17)) {
      case 0:
        return faults::Crash{target(), false, up_to(Duration::s(1)), {}};
      case 1:
        return faults::Crash{target(), true, {}, up_to(Duration::s(1))};
      case 2:
        return between<faults::Partition>();
      case 3: {
        auto l = between<faults::Latency>();
        l.add = Distribution<Duration>::exponential(Duration::ms(1) + up_to(Duration::s(1)));
        return l;
      }
      case 4: {
        auto l = between<faults::Loss>();
        l.probability = Share{.01 + .99 * uniform01(draw_)};
        return l;
      }
      case 5: {
        auto d = between<faults::Duplicate>();
        d.probability = Share{.01 + .99 * uniform01(draw_)};
        return d;
      }
      case 6: {
        auto r = between<faults::Reorder>();
        r.probability = Share{.01 + .99 * uniform01(draw_)};
        r.add = Distribution<Duration>::constant(Duration::ms(1) + up_to(Duration::ms(500)));
        return r;
      }
      case 7:
        return outage();
      case 8:
        return slow();
      case 9: {
        faults::Clock c;
        c.target = target();
        c.offset = up_to(Duration::s(40)) - Duration::s(20);
        if (below(2) == 0) c.drift = Drift{uniform01(draw_) - .5};
        return c;
      }
      case 10: {
        faults::BadConfig b;
        b.component = component();
        b.waves = {{1, {}}, {0, Share{.5}}, {0, Share{1}}};
        b.wave_every = Duration::ms(400);
        b.effect = malfunction(b.component);
        return b;
      }
      case 11: {
        faults::Bug b;
        b.component = component();
        b.effect = malfunction(b.component);
        b.trigger = always(Duration());
        return b;
      }
      case 12: {
        faults::Poison p;
        p.component = below(2) == 0 ? faults::Poisoned::api : faults::Poisoned::processing;
        p.rate = Rate{.5};
        p.restart = up_to(Duration::s(1));
        return p;
      }
      case 13:
        return faults::Abuse{static_cast<std::int64_t>(1 + below(3)), Rate{1 + 600 * uniform01(draw_)}};
      case 14:
        return faults::Surge{1 + 5 * uniform01(draw_), up_to(Duration::s(1))};
      case 15:
        return faults::Flush{};
      case 16:
        return faults::Dns{Share{.1 + .9 * uniform01(draw_)}};
      default:
        return faults::Bandwidth{any({"host/api-1", "group/worker", "group/lb", "rack/a1", "switch/b1",
                                      "zone/a", "clients", "region/region"}),
                                 share()};
    }
  }

  Engine draw_;
  bool wired_;
};

}  // namespace headroom
