#include "sim/report/time_series.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "sim/report/csv.h"
#include "sim/report/figures.h"
#include "tests/report/sample.h"

namespace headroom::report {
namespace {

TEST_CASE("the time series covers warm-up, window and drain, and says what is measured") {
  const TimeSeries series = time_series(sample_run());
  REQUIRE(series.t.size() == 104);
  CHECK(series.measured[9] == 0);
  CHECK(series.measured[10] == 1);
  CHECK(series.measured[99] == 1);
  CHECK(series.measured[100] == 0);
  const auto& offered = *series.find("offered");
  const auto& answered = *series.find("answered");
  const auto& yield = *series.find("yield");
  CHECK(yield[45] == Approx(answered[45] / offered[45]));
  CHECK(yield[45] < 0.98);
  CHECK(std::isnan(yield[100]));
}

TEST_CASE("harvest is the share of the answer that answered requests got, and unknown if nobody counted") {
  Run run = sample_run();
  const TimeSeries series = time_series(run);
  const auto& harvest = *series.find("harvest");
  const auto& partial = *series.find("partial");
  const auto& answered = *series.find("answered");
  CHECK(partial[45] > 0);
  CHECK(harvest[45] == Approx(1 - partial[45] / answered[45] / 2));  // partial answers are half of one here
  CHECK(harvest[5] == 1);
  CHECK(std::isnan(harvest[100]));

  std::erase_if(run.result.series.columns, [](const auto& c) { return c.name == "renditions.delivered"; });
  const TimeSeries unknown = time_series(run);
  CHECK(std::isnan((*unknown.find("harvest"))[20]));
  CHECK((*unknown.find("yield"))[20] > 0.99);
}

TEST_CASE("what others than abusers got is told and drawn apart") {
  Run run = sample_run();
  CHECK(time_series(run).find("others.yield") == nullptr);
  std::vector<double> offered(run.result.series.rows, 10), answered(run.result.series.rows, 9);
  answered[50] = 2;
  run.result.series.columns.push_back({"others.offered", true, offered});
  run.result.series.columns.push_back({"others.answered", true, answered});
  const FigureData drawn{run.scenario, time_series(run), latency_curves(run.result.latency), {}};
  CHECK((*drawn.series.find("others.yield"))[50] == .2);
  CHECK(std::isnan((*drawn.series.find("others.yield"))[100]));
  const auto charts = figures(drawn);
  REQUIRE(charts[0].file == "yield_harvest");
  CHECK(charts[0].curves.back().name == "yield of those who are no abusers");
  CHECK(charts[0].curves.back().y[50] == Approx(20));
}

TEST_CASE("a fault that strikes very often is one band in figures") {
  Run run = sample_run();
  const auto bands = [&](int strikes) {
    run.faults.clear();
    for (int i = 0; i < strikes; ++i)
      run.faults.push_back({"crash group/a", TimePoint::at(Duration::ms(20'000 + 500 * i)),
                            TimePoint::at(Duration::ms(20'100 + 500 * i))});
    run.faults.push_back({"flush auth", TimePoint::at(Duration::s(30)), TimePoint::at(Duration::s(30))});
    const auto charts = figures({run.scenario, time_series(run), latency_curves(run.result.latency), {}});
    std::vector<Chart::Span> faults;
    for (const auto& span : charts.at(0).spans)
      if (span.kind == Chart::Span::Kind::fault) faults.push_back(span);
    return faults;
  };
  CHECK(bands(50).size() == 51);
  const auto often = bands(70);
  REQUIRE(often.size() == 2);
  CHECK(often[0].name == "crash group/a, again and again");
  CHECK(often[0].begin == 20);
  CHECK(often[0].end == Approx(54.6));
  CHECK(often[1].name == "flush auth");
}

TEST_CASE("a slot that the window only touches counts in part") {
  Run run = bare_run();
  run.window = metrics::Window(TimePoint::at(Duration::ms(1250)), Duration::ms(2500));
  const TimeSeries series = time_series(run);
  CHECK(series.measured[0] == 0);
  CHECK(series.measured[1] == 0.75);
  CHECK(series.measured[3] == 0.75);
  CHECK(series.measured[4] == 0);
}

TEST_CASE("timeseries.csv reads back, faults included") {
  const TimeSeries series = time_series(sample_run());
  const std::string csv = to_csv(series);
  CHECK_THAT(csv, Catch::StartsWith("t_s,measured,faults,offered,"));
  CHECK_THAT(csv, Catch::Contains("\n45,1,\"crash rack/a1; partition zone a | zone b, \"\"both\"\"\","));
  auto parsed = parse_time_series(csv);
  REQUIRE(std::holds_alternative<TimeSeries>(parsed));
  const TimeSeries& back = std::get<TimeSeries>(parsed);
  CHECK(to_csv(back) == csv);
  REQUIRE(back.faults.size() == 2);
  CHECK(back.faults[0].begin == TimePoint::at(Duration::s(40)));
  CHECK(back.faults[0].end == TimePoint::at(Duration::s(60)));
  CHECK(back.slot_s == 1);
}

TEST_CASE("without faults there is no such column, and an empty cell is no number") {
  const std::string csv = to_csv(time_series(bare_run()));
  CHECK_THAT(csv, Catch::StartsWith("t_s,measured,latency.p50_ms,") &&
                      Catch::Contains(",offered,answered,yield,harvest\n"));
  CHECK_THAT(csv, !Catch::Contains("nan"));
  CHECK_THAT(csv, Catch::EndsWith(",,\n"));
}

TEST_CASE("a torn or bent CSV is refused with the line") {
  const std::string csv = to_csv(time_series(bare_run()));
  CHECK(std::holds_alternative<Problem>(parse_time_series(csv.substr(0, csv.size() - 4))));
  CHECK(std::holds_alternative<Problem>(parse_time_series("")));
  CHECK(std::holds_alternative<Problem>(parse_time_series("a,b\n1,2\n")));
  CHECK_THAT(std::get<Problem>(parse_time_series("t_s,measured,x\n0,1,2\n1,1,oops\n")).message,
             Catch::Contains("line 3") && Catch::Contains("oops"));
  CHECK_THAT(std::get<Problem>(parse_time_series("t_s,measured,x\n0,1\n")).message,
             Catch::Contains("line 2"));
}

TEST_CASE("the quantile curve rises, per class too, and reads back") {
  const LatencyCurves curves = latency_curves(sample_run().result.latency);
  REQUIRE(curves.classes.size() == 3);
  for (const auto& column : curves.classes) {
    double last = 0;
    for (double y : column.values) {
      if (std::isnan(y)) continue;
      CHECK(y >= last);
      last = y;
    }
  }
  CHECK(std::is_sorted(curves.quantiles.begin(), curves.quantiles.end()));
  CHECK(std::adjacent_find(curves.quantiles.begin(), curves.quantiles.end()) == curves.quantiles.end());
  const std::string csv = to_csv(curves);
  CHECK_THAT(csv, Catch::StartsWith("quantile,latency_ms,latency_ms <64KB,latency_ms >=1MB\n") &&
                      Catch::Contains("\n0.99,") && Catch::Contains("\n0.9999,") && Catch::Contains("\n1,"));
  const auto parsed = parse_latency_curves(csv);
  REQUIRE(std::holds_alternative<LatencyCurves>(parsed));
  CHECK(to_csv(std::get<LatencyCurves>(parsed)) == csv);
}

TEST_CASE("quantiles that too few observations know about are left empty") {
  metrics::Histogram h;
  for (int i = 0; i < 100; ++i) h.record(1'000'000 + i * 10'000);
  const LatencyCurves curves = latency_curves({{"all", h}});
  for (std::size_t i = 0; i < curves.quantiles.size(); ++i) {
    const double q = curves.quantiles[i];
    CAPTURE(q);
    if (q < 0.98) CHECK_FALSE(std::isnan(curves.classes[0].values[i]));
    if (q > 0.992 && q < 1) CHECK(std::isnan(curves.classes[0].values[i]));
    if (q == 1) CHECK(curves.classes[0].values[i] == Approx(1.99));
  }
}

TEST_CASE("figures are those whose data exist") {
  const auto names = [](const std::vector<Chart>& charts) {
    std::vector<std::string> out;
    for (const auto& c : charts) out.push_back(c.file);
    return out;
  };
  const auto data = [](const Run& run) {
    return FigureData{run.scenario,
                      time_series(run),
                      latency_curves(run.result.latency),
                      {{"yield >= 0.999", "", 1.0, true}}};
  };
  const auto full = figures(data(sample_run()));
  CHECK(names(full) == std::vector<std::string>{"yield_harvest", "latency_over_time", "latency_distribution",
                                                "queue", "utilization", "outcomes", "bill"});
  CHECK(names(figures(data(bare_run()))) ==
        std::vector<std::string>{"yield_harvest", "latency_over_time", "latency_distribution"});
  CHECK(figures({}).empty());
  FigureData watched = data(sample_run());
  watched.series.columns.push_back({"up.worker", std::vector<double>(watched.series.t.size(), 40)});
  watched.series.columns.back().values[50] = 38;
  const auto with_members = figures(watched);
  REQUIRE(names(with_members) == std::vector<std::string>{"yield_harvest", "latency_over_time",
                                                          "latency_distribution", "queue", "utilization",
                                                          "members_up", "outcomes", "bill"});
  CHECK(with_members[5].curves.at(0).name == "worker");
  CHECK(with_members[5].curves[0].y.at(50) == 38);
  for (const auto& chart : full) {
    CAPTURE(chart.file);
    CHECK_THAT(chart.caption, Catch::EndsWith("."));
    CHECK_FALSE(chart.x.label.empty());
    CHECK_FALSE(chart.y.label.empty());
  }
  // The objective is drawn, faults and what is not measured are shaded, outcomes that never happened are not
  // shown.
  CHECK(full[0].bounds.at(0).y == Approx(99.9));
  CHECK(full[0].spans.size() == 4);
  CHECK(full[5].curves.size() == 4);
  CHECK(full[3].spans.back().name == "no leader");
  CHECK(full[3].spans.back().begin == Approx(45));

  const auto over = overlay({data(sample_run(1)), data(bare_run())});
  CHECK(names(over) == std::vector<std::string>{"yield", "latency_p99", "queue_depth",
                                                "processing_utilization", "harvest", "unbilled",
                                                "latency_distribution"});
  CHECK(over[0].curves.size() == 2);
  CHECK(over[2].curves.size() == 1);
  // Sums begin at zero and end with what the whole run came to, its last slot included.
  const Run run = sample_run();
  const auto total = [series = time_series(run)](std::string_view name) {
    double sum = 0;
    for (double x : *series.find(name)) sum += x;
    return sum;
  };
  const auto& bill = full[6].curves;
  REQUIRE(bill.size() == 2);
  CHECK(bill[0].y.front() == 0);
  CHECK(bill[0].y.back() * 3600 == Approx(total("usage.actual_cpu_s")));
  CHECK(bill[1].y.back() * 3600 == Approx(total("usage.billed_cpu_s")));
  CHECK(bill[1].x.back() == *full[6].x.high);
}

TEST_CASE("credentials: what they were checked by is stacked, and mistakes are shown if there are any") {
  FigureData data;
  for (int i = 0; i < 20; ++i) {
    data.series.t.push_back(i);
    data.series.measured.push_back(1);
  }
  const auto column = [&](const char* name, double value) {
    data.series.columns.push_back({name, std::vector<double>(20, value)});
  };
  column("auth.by_cache", 70);
  column("auth.by_data_plane", 30);
  column("auth.by_stale", 0);
  column("auth.by_nobody", 0);
  column("auth.denied_valid", 0);
  const auto quiet = figures(data);
  REQUIRE(quiet.size() == 1);
  CHECK(quiet[0].file == "auth");
  CHECK(quiet[0].stacked);
  CHECK(quiet[0].curves.size() == 2);
  column("auth.served_revoked", 3);
  const auto charts = figures(data);
  REQUIRE(charts.size() == 2);
  CHECK(charts[1].file == "auth_mistakes");
  REQUIRE(charts[1].curves.size() == 1);
  CHECK(charts[1].curves[0].y.at(5) == Approx(3));
  CHECK_THAT(charts[1].caption, Catch::EndsWith("."));
}

TEST_CASE("a month is thinned out and nothing gets lost") {
  FigureData data;
  data.series.slot_s = 200;
  TimeSeries::Column offered{"offered", {}}, answered{"answered", {}}, yield{"yield", {}},
      complete{"outcome.complete", {}};
  for (int i = 0; i < 12'960; ++i) {
    data.series.t.push_back(200.0 * i);
    data.series.measured.push_back(1);
    offered.values.push_back(1000);
    answered.values.push_back(i == 6000 ? 0 : 1000);
    complete.values.push_back(answered.values.back());
    yield.values.push_back(answered.values.back() / 1000);
  }
  data.series.columns = {offered, answered, yield, complete};
  const auto charts = figures(data);
  REQUIRE(charts.size() == 2);
  CHECK(charts[0].curves[0].y.size() <= 1200);
  CHECK(*std::min_element(charts[0].curves[0].y.begin(), charts[0].curves[0].y.end()) ==
        Approx(100 * 10.0 / 11));
  CHECK(charts[0].x.label == "simulated time [days]");
  CHECK(*charts[0].x.high == Approx(30));
  CHECK(charts[1].curves[0].y[0] == Approx(5));  // per second
}

TEST_CASE("thousands of faults are read in no time, and each where it was") {
  constexpr int kFaults = 20'000;
  std::string csv = "t_s,measured,faults\n0,1,";
  for (int i = 0; i < kFaults; ++i) csv += (i == 0 ? "f" : "; f") + std::to_string(i);
  csv += "\n1,1,f7; f8\n2,1,\n3,1,f7\n";
  const auto series = std::get<TimeSeries>(parse_time_series(csv));
  REQUIRE(series.faults.size() == kFaults + 1);
  const auto is = [](const Band& band, const char* name, int begin, int end) {
    return band.name == name && band.begin == TimePoint::at(Duration::s(begin)) &&
           band.end == TimePoint::at(Duration::s(end));
  };
  CHECK(is(series.faults[7], "f7", 0, 2));
  CHECK(is(series.faults[9], "f9", 0, 1));
  CHECK(is(series.faults.back(), "f7", 3, 4));
}

}  // namespace
}  // namespace headroom::report
