#include "tests/validation/brute_force.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace headroom::validation {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

/// Time, cut into windows.
class Clock {
 public:
  explicit Clock(const Windows& windows)
      : windows_(windows), sums_(static_cast<std::size_t>(windows.count)) {}
  bool over() const { return window_ == windows_.count; }
  /// `present` requests were there for `time`.
  void pass(double time, double present) {
    while (!over() && time >= left_) {
      if (window_ >= 0) current().present += left_ * present;
      time -= left_;
      left_ = windows_.length;
      ++window_;
    }
    if (over()) return;
    if (window_ >= 0) current().present += time * present;
    left_ -= time;
  }
  void arrival() {
    if (window_ >= 0 && !over()) ++current().arrivals;
  }
  std::vector<WindowSums> sums() && { return std::move(sums_); }

 private:
  WindowSums& current() { return sums_[static_cast<std::size_t>(window_)]; }
  Windows windows_;
  std::vector<WindowSums> sums_;
  int window_ = -1;
  double left_ = windows_.warmup;
};

/// Cores that all jobs share equally.
class Shared {
 public:
  explicit Shared(int cores) : cores_(cores) {}
  std::size_t jobs() const { return left_.size(); }
  void add(double work) { left_.push_back(work); }
  double next_end() const {
    return left_.empty() ? kNever : *std::min_element(left_.begin(), left_.end()) / speed();
  }
  void pass(double time) {
    const double done = time * speed();
    for (double& work : left_) work -= done;
  }
  void end_next() { left_.erase(std::min_element(left_.begin(), left_.end())); }

 private:
  double speed() const { return std::min(1.0, cores_ / static_cast<double>(left_.size())); }
  double cores_;
  std::vector<double> left_;
};

Engine engine(std::string_view name) {
  return (StreamKey(0) / "validation" / name).engine();
}

}  // namespace

double exponential_draw(Engine& draw, double mean) {
  return -mean * std::log(1 - uniform01(draw));
}

Sampler constant_sampler(double mean) {
  return [mean](Engine&) { return mean; };
}

Sampler exponential_sampler(double mean) {
  return [mean](Engine& draw) { return exponential_draw(draw, mean); };
}

Sampler hyperexponential_sampler(double mean, double scv) {
  const double p = (1 + std::sqrt((scv - 1) / (scv + 1))) / 2;
  return [=](Engine& draw) {
    const double share = uniform01(draw) < p ? p : 1 - p;
    return exponential_draw(draw, mean / (2 * share));
  };
}

std::vector<WindowSums> share_processors(int cores, double rate, const Sampler& service,
                                         const Windows& windows) {
  Engine draw = engine("share_processors");
  Clock clock(windows);
  Shared shared(cores);
  double arrival = exponential_draw(draw, 1 / rate);
  while (!clock.over()) {
    const double end = shared.next_end();
    const double time = std::min(arrival, end);
    clock.pass(time, static_cast<double>(shared.jobs()));
    shared.pass(time);
    arrival -= time;
    if (end <= time) {
      shared.end_next();
      continue;
    }
    clock.arrival();
    shared.add(service(draw));
    arrival = exponential_draw(draw, 1 / rate);
  }
  return std::move(clock).sums();
}

std::vector<WindowSums> join_shorter_of_two(int servers, double load, const Windows& windows) {
  Engine draw = engine("join_shorter_of_two");
  Clock clock(windows);
  const auto n = static_cast<std::uint64_t>(servers);
  std::vector<int> length(n, 0);
  std::vector<std::size_t> busy;      // servers with a job
  std::vector<std::size_t> place(n);  // of each in `busy`
  std::int64_t present = 0;
  const double rate = load * servers;
  while (!clock.over()) {
    const double total = rate + static_cast<double>(busy.size());
    clock.pass(exponential_draw(draw, 1 / total), static_cast<double>(present));
    if (uniform01(draw) * total < rate) {
      clock.arrival();
      const std::size_t a = uniform_below(draw, n);
      const std::size_t b = (a + 1 + uniform_below(draw, n - 1)) % n;
      const std::size_t joined = length[b] < length[a] ? b : a;
      if (length[joined]++ == 0) {
        place[joined] = busy.size();
        busy.push_back(joined);
      }
      ++present;
    } else {
      const std::size_t server = busy[uniform_below(draw, busy.size())];
      if (--length[server] == 0) {
        busy[place[server]] = busy.back();
        place[busy.back()] = place[server];
        busy.pop_back();
      }
      --present;
    }
  }
  return std::move(clock).sums();
}

std::vector<WindowSums> closed_network(const ThreeStations& network, const Windows& windows) {
  Engine draw = engine("closed_network");
  Clock clock(windows);
  Shared first(1);
  Shared second(1);
  int at_last = 0;
  int thinking = network.users;
  while (!clock.over()) {
    // Exponential times have no memory: they are drawn anew at each event.
    const double thought = thinking > 0 ? exponential_draw(draw, network.think / thinking) : kNever;
    const double served = at_last > 0 ? exponential_draw(draw, network.last) : kNever;
    const double first_end = first.next_end();
    const double second_end = second.next_end();
    const double time = std::min({thought, served, first_end, second_end});
    clock.pass(time, network.users - thinking);
    first.pass(time);
    second.pass(time);
    if (first_end <= time) {
      first.end_next();
      second.add(network.second);
    } else if (second_end <= time) {
      second.end_next();
      ++at_last;
    } else if (served <= time) {
      --at_last;
      ++thinking;
    } else {
      --thinking;
      clock.arrival();
      first.add(network.first);
    }
  }
  return std::move(clock).sums();
}

namespace {

Expected spread(const std::vector<WindowSums>& sums, const Windows& windows, double mean,
                const std::function<double(const WindowSums&)>& residual, double scale) {
  double squares = 0;
  for (const WindowSums& w : sums) squares += residual(w) * residual(w);
  const double variance = squares / static_cast<double>(windows.count - 1) / (scale * scale);
  return {mean, variance * windows.length};
}

WindowSums total(const std::vector<WindowSums>& sums) {
  WindowSums all;
  for (const WindowSums& w : sums) {
    all.present += w.present;
    all.arrivals += w.arrivals;
  }
  return all;
}

}  // namespace

Expected mean_sojourn(const std::vector<WindowSums>& sums, const Windows& windows) {
  const WindowSums all = total(sums);
  const double mean = all.present / all.arrivals;
  return spread(
      sums, windows, mean, [mean](const WindowSums& w) { return w.present - mean * w.arrivals; },
      all.arrivals / windows.count);
}

Expected arrival_rate(const std::vector<WindowSums>& sums, const Windows& windows) {
  const double per_window = total(sums).arrivals / windows.count;
  return spread(
      sums, windows, per_window / windows.length,
      [per_window](const WindowSums& w) { return w.arrivals - per_window; }, windows.length);
}

}  // namespace headroom::validation
