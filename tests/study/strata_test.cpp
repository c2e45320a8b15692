#include "sim/study/strata.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

namespace headroom::study {
namespace {

/// Transients that lost so many requests each, of `members` that there were.
Stratum transients(std::size_t members, const std::vector<double>& lost, double cost = 1) {
  Stratum s;
  s.transient = true;
  s.members.resize(members);
  for (std::size_t i = 0; i < lost.size(); ++i) {
    Representative one;
    one.place = s.place(i);
    one.cost = cost;
    one.found.failed = lost[i];
    one.found.s = 60;
    s.representatives.push_back(one);
  }
  return s;
}

TEST_CASE("representatives are spread evenly over their stratum, however many there are") {
  Stratum s;
  s.start = 0.83;
  for (const std::size_t n : {2UL, 5UL, 13UL, 34UL}) {
    std::vector<int> in_part(n, 0);
    for (std::size_t i = 0; i < n; ++i)
      ++in_part[static_cast<std::size_t>(s.place(i) * static_cast<double>(n))];
    for (const int many : in_part) CHECK(many <= 2);
  }
}

TEST_CASE("stays are found by the time that they last, pieces between two places of it") {
  Stratum s;
  s.cells = {{0, 3, 0, 100}, {0, 1, 0, 300}, {0, 2, 0, 600}};
  s.s = 1000;
  CHECK(s.cell_at(0.05) == std::pair<std::size_t, double>(0, 50));
  CHECK(s.cell_at(0.2).first == 1);
  CHECK(s.cell_at(0.2).second == Approx(100));
  CHECK(s.cell_at(1).first == 2);
  const Stratum piece = s.part(0.25, 0.75);
  CHECK(piece.s == Approx(500));
  REQUIRE(piece.cells.size() == 2);
  CHECK(piece.cells[0].level == 1);
  CHECK(piece.cells[0].before_s == Approx(150));
  CHECK(piece.cells[0].s == Approx(150));
  CHECK(piece.cells[1].before_s == 0);
  CHECK(piece.cells[1].s == Approx(350));
  const Stratum half = transients(11, {}).part(0, 0.5);
  CHECK(half.members.size() + transients(11, {}).part(0.5, 1).members.size() == 11);
}

TEST_CASE(
    "the mean of representatives is as uncertain as they scatter, and never more certain than single "
    "requests") {
  const MeanPerUnit mean = mean_per_unit(transients(100, {10, 20, 30, 40}), &Measured::failed, true);
  CHECK(mean.value == 25);
  CHECK(mean.variance == Approx(500. / 3 / 4));
  CHECK(mean.degrees == 3);
  // Four times exactly 25: by chance alone it would scatter more.
  CHECK(mean_per_unit(transients(100, {25, 25, 25, 25}), &Measured::failed, true).variance ==
        Approx(103. / 16));
  CHECK(mean_per_unit(transients(100, {25, 25, 25, 25}), &Measured::failed, false).variance == 0);
  // None of any: three might have been.
  CHECK(mean_per_unit(transients(100, {0, 0}), &Measured::failed, true).variance == Approx(3. / 4));
}

TEST_CASE("more runs go where they take most off the variance for what they cost") {
  // Ten times the members: a hundred times the variance.
  std::vector<Stratum> strata = {transients(100, {0, 100}), transients(1000, {0, 100})};
  std::vector<std::size_t> more = where_more(strata, &Measured::failed, 9);
  CHECK(more[0] == 0);
  CHECK(more[1] == 9);
  // But not at any price.
  strata[1] = transients(1000, {0, 100}, 1e6);
  CHECK(where_more(strata, &Measured::failed, 9)[0] == 9);
  // Equal ones share.
  more = where_more({transients(100, {0, 100}), transients(100, {0, 100})}, &Measured::failed, 6);
  CHECK(more[0] == 3);
}

TEST_CASE("what happened is worth what the nearest representative is") {
  Stratum s = transients(10, {});
  for (const double place : {0.1, 0.9, 0.45}) {
    Representative one;
    one.place = place;
    one.found.failed = place;
    s.representatives.push_back(one);
  }
  Nearest nearest(s);
  CHECK(nearest.at(0).found.failed == 0.1);
  CHECK(nearest.at(0.27).found.failed == 0.1);
  CHECK(nearest.at(0.28).found.failed == 0.45);
  CHECK(nearest.at(0.99).found.failed == 0.9);
}

TEST_CASE("a window is measured by slots: what failed, in how many minutes too much, and how it ends") {
  metrics::SeriesTable series;
  series.slot = Duration::s(1);
  series.rows = 200;
  std::vector<double> offered(200, 10), answered(200, 10);
  for (std::size_t i = 70; i < 75; ++i) answered[i] = 4;  // in the first minute of the window
  for (std::size_t i = 170; i < 175; ++i) answered[i] = 9;
  series.columns = {{"offered", true, offered}, {"answered", true, answered}};
  const Measured m = measured(series, TimePoint::at(Duration::s(50)), TimePoint::at(Duration::s(185)), 0.98,
                              Duration::s(20));
  CHECK(m.offered == 1350);
  CHECK(m.failed == 35);
  CHECK(m.down_min == 1 + 15. / 60);  // 30 of 600; none of 600; 5 of 150 in a quarter of a minute
  CHECK(m.tail_offered == 200);
  CHECK(m.tail_failed == 5);
  CHECK(m.s == 135);
}

}  // namespace
}  // namespace headroom::study
