#include "sim/report/durations.h"

#include <catch2/catch.hpp>
#include <variant>

namespace headroom::report {
namespace {

metrics::Durations sample() {
  metrics::Durations d{"store.consistent_after", {}, {{"a paper: 99.9 %", 2, .999}}};
  d.histogram.record(0, 900);
  d.histogram.record(100'000, 90);
  d.histogram.record(3'000'000, 10);
  return d;
}

TEST_CASE("a duration's curve begins at 0 and ends when all is observed") {
  const auto curves = duration_curves({sample(), {"never", {}, {}}});
  REQUIRE(curves.size() == 1);
  const DurationCurve& c = curves[0];
  CHECK(c.ms.front() == 0);
  CHECK(c.share.front() == .9);
  CHECK(c.share.back() == 1);
  CHECK(c.ms.back() == Approx(3).epsilon(.15));
  CHECK(c.ms[1] == Approx(.1).epsilon(.15));  // nothing is to be seen between 0 and that
  for (std::size_t i = 1; i < c.ms.size(); ++i) {
    CHECK(c.ms[i] > c.ms[i - 1]);
    CHECK(c.share[i] >= c.share[i - 1]);
    CHECK(c.share[i] == (c.ms[i] < .099 ? .9 : c.ms[i] < 2.9 ? .99 : c.ms[i] > 3.1 ? 1 : c.share[i]));
  }
}

TEST_CASE("durations.csv reads back as it was written") {
  const auto curves = duration_curves({sample()});
  const std::string csv = to_csv(curves);
  const auto back = parse_duration_curves(csv);
  REQUIRE(std::holds_alternative<std::vector<DurationCurve>>(back));
  CHECK(to_csv(std::get<std::vector<DurationCurve>>(back)) == csv);
  CHECK(std::holds_alternative<Problem>(parse_duration_curves("duration,ms\n")));
  CHECK(std::holds_alternative<Problem>(parse_duration_curves("duration,ms,share,published\na,b,c,\n")));
}

TEST_CASE("the figure marks what was published, and draws 0 at the left end of its axis") {
  auto durations = sample();
  durations.published.push_back({"a paper: at 0 ms", 0, .9});
  const auto drawn = chart(duration_curves({durations})[0]);
  REQUIRE(drawn);
  REQUIRE(drawn->curves.size() == 3);
  CHECK(drawn->x.logarithmic);
  CHECK(drawn->curves[0].y.front() == 90);
  CHECK(drawn->curves[1].x == std::vector<double>{2});
  CHECK(drawn->curves[1].y == std::vector<double>{99.9});
  CHECK(drawn->curves[2].x == std::vector<double>{*drawn->x.low});
  durations.name = "unheard of";
  CHECK_FALSE(chart(duration_curves({durations})[0]));
}

}  // namespace
}  // namespace headroom::report
