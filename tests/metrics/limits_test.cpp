#include "sim/metrics/limits.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace headroom::metrics {
namespace {

Window window(double begin_s, double length_s) {
  return {TimePoint::at(Duration::from_seconds(begin_s)), Duration::from_seconds(length_s)};
}

Use use(const std::string& name, std::vector<double> share, Duty duty = Duty::serves) {
  Use u;
  u.id = u.name = name;
  u.duty = duty;
  u.share = std::move(share);
  return u;
}

Use tier(const std::string& name, std::vector<double> share, std::vector<double> alive, int members) {
  Use u = use(name, std::move(share));
  u.alive = std::move(alive);
  u.members = members;
  return u;
}

std::vector<Limit> worst(const std::vector<std::vector<Use>>& replications, const Window& w) {
  std::vector<const std::vector<Use>*> pointers;
  for (const auto& r : replications) pointers.push_back(&r);
  return worst_minutes(pointers, w);
}

TEST_CASE("a window is cut into cells of a second, or of five if it is longer than a minute") {
  CHECK(Cells(window(10, 15)).count() == 15);
  CHECK(Cells(window(10, 15)).in_a_minute() == 15);
  CHECK(Cells(window(10, .25)).count() == 1);
  CHECK(Cells(window(0, 180)).count() == 36);
  CHECK(Cells(window(0, 180)).in_a_minute() == 12);
  CHECK(Cells(window(0, 61)).in_a_minute() == 13);  // 13 cells of 4.69 s
  CHECK(Cells(window(0, 1e9)).count() <= 2001);
  CHECK(Cells(window(0, 1e9)).in_a_minute() == 1);
  const Cells odd(window(1, 100.3));
  CHECK(odd.edge(0) == window(1, 100.3).begin());
  CHECK(odd.edge(odd.count()) == window(1, 100.3).end());
}

TEST_CASE("the worst minute is found wherever it begins, and who was alive then") {
  // 36 cells of 5 s from second 10 on: busy from 50 s to 110 s, when one of three is gone.
  std::vector<double> share(36, .5), alive(36, 3);
  for (std::size_t i = 8; i < 20; ++i) share[i] = .9, alive[i] = 2;
  const auto limits = worst({{tier("api", share, alive, 3)}}, window(10, 180));
  REQUIRE(limits.size() == 1);
  CHECK(limits[0].share == Approx(.9));
  CHECK(limits[0].at_s == 50);
  CHECK(alive_text(limits[0]) == "2 of 3");
}

TEST_CASE("a window of at most a minute is judged as a whole; a mean of the living has a decimal") {
  std::vector<double> share(30, .4), alive(30, 3);
  for (std::size_t i = 0; i < 15; ++i) share[i] = .8, alive[i] = 2;
  const auto limits = worst({{tier("api", share, alive, 3)}}, window(5, 30));
  CHECK(limits[0].share == Approx(.6));
  CHECK(limits[0].at_s == 5);
  CHECK(alive_text(limits[0]) == "2.5 of 3");
}

TEST_CASE("replications are averaged cell by cell before the worst minute is looked for") {
  // Each has a bad minute of its own; together none is that bad.
  std::vector<double> early(24, .2), late(24, .2);
  for (std::size_t i = 0; i < 12; ++i) early[i] = 1, late[12 + i] = 1;
  const auto limits = worst({{use("nic host/a", early)}, {use("nic host/a", late)}}, window(0, 120));
  CHECK(limits[0].share == Approx(.6));
  // What a replication does not name was not used in it.
  CHECK(worst({{use("x", early)}, {}}, window(0, 120))[0].share == Approx(.5));
}

TEST_CASE("of a link the busier direction counts, once") {
  Use up = use("nic host/lb-1", {.3}), down = use("nic host/lb-1", {.7});
  up.id = "nic/lb-1/up";
  down.id = "nic/lb-1/down";
  up.link = down.link = true;
  const auto limits = worst({{up, down, use("api", {.9})}}, window(0, .5));
  REQUIRE(limits.size() == 2);
  CHECK(busiest_link(limits)->name == "nic host/lb-1");
  CHECK(busiest_link(limits)->share == .7);
  CHECK_FALSE(busiest_link(worst({{use("api", {.9})}}, window(0, .5))).has_value());
}

TEST_CASE("what serves fills what holds, so it limits unless what holds is clearly nearer to its bound") {
  const auto named = [](double serves, double holds) {
    return bottleneck(worst({{use("api", {.2}), use("processing", {serves}),
                              use("queue.capacity", {holds}, Duty::holds)}},
                            window(0, .5)))
        ->name;
  };
  CHECK(named(.97, 1) == "processing");
  CHECK(named(.9, 1) == "queue.capacity");
  CHECK(named(.9, .2) == "processing");
  CHECK_FALSE(bottleneck({}).has_value());
  // Equals: who comes first on a request's way.
  CHECK(bottleneck(worst({{use("api", {1}), use("processing", {1})}}, window(0, .5)))->name == "api");
}

TEST_CASE("a tier is saturated if in the second half it was full, but for chance") {
  const auto found = [](std::vector<double> share, double alive = 2) {
    const std::vector<Use> uses = {tier("api", share, std::vector<double>(share.size(), alive), 2)};
    return saturated({&uses}).has_value();
  };
  CHECK(found({.1, .1, 1, 1}));
  CHECK_FALSE(found({1, 1, .9, 1}));
  CHECK(found({.9, .9, .985, 1, 1, .98}));           // no telling it from full
  CHECK_FALSE(found({.9, .9, .99, .99, .99, .99}));  // busy, and surely not full
  CHECK_FALSE(found({1, 1, 1, 1}, 0));               // dead
  const std::vector<Use> link = {use("nic host/queue-2", {1, 1})};
  CHECK_FALSE(saturated({&link}).has_value());
}

}  // namespace
}  // namespace headroom::metrics
