#include "sim/metrics/difference.h"

#include <catch2/catch.hpp>
#include <optional>
#include <vector>

namespace headroom::metrics {
namespace {

using Values = std::vector<std::optional<double>>;

}  // namespace

TEST_CASE("pairs: by hand") {
  // Differences 1, 2, 3, 4, 5: mean 3, standard deviation sqrt(2.5), t(4; 97.5 %) = 2.776445.
  const Values a = {10, 20, 30, 40, 50};
  const Values b = {11, 22, 33, 44, 55};
  const Difference d = paired_difference(a, b);
  CHECK(*d.mean == Approx(3));
  const double half = 2.776445 * 1.5811388 / 2.2360680;
  CHECK(d.ci95->low == Approx(3 - half).epsilon(1e-6));
  CHECK(d.ci95->high == Approx(3 + half).epsilon(1e-6));
  CHECK(*d.p == Approx(0.0132356).epsilon(1e-4));  // t = 4.2426, 4 degrees of freedom
  // What pairs have in common does not count: unpaired, the same data say nothing.
  CHECK(*sample_difference(a, b).p > 0.5);
}

TEST_CASE("pairs: order of the sides, missing values, too few") {
  const Values a = {1.0, std::nullopt, 3.0, 4.0};
  const Values b = {2.0, 5.0, std::nullopt, 6.0};
  const Difference d = paired_difference(a, b);  // differences 1 and 2
  CHECK(*d.mean == Approx(1.5));
  CHECK(d.ci95->high - d.ci95->low == Approx(2 * 12.7062047 * 0.5).epsilon(1e-6));
  CHECK(*paired_difference(b, a).mean == Approx(-1.5));
  CHECK(*paired_difference(b, a).p == Approx(*d.p));
  const Difference one = paired_difference(Values{1.0}, Values{3.0});
  CHECK(*one.mean == 2);
  CHECK_FALSE(one.ci95);
  CHECK_FALSE(one.p);
  CHECK_FALSE(paired_difference(Values{std::nullopt}, Values{3.0}).mean);
}

TEST_CASE("what differs always by the same amount differs for certain") {
  const Difference price = paired_difference(Values{48, 48, 48}, Values{43.2, 43.2, 43.2});
  CHECK(*price.mean == Approx(-4.8));
  CHECK(*price.p == 0);
  const Difference equal = paired_difference(Values{0.1, 0.7}, Values{0.1, 0.7});
  CHECK(*equal.mean == 0);
  CHECK(*equal.p == 1);
  const Difference rounding = paired_difference(Values{0.3, 0.3}, Values{0.1 + 0.2, 0.1 + 0.2});
  CHECK(*rounding.mean == 0);
  CHECK(*rounding.p == 1);
}

TEST_CASE("independent samples: by hand") {
  // Means 2 and 5, variances 1 and 10/3, so squared errors 1/3 and 5/6. Degrees of freedom
  // (7/6)^2 / ((1/3)^2/2 + (5/6)^2/3) = 4.741935; t = 3 / sqrt(7/6) = 2.777460.
  const Values a = {1, 2, 3};
  const Values b = {3, 4, 6, 7};
  const Difference d = sample_difference(a, b);
  CHECK(*d.mean == Approx(3));
  CHECK(*d.p == Approx(0.0413474).epsilon(1e-4));
  CHECK((d.ci95->low + d.ci95->high) / 2 == Approx(3));
  CHECK(d.ci95->low > 0);
  CHECK_FALSE(sample_difference(Values{1}, b).ci95);
}

TEST_CASE("two intervals are joined as if independent") {
  const Difference d = interval_difference(10, Interval{7, 13}, 15, Interval{11, 19});
  CHECK(*d.mean == 5);
  CHECK(d.ci95->low == Approx(0));
  CHECK(d.ci95->high == Approx(10));
  CHECK(*d.p == Approx(0.05));
  CHECK_FALSE(interval_difference(10, std::nullopt, 15, Interval{11, 19}).p);
}

TEST_CASE("many comparisons: Holm's example") {
  // Sorted: 0.005 <= 0.05/4, 0.011 <= 0.05/3, 0.02 <= 0.05/2, 0.04 <= 0.05/1.
  CHECK(holm({0.01, 0.04, 0.03, 0.005}, 0.05) == std::vector<bool>{true, false, false, true});
  CHECK(holm({0.005, 0.011, 0.02, 0.04}, 0.05) == std::vector<bool>{true, true, true, true});
  CHECK(holm({0.02, 0.0251, 0.9}, 0.05) == std::vector<bool>{false, false, false});
  CHECK(holm({}, 0.05).empty());
}

TEST_CASE("differences that overflow are not known") {
  const Values huge = {1e308, -1e308, 1e308};
  const Values small = {1.0, 2.0, 3.0};
  for (const Difference& d :
       {paired_difference(huge, small), sample_difference(huge, small),
        interval_difference(1e308, Interval{-1e308, 1e308}, -1e308, Interval{-1e308, 1e308})}) {
    CHECK_FALSE(d.mean);
    CHECK_FALSE(d.ci95);
    CHECK_FALSE(d.p);
  }
  // Variances of which the squares would overflow: the degrees of freedom are as of the same numbers,
  // smaller.
  const Difference large = sample_difference(Values{1e150, 2e150, 3e150}, Values{4e150, 6e150, 9e150});
  const Difference same = sample_difference(Values{1.0, 2.0, 3.0}, Values{4.0, 6.0, 9.0});
  CHECK(*large.p == Approx(*same.p));
  CHECK(large.ci95->low == Approx(same.ci95->low * 1e150));
}

}  // namespace headroom::metrics
