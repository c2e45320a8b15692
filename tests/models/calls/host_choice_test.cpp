#include "models/calls/host_choice.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <set>
#include <vector>

namespace headroom::calls {
namespace {

TimePoint at(int ms) {
  return TimePoint::at(Duration::ms(ms));
}
Round round_of(std::uint64_t number) {
  Round round;
  round.number = number;
  return round;
}

TEST_CASE("hosts take turns, and one that failed is left alone but for one request in a while") {
  HostChoice choice(Redundancy::active_active, 2, Duration::ms(100));
  for (const std::uint64_t number : {0, 1, 2, 3}) {
    auto round = round_of(number);
    CHECK(choice.next(round, at(0)) == static_cast<int>(number % 2));
  }
  choice.ended(0, at(0), at(0), Verdict::bad);
  auto round = round_of(0);
  CHECK(choice.next(round, at(50)) == 1);
  CHECK_FALSE(choice.next(round, at(50)));
  // Its time has come: one tries it, the next does not.
  round = round_of(0);
  CHECK(choice.next(round, at(100)) == 0);
  auto another = round_of(0);
  CHECK(choice.next(another, at(101)) == 1);
  choice.ended(0, at(101), at(101), Verdict::good);
  another = round_of(0);
  CHECK(choice.next(another, at(102)) == 0);
}

TEST_CASE("a failure that is older than an answer says nothing") {
  HostChoice choice(Redundancy::active_active, 1, Duration::ms(100));
  choice.ended(0, at(50), at(50), Verdict::good);
  choice.ended(0, at(10), at(60), Verdict::bad);
  CHECK(choice.any(at(60)));
  choice.ended(0, at(51), at(61), Verdict::bad);
  CHECK_FALSE(choice.any(at(61)));
}

TEST_CASE("when all hosts failed nobody is asked until the time has come") {
  HostChoice choice(Redundancy::active_active, 3, Duration::ms(100));
  for (int host = 0; host < 3; ++host) choice.ended(host, at(0), at(host), Verdict::bad);
  CHECK_FALSE(choice.any(at(99)));
  CHECK(choice.any(at(100)));
}

TEST_CASE("with one active host, the one that answered is asked first") {
  HostChoice choice(Redundancy::active_passive, 3, Duration::ms(100));
  choice.ended(2, at(0), at(0), Verdict::good);
  auto round = round_of(7);
  CHECK(choice.next(round, at(0)) == 2);
  CHECK(choice.next(round, at(0)) == 0);
  CHECK(choice.next(round, at(0)) == 1);
  CHECK_FALSE(choice.next(round, at(0)));
}

TEST_CASE("a look-up asks no host twice, no host that is avoided, and finds each that is not") {
  CHECK(rc::check([] {
    const int hosts = *rc::gen::inRange(1, 6);
    const auto steps = *rc::gen::container<std::vector<int>>(60, rc::gen::inRange(0, 1000));
    HostChoice choice(Redundancy::active_active, hosts, Duration::ms(10));
    std::vector<TimePoint> avoided_until(static_cast<std::size_t>(hosts));
    int now = 0;
    for (const int step : steps) {
      now += step % 7;
      auto round = round_of(static_cast<std::uint64_t>(step));
      std::set<int> asked;
      std::set<int> expected;
      for (int h = 0; h < hosts; ++h)
        if (avoided_until[static_cast<std::size_t>(h)] <= at(now)) expected.insert(h);
      RC_ASSERT(choice.any(at(now)) == !expected.empty());
      while (const auto host = choice.next(round, at(now))) {
        RC_ASSERT(asked.insert(*host).second);
        const auto h = static_cast<std::size_t>(*host);
        if ((step >> *host) % 2 == 0) {
          choice.ended(*host, at(now), at(now), Verdict::bad);
          avoided_until[h] = at(now) + Duration::ms(10);
        } else {
          choice.ended(*host, TimePoint(), TimePoint(), Verdict::good);
          avoided_until[h] = TimePoint();
        }
      }
      RC_ASSERT(asked == expected);
    }
  }));
}

TEST_CASE("a question that is asked again asks those that are avoided, too") {
  HostChoice choice(Redundancy::active_active, 2, Duration::ms(100));
  for (const int host : {0, 1}) choice.ended(host, at(0), at(0), Verdict::bad);
  auto round = round_of(0);
  CHECK_FALSE(choice.next(round, at(1)));
  round.named = 0;
  round.retry = 1;
  CHECK(choice.next(round, at(1)) == 0);
  CHECK(choice.next(round, at(1)) == 1);
  CHECK_FALSE(choice.next(round, at(1)));
}

TEST_CASE("a host that is not admitted is passed over, and one that comes back is not suspected") {
  HostChoice choice(Redundancy::active_active, 2, Duration::ms(100));
  choice.ended(0, at(0), at(0), Verdict::bad);
  choice.admit(0, false, at(1));
  choice.admit(1, false, at(1));
  CHECK_FALSE(choice.any(at(500)));
  auto round = round_of(0);
  CHECK_FALSE(choice.next(round, at(500)));
  choice.admit(0, true, at(2));
  choice.admit(2, true, at(2));
  round = round_of(2);
  CHECK(choice.next(round, at(3)) == 2);
  CHECK(choice.next(round, at(3)) == 0);
  CHECK_FALSE(choice.next(round, at(3)));
}

TEST_CASE("callers of a host stay with one member for as long as it answers") {
  StickyChoice choice(3);
  const auto ask = [&](Round& round, Verdict verdict) {
    round.named = 0;
    const int member = choice.next(round, at(0)).value();
    CHECK_FALSE(choice.next(round, at(0)));
    round.at = member;
    round.verdict = verdict;
    choice.heard(round);
    return member;
  };
  const auto from = [](std::uint32_t caller) {
    Round round;
    round.caller = caller;
    return round;
  };
  Round first = from(7);  // 7 mod 3
  CHECK(ask(first, Verdict::good) == 1);
  // It cannot, but lives: this question leaves it, the host's next one does not.
  CHECK(ask(first, Verdict::good) == 2);
  Round next = from(7);
  CHECK(ask(next, Verdict::bad) == 1);
  CHECK(ask(next, Verdict::bad) == 2);
  // Two that failed with the same member move on once; another host's callers do not at all.
  Round a = from(7);
  Round b = from(7);
  a.named = b.named = 0;
  a.at = choice.next(a, at(0)).value();
  b.at = choice.next(b, at(0)).value();
  CHECK(a.at == 0);
  CHECK(b.at == 0);
  a.verdict = b.verdict = Verdict::bad;
  choice.heard(a);
  choice.heard(b);
  Round c = from(7);
  CHECK(ask(c, Verdict::good) == 1);
  Round other = from(4);
  CHECK(ask(other, Verdict::good) == 1);
  choice.admit(1, false, at(0));
  Round d = from(4);
  CHECK(ask(d, Verdict::good) == 2);
}

}  // namespace
}  // namespace headroom::calls
