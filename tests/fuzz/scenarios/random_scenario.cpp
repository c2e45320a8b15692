#include "tests/fuzz/scenarios/random_scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

namespace headroom::fuzz {
namespace {

/// Draws of its own (SplitMix64), so that a seed means the same scenario whatever becomes of the product's.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ULL + 0x1234567) {}
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  bool chance(double p) { return uniform() < p; }
  std::int64_t whole(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(high - low + 1));
  }
  double between(double low, double high) { return low + uniform() * (high - low); }
  /// Every order of magnitude is as likely as another.
  double spread(double low, double high) { return low * std::pow(high / low, uniform()); }
  std::string_view pick(std::initializer_list<std::string_view> of) {
    return of.begin()[whole(0, static_cast<std::int64_t>(of.size()) - 1)];
  }
  template <class T>
  const T& pick(const std::vector<T>& of) {
    return of[static_cast<std::size_t>(whole(0, static_cast<std::int64_t>(of.size()) - 1))];
  }

 private:
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  std::uint64_t state_;
};

/// A YAML map in flow style, written key by key.
class Map {
 public:
  Map& add(std::string_view key, const std::string& value) {
    text_ += fmt::format("{}{}: {}", text_.empty() ? "" : ", ", key, value);
    return *this;
  }
  bool empty() const { return text_.empty(); }
  std::string text() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

std::string time(double seconds) {
  if (seconds < 1e-3) return fmt::format("{:.3f}us", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.3f}ms", seconds * 1e3);
  return fmt::format("{:.3f}s", seconds);
}
std::string size(double bytes) {
  return fmt::format("{:.0f}B", std::max(1.0, bytes));
}
std::string percent(double share) {
  return fmt::format("{:.2f}%", std::clamp(share, 0.0001, 1.0) * 100);
}
std::string per_second(double rate) {
  return fmt::format("{:.3f}/s", rate);
}
std::string list(const std::vector<std::string>& items) {
  return fmt::format("[{}]", fmt::join(items, ", "));
}

struct Group {
  std::string name;
  std::int64_t count = 1;
  std::int64_t cores = 1;
  bool limited = false;  ///< its network card has a bandwidth
};

class Writer {
 public:
  explicit Writer(std::uint64_t seed) : seed_(seed), dice_(seed) {}

  std::string write() {
    warmup_ = dice_.chance(0.5) ? 0 : dice_.between(0.1, 1);
    duration_ = dice_.between(0.5, 3);
    choose_components();
    // What a part of the text says may depend on another that stands below it.
    const std::string platform = this->platform();
    const std::string workload = this->workload();
    const std::string deployment = this->deployment();
    std::string text = fmt::format("# seed {}\nscenario: fuzz\nseed: {}\n", seed_, dice_.whole(0, 1'000'000));
    text += "platform: " + platform + "\n";
    text += "run: " + run() + "\n";
    text += "workload: " + workload + "\n";
    text += "deployment:\n" + deployment;
    text += "faults:\n" + faults();
    if (dice_.chance(0.4)) text += "watch: " + watch() + "\n";
    if (dice_.chance(0.5)) text += "slo: " + slo() + "\n";
    return text;
  }

 private:
  // Laws

  std::string law(double mean, std::string (*print)(double), bool bare = true) {
    Map m;
    switch (dice_.whole(bare ? 0 : 1, 13)) {
      case 0:
        return print(mean);
      case 1:
        return m.add("constant", print(mean)).text();
      case 2:
        return m.add("exponential", Map().add("mean", print(mean)).text()).text();
      case 3: {
        const double low = dice_.chance(0.3) ? 0 : dice_.between(0, mean);
        return m.add("uniform", list({low == 0 && print == time ? "0s" : print(low), print(2 * mean - low)}))
            .text();
      }
      case 4:
        return m
            .add("normal",
                 Map().add("mean", print(mean)).add("stddev", print(mean * dice_.between(0.1, 1))).text())
            .text();
      case 5:
        return m
            .add("lognormal",
                 Map().add("mean", print(mean)).add("p99", print(mean * dice_.between(1.5, 10))).text())
            .text();
      case 6:
        return m.add("lognormal", Map().add("mean", print(mean)).add("scv", number(0.1, 4)).text()).text();
      case 7:
        return m.add("gamma", Map().add("mean", print(mean)).add("scv", number(0.1, 4)).text()).text();
      case 8:
        return m.add("weibull", Map().add("mean", print(mean)).add("shape", number(0.6, 3)).text()).text();
      case 9: {
        const double shape = dice_.between(1.5, 4);
        return m
            .add("pareto", Map()
                               .add("scale", print(mean * (shape - 1) / shape))
                               .add("shape", fmt::format("{:.3f}", shape))
                               .text())
            .text();
      }
      case 10:
        return m
            .add("erlang",
                 Map().add("mean", print(mean)).add("stages", std::to_string(dice_.whole(1, 6))).text())
            .text();
      case 11:
        return m.add("hyperexponential", Map().add("mean", print(mean)).add("scv", number(1.1, 6)).text())
            .text();
      case 12: {
        std::vector<std::string> values;
        for (std::int64_t n = dice_.whole(1, 5); n > 0; --n)
          values.push_back(print(mean * dice_.between(0.2, 1.8)));
        return m.add("empirical", list(values)).text();
      }
      default: {
        const std::int64_t weight = dice_.whole(1, 99);
        const auto part = [&](std::int64_t share) {
          // The weight stands inside of the law's own map.
          std::string inner = law(mean * dice_.between(0.5, 1.5), print, false);
          return fmt::format("{{weight: {}%, {}", share, inner.substr(1));
        };
        std::string first = part(weight);
        return m.add("mixture", list({std::move(first), part(100 - weight)})).text();
      }
    }
  }
  std::string number(double low, double high) { return fmt::format("{:.3f}", dice_.between(low, high)); }
  std::string duration(double low, double high) { return time(dice_.spread(low, high)); }
  std::string duration_law(double low, double high) { return law(dice_.spread(low, high), time); }
  std::string yes_or_no() { return dice_.chance(0.5) ? "true" : "false"; }

