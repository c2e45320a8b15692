// What components make of wrong software: errors, slowness, poison.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "tests/models/trial.h"

namespace headroom {
namespace {

/// Everything that has instances: balancer, API, auth, queue (if asked for), workers, usage.
study::ScenarioConfig region(bool with_queue) {
  auto s = workers(4, 4, always(Duration::ms(20)));
  add_api(s, 4, Duration::us(500));
  if (with_queue) add_queue(s);
  add_usage(s);
  hosts(s, "auth", 2, 2);
  s.deployment.auth.emplace();
  s.deployment.auth->data_plane.hosts = Ref{"auth"};
  s.deployment.auth->data_plane.cpu = Duration::us(100);
  hosts(s, "lb", 2, 2);
  s.deployment.load_balancer.emplace();
  s.deployment.load_balancer->hosts = Ref{"lb"};
  two_milliseconds(s);
  s.workload.users = 100;
  s.workload.image_bytes = Distribution<Bytes>::constant(Bytes(10'000));
  s.workload.arrivals = client::Poisson{Rate{200}};
  s.workload.deadline = Duration::s(2);
  measure(s, Duration::s(1), Duration::s(10));
  s.run.drain = Duration::s(10);
  return s;
}

/// All instances at once, in the middle six seconds of the window.
void break_all(study::ScenarioConfig& s, faults::Component component, const faults::Malfunction& effect) {
  faults::BadConfig b;
  b.component = component;
  b.effect = effect;
  b.detect_after = Duration::s(6);
  faults::FaultConfig f;
  f.at = Duration::s(3);
  f.kind = b;
  s.faults.push_back(f);
}

faults::Malfunction errors(double share) {
  faults::Malfunction m;
  m.error_rate = Share{share};
  return m;
}

void poison(study::ScenarioConfig& s, faults::Poisoned component, double per_second) {
  faults::Poison p;
  p.component = component;
  p.rate = Rate{per_second};
  faults::FaultConfig f;
  f.at = Duration();
  f.kind = p;
  s.faults.push_back(f);
}

std::size_t events(const Trial& trial, std::string_view kind) {
  const auto& journal = trial.result().journal;
  return static_cast<std::size_t>(
      std::count_if(journal.begin(), journal.end(), [&](const auto& e) { return e.kind == kind; }));
}

/// Four standard deviations of a share of n trials.
double spread(double p, double n) {
  return 4 * std::sqrt(p * (1 - p) / n);
}

TEST_CASE("a component's errors reach the clients at their rate, and everything else goes on") {
  struct Case {
    faults::Component component;
    bool with_queue;
    double failing;  // of requests during the fault
  };
  const std::vector<Case> cases = {
      {faults::Component::load_balancer, true, .3},
      {faults::Component::api, true, .3},
      {faults::Component::queue, true, .3},
      {faults::Component::processing, false, .3},
  };
  for (const Case& c : cases) {
    INFO(faults::name_of(c.component));
    auto s = region(c.with_queue);
    break_all(s, c.component, errors(.3));
    Trial trial(s);
    trial.run();
    CHECK(trial.violated() == "");
    const double offered = trial["requests.offered"];
    const double expected = c.failing * .6;
    CHECK(trial["outcome.error"] / offered == Approx(expected).margin(spread(expected, offered) + .02));
    CHECK(trial["outcome.error"] == trial["requests.failed"]);
  }
}

TEST_CASE("whether a worker errs is drawn anew for another attempt, with an API or without") {
  for (const bool with_api : {true, false}) {
    INFO("with an API: " << with_api);
    auto s = region(false);
    if (!with_api) {
      s.deployment.api.reset();
      s.deployment.usage.reset();
    }
    s.workload.retry.emplace();
    s.workload.retry->attempts = 2;
    break_all(s, faults::Component::processing, errors(.5));
    Trial trial(s);
    trial.run();
    CHECK(trial.violated() == "");
    const double offered = trial["requests.offered"];
    const double expected = .5 * .5 * .6;  // both attempts, during six of ten seconds
    CHECK(trial["outcome.error"] / offered == Approx(expected).margin(spread(expected, offered) + .02));
  }
}

TEST_CASE("hosts of auth that err are left alone for a while, and with them all who must ask") {
  auto s = region(false);
  break_all(s, faults::Component::auth, errors(.3));
  Trial trial(s);
  trial.run();
  CHECK(trial.violated() == "");
  const double failing = trial["outcome.error"] / trial["requests.offered"];
  CHECK(failing > .09 * .6);  // both hosts err
  CHECK(failing < .65);       // and it is over when the fault is
  CHECK(trial["outcome.error"] == trial["requests.failed"]);
}

TEST_CASE("a worker's errors are redelivered by the queue, until it gives up") {
  const auto with = [](std::int64_t max_deliveries) {
    auto s = region(true);
    s.deployment.queue->max_deliveries = max_deliveries;
    break_all(s, faults::Component::processing, errors(.3));
    return s;
  };
  Trial patient(with(20));
  patient.run();
  const double offered = patient["requests.offered"];
  CHECK(patient.violated() == "");
  CHECK(patient["requests.failed"] == 0);
  const double again = .3 / .7 * .6 * offered;  // a geometric number of failures
  CHECK(patient["queue.redeliveries"] == Approx(again).margin(.02 * offered + 5 * std::sqrt(again)));
  CHECK(patient["processing.wasted_cpu_s"] == Approx(patient["queue.redeliveries"] * .02).epsilon(.02));
  Trial hasty(with(2));
  hasty.run();
  CHECK(hasty.violated() == "");
  CHECK(hasty["queue.dead_lettered"] == hasty["outcome.error"]);
  CHECK(hasty["outcome.error"] / offered == Approx(.09 * .6).margin(spread(.054, offered) + .005));
  CHECK(events(hasty, "dead letter") == static_cast<std::size_t>(hasty["queue.dead_lettered"]));
}

TEST_CASE("slow software takes more CPU for the same work") {
  auto s = region(false);
  Trial sound(s);
  sound.run();
  faults::Malfunction half;
  half.slow = Share{.5};
  break_all(s, faults::Component::processing, half);
  break_all(s, faults::Component::api, half);
  break_all(s, faults::Component::load_balancer, half);
  break_all(s, faults::Component::auth, half);
  Trial slow(s);
  slow.run();
  CHECK(slow["processing.service_mean_ms"] == Approx(20 * .4 + 40 * .6).epsilon(.03));
  for (const char* tier : {"api", "lb", "auth"}) {
    const std::string name = std::string(tier) + ".utilization";
    INFO(name);
    CHECK(slow[name] == Approx(sound[name] * 1.6).epsilon(.03));
  }
  CHECK(slow["requests.failed"] == 0);
}

TEST_CASE("a store that fails operations is asked again, and nothing is lost") {
  auto s = region(false);
  break_all(s, faults::Component::usage_store, errors(.5));
  Trial trial(s);
  trial.run();
  CHECK(trial.violated() == "");
  CHECK(trial["requests.failed"] == 0);
  CHECK(trial["usage.lost_records"] == 0);
}

TEST_CASE("poison kills worker after worker, until it is a dead letter") {
  for (const std::int64_t deliveries : {1, 4}) {
    INFO(deliveries << " deliveries");
    auto s = region(true);
    s.deployment.queue->max_deliveries = deliveries;
    s.workload.deadline = Duration::s(60);  // for all to be told
    Trial sound(s);
    sound.run();
    poison(s, faults::Poisoned::processing, .4);
    Trial trial(s);
    trial.run();
    CHECK(trial.violated() == "");
    CHECK(trial["requests.offered"] == sound["requests.offered"]);
    const std::size_t letters = events(trial, "dead letter");
    std::size_t poisonous = 0;  // others die with the worker often enough to be given up, too
    std::vector<std::int64_t> requests;
    for (const metrics::Event& e : trial.result().journal)
      if (e.kind == "killed by poison") requests.push_back(std::get<std::int64_t>(e.details.front().value));
    std::sort(requests.begin(), requests.end());
    poisonous = static_cast<std::size_t>(std::unique(requests.begin(), requests.end()) - requests.begin());
    CHECK(poisonous > 1);
    CHECK(letters >= poisonous);
    CHECK(events(trial, "killed by poison") == poisonous * static_cast<std::size_t>(deliveries));
  }
}

TEST_CASE("poison kills as many API servers as the client makes attempts") {
  for (const std::int64_t attempts : {1, 3}) {
    INFO(attempts << " attempts");
    auto s = region(true);
    s.workload.retry.emplace().attempts = attempts;
    s.workload.retry->backoff = calls::FixedBackoff{Duration::ms(5)};
    s.deployment.load_balancer->policy = balancer::Policy::round_robin;
    poison(s, faults::Poisoned::api, .1);
    Trial trial(s);
    trial.run();
    CHECK(trial.violated() == "");
    const std::size_t kills = events(trial, "killed by poison");
    CHECK(kills > 0);
    CHECK(trial["attempt.died"] >= static_cast<double>(kills));
    // An attempt may find the server dead that another attempt killed.
    if (attempts == 1) CHECK(events(trial, "process down") == kills);
  }
}

TEST_CASE("without a queue poison kills the worker that it was pushed to") {
  auto s = region(false);
  s.workload.retry.emplace().attempts = 2;
  poison(s, faults::Poisoned::processing, .3);
  Trial trial(s);
  trial.run();
  CHECK(trial.violated() == "");
  CHECK(events(trial, "killed by poison") > 0);
  CHECK(trial["yield"] > .8);
}

}  // namespace
}  // namespace headroom
