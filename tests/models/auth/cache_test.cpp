#include "models/auth/cache.h"

#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <vector>

namespace headroom::auth {
namespace {

TimePoint at(int s) {
  return TimePoint::at(Duration::s(s));
}

TtlCache::Times only_ttl(int s) {
  return {Duration::s(s), Duration(), Duration()};
}

/// The same cache without any cleverness: a list, most recently used first.
class NaiveCache {
 public:
  NaiveCache(TtlCache::Times times, std::size_t capacity) : times_(times), capacity_(capacity) {}
  std::optional<bool> believed(Credentials who, TimePoint now, Duration longer) {
    const auto entry = find(who.user);
    if (entry == entries_.end() || entry->account != who.account) return std::nullopt;
    const Duration ttl = entry->accepted ? times_.ttl : times_.negative_ttl;
    if (entry->put + ttl + longer <= now) return std::nullopt;
    std::rotate(entries_.begin(), entry, entry + 1);
    return entries_.front().accepted;
  }
  void put(Credentials who, bool accepted, TimePoint now) {
    invalidate(who.user);
    if (!accepted && times_.negative_ttl == Duration()) return;
    if (entries_.size() == capacity_) entries_.pop_back();
    entries_.insert(entries_.begin(), {who.user, who.account, accepted, now});
  }
  void invalidate(std::uint64_t user) {
    if (const auto entry = find(user); entry != entries_.end()) entries_.erase(entry);
  }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::uint64_t user;
    std::uint32_t account;
    bool accepted;
    TimePoint put;
  };
  std::vector<Entry>::iterator find(std::uint64_t user) {
    return std::find_if(entries_.begin(), entries_.end(), [user](const Entry& e) { return e.user == user; });
  }
  TtlCache::Times times_;
  std::size_t capacity_;
  std::vector<Entry> entries_;
};

TEST_CASE("a hit does not renew an entry") {
  TtlCache cache(only_ttl(10), 100);
  CHECK_FALSE(cache.hit({1}, at(0)));
  cache.put({1}, true, at(0));
  CHECK(cache.hit({1}, at(9)) == true);
  CHECK_FALSE(cache.hit({1}, at(10)));
  cache.put({1}, true, at(10));
  CHECK(cache.hit({1}, at(19)) == true);
  CHECK(cache.size() == 1);
}

TEST_CASE("the least recently used entry makes room, a hit counts as use") {
  TtlCache cache(only_ttl(1000), 2);
  cache.put({1}, true, at(0));
  cache.put({2}, true, at(1));
  CHECK(cache.hit({1}, at(2)));
  cache.put({3}, true, at(3));
  CHECK_FALSE(cache.hit({2}, at(4)));
  CHECK(cache.hit({1}, at(4)));
  CHECK(cache.hit({3}, at(4)));
  CHECK(cache.size() == 2);
}

TEST_CASE("denials are kept for a time of their own, or not at all") {
  TtlCache cache({Duration::s(10), Duration::s(2), Duration()}, 10);
  cache.put({1}, false, at(0));
  CHECK(cache.hit({1}, at(1)) == false);
  CHECK_FALSE(cache.hit({1}, at(2)));
  TtlCache without(only_ttl(10), 10);
  without.put({1}, true, at(0));
  without.put({1}, false, at(1));
  CHECK(without.size() == 0);
}

TEST_CASE("an entry past its time may be used for a while, and not after an invalidation") {
  TtlCache cache({Duration::s(10), Duration(), Duration::s(5)}, 10);
  cache.put({1}, true, at(0));
  CHECK_FALSE(cache.hit({1}, at(14)));
  CHECK(cache.stale({1}, at(14)) == true);
  CHECK_FALSE(cache.stale({1}, at(15)));
  cache.put({1}, true, at(20));
  cache.invalidate(1);
  CHECK_FALSE(cache.stale({1}, at(20)));
}

TEST_CASE("what was said of one account is not said of the next") {
  TtlCache cache(only_ttl(10), 10);
  cache.put({1, 0}, true, at(0));
  CHECK_FALSE(cache.hit({1, 1}, at(1)));
  cache.put({1, 1}, true, at(1));
  CHECK_FALSE(cache.hit({1, 0}, at(1)));
  CHECK(cache.size() == 1);
}

TEST_CASE("the cache behaves as a naive one after any history") {
  CHECK(rc::check([] {
    const int capacity = *rc::gen::inRange(1, 8);
    const int users = *rc::gen::inRange(1, 12);
    const int negative = *rc::gen::inRange(0, 6);
    const auto steps = *rc::gen::container<std::vector<int>>(400, rc::gen::inRange(0, 100'000));
    const TtlCache::Times times{Duration::s(20), Duration::s(negative), Duration::s(15)};
    TtlCache cache(times, capacity);
    NaiveCache naive(times, static_cast<std::size_t>(capacity));
    int now = 0;
    for (const int step : steps) {
      now += step % 3;
      const Credentials who{static_cast<std::uint64_t>(step / 3 % users),
                            static_cast<std::uint32_t>(step / 100 % 2)};
      const auto expected = naive.believed(who, at(now), Duration());
      RC_ASSERT(cache.hit(who, at(now)) == expected);
      if (!expected && step % 5 == 0) {
        RC_ASSERT(cache.stale(who, at(now)) == naive.believed(who, at(now), times.stale_for));
      } else if (!expected) {
        cache.put(who, step % 4 != 0, at(now));
        naive.put(who, step % 4 != 0, at(now));
      } else if (step % 7 == 0) {
        cache.invalidate(who.user);
        naive.invalidate(who.user);
      }
      RC_ASSERT(cache.size() == naive.size());
    }
  }));
}

}  // namespace
}  // namespace headroom::auth
