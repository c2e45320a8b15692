#include "sim/report/chart.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <limits>
#include <string>

#include "sim/report/gnuplot.h"
#include "tests/report/temporary_folder.h"

namespace headroom::report {
namespace {

namespace fs = std::filesystem;

/// Another PATH for a test.
class Path {
 public:
  explicit Path(const std::string& path) : before_(getenv("PATH")) { setenv("PATH", path.c_str(), 1); }
  Path(const Path&) = delete;
  Path& operator=(const Path&) = delete;
  ~Path() { setenv("PATH", before_.c_str(), 1); }

 private:
  std::string before_;
};

Chart simple() {
  Chart chart;
  chart.file = "simple";
  chart.title = "Simple";
  chart.x.label = "x";
  chart.y.label = "y";
  chart.curves.push_back({"a", {0, 1, 2}, {1, std::numeric_limits<double>::quiet_NaN(), 3}, {}, {}});
  return chart;
}

std::string text(const fs::path& file) {
  return std::get<std::string>(read_file(file));
}

TEST_CASE("each chart becomes an SVG and a PNG, and nothing else stays") {
  TemporaryFolder folder;
  REQUIRE_FALSE(draw({simple()}, folder.path()));
  CHECK(folder.entries() == 2);
  CHECK_THAT(text(folder.path() / "simple.svg"), Catch::Contains("<svg") && Catch::EndsWith("</svg>\n\n"));
  CHECK_THAT(text(folder.path() / "simple.png"), Catch::StartsWith("\x89PNG"));
}

TEST_CASE("names cannot break out of the drawing") {
  TemporaryFolder folder;
  Chart chart = simple();
  chart.title = "'; system('touch hacked') # `touch hacked` \"\nset output 'hacked' <b>&";
  chart.curves[0].name = "<64KB & 'more' \\";
  chart.spans.push_back({"crash 'x'\n$curve0", 0.5, 1.5});
  const auto problem = draw({chart}, folder.path());
  if (problem) FAIL(problem->message);
  CHECK(folder.entries() == 2);
  CHECK_THAT(text(folder.path() / "simple.svg"), Catch::Contains("&lt;64KB &amp; ’more’"));
}

TEST_CASE("a text is a text wherever it stands") {
  TemporaryFolder folder;
  Chart chart = simple();
  const std::string odd = "5% %s %g %% {a}^2_b @c \\n $d";
  chart.title = chart.x.label = chart.y.label = chart.curves[0].name = odd;
  chart.x.ticks = {{0, odd}, {1, "b"}};
  chart.y.ticks = {{1, odd}};
  chart.curves[0].labels = {odd, "", ""};
  chart.bounds.push_back({odd, 2});
  chart.spans.push_back({odd, 0.5, 1.5});
  const auto problem = draw({chart}, folder.path());
  if (problem) FAIL(problem->message);
  const std::string drawn = text(folder.path() / "simple.svg");
  std::size_t count = 0;
  for (std::size_t at = drawn.find("5% %s %g %% {a}^2_b @c"); at != std::string::npos;
       at = drawn.find("5% %s %g %% {a}^2_b @c", at + 1))
    ++count;
  CHECK(count >= 8);  // title, two axes, curve, two ticks, bound, span; labels lose what would end them
}

TEST_CASE("bands, bounds, stacks, one point, constants and nothing at all can be drawn") {
  TemporaryFolder folder;
  Chart band = simple();
  band.file = "band";
  band.curves[0].low = {0.5, 1, 2};
  band.curves[0].high = {1.5, 2, 4};
  band.curves[0].points = true;
  band.bounds.push_back({"objective", 2});
  Chart stack = simple();
  stack.file = "stack";
  stack.stacked = true;
  stack.curves.push_back({"b", {0, 1, 2}, {1, 1, 1}, {}, {}});
  Chart point = simple();
  point.file = "point";
  point.y.logarithmic = true;
  point.curves[0] = {"one", {5}, {7}, {}, {}};
  Chart zero = simple();
  zero.file = "zero";
  zero.curves[0].y = {0, 0, 0};
  Chart nothing = simple();
  nothing.file = "nothing";
  nothing.curves[0].y.assign(3, std::numeric_limits<double>::quiet_NaN());
  const auto problem = draw({band, stack, point, zero, nothing}, folder.path());
  if (problem) FAIL(problem->message);
  CHECK(folder.entries() == 8);
  CHECK_FALSE(fs::exists(folder.path() / "nothing.svg"));
}

TEST_CASE("an axis of percentages begins where it shows more, and tells an objective from 100 %") {
  const auto from = [](double lowest, double objective) {
    Chart chart = simple();
    chart.curves[0].y = {lowest, 100, 100};
    if (objective > 0) chart.bounds.push_back({"objective", objective});
    percent_axis(chart);
    return chart;
  };
  CHECK(*from(30, 99.9).y.low == 0);
  CHECK(*from(96, 0).y.low == 95);
  CHECK(*from(100, 0).y.low == 99.8);  // without an objective noise is not made large
  CHECK(*from(99.99, 99.9).y.low == 99.8);
  const Chart nines = from(99.9999, 99.9999);
  CHECK(*nines.y.low == Approx(99.999).epsilon(1e-12));
  REQUIRE(nines.y.ticks.size() == 6);
  CHECK(nines.y.ticks[4].label == "99.9998");
  CHECK(nines.y.ticks[5].label == "100");
  CHECK_THAT(nines.y.label, Catch::Contains("axis from 99.999 %"));
  CHECK(*from(99.95, 99.9999).y.low == 99.9);  // all that is drawn is to be seen
}

TEST_CASE("an axis of shares runs in nines where they come near 100 %") {
  const auto axis = [](const std::vector<double>& y, double objective) {
    Chart chart = simple();
    chart.y.label = "yield [%]";
    chart.curves[0].y = y;
    if (objective > 0) chart.bounds.push_back({"objective", objective});
    share_axis(chart);
    return chart;
  };
  CHECK(axis({50, 99, 99.99}, 99.9).y.nines);
  CHECK(axis({50, 99, 99.99}, 99.9).y.label == "yield [%], in nines");
  CHECK(axis({100, 100, 100}, 99.9).y.nines);
  CHECK(axis({92, 99, 99.5}, 0).y.nines);
  CHECK_FALSE(axis({50, 80, 97}, 99.9).y.nines);  // nothing comes near it
  CHECK_FALSE(axis({50, 99, 99.99}, 0).y.nines);  // nothing near 100 % is promised
  CHECK_FALSE(axis({50, 99, 99.99}, 95).y.nines);
  CHECK_FALSE(axis({99.9, 100, 100}, 0).y.nines);  // noise is not made large
  CHECK(*axis({99.9, 100, 100}, 0).y.low == 99.8);
  CHECK_FALSE(axis({100, 100, 100}, 0).y.nines);
}

TEST_CASE("nines are as far apart as each other, and 100 % has its place above them") {
  Chart chart = simple();
  chart.curves[0] = {"a", {0, 1, 2, 3}, {90, 99, 99.9, 100}, {80, 98, 99.8, 100}, {95, 99.5, 100, 100}};
  chart.bounds.push_back({"objective", 99.9});
  chart.y.nines = true;
  const auto script = [&] {
    std::vector<std::string> files;
    return gnuplot_script({chart}, files);
  };
  const std::string text = script();
  CHECK_THAT(text, Catch::Contains("'90' 1, ") && Catch::Contains("'99' 2, ") &&
                       Catch::Contains("'99.9' 3, ") && Catch::Contains("'100' 4)") &&
                       !Catch::Contains("'99.99'"));
  // −log10 of what is lost; an interval that reaches 100 % ends there.
  CHECK_THAT(text, Catch::Contains("\n0 1 0.69897") && Catch::Contains("\n3 4 4 4\n"));
  const double place = std::stod(text.substr(text.find("\n2 ") + 3));
  CHECK(place == Approx(3).epsilon(1e-9));
  chart.curves[0].y = {99.9999, 99.99995, 100, 100};
  chart.bounds.clear();
  CHECK_THAT(script(), Catch::Contains("'99.9999' 6, ") && Catch::Contains("'100' 7)"));
  // Everything at 100 %, nothing above, nothing below.
  chart.curves[0].y = {100, 100, 100, 100};
  CHECK_THAT(script(), Catch::Contains("'100' 1)"));
  chart.curves[0].y = {0, -1, 100, std::numeric_limits<double>::quiet_NaN()};
  CHECK_THAT(script(), Catch::Contains("'0' 0, ") && Catch::Contains("\n1 0 "));
  TemporaryFolder folder;
  const auto problem = draw({chart}, folder.path());
  if (problem) FAIL(problem->message);
  CHECK(folder.entries() == 2);
}

TEST_CASE("a map of cells has an edge where what holds meets what does not") {
  Chart chart;
  chart.file = "map";
  chart.title = "it's a map, 50 % {a}_b";
  chart.cells.emplace();
  chart.cells->columns = 3;
  chart.cells->value = {1, 2, 3, 4, std::numeric_limits<double>::quiet_NaN(), 6};
  chart.cells->holds = {true, true, false, true, std::nullopt, true};
  chart.cells->texts = {"a", "b", "5 % {x}", "", "", "\"q\""};
  std::vector<std::string> files;
  const std::string script = gnuplot_script({chart}, files);
  // Between the second and the third below, and between the third below and the third above; not beside what
  // is unknown.
  CHECK_THAT(script, Catch::Contains("$edge << END\n1.5 -0.5 0 1\n1.5 0.5 1 0\nEND\n"));
  CHECK_THAT(script, Catch::Contains("$hatched << END\n2 0 1.5 2.5 -0.5 0.5\nEND\n"));
  CHECK_THAT(script, Catch::Contains("$blank << END\n1 1 0.5 1.5 0.5 1.5\nEND\n"));
  TemporaryFolder folder;
  const auto draws = [&] {
    const auto problem = draw({chart}, folder.path());
    if (problem) FAIL(problem->message);
    return folder.entries() == 2;
  };
  CHECK(draws());
  chart.cells->dark_is_low = true;
  chart.cells->scale.logarithmic = true;
  CHECK(draws());
  chart.cells->value = {5, 5, 5, 5, 5, 5};
  CHECK(draws());
  chart.cells->holds.clear();
  chart.cells->texts.clear();
  CHECK(draws());
  chart.cells->scale.logarithmic = false;
  chart.cells->scale.nines = true;
  chart.cells->value = {100, 100, 99, 50, 0, 100};
  CHECK(draws());
  chart.cells->columns = 1;
  CHECK(draws());
}

TEST_CASE("without gnuplot the problem says so") {
  TemporaryFolder folder;
  const Path path("/nonexistent");
  const auto problem = draw({simple()}, folder.path());
  REQUIRE(problem);
  CHECK_THAT(problem->message, Catch::Contains("not found") && Catch::Contains("install"));
  CHECK(folder.entries() == 0);
}

TEST_CASE("what gnuplot complains about is passed on") {
  TemporaryFolder folder;
  const auto problem = run_gnuplot("set nonsense\n", folder.path(), 10);
  REQUIRE(problem);
  CHECK_THAT(problem->message, Catch::Contains("gnuplot failed") && Catch::Contains("line 1"));
  CHECK(folder.entries() == 0);
}

TEST_CASE("a gnuplot that hangs is stopped") {
  TemporaryFolder folder, bin;
  std::ofstream(bin.path() / "gnuplot") << "#!/bin/sh\nexec /bin/sleep 600\n";
  chmod((bin.path() / "gnuplot").c_str(), 0755);
  const Path path(bin.path().string());
  const auto begin = std::chrono::steady_clock::now();
  const auto problem = run_gnuplot("", folder.path(), 1);
  REQUIRE(problem);
  CHECK_THAT(problem->message, Catch::Contains("did not finish"));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
}

TEST_CASE("a gnuplot that writes nothing is not believed") {
  TemporaryFolder folder, bin;
  std::ofstream(bin.path() / "gnuplot") << "#!/bin/sh\nexit 0\n";
  chmod((bin.path() / "gnuplot").c_str(), 0755);
  const Path path(bin.path().string());
  const auto problem = draw({simple()}, folder.path());
  REQUIRE(problem);
  CHECK_THAT(problem->message, Catch::Contains("simple.svg"));
}

TEST_CASE("axes that cannot be drawn are left out, and their marks come to an end") {
  Chart chart;
  chart.file = "odd";
  chart.y.logarithmic = true;
  const auto files = [&] {
    std::vector<std::string> all;
    gnuplot_script({chart}, all);
    return all.size();
  };
  chart.curves = {{"a", {1, 2}, {1, 10}, {}, {}}};
  CHECK(files() == 2);
  chart.curves = {{"a", {1, 2}, {1e-300, 1e300}, {}, {}}};  // every decade has a mark
  CHECK(files() == 2);
  chart.curves = {
      {"a", {1, 2}, {1, 1.7e308}, {}, {}}};  // with its margin the axis would end beyond all numbers
  CHECK(files() == 0);
  chart.x.logarithmic = true;
  chart.x.low = 0;
  chart.curves = {{"a", {1, 2}, {1, 10}, {}, {}}};
  CHECK(files() == 2);
}

}  // namespace
}  // namespace headroom::report
