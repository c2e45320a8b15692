#include "models/auth/cache.h"

#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

namespace headroom::auth {
namespace {

TimePoint at(int s) {
  return TimePoint::at(Duration::s(s));
}

/// The same cache without any cleverness: a list, most recently used first.
class NaiveCache {
 public:
  NaiveCache(Duration ttl, std::size_t capacity) : ttl_(ttl), capacity_(capacity) {}
  bool hit(std::uint64_t user, TimePoint now) {
    const auto entry = find(user);
    if (entry == entries_.end() || entry->put + ttl_ <= now) return false;
    std::rotate(entries_.begin(), entry, entry + 1);
    return true;
  }
  void put(std::uint64_t user, TimePoint now) {
    if (const auto entry = find(user); entry != entries_.end()) entries_.erase(entry);
    if (entries_.size() == capacity_) entries_.pop_back();
    entries_.insert(entries_.begin(), {user, now});
  }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::uint64_t user;
    TimePoint put;
  };
  std::vector<Entry>::iterator find(std::uint64_t user) {
    return std::find_if(entries_.begin(), entries_.end(), [user](const Entry& e) { return e.user == user; });
  }
  Duration ttl_;
  std::size_t capacity_;
  std::vector<Entry> entries_;
};

TEST_CASE("a hit does not renew an entry") {
  TtlCache cache(Duration::s(10), 100);
  CHECK_FALSE(cache.hit(1, at(0)));
  cache.put(1, at(0));
  CHECK(cache.hit(1, at(9)));
  CHECK_FALSE(cache.hit(1, at(10)));
  cache.put(1, at(10));
  CHECK(cache.hit(1, at(19)));
  CHECK(cache.size() == 1);
}

TEST_CASE("the least recently used entry makes room, a hit counts as use") {
  TtlCache cache(Duration::s(1000), 2);
  cache.put(1, at(0));
  cache.put(2, at(1));
  CHECK(cache.hit(1, at(2)));
  cache.put(3, at(3));
  CHECK_FALSE(cache.hit(2, at(4)));
  CHECK(cache.hit(1, at(4)));
  CHECK(cache.hit(3, at(4)));
  CHECK(cache.size() == 2);
}

TEST_CASE("the cache behaves as a naive one after any history") {
  CHECK(rc::check([] {
    const int capacity = *rc::gen::inRange(1, 8);
    const int users = *rc::gen::inRange(1, 12);
    const auto steps = *rc::gen::container<std::vector<int>>(400, rc::gen::inRange(0, 10'000));
    TtlCache cache(Duration::s(20), capacity);
    NaiveCache naive(Duration::s(20), static_cast<std::size_t>(capacity));
    int now = 0;
    for (const int step : steps) {
      now += step % 3;
      const auto user = static_cast<std::uint64_t>(step / 3 % users);
      const bool expected = naive.hit(user, at(now));
      RC_ASSERT(cache.hit(user, at(now)) == expected);
      if (!expected && step % 5 != 0) {
        cache.put(user, at(now));
        naive.put(user, at(now));
      }
      RC_ASSERT(cache.size() == naive.size());
    }
  }));
}

}  // namespace
}  // namespace headroom::auth
