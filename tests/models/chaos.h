#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/random.h"
#include "tests/models/trial.h"

/// Random schedules of crashes, partitions, loss, duplication and reordering for a whole queue.
namespace headroom {

/// A small service around a queue of three members.
inline study::ScenarioConfig tiny() {
  auto s = workers(3, 2, Distribution<Duration>::exponential(Duration::ms(30)));
  add_api(s, 2, Duration::us(100));
  add_queue(s, 3, Duration::ms(1));
  two_milliseconds(s);
  s.deployment.queue->visibility_timeout = Duration::ms(900);
  s.deployment.queue->max_deliveries = 100;
  s.workload.arrivals = client::Poisson{Rate{40}};
  s.workload.image_bytes = Distribution<Bytes>::constant(Bytes(1000));
  measure(s, Duration(), Duration::s(4));
  s.run.drain = Duration::s(40);
  return s;
}

/// An impairment of every way; what it does is to be filled in.
inline world::Impairment everywhere(world::World& world) {
  world::Impairment all;
  for (const auto& host : world.hosts()) all.a.push_back(host->id());
  all.b = all.a;
  return all;
}

/// Faults that come and go within the first four seconds, drawn from `seed`.
class Chaos {
 public:
  Chaos(Trial& trial, std::uint64_t seed) : trial_(trial), draw_((StreamKey(seed) / "chaos").engine()) {
    const auto faults = 2 + uniform_below(draw_, 6);
    for (std::uint64_t f = 0; f < faults; ++f) {
      const double at = .2 + 3 * uniform01(draw_);
      const double lasts = .05 + 1.5 * uniform01(draw_) * uniform01(draw_);
      switch (uniform_below(draw_, 6)) {
        case 0:
        case 1:
          crash(at, lasts);
          break;
        case 2:
          cut(at, lasts);
          break;
        case 3:
          reorder(at, lasts);
          break;
        default:
          disturb(at, lasts);
      }
    }
    const world::Route way{trial_.host("api").id(), trial_.host("queue").id()};
    for (int number = 0; number < 800; ++number)
      trial_.at(Duration::ms(5) * number, [this, way, number] {
        trial_.world().network().send(way, Bytes(100), std::make_unique<Probe>(*this, number));
      });
  }
  Chaos(const Chaos&) = delete;
  Chaos& operator=(const Chaos&) = delete;

  /// Of 800 messages on one way, 5 ms apart: those that came after one that was sent later.
  int overtaken() const { return overtaken_; }

 private:
  class Probe final : public world::Message {
   public:
    Probe(Chaos& chaos, int number) : chaos_(chaos), number_(number) {}

   private:
    void deliver() override {
      if (number_ < chaos_.latest_) ++chaos_.overtaken_;
      chaos_.latest_ = std::max(chaos_.latest_, number_);
    }
    Chaos& chaos_;
    int number_;
  };
  world::Host& some_host(bool api_too) {
    static const std::vector<std::string> groups = {"queue", "queue", "worker", "api"};
    const std::string& group = groups[uniform_below(draw_, api_too ? 4 : 3)];
    const auto members = trial_.world().group(group);
    return *members[uniform_below(draw_, members.size())];
  }
  void crash(double at, double lasts) {
    world::Host& host = some_host(true);
    if (uniform_below(draw_, 3) == 0) {  // the process alone
      trial_.at(Duration::from_seconds(at), [&host] { host.slots()[0]->kill(); });
      trial_.at(Duration::from_seconds(at + lasts), [&host] { host.slots()[0]->start(); });
      return;
    }
    trial_.at(Duration::from_seconds(at), [&host] { host.crash(); });
    trial_.at(Duration::from_seconds(at + lasts), [&host] { host.boot(); });
    trial_.at(Duration::from_seconds(at + lasts), [&host] { host.slots()[0]->start(); });
  }
  /// Every host falls on one side or the other.
  void cut(double at, double lasts) {
    world::Impairment cut;
    for (const auto& host : trial_.world().hosts())
      (uniform_below(draw_, 2) == 0 ? cut.a : cut.b).push_back(host->id());
    cut.blocked = true;
    if (uniform_below(draw_, 4) == 0) cut.backward = false;
    impair(at, lasts, cut);
  }
  /// Half of all messages are held back, and those sent after them overtake them.
  void reorder(double at, double lasts) {
    world::Impairment shuffle = everywhere(trial_.world());
    shuffle.delay = Distribution<Duration>(law::Uniform{0, 60e6});
    shuffle.delay_probability = .5;
    impair(at, lasts, shuffle);
  }
  void disturb(double at, double lasts) {
    world::Impairment noise = everywhere(trial_.world());
    noise.loss = uniform01(draw_) < .5 ? .3 * uniform01(draw_) : 0;
    noise.duplication = uniform01(draw_) < .5 ? .3 : 0;
    if (uniform01(draw_) < .5) {
      noise.delay = Distribution<Duration>::exponential(Duration::ms(20));
      noise.delay_probability = .3;
    }
    impair(at, lasts, noise);
  }
  void impair(double at, double lasts, const world::Impairment& what) {
    auto number = std::make_shared<std::uint64_t>(0);
    world::Network& network = trial_.world().network();
    trial_.at(Duration::from_seconds(at), [&network, what, number] { *number = network.add(what); });
    trial_.at(Duration::from_seconds(at + lasts), [&network, number] { network.remove(*number); });
  }

  Trial& trial_;
  Engine draw_;
  int latest_ = -1;
  int overtaken_ = 0;
};

}  // namespace headroom
