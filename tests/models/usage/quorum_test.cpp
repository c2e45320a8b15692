#include "models/usage/quorum.h"

#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

namespace headroom::usage {
namespace {

using Copies = std::vector<WriteQuorum::Copy>;
const auto kAllUp = [](int) { return true; };

TEST_CASE("a write goes to all homes and is done at W of them") {
  const std::vector<int> preference = {4, 1, 3, 0, 2};
  WriteQuorum quorum(preference, 3, 2, true);
  CHECK(quorum.begin(kAllUp) == Copies{{4, -1}, {1, -1}, {3, -1}});
  quorum.acknowledged(3);
  quorum.acknowledged(3);  // a duplicate counts once
  CHECK_FALSE(quorum.reached());
  quorum.acknowledged(4);
  CHECK(quorum.reached());
  CHECK_FALSE(quorum.settled());
  quorum.acknowledged(1);
  CHECK(quorum.settled());
}

TEST_CASE("the next hosts stand in for homes that are down, and for those that stay silent") {
  const std::vector<int> preference = {4, 1, 3, 0, 2};
  WriteQuorum quorum(preference, 3, 3, true);
  CHECK(quorum.begin([](int h) { return h != 1; }) == Copies{{4, -1}, {0, 1}, {3, -1}});
  quorum.acknowledged(4);
  CHECK(quorum.waiting() == std::vector<int>{0, 3});
  CHECK(quorum.give_up(kAllUp) == Copies{{2, 1}});  // for 0, which stood in for 1; nobody is left for 3
  CHECK(quorum.take_unserved() == std::vector<int>{3});
  CHECK(quorum.take_unserved().empty());
  CHECK(quorum.impossible());
  quorum.acknowledged(3);  // late, and welcome
  quorum.acknowledged(2);
  CHECK(quorum.reached());
}

TEST_CASE("a strict quorum has no stand-ins") {
  const std::vector<int> preference = {0, 1, 2, 3};
  WriteQuorum quorum(preference, 3, 2, false);
  CHECK(quorum.begin([](int h) { return h == 0; }) == Copies{{0, -1}});
  CHECK(quorum.take_unserved() == std::vector<int>{1, 2});
  CHECK(quorum.impossible());
}

TEST_CASE("a read asks homes only") {
  const std::vector<int> homes = {2, 0, 1};
  ReadQuorum quorum(homes, 2);
  CHECK(quorum.begin([](int h) { return h != 0; }) == std::vector<int>{2, 1});
  CHECK(quorum.answered(1));
  CHECK_FALSE(quorum.answered(1));
  CHECK_FALSE(quorum.answered(0));  // was not asked
  CHECK_FALSE(quorum.reached());
  CHECK(quorum.answered(2));
  CHECK(quorum.who_answered() == std::vector<int>{1, 2});
  ReadQuorum few(homes, 2);
  CHECK(few.begin([](int h) { return h == 2; }) == homes);  // too few believed up: try all
  few.answered(0);
  few.give_up();
  CHECK(few.impossible());
}

TEST_CASE("a write's books: whatever happens, W different hosts acknowledged what is called done") {
  CHECK(rc::check([] {
    const int hosts = *rc::gen::inRange(1, 8);
    const int homes = *rc::gen::inRange(1, hosts + 1);
    const int w = *rc::gen::inRange(1, homes + 1);
    const bool sloppy = *rc::gen::arbitrary<bool>();
    std::vector<int> preference;
    for (int h = 0; h < hosts; ++h) preference.push_back(h);
    const auto down = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, hosts));
    const auto up = [&](int h) { return std::find(down.begin(), down.end(), h) == down.end(); };
    WriteQuorum quorum(preference, homes, w, sloppy);
    std::set<int> asked, served, done;
    const auto note = [&](const Copies& copies) {
      for (const auto& c : copies) {
        RC_ASSERT(asked.insert(c.host).second);  // nobody is asked twice
        RC_ASSERT(up(c.host));
        RC_ASSERT(c.stands_in_for < homes);
        RC_ASSERT((c.stands_in_for < 0) == (c.host < homes));
        served.insert(c.stands_in_for < 0 ? c.host : c.stands_in_for);
      }
      for (const int home : quorum.take_unserved()) served.insert(home);
    };
    note(quorum.begin(up));
    // A copy, or a hint, for every home.
    RC_ASSERT(static_cast<int>(served.size()) == homes);
    for (const bool answer : *rc::gen::container<std::vector<bool>>(rc::gen::arbitrary<bool>())) {
      const auto waiting = quorum.waiting();
      RC_ASSERT(quorum.settled() == waiting.empty());
      if (waiting.empty()) break;
      if (answer) {
        quorum.acknowledged(waiting.front());
        done.insert(waiting.front());
      } else {
        note(quorum.give_up(up));
      }
      RC_ASSERT(quorum.reached() == (static_cast<int>(done.size()) >= w));
      RC_ASSERT(quorum.impossible() == (static_cast<int>(done.size() + quorum.waiting().size()) < w));
    }
  }));
}

TEST_CASE("suspected is who left a question unanswered and said nothing since") {
  const auto at = [](int s) { return TimePoint::at(Duration::s(s)); };
  Suspicion suspicion(3);
  CHECK_FALSE(suspicion.heard(1, at(5)));
  CHECK_FALSE(suspicion.silent(1, at(4)));  // it was heard after that
  CHECK(suspicion.up(1));
  CHECK(suspicion.silent(1, at(6)));
  CHECK_FALSE(suspicion.silent(1, at(7)));
  CHECK_FALSE(suspicion.up(1));
  CHECK(suspicion.any());
  CHECK(suspicion.heard(1, at(9)));
  CHECK(suspicion.up(1));
  CHECK_FALSE(suspicion.any());
}

}  // namespace
}  // namespace headroom::usage
