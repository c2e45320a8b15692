#include "sim/report/durations.h"

#include <catch2/catch.hpp>
#include <string>
#include <variant>
#include <vector>

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
  // Times and shares that cannot be: an axis that is logarithmic has no place for them.
  for (const char* row : {"a,-1,0.5,", "a,1,1.1,", "a,1,-0.1,", "a,,0.5,", "a,1,,", "a,inf,1,", "a,nan,1,"}) {
    CAPTURE(row);
    CHECK(std::holds_alternative<Problem>(
        parse_duration_curves(std::string("duration,ms,share,published\n") + row + "\n")));
  }
}

TEST_CASE("a curve of which all is at 0 is drawn, too") {
  const auto curves = std::get<std::vector<DurationCurve>>(
      parse_duration_curves("duration,ms,share,published\nelection.took,0,0.5,\nelection.took,0,1,\n"));
  const auto drawn = chart(curves.at(0));
  REQUIRE(drawn);
  CHECK(*drawn->x.low == 1);
  CHECK(*drawn->x.high == 10);
  std::vector<std::string> files;
  gnuplot_script({*drawn}, files);  // once, the marks of an axis from 0 were counted for ever
  CHECK(files.size() == 2);
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
