#include "sim/report/page.h"

#include <catch2/catch.hpp>
#include <regex>

#include "sim/report/html.h"
#include "sim/report/journal_lines.h"
#include "tests/report/sample.h"
#include "tests/report/temporary_folder.h"

namespace headroom::report {
namespace {

Chart named(const std::string& file) {
  Chart chart;
  chart.file = file;
  chart.title = "Title of " + file;
  chart.caption = "Caption of " + file + ".";
  chart.x.label = chart.y.label = "x";
  chart.curves.push_back({"a", {0, 1}, {0, 1}, {}, {}});
  return chart;
}

TEST_CASE("the page refers to nothing outside of itself and runs nothing") {
  TemporaryFolder folder;
  REQUIRE_FALSE(draw({named("one"), named("two")}, folder.path()));
  const std::string page = html(sample_run(), {named("one"), named("two"), named("missing")}, folder.path());
  CHECK_THAT(page, !Catch::Contains("http:") && !Catch::Contains("https:") && !Catch::Contains("<script") &&
                       !Catch::Contains("<link") && !Catch::Contains("url(") && !Catch::Contains("@import"));
  const std::regex source("(src|href)=\"([^\"]{0,30})");
  int images = 0;
  for (std::sregex_iterator it(page.begin(), page.end(), source), end; it != end; ++it) {
    CHECK_THAT((*it)[2].str(), Catch::StartsWith("data:image/svg+xml;base64,"));
    ++images;
  }
  CHECK(images == 2);
  CHECK_THAT(page, Catch::Contains("Caption of two.") && !Catch::Contains("Caption of missing."));
}

TEST_CASE("the page says what a reader needs") {
  const std::string page = html(sample_run(), {}, "/nonexistent");
  CHECK_THAT(page, Catch::StartsWith("<!DOCTYPE html>") && Catch::EndsWith("</html>\n"));
  CHECK_THAT(page,
             Catch::Contains("while half of the fleet is down?") && Catch::Contains("class=\"answer no\""));
  CHECK_THAT(page, Catch::Contains("yield &gt;= 0.999") && Catch::Contains("missed"));
  CHECK_THAT(page, Catch::Contains("title=\"Answered requests as a share of offered ones.\""));
  CHECK_THAT(page, Catch::Contains("host/worker-7") && Catch::Contains("term 2, leader queue-2"));
  CHECK_THAT(page, Catch::Contains("no acknowledged job lost") && Catch::Contains("holds"));
  CHECK_THAT(page, Catch::Contains("intervals from the batches of 3 replications, pooled"));
  CHECK_THAT(page, Catch::Contains("headroom plot"));  // how to get the figures that are missing
  CHECK_THAT(html(bare_run(), {}, ""),
             Catch::Contains("cut into 64 batches") && Catch::Contains("class=\"answer open\""));
}

TEST_CASE("names from the scenario cannot become markup") {
  Run run = sample_run();
  run.scenario = "<script>alert('x')</script>";
  run.question = "a & b <img src=http://evil>";
  run.result.journal[0].event.subject = "<b>bold</b>";
  const std::string page = html(run, {}, "");
  CHECK_THAT(page, !Catch::Contains("<script") && !Catch::Contains("<img") && !Catch::Contains("<b>"));
  CHECK_THAT(page, Catch::Contains("a &amp; b &lt;img"));
}

TEST_CASE("figures can be exchanged in a page, and only in a page of ours") {
  TemporaryFolder folder;
  const std::string page = html(sample_run(), {}, folder.path());
  REQUIRE_FALSE(draw({named("one")}, folder.path()));
  CHECK(with_figures(page, {named("one")}, folder.path()) ==
        html(sample_run(), {named("one")}, folder.path()));
  CHECK_FALSE(with_figures("<html></html>", {named("one")}, folder.path()));
}

TEST_CASE("the journal is one object per line and says what it left out") {
  const Run run = sample_run();
  metrics::Event odd{
      TimePoint::at(Duration::ms(1)), "kind", "sub\"ject\n", {{"kind", "own"}, {"x", 1.0 / 0.0}}};
  auto events = run.result.journal;
  events.push_back({2, odd});
  const std::string lines = journal_lines(events, 17);
  CHECK_THAT(lines,
             Catch::Contains(R"({"t_s":45.9,"replication":1,"kind":"election","subject":"queue","term":2,)"
                             R"("leader":"queue-2","took_ms":213.4})"
                             "\n"));
  CHECK_THAT(lines, Catch::Contains(R"({"t_s":0.001,"replication":2,"kind":"kind","subject":"sub\"ject\n",)"
                                    R"("detail":{"kind":"own"},"x":null})"));
  CHECK_THAT(lines, Catch::EndsWith("{\"left_out\":17}\n"));
  CHECK(journal_lines({}, 0).empty());
}

}  // namespace
}  // namespace headroom::report
