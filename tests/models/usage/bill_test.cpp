#include "models/usage/bill.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace headroom::usage {
namespace {

TimePoint at(std::int64_t s) {
  return TimePoint::at(Duration::s(s));
}

struct Watch final : BillWatch {
  void billed(const Record& r) override {
    ++records;
    cpu_ns += r.conversion->cpu_ns;
  }
  void emptied(const std::map<ItemKey, ItemPtr>&) override { records = cpu_ns = 0; }
  std::int64_t records = 0;
  std::int64_t cpu_ns = 0;
};

calls::ConversionPtr conversion(std::uint64_t job, std::int64_t cpu_ns = 1'000, std::int64_t bytes = 10) {
  const calls::ConversionPtr c(new calls::Conversion);
  c->job = job;
  c->user = job % 5;
  c->cpu_ns = cpu_ns;
  c->bytes = bytes;
  return c;
}

ItemPtr batch(std::uint64_t id, std::vector<Record> records) {
  return std::make_shared<const Item>(Item{{0, 0, id}, Bytes(0), std::move(records)});
}

BillingConfig per_user() {
  BillingConfig config;
  config.invoices = Invoices::per_user;
  return config;
}

TEST_CASE("an invoice is money in whole billionths of a dollar, rounded half up, each amount once") {
  PriceConfig prices;
  prices.cpu_second = Money{3};
  prices.gigabyte = Money{1};
  CHECK(price_of({1, 1'000'000'000, 0}, prices) == Money{3});
  CHECK(price_of({1, 500'000'000, 499'999'999}, prices) == Money{2});  // 1.5 and 0.4999…
  CHECK(price_of({1, 500'000'000, 500'000'000}, prices) == Money{3});
  // A thousand cores for a month: no overflow on the way.
  prices.cpu_second = Money{20'000};
  constexpr std::int64_t kMonth = 1000LL * 30 * 86'400;
  CHECK(price_of({1, kMonth * 1'000'000'000, 0}, prices) == Money{kMonth * 20'000});
}

TEST_CASE("invoices are by period and user, and sum up to what was used") {
  Watch watch;
  Bill bill(per_user(), {}, 1, watch);
  bill.add(batch(1, {{conversion(1, 100, 1), 0}, {conversion(2, 10, 1), 0}, {conversion(6, 1, 1), 1}}),
           at(0));
  CHECK(bill.invoices() == 3);
  REQUIRE(bill.invoice(0, 1) != nullptr);
  CHECK(*bill.invoice(0, 1) == Use{1, 100, 1});
  CHECK(*bill.invoice(1, 1) == Use{1, 1, 1});
  CHECK(bill.invoice(1, 2) == nullptr);
  CHECK(bill.use() == Use{3, 111, 3});
  Bill total({}, {}, 1, watch);
  total.add(batch(1, {{conversion(1, 100, 1), 0}, {conversion(2, 10, 1), 0}}), at(0));
  CHECK(*total.invoice(0, 0) == Use{2, 110, 2});
}

TEST_CASE("a batch counts once, however often it is read") {
  Watch watch;
  Bill bill({}, {}, 1, watch);
  const auto b = batch(1, {{conversion(1), 0}});
  CHECK(bill.add(b, at(0)));
  CHECK_FALSE(bill.add(b, at(1)));
  CHECK(bill.use().records == 1);
}

TEST_CASE("a job that comes in two batches counts twice without keys, once with them, within the retention") {
  const auto c = conversion(1);
  for (const bool keys : {false, true}) {
    Watch watch;
    Bill bill({}, keys ? std::optional(IdempotencyConfig{Duration::s(60)}) : std::nullopt, 1, watch);
    bill.add(batch(1, {{c, 0}}), at(0));
    bill.add(batch(2, {{c, 0}}), at(59));
    CHECK(bill.use().records == (keys ? 1 : 2));
    bill.add(batch(3, {{c, 0}}), at(60));  // forgotten
    CHECK(bill.use().records == (keys ? 2 : 3));
    CHECK(watch.records == bill.use().records);
  }
}

TEST_CASE("keys take the memory of what came within the retention, not of all that ever came") {
  IdempotencyKeys keys(Duration::s(10));
  for (std::uint64_t k = 0; k < 10'000; ++k) {
    CHECK(keys.insert(k, at(static_cast<std::int64_t>(k))));
    CHECK(keys.size() <= 10);
  }
}

TEST_CASE("what comes to a period that is closed is late") {
  Watch watch;
  Bill bill({}, {}, 1, watch);
  bill.add(batch(1, {{conversion(1), 0}, {conversion(2), 1}}), at(0));
  CHECK(bill.late_records() == 0);
  bill.close(0);
  bill.add(batch(2, {{conversion(3), 0}, {conversion(4), 1}}), at(1));
  CHECK(bill.late_records() == 1);
}

TEST_CASE("a bill that is computed anew from raw records is the true one, whatever the old one was") {
  CHECK(rc::check(
      "", [](const std::vector<std::vector<std::uint8_t>>& raw, const std::vector<bool>& billed, bool keys) {
        std::map<std::uint64_t, calls::ConversionPtr> done;
        std::map<ItemKey, ItemPtr> batches;
        for (const auto& jobs : raw) {
          std::vector<Record> records;
          for (const std::uint8_t job : jobs) {
            auto& c = done[job];
            if (!c) c = conversion(job, 1'000 + job, 7 * job);
            records.push_back({c, job % 3});
          }
          const auto b = batch(batches.size(), std::move(records));
          batches.emplace(b->key, b);
        }
        Watch watch;
        Bill bill(per_user(), keys ? std::optional(IdempotencyConfig{}) : std::nullopt, 1, watch);
        std::size_t i = 0;
        for (const auto& [key, b] : batches)
          if (i < billed.size() && billed[i++]) bill.add(b, at(0));
        Use truth;
        for (const auto& [job, c] : done) truth += {1, c->cpu_ns, c->bytes};
        for (int time = 0; time < 2; ++time) {  // idempotent
          bill.rebuild(batches, at(1));
          RC_ASSERT(bill.use() == truth);
          RC_ASSERT(watch.records == truth.records);
          RC_ASSERT(watch.cpu_ns == truth.cpu_ns);
          for (const auto& [key, b] : batches) RC_ASSERT(!bill.add(b, at(2)));
          RC_ASSERT(bill.use() == truth);
        }
      }));
}

}  // namespace
}  // namespace headroom::usage