  // The shape of it all

  void choose_components() {
    api_ = dice_.chance(0.7);
    processing_ = dice_.chance(api_ ? 0.85 : 1);
    queue_ = processing_ && dice_.chance(0.5);
    balancer_ = dice_.chance(0.6) && (api_ || (processing_ && !queue_));
    auth_ = dice_.chance(0.4);
    usage_ = api_ && processing_ && dice_.chance(0.5);
    ideal_ = dice_.chance(0.35);
    const auto group = [&](const char* name, std::int64_t most) -> std::size_t {
      // Now and then two components share their hosts.
      if (!groups_.empty() && dice_.chance(0.1))
        return static_cast<std::size_t>(dice_.whole(0, static_cast<std::int64_t>(groups_.size()) - 1));
      groups_.push_back({name, dice_.whole(1, most), dice_.whole(1, 4)});
      return groups_.size() - 1;
    };
    balancer_hosts_ = balancer_ && dice_.chance(0.7);
    if (balancer_hosts_) lb_group_ = group("lb", 3);
    if (api_) api_group_ = group("api", 4);
    data_plane_hosts_ = auth_ && dice_.chance(0.7);
    if (data_plane_hosts_) auth_group_ = group("auth", 3);
    management_ = auth_ && dice_.chance(0.6);
    management_hosts_ = management_ && dice_.chance(0.5);
    if (management_hosts_) management_group_ = group("desk", 2);
    if (queue_) queue_group_ = group("queue", 5);
    if (processing_) worker_group_ = group("worker", 4);
    if (usage_) store_group_ = group("store", 4);
    billing_hosts_ = usage_ && dice_.chance(0.3);
    if (billing_hosts_) billing_group_ = group("map", 2);
    if (groups_.empty()) groups_.push_back({"spare", 2, 1});
  }
  const Group& at(std::size_t group) const { return groups_[group]; }

  // The platform

  std::string platform() {
    Map p;
    if (dice_.chance(0.2)) p.add("platform", "region-1");
    zones_ = racks_ = feeds_ = 1;
    layout_ = dice_.chance(0.6);
    if (layout_) {
      zones_ = dice_.whole(1, 3);
      racks_ = dice_.whole(1, 3);
      feeds_ = dice_.whole(1, 2);
      Map layout;
      layout.add("zones", std::to_string(zones_)).add("racks_per_zone", std::to_string(racks_));
      layout.add("power_feeds_per_rack", std::to_string(feeds_));
      if (dice_.chance(0.3)) layout.add("cooling", "per_zone");
      p.add("layout", layout.text());
    }
    if (!ideal_)
      p.add("network", network());
    else if (dice_.chance(0.5))
      p.add("network", "ideal");
    Map hosts;
    for (Group& group : groups_) hosts.add(group.name, host_group(group));
    p.add("hosts", hosts.text());
    return p.text();
  }

