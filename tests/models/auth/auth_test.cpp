#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "tests/models/trial.h"

/// The auth planes on simulated hosts: what changes, what is known of it where, and what breaks.
namespace headroom {
namespace {

/// API servers that check credentials and answer; nothing is converted.
study::ScenarioConfig checks(double rate, std::int64_t users) {
  study::ScenarioConfig s;
  s.scenario = "test";
  add_api(s, 2);
  hosts(s, "auth", 2, 4);
  s.deployment.auth.emplace();
  s.deployment.auth->edge_cache.emplace();
  s.deployment.auth->data_plane.hosts = Ref{"auth"};
  s.deployment.auth->data_plane.cpu = Duration::us(100);
  two_milliseconds(s);
  s.workload.users = users;
  s.workload.arrivals = client::Poisson{Rate{rate}};
  s.deployment.api->deadline = Duration::s(1);
  measure(s, Duration::s(10), Duration::s(40));
  s.run.drain = Duration::s(5);
  return s;
}

auth::ManagementConfig& changing(study::ScenarioConfig& s, double rate, double new_users,
                                 double revocations) {
  auto& m = s.deployment.auth->management.emplace();
  m.updates = Rate{rate};
  m.new_users = Share{new_users};
  m.revocations = Share{revocations};
  return m;
}

/// A number of things that happen independently: it lies within four standard deviations.
void check_count(double found, double expected) {
  CHECK(std::abs(found - expected) < 4 * std::sqrt(expected));
}

double in_seconds(const Trial& trial, std::string_view column, std::size_t from, std::size_t to) {
  const auto* found = trial.result().series.find(column);
  REQUIRE(found != nullptr);
  double sum = 0;
  for (std::size_t row = from; row < to; ++row) sum += found->values.at(row);
  return sum;
}

std::vector<metrics::Event> journal(const Trial& trial, std::string_view kind) {
  std::vector<metrics::Event> events;
  for (const metrics::Event& e : trial.result().journal)
    if (e.kind == kind) events.push_back(e);
  return events;
}

TEST_CASE("a revoked user is served until the caches hear of it, and then no more") {
  // 40 s in which 20 users a second are revoked, who each send 0.2 requests a second for another 2 s.
  auto s = checks(2000, 10'000);
  changing(s, 20, 0, 1);
  Trial trial(s);
  trial.run();
  check_count(trial["auth.served_revoked"], 40 * 20 * .2 * 2);
  CHECK(trial["auth.denied_valid"] == 0);
  CHECK(trial["outcome.denied"] > 1000);
  CHECK(trial["auth.propagation_mean_s"] == Approx(2.002).epsilon(.001));
  CHECK(trial.violated().empty());
}

TEST_CASE("a new user waits until the data plane has heard of it, whether or not denials are cached") {
  for (const Duration negative_ttl : {Duration(), Duration::s(60)}) {
    auto s = checks(2000, 10'000);
    changing(s, 20, 1, 0);
    s.deployment.auth->edge_cache->negative_ttl = negative_ttl;
    Trial trial(s);
    trial.run();
    // The invalidation reaches the cache with the news, so a denial is not believed any longer than that.
    check_count(trial["auth.denied_valid"], 40 * 20 * .2 * 2);
    CHECK(trial["auth.served_revoked"] == 0);
    CHECK(trial["outcome.denied"] == trial["auth.denied_valid"]);
  }
}

TEST_CASE("propagation may vary, and without a data plane of its own it is all that a user waits for") {
  study::ScenarioConfig s;
  s.scenario = "test";
  s.platform.network.ideal = true;
  hosts(s, "worker", 1, 1);
  s.deployment.auth.emplace();
  s.workload.users = 1000;
  s.workload.arrivals = client::Poisson{Rate{1000}};
  changing(s, 5, 1, 0).propagation = Distribution<Duration>::exponential(Duration::s(2));
  measure(s, Duration::s(10), Duration::s(100));
  Trial trial(s);
  trial.run();
  // In order: a change waits for those before it, so the mean is above that of the law.
  const double wait = trial["auth.propagation_mean_s"];
  CHECK(wait > 2.5);
  CHECK(wait < 8);
  CHECK(trial["auth.denied_valid"] == Approx(100 * 5 * wait).epsilon(.15));
}

TEST_CASE("a key change is noticed by nobody but the cache") {
  auto s = checks(2000, 1000);
  Trial still(s);
  still.run();
  changing(s, 100, 0, 0);
  Trial moving(s);
  moving.run();
  CHECK(moving["yield"] == 1);
  CHECK(moving["auth.denied_valid"] == 0);
  // Each change costs a miss on each of the two servers.
  CHECK(still["auth.hit_ratio"] - moving["auth.hit_ratio"] == Approx(2 * 100 / 2000.).epsilon(.2));
  CHECK(moving["requests.offered"] == still["requests.offered"]);
}

TEST_CASE("who asks is the same whatever is said of it") {
  auto s = checks(500, 100);
  s.workload.image_bytes = Distribution<Bytes>::exponential(Bytes(1000));
  Trial with_cache(s);
  with_cache.run();
  changing(s, 50, .5, .1);
  s.deployment.auth->edge_cache.reset();
  Trial without(s);
  without.run();
  CHECK(with_cache["requests.offered"] == without["requests.offered"]);
  CHECK(in_seconds(with_cache, "offered", 10, 20) == in_seconds(without, "offered", 10, 20));
}

TEST_CASE("an edge that is cut off from the management plane lags behind, and catches up") {
  auto s = checks(2000, 10'000);
  hosts(s, "management", 1, 2);
  changing(s, 20, 0, 1).hosts = Ref{"management"};
  s.run.warmup = Duration();
  Trial trial(s);
  const auto cut = [&] {
    return trial.world().network().add(
        world::Impairment{{trial.host("management").id()},
                          {trial.host("api", 1).id(), trial.host("api", 2).id()},
                          true,
                          true,
                          true});
  };
  std::uint64_t partition = 0;
  trial.at(Duration::s(10), [&] { partition = cut(); });
  trial.at(Duration::s(20), [&] { trial.world().network().remove(partition); });
  trial.run();
  const double before = in_seconds(trial, "auth.served_revoked", 4, 10);
  const double during = in_seconds(trial, "auth.served_revoked", 14, 20);
  const double after = in_seconds(trial, "auth.served_revoked", 22, 28);
  CHECK(during > 2 * before);
  check_count(after, before);
  CHECK(trial["auth.propagation_p99_s"] > 11);
  CHECK(trial.violated().empty());
}

TEST_CASE("without news an entry is believed no longer than its time to live") {
  auto s = checks(2000, 1000);
  s.deployment.auth->edge_cache->ttl = Duration::s(3);
  hosts(s, "management", 1, 2);
  changing(s, 20, 0, 1).hosts = Ref{"management"};
  s.run.warmup = Duration();
  Trial trial(s);
  trial.at(Duration::s(10), [&] {
    trial.world().network().add(world::Impairment{{trial.host("management").id()},
                                                  {trial.host("api", 1).id(), trial.host("api", 2).id()},
                                                  true,
                                                  true,
                                                  true});
  });
  trial.run();
  // The data plane knows after 2 s, the entry was fetched before that: at most 5 s of 2 requests a second.
  CHECK(in_seconds(trial, "auth.served_revoked", 15, 40) < 25 * 20 * 2 * 5);
  CHECK(in_seconds(trial, "auth.served_revoked", 15, 40) > 25 * 20 * .3 * 2);
  CHECK(in_seconds(trial, "outcome.denied", 15, 40) > 0);
}

TEST_CASE("an API server that starts again trusts nothing that it may have missed news of") {
  auto s = checks(2000, 10'000);
  changing(s, 20, 0, 1);
  s.run.warmup = Duration();
  Trial trial(s);
  for (int k = 0; k < 8; ++k) {
    trial.at(Duration::from_seconds(4 + 4 * k), [&] { trial.host("api", 1).slots()[0]->kill(); });
    trial.at(Duration::from_seconds(4.5 + 4 * k), [&] { trial.host("api", 1).slots()[0]->start(); });
  }
  trial.run();
  CHECK(trial["auth.served_revoked"] < 40 * 20 * .2 * 2.3);
}

TEST_CASE("while the management plane is down nothing changes; then what was wanted happens") {
  auto s = checks(500, 200);
  hosts(s, "management", 1, 2);
  auto& m = changing(s, 4, 0, 1);
  m.hosts = Ref{"management"};
  m.propagation = always(Duration::ms(100));
  s.run.warmup = Duration();
  Trial trial(s);
  trial.at(Duration::s(5), [&] { trial.host("management").crash(); });
  trial.at(Duration::s(20), [&] { trial.host("management").boot(); });
  trial.run();
  const auto denied = [&](std::size_t second) {
    return in_seconds(trial, "outcome.denied", second, second + 1);
  };
  CHECK(denied(18) == Approx(denied(8)).margin(30));
  CHECK(denied(22) > denied(18) + 60);
  CHECK(trial.violated().empty());
}

TEST_CASE("requests of a user that miss together share one look-up, if they are told to") {
  for (const bool coalesce : {true, false}) {
    auto s = checks(1, 1);
    hosts(s, "api", 1, 4);
    s.workload.arrivals = burst(100);
    s.deployment.auth->edge_cache->coalesce = coalesce;
    s.run.warmup = Duration();
    Trial trial(s);
    trial.run();
    CHECK(trial["auth.hit_ratio"] == 0);
    CHECK(trial["auth.coalesced"] == (coalesce ? 99 : 0));
    CHECK(trial["auth.utilization"] == Approx((coalesce ? 1 : 100) * 100e-6 / 8 / 40).epsilon(.01));
    CHECK(trial["yield"] == 1);
  }
}

TEST_CASE("one data-plane host of two is enough") {
  auto s = checks(500, 100);
  s.deployment.auth->edge_cache->ttl = Duration::s(1);
  Trial trial(s);
  trial.at(Duration::s(20), [&] { trial.host("auth", 1).crash(); });
  trial.run();
  CHECK(trial["yield"] == 1);
  CHECK(trial["auth.availability"] == 1);
  CHECK(trial["auth.unchecked"] == 0);
  CHECK(journal(trial, "data plane lost").empty());
}

TEST_CASE("while the data plane is down, known users are served from entries past their time, or nobody is") {
  for (const bool serve_stale : {true, false}) {
    auto s = checks(500, 50);
    s.deployment.auth->edge_cache->ttl = Duration::s(1);
    if (serve_stale) s.deployment.auth->edge_cache->serve_stale_for = Duration::s(60);
    Trial trial(s);
    trial.at(Duration::s(20), [&] {
      for (const std::size_t m : {1, 2}) trial.host("auth", m).crash();
    });
    trial.at(Duration::s(40), [&] {
      for (const std::size_t m : {1, 2}) trial.host("auth", m).boot();
    });
    trial.run();
    const double lost = in_seconds(trial, "outcome.error", 22, 40);
    if (serve_stale) {
      CHECK(lost == 0);
      CHECK(trial["auth.stale_served"] > 18 * 450);
      CHECK(trial["auth.unchecked"] == 0);
    } else {
      CHECK(lost == in_seconds(trial, "offered", 22, 40));
      CHECK(trial["auth.stale_served"] == 0);
      CHECK(trial["auth.unchecked"] == trial["outcome.error"]);
    }
    CHECK(in_seconds(trial, "outcome.error", 42, 50) == 0);
    // Nobody waits for hosts that are known to be down.
    if (serve_stale) CHECK(trial["latency.p99_ms"] < 20);
    const auto gone = journal(trial, "data plane lost");
    const auto back = journal(trial, "data plane back");
    REQUIRE(gone.size() == 2);
    REQUIRE(back.size() == 2);
    CHECK(gone[0].at.since_start().seconds() == Approx(20.5).margin(.5));
    CHECK(back[1].at.since_start().seconds() == Approx(40.6).margin(.6));
    CHECK(trial.violated().empty());
  }
}

TEST_CASE("look-ups are tried again after losses, which would fail them, within a budget") {
  auto s = checks(200, 50);
  s.deployment.auth->edge_cache.reset();
  s.deployment.auth->data_plane.timeout = Duration::ms(20);
  s.deployment.auth->data_plane.retry_after = Duration::us(1);  // nobody is avoided
  const auto with_losses = [](Trial& trial) -> Trial& {
    world::Impairment lossy;
    for (const std::size_t m : {1, 2}) {
      lossy.a.push_back(trial.host("api", m).id());
      lossy.b.push_back(trial.host("auth", m).id());
    }
    lossy.loss = .3;
    trial.world().network().add(lossy);
    return trial.run();
  };
  Trial once(s);
  with_losses(once);
  // A question or its answer is lost with p = 1 - .7², on the way to each of the two hosts.
  const double both = std::pow(1 - .49, 2);
  const double n = once["requests.offered"];
  CHECK(once["outcome.error"] == Approx(n * both).margin(4 * std::sqrt(n * both)));
  auto& retry = s.deployment.auth->data_plane.retry.emplace();
  retry.attempts = 4;
  retry.backoff = calls::FixedBackoff{Duration::ms(5)};
  Trial again(s);
  with_losses(again);
  const double all = std::pow(both, 4);
  CHECK(again["outcome.error"] == Approx(n * all).margin(4 * std::sqrt(n * all) + 1));
  CHECK(again["auth.retries"] == Approx(n * (both + both * both + both * both * both)).epsilon(.1));
  CHECK(again.violated().empty());
  retry.budget = Share{.05};
  Trial few(s);
  with_losses(few);
  CHECK(few["auth.retries"] <= .055 * n);
  CHECK(few["auth.retries"] >= .04 * n);
}

TEST_CASE("stale entries are believed for so long and no longer") {
  auto s = checks(500, 50);
  s.deployment.auth->edge_cache->ttl = Duration::s(1);
  s.deployment.auth->edge_cache->serve_stale_for = Duration::s(10);
  Trial trial(s);
  trial.at(Duration::s(20), [&] {
    for (const std::size_t m : {1, 2}) trial.host("auth", m).crash();
  });
  trial.run();
  CHECK(in_seconds(trial, "outcome.error", 20, 28) == 0);
  CHECK(in_seconds(trial, "outcome.error", 32, 50) == in_seconds(trial, "offered", 32, 50));
}

TEST_CASE("a standby takes over, the sooner the readier it is") {
  struct Row {
    auth::Standby standby;
    std::optional<Duration> take_over;
    double silence;  // from the crash to the take-over
  };
  const Row rows[] = {{auth::Standby::hot, std::nullopt, 0},
                      {auth::Standby::warm, std::nullopt, 10},
                      {auth::Standby::cold, Duration::s(15), 15}};
  for (const Row& row : rows) {
    auto s = checks(200, 50);
    s.deployment.auth->edge_cache.reset();
    auto& d = s.deployment.auth->data_plane;
    d.redundancy = auth::Redundancy::active_passive;
    d.standby = row.standby;
    d.take_over = row.take_over;
    Trial trial(s);
    trial.at(Duration::from_seconds(20.25), [&] { trial.host("auth", 1).crash(); });
    trial.at(Duration::s(45), [&] { trial.host("auth", 1).boot(); });
    trial.run();
    const auto took_over = journal(trial, "take-over");
    REQUIRE(took_over.size() == 1);
    CHECK(took_over[0].subject == "host/auth-2");
    // Noticed 3 s after the last sign of life, at the next poll (every second); edges try again every second.
    const double at = took_over[0].at.since_start().seconds() - 20.25;
    CHECK(at >= row.silence + 2);
    CHECK(at <= row.silence + 4.01);
    CHECK(trial["outcome.error"] == Approx(200 * (at + .5)).epsilon(.15));
    CHECK(in_seconds(trial, "outcome.error", 46, 50) == 0);
    CHECK(trial.violated().empty());
  }
}

TEST_CASE("the auth planes come to an end after any crash, for any redundancy") {
  for (const auto redundancy : {auth::Redundancy::active_active, auth::Redundancy::active_passive})
    for (const char* group : {"api", "auth", "management"})
      for (const bool alone : {true, false}) {
        INFO(group << (alone ? ", process" : ", host"));
        auto s = checks(300, 50);
        s.deployment.auth->edge_cache->ttl = Duration::ms(300);
        s.deployment.auth->edge_cache->serve_stale_for = Duration::s(1);
        s.deployment.auth->data_plane.redundancy = redundancy;
        hosts(s, "management", 1, 2);
        changing(s, 50, .2, .1).hosts = Ref{"management"};
        measure(s, Duration::s(1), Duration::s(6));
        Trial trial(s);
        for (int k = 0; k < 12; ++k) {
          trial.at(Duration::from_seconds(1.2 + .4 * k), [&, alone] {
            if (alone)
              trial.host(group).slots()[0]->kill();
            else
              trial.host(group).crash();
          });
          trial.at(Duration::from_seconds(1.35 + .4 * k), [&, alone] {
            if (alone)
              trial.host(group).slots()[0]->start();
            else
              trial.host(group).boot();
          });
        }
        trial.run();
        CHECK(trial.violated().empty());
      }
}

}  // namespace
}  // namespace headroom
