#include <catch2/catch.hpp>

#include "tests/models/trial.h"

namespace headroom {
namespace {

study::ScenarioConfig metered() {
  auto s = workers(2, 8, Distribution<Duration>::exponential(Duration::ms(50)));
  add_api(s, 2);
  add_queue(s);
  add_usage(s);
  two_milliseconds(s);
  s.workload.arrivals = client::Poisson{Rate{100}};
  s.workload.image_bytes = Distribution<Bytes>::constant(Bytes(1000));
  s.workload.renditions = 2;
  measure(s, Duration::s(1), Duration::s(10));
  return s;
}

TEST_CASE("every conversion is billed once") {
  for (const std::int64_t batch : {1, 7, 10'000}) {
    auto s = metered();
    s.deployment.usage->aggregator.max_records = batch;
    Trial trial(s);
    trial.run();
    CHECK(trial["usage.billing_error"] == 0);
    CHECK(trial["usage.billed_cpu_s"] == Approx(trial["usage.actual_cpu_s"]).epsilon(1e-12));
    CHECK(trial["usage.actual_cpu_s"] == Approx(100 * 2 * .05 * 10).epsilon(.1));
    CHECK(trial["usage.billed_unanswered"] == 0);
    CHECK(trial["usage.answered_unbilled"] == 0);
    // A record waits for its batch: at most a flush interval, and some milliseconds to the disk.
    CHECK(trial["usage.store_lag_p99_s"] < (batch == 1 ? .05 : 1.05));
    CHECK(trial["usage.lag_p99_s"] > 10);  // the only bill is the last one
    CHECK(trial["usage.lost_records"] == 0);
    CHECK(trial["usage.duplicate_records"] == 0);
    CHECK(trial["usage.wrong_period_records"] == 0);
    CHECK(trial["usage.harvest"] == 1);
    CHECK(trial.violated().empty());
  }
}

TEST_CASE("bills are computed regularly, and what they leave out is on a later one") {
  auto s = metered();
  s.deployment.usage->billing.every = Duration::from_seconds(2.5);
  s.deployment.usage->billing.delay =
      Duration::ms(200);  // less than the flush interval: some records are late
  Trial trial(s);
  trial.run();
  CHECK(trial["usage.billing_error"] == 0);
  CHECK(trial["usage.invoices"] == 5);
  CHECK(trial["usage.late_records"] ==
        Approx(2 * .5 * 200).epsilon(.3));  // the ends of two periods are not flushed
  CHECK(trial["usage.lag_p99_s"] < 2.5 + .2 + 1);
  CHECK(trial.violated().empty());
}

TEST_CASE("invoices per user add up to the same money, but for rounding") {
  auto s = metered();
  s.workload.users = 50;
  Trial total(s);
  const double in_one = total.run()["usage.invoiced_usd"];
  s.deployment.usage->billing.invoices = usage::Invoices::per_user;
  Trial trial(s);
  trial.run();
  CHECK(trial["usage.invoices"] == 50);
  CHECK(trial["usage.invoiced_usd"] == Approx(in_one).margin(50 * 1e-9));
  CHECK(trial["usage.invoiced_usd"] > 0);
}

/// API servers crash in the middle of the window, one after the other, and boot.
Trial& crash_api(Trial& trial) {
  for (const std::size_t member : {1, 2}) {
    const auto when = Duration::from_seconds(2.9 + 3 * static_cast<double>(member));
    trial.at(when, [&trial, member] { trial.host("api", member).crash(); });
    trial.at(when + Duration::s(1), [&trial, member] { trial.host("api", member).boot(); });
  }
  return trial;
}

TEST_CASE("an aggregator that crashes loses what it had not shipped, unless it has a journal") {
  auto s = metered();
  s.workload.deadline = Duration::s(2);
  s.deployment.api->deadline = Duration::s(1);
  Trial without(s);
  crash_api(without).run();
  s.deployment.usage->aggregator.journal = true;
  Trial with(s);
  crash_api(with).run();
  // Twice, .9 s of the half of 200 records/s each; and what was being converted (10 of 200/s x 50 ms).
  CHECK(without["usage.lost_records"] == Approx(2 * (.9 * 100 + 5)).epsilon(.35));
  CHECK(without["usage.answered_unbilled"] > 100);
  CHECK(without["usage.billing_error"] < -.05);
  CHECK(with["usage.lost_records"] < 40);
  CHECK(with["usage.answered_unbilled"] == 0);
  CHECK(with["usage.duplicate_records"] == 0);
  for (const Trial* trial : {&without, &with}) CHECK(trial->violated().empty());
}

TEST_CASE("a journal makes answers wait for the disk") {
  auto s = metered();
  s.platform.hosts["api"].disk.fsync = always(Duration::ms(20));
  Trial without(s);
  const double before = without.run()["latency.mean_ms"];
  s.deployment.usage->aggregator.journal = true;
  Trial with(s);
  // The rest of the fsync under way (10 ms on average), and the one that the record is in.
  CHECK(with.run()["latency.mean_ms"] - before == Approx(30 * 1.2).epsilon(.25));
  CHECK(with["usage.billing_error"] == 0);
}

TEST_CASE("batches wait for a store that is down, on servers that stay up") {
  auto s = metered();
  Trial trial(s);
  for (const std::size_t member : {1, 2}) {
    trial.at(Duration::s(3), [&trial, member] { trial.host("store", member).crash(); });
    trial.at(Duration::s(9), [&trial, member] { trial.host("store", member).boot(); });
  }
  trial.run();
  CHECK(trial["usage.billing_error"] == 0);
  CHECK(trial["usage.store_lag_p99_s"] > 5);
  CHECK(trial.violated().empty());
}

TEST_CASE("a shard that is down is missing from the bill, which says so; when it is back, so is the bill") {
  auto s = metered();
  hosts(s, "store", 3, 4);
  s.deployment.usage->store.replicas = 1;
  s.deployment.usage->store.shards = 3;
  s.deployment.usage->store.timeout = Duration::ms(100);  // a report finds another coordinator in time
  s.deployment.usage->store.hint_every = Duration::ms(100);
  s.deployment.usage->billing.every = Duration::s(60);
  s.deployment.usage->report.emplace();
  s.deployment.usage->report->every = Duration::s(1);
  s.deployment.usage->report->timeout = Duration::ms(500);
  Trial down(s);
  down.at(Duration(), [&down] { down.host("store", 2).crash(); });
  down.run();
  CHECK(down["usage.harvest"] == Approx(2. / 3));
  CHECK(down["usage.report_harvest"] == Approx(2. / 3).margin(.07));  // the first one may find nobody in time
  CHECK(down["usage.billing_error"] == Approx(-1. / 3).margin(.05));
  CHECK(down["usage.reexecuted_tasks"] > 0);
  CHECK(down.violated().empty());
  Trial back(s);
  back.at(Duration(), [&back] { back.host("store", 2).crash(); });
  back.at(Duration::s(11), [&back] { back.host("store", 2).boot(); });
  back.run();
  CHECK(back["usage.harvest"] == 1);
  CHECK(back["usage.billing_error"] == 0);
}

TEST_CASE("the master of the batch may die: the bill is computed all the same, once") {
  auto s = metered();
  hosts(s, "store", 3, 4);
  hosts(s, "mapper", 3, 4);
  s.deployment.usage->billing.hosts = Ref{"mapper"};
  s.deployment.usage->billing.every = Duration::s(4);
  s.deployment.usage->billing.delay = Duration();
  s.deployment.usage->billing.cpu_per_record = Duration::ms(2);  // .5 s per shard
  for (const std::size_t member : {1, 2}) {
    INFO("mapper " << member);
    Trial trial(s);
    trial.at(Duration::from_seconds(4.2), [&trial, member] { trial.host("mapper", member).crash(); });
    trial.at(Duration::s(7), [&trial, member] { trial.host("mapper", member).boot(); });
    trial.run();
    CHECK(trial["usage.billing_error"] == 0);
    CHECK(trial["usage.harvest"] == 1);
    CHECK(trial.violated().empty());
  }
}

TEST_CASE("backup tasks make up for stragglers, and change nothing on the bill") {
  auto s = metered();
  hosts(s, "store", 4, 4);
  s.deployment.usage->store.shards = 12;
  s.deployment.usage->billing.every = Duration::s(1);
  s.deployment.usage->billing.delay = Duration();
  s.deployment.usage->billing.cpu_per_record = Duration::ms(1);
  s.deployment.usage->billing.stragglers.emplace();
  s.deployment.usage->billing.stragglers->slowdown = 50;
  measure(s, Duration::s(1), Duration::s(40));
  Trial with(s);
  with.run();
  s.deployment.usage->billing.backup_tasks = false;
  Trial without(s);
  without.run();
  CHECK(with["usage.backup_tasks"] > 5);
  CHECK(without["usage.backup_tasks"] == 0);
  CHECK(with["usage.billing_mean_s"] < .6 * without["usage.billing_mean_s"]);
  for (const Trial* trial : {&with, &without}) {
    CHECK((*trial)["usage.billing_error"] == 0);
    CHECK((*trial)["usage.duplicate_records"] == 0);
    CHECK(trial->violated().empty());
  }
}

TEST_CASE(
    "clocks decide the period: a record metered by a wrong clock may be on the wrong invoice, but on one") {
  auto s = metered();
  s.deployment.usage->billing.every = Duration::s(5);
  Trial right(s);
  right.run();
  CHECK(right["usage.wrong_period_records"] == 0);
  Trial wrong(s);
  wrong.at(Duration(), [&wrong] { wrong.host("api", 1).set_clock(Duration::s(1), 0); });
  wrong.run();
  // One second in five, at one of two servers; the window begins at 1 s and ends at 11 s.
  CHECK(wrong["usage.wrong_period_records"] == Approx(2 * 100).epsilon(.3));
  CHECK(wrong["usage.billing_error"] == 0);
  CHECK(wrong.violated().empty());
}

TEST_CASE("a replay from cold storage restores the bill to the unit") {
  auto s = metered();
  hosts(s, "store", 3, 4);
  s.deployment.usage->store.replicas = 1;
  s.deployment.usage->aggregator.journal = true;
  s.deployment.usage->billing.every = Duration::s(3);
  s.deployment.usage->cold_storage.emplace();
  s.deployment.usage->cold_storage->ship_every = Duration::s(2);
  const auto run = [&s](Trial& trial) -> Trial& {
    trial.at(Duration::s(2), [&trial] { trial.host("store", 2).crash(); });
    return trial.run();
  };
  Trial without(s);
  CHECK(run(without)["usage.billing_error"] < -.2);
  s.deployment.usage->cold_storage->replay = usage::ReplayAtEnd{};
  Trial at_end(s);
  run(at_end);
  CHECK(at_end["usage.billed_cpu_s"] == at_end["usage.actual_cpu_s"]);
  CHECK(at_end["usage.lost_records"] == 0);
  CHECK(at_end["usage.duplicate_records"] == 0);
  CHECK(at_end.violated().empty());
  // In the middle: what came before is repaired, what comes after is short again.
  s.deployment.usage->cold_storage->replay = usage::ReplayAt{Duration::s(8)};
  Trial halfway(s);
  run(halfway);
  CHECK(halfway["usage.lost_records"] > 0);
  CHECK(halfway["usage.lost_records"] < .6 * without["usage.lost_records"]);
  CHECK(halfway["usage.duplicate_records"] == 0);
  CHECK(halfway.violated().empty());
}

TEST_CASE("a replay that finds nothing to repair changes nothing") {
  auto s = metered();
  s.deployment.usage->billing.every = Duration::s(3);
  Trial without(s);
  without.run();
  s.deployment.usage->cold_storage.emplace();
  s.deployment.usage->cold_storage->replay = usage::ReplayAt{Duration::s(8)};
  Trial with(s);
  with.run();
  CHECK(with["usage.billing_error"] == 0);
  CHECK(with["usage.invoiced_usd"] == without["usage.invoiced_usd"]);
  CHECK(with.violated().empty());
}

TEST_CASE("conversions for requests that were not answered are billed, and said so") {
  auto s = metered();
  s.workload.deadline = Duration::ms(60);
  Trial trial(s);
  trial.run();
  CHECK(trial["yield"] < .9);
  CHECK(trial["usage.billed_unanswered"] > 100);
  CHECK(trial["usage.billing_error"] == 0);
}

TEST_CASE("the cache of credentials hits as theory says") {
  // Per user and server: hits λT/(1 + λT) for an entry that lives T after it was put (Fofack et al. 2012).
  auto s = metered();
  hosts(s, "auth", 1, 4);
  s.deployment.auth.emplace();
  s.deployment.auth->edge_cache.emplace();
  s.deployment.auth->edge_cache->ttl = Duration::s(4);
  s.deployment.auth->data_plane.hosts = Ref{"auth"};
  s.deployment.auth->data_plane.cpu = Duration::ms(1);
  s.workload.users = 50;
  measure(s, Duration::s(10), Duration::s(100));
  Trial trial(s);
  trial.run();
  const double load = 100. / 50 / 2 * 4;
  CHECK(trial["auth.hit_ratio"] == Approx(load / (1 + load)).epsilon(.02));
  CHECK(trial["yield"] == 1);
}

TEST_CASE("a data plane that is down fails requests whose user is not cached") {
  auto s = metered();
  hosts(s, "auth", 1, 4);
  s.deployment.auth.emplace();
  s.deployment.auth->data_plane.hosts = Ref{"auth"};
  s.deployment.api->deadline = Duration::ms(500);
  s.workload.deadline = Duration::s(1);
  Trial trial(s);
  trial.at(Duration::s(6), [&] { trial.host("auth").crash(); });
  trial.run();
  CHECK(trial["yield"] == Approx(.5).margin(.05));
  CHECK(trial["outcome.error"] > 400);
  CHECK(trial.violated().empty());
}

}  // namespace
}  // namespace headroom
