#include "models/usage/batch_log.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <set>
#include <vector>

namespace headroom::usage {
namespace {

Record record(std::uint64_t job) {
  const calls::ConversionPtr c(new calls::Conversion);
  c->job = job;
  return {c, 0};
}

constexpr int kShards = 3;
int shard_of(const Record& r) {
  return static_cast<int>(r.conversion->job % kShards);
}

BatchLog journal() {
  return {7, Bytes(64), true, false, shard_of};
}

std::multiset<std::uint64_t> jobs(const std::vector<ItemPtr>& batches) {
  std::multiset<std::uint64_t> all;
  for (const ItemPtr& b : batches)
    for (const Record& r : b->records) {
      CHECK(shard_of(r) == b->key.shard);
      all.insert(r.conversion->job);
    }
  return all;
}

TEST_CASE("a cut makes a batch for each shard that has records, once the cut is on disk") {
  BatchLog log = journal();
  for (const std::uint64_t job : {1, 2, 4}) log.append(record(job));
  log.cut();
  CHECK(log.open() == 0);
  log.make_safe(3);  // the records, not the cut
  CHECK(log.take_formed().empty());
  log.append(record(5));
  log.make_safe(log.end());
  const auto formed = log.take_formed();
  REQUIRE(formed.size() == 2);
  CHECK(jobs(formed) == std::multiset<std::uint64_t>{1, 2, 4});
  CHECK(formed[0]->size == Bytes(128));
  CHECK(formed[0]->key != formed[1]->key);
  CHECK(log.open() == 1);
}

TEST_CASE("without a journal a batch is formed at once, and a crash leaves nothing") {
  BatchLog log(0, Bytes(64), false, true, shard_of);
  log.append(record(3));
  log.cut();
  log.append(record(6));
  CHECK(log.end() == log.safe());
  CHECK(log.take_formed().size() == 1);
  CHECK(log.unconfirmed().size() == 1);
  log.crash();
  CHECK(log.empty());
  CHECK(log.take_raw().empty());
  log.append(record(3));
  log.cut();
  CHECK(log.take_formed().at(0)->key.id > 1);  // another batch than the one that may be in the store
}

TEST_CASE("after a crash the journal holds what was on disk, in the same batches, under the same keys") {
  BatchLog log = journal();
  log.append(record(0));
  log.append(record(3));
  log.cut();
  log.make_safe(log.end());
  const auto before = log.take_formed();
  log.append(record(6));
  log.make_safe(log.end());
  log.append(record(9));  // never on disk
  log.crash();
  REQUIRE(log.unconfirmed().size() == 1);
  CHECK(log.unconfirmed().begin()->second == before.at(0));
  CHECK(log.open() == 1);
  log.cut();
  log.make_safe(log.end());
  CHECK(jobs(log.take_formed()) == std::multiset<std::uint64_t>{6});
}

TEST_CASE("only the first acknowledgement of a batch counts") {
  BatchLog log = journal();
  log.append(record(0));
  log.cut();
  log.make_safe(log.end());
  const ItemKey key = log.take_formed().at(0)->key;
  CHECK(log.confirm(key));
  CHECK_FALSE(log.confirm(key));
  CHECK(log.empty());
}

TEST_CASE("whatever happens, a journal loses only what was not safe, and ships nothing twice") {
  CHECK(rc::check("", [](const std::vector<std::uint8_t>& steps) {
    BatchLog log = journal();
    std::vector<std::uint64_t> written;    // jobs in the journal, in order
    std::vector<std::uint64_t> positions;  // of each
    std::multiset<std::uint64_t> shipped, safe;
    std::set<ItemKey> keys;
    std::uint64_t next = 0;
    const auto take = [&] {
      for (const ItemPtr& b : log.take_formed()) {
        RC_ASSERT(keys.insert(b->key).second);
        for (const Record& r : b->records) shipped.insert(r.conversion->job);
      }
    };
    for (const std::uint8_t step : steps) {
      switch (step % 6) {
        case 0:
        case 1:
          log.append(record(next));
          written.push_back(next++);
          positions.push_back(log.end());
          break;
        case 2:
          log.cut();
          break;
        case 3:
          log.make_safe(log.safe() + (log.end() - log.safe()) * (step / 6) / 42);
          break;
        case 4:
          log.make_safe(log.end());
          break;
        default:
          take();
          while (!positions.empty() && positions.back() > log.safe()) {
            positions.pop_back();
            written.pop_back();
          }
          log.crash();
      }
      take();
    }
    log.cut();
    log.make_safe(log.end());
    take();
    RC_ASSERT(shipped == std::multiset<std::uint64_t>(written.begin(), written.end()));
    RC_ASSERT(log.open() == 0);
  }));
}

}  // namespace
}  // namespace headroom::usage