  std::string bandwidth() { return fmt::format("{:.1f}Mbps", dice_.spread(10, 10'000)); }

  std::string network() {
    Map n;
    const auto link = [&](const char* name, double longest) {
      if (dice_.chance(0.3)) return false;
      Map l;
      const bool limited = dice_.chance(0.5);
      if (limited) l.add("bandwidth", bandwidth());
      if (dice_.chance(0.8)) l.add("latency", duration(1e-6, longest));
      n.add(name, l.text());
      return limited;
    };
    limited_nics_ = link("nic", 1e-3);
    limited_racks_ = link("rack_uplink", 1e-3);
    limited_zones_ = link("zone_uplink", 1e-3);
    link("between_zones", 10e-3);
    limited_internet_ = link("internet", dice_.chance(0.02) ? 90 : 0.1);
    return n.text();
  }

  std::string host_group(Group& group) {
    Map h;
    h.add("count", std::to_string(group.count)).add("cores", std::to_string(group.cores));
    if (dice_.chance(0.3)) h.add("speed", number(0.5, 2));
    group.limited = limited_nics_;
    if (!ideal_ && dice_.chance(0.3)) {
      h.add("nic", bandwidth());
      group.limited = true;
    }
    if (dice_.chance(0.3)) {
      Map disk;
      if (dice_.chance(0.5)) disk.add("bandwidth", fmt::format("{:.1f}MBps", dice_.spread(5, 2000)));
      if (dice_.chance(0.7)) disk.add("fsync", duration_law(10e-6, 20e-3));
      h.add("disk", disk.text());
    }
    if (feeds_ > 1 && dice_.chance(0.5)) h.add("power_cords", std::to_string(dice_.whole(1, feeds_)));
    if (layout_ && dice_.chance(0.2))
      h.add("place", Map().add("zones", list({zone()})).text());
    else
      spread_ = std::max(spread_, group.count);
    if (dice_.chance(0.3)) h.add("price", fmt::format("{:.2f}USD/h", dice_.between(0.01, 5)));
    if (dice_.chance(0.3)) {
      const std::int64_t idle = dice_.whole(0, 200);
      h.add("watts", Map()
                         .add("idle", fmt::format("{}W", idle))
                         .add("busy", fmt::format("{}W", idle + dice_.whole(0, 300)))
                         .text());
    }
    return h.text();
  }
  std::string zone() { return std::string(1, static_cast<char>('a' + dice_.whole(0, zones_ - 1))); }
  std::string rack() { return zone() + std::to_string(dice_.whole(1, racks_)); }

  std::string run() {
    Map r;
    if (warmup_ > 0) r.add("warmup", time(warmup_));
    r.add("duration", time(duration_)).add("drain", dice_.chance(0.05) ? "0s" : duration(0.1, 5));
    r.add("replications", std::to_string(dice_.chance(0.7) ? 1 : dice_.whole(2, 3)));
    return r.text();
  }

  // The workload

  std::string workload() {
    Map w;
    users_ = dice_.chance(0.4) ? 1 : dice_.whole(2, 2000);
    if (users_ > 1) w.add("users", std::to_string(users_));
    if (dice_.chance(0.4))
      w.add("popularity", dice_.chance(0.3) ? "uniform" : Map().add("zipf", number(0, 2)).text());
    by_profile_ = processing_ && dice_.chance(0.15);
    by_size_ = processing_ && (by_profile_ || dice_.chance(0.3));
    images_ = by_size_ || dice_.chance(0.6);
    w.add("arrivals", arrivals());
    if (images_) w.add("image_bytes", law(dice_.spread(200, 1e6), size));
    if (by_profile_ && dice_.chance(0.5)) {
      format_ = dice_.pick({"jpeg", "png", "webp"});
      w.add("format", std::string(format_));
    }
    if (dice_.chance(0.4)) w.add("rendition_bytes", percent(dice_.uniform()));
    if (dice_.chance(0.4)) w.add("renditions", std::to_string(dice_.whole(1, 4)));
    connections_ = dice_.chance(0.4);
    if (connections_) {
      Map c;
      if (dice_.chance(0.8)) c.add("reuse", percent(dice_.uniform()));
      if (dice_.chance(0.8)) c.add("tls_cpu", dice_.chance(0.1) ? "0s" : duration(1e-6, 5e-3));
      w.add("connections", c.text());
    }
    if (dice_.chance(0.75)) w.add("deadline", duration(5e-3, 5));
    if (dice_.chance(0.4)) w.add("attempt_timeout", duration(5e-3, 2));
    if (dice_.chance(0.5)) w.add("retry", retry());
    if (dice_.chance(0.3)) w.add("probe", duration(20e-3, 1));
    return w.text();
  }

  std::string retry() {
    Map r;
    if (dice_.chance(0.8)) r.add("attempts", std::to_string(dice_.whole(1, 5)));
    const std::int64_t backoff = dice_.whole(0, 3);
    if (backoff == 1) r.add("backoff", Map().add("fixed", duration(1e-3, 0.5)).text());
    if (backoff == 2) {
      const double base = dice_.spread(1e-3, 0.5);
      Map e;
      e.add("base", time(base));
      if (dice_.chance(0.5)) e.add("cap", time(base * dice_.between(1.1, 20)));
      r.add("backoff", Map().add("exponential", e.text()).text());
    }
    if (backoff == 3) r.add("backoff", "none");
    if (backoff == 1) r.add("jitter", std::string(dice_.pick({"none", "full", "equal"})));
    if (backoff == 2) r.add("jitter", std::string(dice_.pick({"none", "full", "equal", "decorrelated"})));
    if (dice_.chance(0.3)) r.add("budget", percent(dice_.uniform()));
    return r.text();
  }

  std::string arrivals() {
    const double rate = dice_.spread(2, 300);
    has_rate_ = true;
    Map a;
    switch (dice_.whole(0, 6)) {
      case 0:
      case 1:
        return a.add("poisson", per_second(rate)).text();
      case 2:
        return a.add("constant", per_second(rate)).text();
      case 3:
        return a
            .add("bursts", Map()
                               .add("calm", dice_.chance(0.2) ? "0/s" : per_second(rate / 3))
                               .add("burst", per_second(rate * 1.5))
                               .add("mean_calm", duration(10e-3, 2))
                               .add("mean_burst", duration(10e-3, 2))
                               .text())
            .text();
      case 4:
        return a.add("profile", profile(rate)).text();
      case 5: {
        has_rate_ = false;
        return a
            .add("closed", Map()
                               .add("users", std::to_string(dice_.whole(1, 12)))
                               .add("think_time", duration_law(20e-3, 1))
                               .text())
            .text();
      }
      default:
        has_rate_ = false;
        return a.add("trace", trace()).text();
    }
  }

  std::string profile(double rate) {
    Map p;
    if (dice_.chance(0.4)) {
      p.add("diurnal", Map()
                           .add("mean", per_second(rate))
                           .add("peak", per_second(rate * dice_.between(1.01, 1.99)))
                           .add("period", duration(0.05, 100))
                           .add("peak_at", duration(0.01, 100))
                           .text());
      return p.text();
    }
    std::vector<std::string> points;
    double at = dice_.chance(0.5) ? 0 : dice_.between(0, 0.5);
    const bool steps = dice_.chance(0.3);
    for (std::int64_t n = dice_.whole(1, 4); n > 0; --n) {
      // Not for long: a window without any request is refused.
      const bool nothing = !points.empty() && n > 1 && !steps && dice_.chance(0.3);
      points.push_back(Map()
                           .add("at", time(at))
                           .add("rate", nothing ? "0/s" : per_second(rate * dice_.between(0.1, 2)))
                           .text());
      at += dice_.between(0.1, 1);
    }
    p.add("points", list(points));
    if (steps || dice_.chance(0.5)) p.add("between", steps ? "step" : "linear");
    if (dice_.chance(0.5)) p.add("repeat", time(at));
    return p.text();
  }

  std::string trace() {
    std::vector<std::string> rows;
    double at = 0;
    bool measured = false;
    for (std::int64_t n = dice_.whole(1, 60); n > 0; --n) {
      if (dice_.chance(0.8)) at += dice_.spread(1e-6, 0.3);
      if (!measured && (n == 1 || at >= warmup_)) {  // a window without any request is refused
        at = std::clamp(at, warmup_ + 0.01 * duration_, warmup_ + 0.95 * duration_);
        measured = true;
      }
      Map row;
      row.add("at", time(at));
      if (images_ && dice_.chance(0.5)) row.add("image_bytes", size(dice_.spread(200, 1e6)));
      if (dice_.chance(0.5)) row.add("user", std::to_string(dice_.whole(0, users_ - 1)));
      if (by_profile_ && dice_.chance(0.5)) row.add("pixels", std::to_string(dice_.whole(1000, 4'000'000)));
      rows.push_back(row.text());
    }
    return list(rows);
  }

  // The deployment

  std::string deployment() {
    std::string text;
    const auto add = [&](const char* name, const std::string& what) {
      text += fmt::format("  {}: {}\n", name, what);
    };
    if (balancer_) add("load_balancer", balancer());
    if (api_) add("api", api());
    if (auth_) add("auth", auth());
    if (queue_) add("queue", queue());
    if (processing_) add("processing", processing());
    if (usage_) add("usage", usage());
    return text;
  }

  std::string balancer() {
    Map b;
    if (balancer_hosts_) {
      b.add("hosts", at(lb_group_).name);
      if (dice_.chance(0.5)) b.add("cpu", dice_.chance(0.2) ? "0s" : duration(1e-6, 2e-3));
      if (dice_.chance(0.5)) {
        const bool passive = dice_.chance(0.5);
        b.add("redundancy", passive ? "active_passive" : "active_active");
        if (passive && dice_.chance(0.5)) b.add("standby", std::string(dice_.pick({"cold", "warm", "hot"})));
        if (dice_.chance(0.5)) b.add("detect_after", duration(0.1, 3));
        if (dice_.chance(0.5)) b.add("take_over", dice_.chance(0.3) ? "0s" : duration(10e-3, 3));
      }
    }
    if (dice_.chance(0.8))
      b.add("policy", std::string(dice_.pick({"random", "round_robin", "least_requests",
                                              "power_of_two_choices", "ewma_latency", "consistent_hash"})));
    const bool checks = dice_.chance(0.4);
    if (checks) {
      const double interval = dice_.spread(50e-3, 2);
      Map h;
      h.add("interval", time(interval)).add("timeout", time(interval * dice_.between(0.1, 0.9)));
      if (dice_.chance(0.5)) h.add("unhealthy_after", std::to_string(dice_.whole(1, 3)));
      if (dice_.chance(0.5)) h.add("healthy_after", std::to_string(dice_.whole(1, 3)));
      b.add("health_check", h.text());
    }
    const bool ejects = dice_.chance(0.3);
    if (ejects) {
      const double base = dice_.spread(50e-3, 30);
      Map o;
      if (dice_.chance(0.7)) o.add("consecutive_failures", std::to_string(dice_.whole(1, 6)));
      if (dice_.chance(0.5)) o.add("interval", duration(50e-3, 10));
      o.add("base_ejection", time(base)).add("max_ejection", time(base * dice_.between(1.01, 10)));
      if (dice_.chance(0.5)) o.add("max_ejected", percent(dice_.uniform()));
      b.add("outlier_ejection", o.text());
    }
    if ((checks || ejects) && dice_.chance(0.5)) b.add("slow_start", duration(10e-3, 3));
    return b.text();
  }

  std::string api() {
    Map a;
    a.add("hosts", at(api_group_).name);
    if (dice_.chance(0.8)) a.add("cpu", dice_.chance(0.1) ? "0s" : duration(10e-6, 5e-3));
    if (dice_.chance(0.3)) a.add("max_in_flight", std::to_string(dice_.whole(1, 50)));
    if (dice_.chance(0.4)) a.add("deadline", duration(5e-3, 3));
    if (dice_.chance(0.5)) a.add("at_deadline", std::string(dice_.pick({"fail", "partial"})));
    if (dice_.chance(0.2)) {
      a.add("quota_per_user", per_second(dice_.spread(0.1, 100)));
      if (dice_.chance(0.5)) a.add("quota_burst", std::to_string(dice_.whole(1, 20)));
    }
    return a.text();
  }

  std::string auth() {
    Map a;
    cache_ = dice_.chance(0.7);
    if (cache_) {
      Map c;
      if (dice_.chance(0.7)) c.add("ttl", duration(10e-3, 60));
      if (dice_.chance(0.5)) c.add("entries", std::to_string(dice_.whole(1, 1000)));
      if (dice_.chance(0.4)) c.add("negative_ttl", dice_.chance(0.3) ? "0s" : duration(10e-3, 10));
      if (dice_.chance(0.5)) c.add("serve_stale_for", dice_.chance(0.3) ? "0s" : duration(10e-3, 600));
      if (dice_.chance(0.5)) c.add("coalesce", yes_or_no());
      a.add("edge_cache", c.text());
    }
    Map d;
    if (data_plane_hosts_) {
      d.add("hosts", at(auth_group_).name);
      if (dice_.chance(0.6)) d.add("cpu", duration(1e-6, 2e-3));
      if (dice_.chance(0.4)) {
        d.add("redundancy", "active_passive")
            .add("standby", std::string(dice_.pick({"cold", "warm", "hot"})));
        if (dice_.chance(0.5)) d.add("detect_after", duration(0.05, 3));
        if (dice_.chance(0.5)) d.add("take_over", dice_.chance(0.3) ? "0s" : duration(10e-3, 3));
      }
      if (dice_.chance(0.5)) d.add("timeout", duration(5e-3, 0.5));
      if (dice_.chance(0.5)) d.add("retry_after", duration(10e-3, 2));
      if (dice_.chance(0.3)) d.add("retry", retry());
    }
    if (!d.empty()) a.add("data_plane", d.text());
    if (management_) {
      Map m;
      if (management_hosts_) m.add("hosts", at(management_group_).name);
      m.add("updates", per_second(dice_.spread(0.1, 50)));
      if (dice_.chance(0.6)) m.add("propagation", duration_law(1e-3, 2));
      if (dice_.chance(0.6)) m.add("new_users", percent(dice_.between(0, 0.5)));
      if (dice_.chance(0.6)) m.add("revocations", percent(dice_.between(0, 0.5)));
      a.add("management", m.text());
    }
    return a.text();
  }

  std::string queue() {
    Map q;
    q.add("hosts", at(queue_group_).name);
    const std::string_view replication = dice_.pick({"raft", "raft", "none", "availability_first"});
    q.add("replication", std::string(replication));
    if (dice_.chance(0.4)) q.add("capacity", std::to_string(dice_.whole(1, 50)));
    if (dice_.chance(0.6)) q.add("when_full", std::string(dice_.pick({"reject", "block", "drop_oldest"})));
    if (dice_.chance(0.5)) q.add("drop_expired", yes_or_no());
    const bool alone = replication == "availability_first";
    const std::string_view delivery = alone ? dice_.pick({"at_most_once", "at_least_once"})
                                            : dice_.pick({"at_most_once", "at_least_once", "exactly_once"});
    q.add("delivery", std::string(delivery));
    if (delivery == "exactly_once" && dice_.chance(0.5)) q.add("idempotency_retention", duration(0.1, 300));
    if (dice_.chance(0.6)) q.add("visibility_timeout", duration(5e-3, 30));
    if (dice_.chance(0.4)) q.add("max_deliveries", std::to_string(dice_.whole(1, 10)));
    if (dice_.chance(0.5)) q.add("payload", std::string(dice_.pick({"inline", "reference"})));
    if (dice_.chance(0.4)) q.add("fsync", dice_.chance(0.1) ? "0s" : duration_law(10e-6, 10e-3));
    if (dice_.chance(0.2)) q.add("entry_bytes", size(dice_.spread(1, 4000)));
    if (dice_.chance(0.3)) {
      const double low = dice_.spread(5e-3, 0.3);
      q.add("election_timeout",
            Map().add("uniform", list({time(low), time(low * dice_.between(1.1, 3))})).text());
      q.add("heartbeat", time(low * dice_.between(0.1, 0.8)));
    }
    if (dice_.chance(0.3)) q.add("pre_vote", yes_or_no());
    if (dice_.chance(0.2)) q.add("append_window", std::to_string(dice_.whole(1, 300)));
    return q.text();
  }

  std::string processing() {
    Map p;
    p.add("hosts", at(worker_group_).name);
    if (by_profile_)
      p.add("cost", Map().add("profile", HEADROOM_ROOT "/models/processing/profiles/epyc-2vcpu.yaml").text());
    else if (by_size_)
      p.add("cost", Map().add("conversions_per_core", per_second(dice_.spread(5, 500))).text());
    else
      p.add("service_time", duration_law(0.1e-3, 0.2));
    if (dice_.chance(0.3)) p.add("slots", std::to_string(dice_.whole(1, 8)));
    if (!queue_ && dice_.chance(0.3))
      p.add("discipline", "processor_sharing");
    else if (!queue_ && dice_.chance(0.4))
      p.add("max_waiting", std::to_string(dice_.whole(0, 20)));
    return p.text();
  }

  std::string usage() {
    Map u;
    if (dice_.chance(0.8)) {
      Map a;
      a.add("flush_every", duration(20e-3, 10));
      if (dice_.chance(0.5)) a.add("max_records", std::to_string(dice_.whole(1, 200)));
      if (dice_.chance(0.5)) a.add("journal", yes_or_no());
      u.add("aggregator", a.text());
    }
    u.add("store", store());
    if (dice_.chance(0.5)) u.add("idempotency", Map().add("retention", duration(0.1, 1000)).text());
    if (dice_.chance(0.7)) {
      Map b;
      b.add("every", duration(0.2, 10));
      if (dice_.chance(0.5)) b.add("delay", dice_.chance(0.2) ? "0s" : duration(10e-3, 5));
      if (billing_hosts_) b.add("hosts", at(billing_group_).name);
      if (dice_.chance(0.5)) b.add("invoices", std::string(dice_.pick({"total", "per_user"})));
      if (dice_.chance(0.5)) b.add("cpu_per_record", dice_.chance(0.2) ? "0s" : duration(1e-6, 1e-3));
      if (dice_.chance(0.5)) b.add("backup_tasks", yes_or_no());
      if (dice_.chance(0.5))
        b.add("stragglers",
              Map().add("probability", percent(dice_.uniform())).add("slowdown", number(1, 10)).text());
      if (dice_.chance(0.4))
        b.add("price", Map().add("cpu_second", "0.0001USD").add("gigabyte", "0.01USD").text());
      u.add("billing", b.text());
    }
    if (dice_.chance(0.4)) {
      Map c;
      c.add("ship_every", duration(0.1, 10));
      if (dice_.chance(0.5)) c.add("latency", duration(1e-3, 0.5));
      if (dice_.chance(0.5))
        c.add("replay", dice_.chance(0.5)
                            ? "at_end"
                            : Map().add("at", time((warmup_ + duration_) * dice_.between(0.1, 0.95))).text());
      u.add("cold_storage", c.text());
    }
    if (dice_.chance(0.3))
      u.add("report", Map().add("every", duration(0.1, 3)).add("timeout", duration(10e-3, 1)).text());
    if (dice_.chance(0.2)) u.add("record_bytes", size(dice_.spread(1, 1000)));
    return u.text();
  }

  std::string store() {
    const std::int64_t hosts = at(store_group_).count;
    std::int64_t replicas = std::min<std::int64_t>(hosts, 3);
    Map s;
    s.add("hosts", at(store_group_).name);
    if (dice_.chance(0.6)) {
      replicas = dice_.whole(1, hosts);
      s.add("replicas", std::to_string(replicas));
    }
    if (replicas < 2 || dice_.chance(0.5)) s.add("write_quorum", std::to_string(dice_.whole(1, replicas)));
    if (dice_.chance(0.5)) s.add("read_quorum", std::to_string(dice_.whole(1, replicas)));
    if (dice_.chance(0.5)) s.add("shards", std::to_string(dice_.whole(1, 6)));
    if (dice_.chance(0.3)) {
      Map l;
      for (const char* what : {"write", "ack", "read", "respond"})
        if (dice_.chance(0.8)) l.add(what, duration_law(0.1e-3, 50e-3));
      s.add("latency", l.text());
    }
    if (dice_.chance(0.5)) s.add("timeout", duration(10e-3, 2));
    if (dice_.chance(0.3)) s.add("sloppy_quorum", yes_or_no());
    if (dice_.chance(0.5)) s.add("hint_ttl", duration(10e-3, 100));
    if (dice_.chance(0.5)) s.add("hint_every", duration(20e-3, 10));
    if (dice_.chance(0.3)) s.add("read_repair", yes_or_no());
    if (dice_.chance(0.5)) s.add("anti_entropy", dice_.chance(0.3) ? "null" : duration(50e-3, 60));
    if (dice_.chance(0.3)) s.add("probe", Map().add("rate", per_second(dice_.spread(1, 100))).text());
    return s.text();
  }

  // What goes wrong

  std::string faults() {
    std::string text;
    for (std::int64_t n = dice_.chance(0.3) ? 0 : dice_.whole(1, 4); n > 0; --n)
      if (const std::string f = fault(); !f.empty()) text += "  - " + f + "\n";
    return text.empty() ? "  []\n" : text;
  }

  std::string host_of(const Group& group) {
    return fmt::format("host/{}-{}", group.name, dice_.whole(1, group.count));
  }
  std::string group_or_host() {
    const Group& group = dice_.pick(groups_);
    return dice_.chance(0.6) ? host_of(group) : "group/" + group.name;
  }
  /// What takes hosts.
  std::string hosts_target() {
    switch (dice_.whole(0, 5)) {
      case 0:
        if (queue_) return std::string(dice_.pick({"queue.leader", "queue.followers"}));
        return group_or_host();
      case 1: {
        const Group& group = dice_.pick(groups_);
        return fmt::format("{{pick: {}, of: group/{}}}", dice_.whole(1, group.count), group.name);
      }
      case 2: {
        std::string first = group_or_host();
        return list({std::move(first), group_or_host()});
      }
      default:
        return group_or_host();
    }
  }
  std::string side() { return dice_.chance(0.3) ? "clients" : hosts_target(); }
  void add_between(Map& m) {
    std::string first = side();
    m.add("between", list({std::move(first), side()}));
    if (dice_.chance(0.4)) m.add("direction", std::string(dice_.pick({"both", "forward", "backward"})));
  }
  /// A component with processes of its own, and how many; empty: there is none.
  std::pair<std::string, std::int64_t> component() {
    std::vector<std::pair<std::string, std::int64_t>> there;
    if (balancer_hosts_) there.emplace_back("load_balancer", at(lb_group_).count);
    if (api_) there.emplace_back("api", at(api_group_).count);
    if (data_plane_hosts_) there.emplace_back("auth", at(auth_group_).count);
    if (queue_) there.emplace_back("queue", at(queue_group_).count);
    if (processing_) there.emplace_back("processing", at(worker_group_).count);
    if (usage_) there.emplace_back("usage/store", at(store_group_).count);
    return there.empty() ? std::pair<std::string, std::int64_t>() : dice_.pick(there);
  }
  std::string malfunction(const std::string& component) {
    Map m;
    const bool on_disks =
        component == "queue" || component == "usage/store";  // slow: their CPU is not what they need
    switch (dice_.whole(0, on_disks ? 1 : 2)) {
      case 0:
        return m.add("error_rate", percent(dice_.uniform())).text();
      case 1:
        return m.add("crash", "true").text();
      default:
        return m.add("slow", percent(dice_.between(0.01, 0.99))).text();
    }
  }

  enum class When { any, schedule_only, push, moment, once };
  /// The keys of its date, before its kind.
  std::string dated(When when, const std::string& kind, const std::string& what, bool group = false) {
    Map f;
    const double end = warmup_ + duration_;
    const double first = dice_.between(0, end * 0.95);
    if (when == When::moment) {
      if (dice_.chance(0.5)) f.add("at", time(first));
      if (f.empty() || dice_.chance(0.3)) f.add("every", time(dice_.between(end * 0.05, end * 0.9)));
    } else if (when == When::push) {
      f.add("at", time(first));
    } else if (when == When::once) {
      if (dice_.chance(0.5)) f.add("at", time(first * 0.5));
      if (dice_.chance(0.5)) f.add("for", duration(10e-3, 3));
    } else if (when == When::any && dice_.chance(0.2)) {
      const double mttf = dice_.spread(50e-3, 10);
      const bool common = group && dice_.chance(0.5);
      f.add("mttf",
            common ? Map().add("exponential", Map().add("mean", time(mttf)).text()).text() : law(mttf, time));
      f.add("mttr", dice_.chance(0.1) ? "0s" : duration_law(1e-3, 2));
      if (common) f.add("common_cause", percent(dice_.uniform()));
    } else if (dice_.chance(0.25)) {
      const double every = dice_.spread(20e-3, end * 0.9);
      f.add("every", time(every)).add("for", time(every * dice_.between(0, 0.99)));
    } else {
      f.add("at", time(first));
      if (dice_.chance(0.75)) f.add("for", dice_.chance(0.05) ? "0s" : duration(1e-3, 3));
    }
    if (when != When::push && when != When::once && dice_.chance(0.1))
      f.add("probability", percent(dice_.uniform()));
    return f.add(kind, what).text();
  }

  std::string fault() {
    Map m;
    switch (dice_.whole(0, 16)) {
      case 0: {
        const Group& group = dice_.pick(groups_);
        const bool whole = group.count > 1 && dice_.chance(0.4);
        m.add("target", whole ? "group/" + group.name : hosts_target());
        if (dice_.chance(0.4)) {
          m.add("process", "true");
          if (dice_.chance(0.7)) m.add("restart", dice_.chance(0.2) ? "0s" : duration(1e-3, 2));
        } else if (dice_.chance(0.8)) {
          m.add("boot", dice_.chance(0.2) ? "0s" : duration(1e-3, 2));
        }
        return dated(When::any, "crash", m.text(), whole);
      }
      case 1: {
        const bool cooling = dice_.chance(0.3);
        const bool rack_switch = !cooling && dice_.chance(0.3);
        if (spread_ == 0) return "";
        if (cooling)
          m.add("target", "cooling/" + peopled_zone());
        else if (rack_switch)
          m.add("target", "switch/" + peopled_rack());
        else
          m.add("target", dice_.chance(0.5) ? "power/" + peopled_rack() + "-1" : "zone/" + peopled_zone());
        if (!rack_switch && dice_.chance(0.7)) m.add("boot", duration(1e-3, 2));
        if (cooling && dice_.chance(0.7)) m.add("throttle", percent(dice_.uniform()));
        if (cooling && dice_.chance(0.7)) m.add("stops_after", duration(1e-3, 2));
        return dated(When::any, "outage", m.text());
      }
      case 2:
        add_between(m);
        return dated(When::any, "partition", m.text());
      case 3:
        add_between(m);
        m.add("add", duration_law(1e-6, dice_.chance(0.1) ? 120 : 1));
        return dated(When::any, "latency", m.text());
      case 4:
      case 5: {
        add_between(m);
        m.add("probability", percent(dice_.uniform()));
        return dated(When::any, std::string(dice_.pick({"loss", "duplicate"})), m.text());
      }
      case 6:
        add_between(m);
        m.add("probability", percent(dice_.uniform()));
        if (dice_.chance(0.5)) m.add("add", duration_law(10e-6, 1));
        return dated(When::any, "reorder", m.text());
      case 7: {
        const std::string target = limited_link();
        if (target.empty()) return "";
        m.add("target", target).add("to", dice_.chance(0.2) ? "0%" : percent(dice_.uniform()));
        return dated(When::any, "bandwidth", m.text());
      }
      case 8: {
        const Group& group = dice_.pick(groups_);
        m.add("target", dice_.chance(0.5) ? host_of(group) : "group/" + group.name);
        const bool nic = group.limited && dice_.chance(0.5);
        if (nic) m.add("nic", dice_.chance(0.2) ? "0%" : percent(dice_.uniform()));
        if (dice_.chance(0.3)) m.add("disk", dice_.chance(0.2) ? "0%" : percent(dice_.uniform()));
        if (dice_.chance(0.5) || (!nic && m.text().find("disk") == std::string::npos))
          m.add("cpu", dice_.chance(0.2) ? "0%" : percent(dice_.uniform()));
        return dated(When::any, "slow", m.text());
      }
      case 9:
        m.add("target", hosts_target());
        m.add("offset", (dice_.chance(0.5) ? "-" : "") + duration(1e-3, 100));
        if (dice_.chance(0.5)) m.add("drift", fmt::format("{:.3f}s/day", dice_.between(-20, 20)));
        return dated(When::any, "clock", m.text());
      case 10: {
        const auto [name, instances] = component();
        if (name.empty()) return "";
        m.add("component", name);
        if (dice_.chance(0.5)) {
          std::vector<std::string> waves;
          if (dice_.chance(0.5)) waves.emplace_back("1");
          waves.emplace_back("100%");
          m.add("waves", list(waves));
          m.add("wave_every", duration(10e-3, 1));
        }
        m.add("effect", malfunction(name));
        if (dice_.chance(0.6)) {
          m.add("detect_after", duration(10e-3, 1));
          if (dice_.chance(0.6)) m.add("roll_back", duration(1e-3, 1));
        }
        return dated(When::push, "bad_config", m.text());
      }
      case 11: {
        const auto [name, instances] = component();
        if (name.empty()) return "";
        m.add("component", name)
            .add("trigger", time(dice_.between(0, (warmup_ + duration_) * 0.5)))
            .add("effect", malfunction(name));
        return dated(When::once, "bug", m.text());
      }
      case 12: {
        if (!api_ && !processing_) return "";
        m.add("component", api_ && (!processing_ || dice_.chance(0.5)) ? "api" : "processing");
        m.add("rate", per_second(dice_.spread(0.1, 10)));
        if (dice_.chance(0.3)) m.add("effect", "{crash: true}");
        if (dice_.chance(0.7)) m.add("restart", dice_.chance(0.2) ? "0s" : duration(1e-3, 2));
        return dated(When::schedule_only, "poison", m.text());
      }
      case 13:
        m.add("users", std::to_string(dice_.whole(1, std::min<std::int64_t>(users_, 3))));
        m.add("rate", per_second(dice_.spread(1, 200)));
        return dated(When::schedule_only, "abuse", m.text());
      case 14:
        if (!has_rate_) return "";
        m.add("factor", number(1, 3));
        if (dice_.chance(0.5)) m.add("ramp", duration(10e-3, 2));
        return dated(When::schedule_only, "surge", m.text());
      case 15:
        if (!cache_) return "";
        return dated(When::moment, "flush", m.add("cache", "auth").text());
      default:
        if (!connections_) return "";
        if (dice_.chance(0.7)) m.add("probability", percent(dice_.uniform()));
        return dated(When::any, "dns", m.text());
    }
  }

  /// Where a host stands: what is empty cannot be struck. Groups are spread over the zones first.
  std::string peopled_zone() {
    return std::string(1, static_cast<char>('a' + dice_.whole(0, std::min(zones_, spread_) - 1)));
  }
  std::string peopled_rack() { return spread_ >= zones_ * racks_ ? rack() : "a1"; }

  /// A link that has a bandwidth; empty: there is none.
  std::string limited_link() {
    std::vector<std::string> links;
    for (const Group& group : groups_)
      if (group.limited) links.push_back(dice_.chance(0.5) ? host_of(group) : "group/" + group.name);
    if (limited_internet_) links.emplace_back("clients");
    if (limited_zones_ && spread_ > 0) links.push_back("zone/" + peopled_zone());
    if (limited_racks_ && spread_ > 0)
      links.push_back((dice_.chance(0.5) ? "rack/" : "switch/") + peopled_rack());
    return links.empty() ? "" : dice_.pick(links);
  }

  std::string watch() {
    std::vector<std::string> entries;
    for (const Group& group : groups_)
      if (entries.empty() || dice_.chance(0.3))
        entries.push_back(
            Map().add("group", group.name).add("need", std::to_string(dice_.whole(1, group.count))).text());
    return list(entries);
  }

  std::string slo() {
    Map s;
    bool latency = false;
    const auto objective = [&](const char* metric, const std::string& bound) {
      if (!dice_.chance(0.4)) return;
      s.add(metric, bound);
      latency = latency || std::string_view(metric).starts_with("latency.");
    };
    objective("yield", percent(dice_.between(0.5, 1)));
    objective("harvest", percent(dice_.between(0.5, 1)));
    objective("latency.p99_ms", number(1, 2000));
    objective("latency.mean_ms", number(1, 1000));
    objective("outcome.late", std::to_string(dice_.whole(0, 20)));
    objective("retry_amplification", number(1, 2));
    if (queue_) objective("queue.wait_mean_ms", number(0, 500));
    if (processing_) objective("processing.utilization", percent(dice_.uniform()));
    if (api_) objective("api.availability", percent(dice_.uniform()));
    if (usage_) objective("usage.lost_records", "0");
    if (latency && images_ && dice_.chance(0.5))
      s.add("only", "{image_bytes: below " + size(dice_.spread(1000, 1e6)) + "}");
    return s.text();
  }

  std::uint64_t seed_;
  Dice dice_;
  double warmup_ = 0, duration_ = 1;
  std::vector<Group> groups_;
  bool api_ = false, processing_ = false, queue_ = false, balancer_ = false, auth_ = false, usage_ = false;
  bool balancer_hosts_ = false, data_plane_hosts_ = false, management_ = false, management_hosts_ = false;
  bool billing_hosts_ = false, cache_ = false, connections_ = false, images_ = false, has_rate_ = false;
  bool by_profile_ = false, by_size_ = false;
  std::size_t lb_group_ = 0, api_group_ = 0, auth_group_ = 0, management_group_ = 0, queue_group_ = 0;
  std::size_t worker_group_ = 0, store_group_ = 0, billing_group_ = 0;
  bool ideal_ = false, layout_ = false;
  bool limited_nics_ = false, limited_racks_ = false, limited_zones_ = false, limited_internet_ = false;
  std::int64_t zones_ = 1, racks_ = 1, feeds_ = 1, users_ = 1;
  std::int64_t spread_ = 0;  ///< members of the largest group that may stand anywhere
  std::string_view format_ = "jpeg";
};

}  // namespace

std::string random_scenario(std::uint64_t seed) {
  return Writer(seed).write();
}

}  // namespace headroom::fuzz
