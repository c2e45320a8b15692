#include "sim/world/alteration.h"

#include <catch2/catch.hpp>
#include <optional>
#include <utility>

namespace headroom::world {
namespace {

TEST_CASE("an alteration is undone once, by whoever holds it last") {
  int undone = 0;
  {
    Alteration kept;
    {
      Alteration first([&] { ++undone; });
      kept = std::move(first);
    }
    CHECK(undone == 0);
    Alteration moved(std::move(kept));
    CHECK(undone == 0);
  }
  CHECK(undone == 1);
}

TEST_CASE("one that is replaced is undone when its place goes") {
  int undone = 0;
  {
    Alteration place([&] { undone += 1; });
    place = Alteration([&] { undone += 10; });
    CHECK(undone == 1);
  }
  CHECK(undone == 11);
}

TEST_CASE("things are altered in the order in which the ways came, whichever goes first") {
  Alterable<double> all;
  CHECK(all.empty());
  std::optional<Alteration> twice = all.add([](double& x) { x *= 2; });
  std::optional<Alteration> plus = all.add([](double& x) { x += 1; });
  double x = 3;
  all.apply(x);
  CHECK(x == 7);
  twice.reset();
  all.apply(x);
  CHECK(x == 8);
  plus.reset();
  all.apply(x);
  CHECK(x == 8);
  CHECK(all.empty());
}

}  // namespace
}  // namespace headroom::world
