#include "sim/study/search.h"

#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <set>
#include <vector>

namespace headroom::study {
namespace {

/// Servers from `first` on, of which the load needs `need`: 1 each, as long as they are.
std::vector<Candidate> servers(int first, int last, double load) {
  std::vector<Candidate> all;
  for (int c = first; c <= last; ++c)
    all.push_back({static_cast<double>(c), {c - first}, (c - load) / std::sqrt(load), c <= load});
  return all;
}

struct Found {
  std::optional<std::size_t> answer;
  int tested = 0;
};
Found find(Search& search, const std::function<Told(std::size_t)>& truth) {
  Found found;
  while (const auto next = search.next()) {
    REQUIRE(found.tested < static_cast<int>(search.size()));
    REQUIRE_FALSE(search.told(*next));
    search.tell(*next, truth(*next));
    ++found.tested;
  }
  found.answer = search.answer();
  return found;
}

TEST_CASE("the fewest servers that hold are found with few tested") {
  // Wherever the edge is, of 41 sizes at most 12 are looked at.
  for (const double load : {23.5, 30.0, 37.0, 50.0}) {
    for (int edge = static_cast<int>(load) + 1; edge <= 64; ++edge) {
      Search search(servers(24, 64, load), {true});
      const Found found = find(search, [&](std::size_t i) {
        return 24 + static_cast<int>(i) >= edge ? Told::holds : Told::misses;
      });
      INFO("load " << load << ", edge " << edge);
      if (edge < 24)
        CHECK(found.answer == 0u);
      else
        CHECK(found.answer == static_cast<std::size_t>(edge - 24));
      CHECK(found.tested <= 12);
    }
  }
}

TEST_CASE("what arithmetic rules out is not tested, and none may hold") {
  Search search(servers(24, 64, 70), {true});
  CHECK_FALSE(search.next());
  CHECK_FALSE(search.answer());
  Search some(servers(24, 64, 40), {true});
  const Found found = find(some, [](std::size_t) { return Told::misses; });
  CHECK_FALSE(found.answer);
  // The largest rules out all others.
  CHECK(found.tested <= 6);
  CHECK(some.told(40) == Told::misses);
}

TEST_CASE("the neighbour with one more is tested, too") {
  Search search(servers(24, 64, 30), {true});
  find(search, [](std::size_t i) { return i >= 10 ? Told::holds : Told::misses; });
  CHECK(search.answer() == 10u);
  CHECK(search.told(9) == Told::misses);
  CHECK(search.told(11) == Told::holds);
  CHECK(search.neighbour(10, 0, -1) == 9u);
  CHECK_FALSE(search.neighbour(40, 0, +1));
}

TEST_CASE("where more makes it worse, nothing is ruled out any more") {
  // 34 and from 38 on hold; 35 does not: one step more than the answer.
  const auto truth = [](std::size_t i) { return i == 10 || i >= 14 ? Told::holds : Told::misses; };
  Search search(servers(24, 64, 33), {true});
  const Found found = find(search, truth);
  if (search.contradiction()) CHECK(found.answer == 10u);
  // And if it is found, all that is cheaper was tested.
  for (std::size_t i = 0; i < *found.answer && search.contradiction(); ++i)
    CHECK((search.told(i) || search.candidate(i).overloaded));
}

TEST_CASE("an undecided one is no answer, and is named if it is cheaper") {
  Search search(servers(24, 64, 30), {true});
  const auto truth = [](std::size_t i) {
    return i == 12 ? Told::undecided : i > 12 ? Told::holds : Told::misses;
  };
  const Found found = find(search, truth);
  CHECK(found.answer == 13u);
  CHECK(search.undecided() == std::vector<std::size_t>{12});
}

TEST_CASE("the cheapest of a random monotone grid is found, of all prices") {
  CHECK(rc::check("cheapest", [] {
    const int width = *rc::gen::inRange(1, 12), height = *rc::gen::inRange(1, 8);
    const int price_x = *rc::gen::inRange(0, 5), price_y = *rc::gen::inRange(0, 5);
    // A staircase: with y of the one, so many of the other are needed.
    std::vector<int> need;
    int at = *rc::gen::inRange(0, width + 2);
    for (int y = 0; y < height; ++y) {
      need.push_back(at);
      at = std::max(0, at - *rc::gen::inRange(0, 3));
    }
    const bool directed = *rc::gen::arbitrary<bool>();
    std::vector<Candidate> all;
    for (int x = 0; x < width; ++x)
      for (int y = 0; y < height; ++y)
        // Arithmetic that knows nothing: slack is no help.
        all.push_back({static_cast<double>(x * price_x + y * price_y),
                       {x, y},
                       static_cast<double>(*rc::gen::inRange(0, 5)),
                       false});
    const auto holds = [&](std::size_t i) {
      return all[i].rank[0] >= need[static_cast<std::size_t>(all[i].rank[1])];
    };
    Search search(all, {directed, true});
    int tested = 0;
    while (const auto next = search.next()) {
      RC_ASSERT(!search.told(*next));
      search.tell(*next, holds(*next) ? Told::holds : Told::misses);
      RC_ASSERT(++tested <= static_cast<int>(all.size()));
    }
    std::optional<double> cheapest;
    for (std::size_t i = 0; i < all.size(); ++i)
      if (holds(i)) cheapest = std::min(cheapest.value_or(1e9), all[i].objective);
    RC_ASSERT(search.answer().has_value() == cheapest.has_value());
    if (cheapest) RC_ASSERT(all[*search.answer()].objective == *cheapest);
    RC_ASSERT(!search.contradiction());
  }));
}

TEST_CASE("exhaustive: all are tested that arithmetic does not rule out") {
  Search search(servers(24, 64, 30), {true}, true);
  const Found found = find(search, [](std::size_t i) { return i >= 10 ? Told::holds : Told::misses; });
  CHECK(found.answer == 10u);
  CHECK(found.tested == 64 - 30);
}

TEST_CASE("an error is shared out so that all looks at all points stay below it") {
  double sum = 0;
  for (std::size_t point = 1; point <= 100'000; ++point)
    for (int look = 1; look <= kLastLook; ++look) sum += error_at(0.05, point);
  CHECK(sum < 0.05);
  CHECK(sum > 0.0498);
  CHECK(replications_at(1) == 4);
  CHECK(replications_at(2) == 6);
  CHECK(replications_at(3) == 8);
  CHECK(replications_at(kLastLook) == 1024);
}

}  // namespace
}  // namespace headroom::study
