#include "sim/metrics/result.h"

#include <boost/random/exponential_distribution.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "sim/base/random.h"
#include "sim/metrics/slo.h"
#include "tests/metrics/named.h"

namespace headroom::metrics {
namespace {

const Window kWindow(TimePoint::at(Duration::s(10)), Duration::s(64));

ReplicationResult sample(std::uint64_t seed) {
  Engine engine = (StreamKey(1) / "sample").engine_for(seed);
  boost::random::exponential_distribution<double> exponential(1.0);
  BatchSum offered, answered, nothing;
  BatchHistogram latency;
  Tally wait;
  for (int i = 0; i < 64'000; ++i) {
    const int b = i / 1000;
    offered.add(b);
    if (uniform01(engine) < 0.001) continue;
    answered.add(b);
    const double ms = exponential(engine) * 100;
    latency.record(b, Duration::from_ns(ms * 1e6));
    wait.add(b, ms / 3);
  }
  TimeAverage depth(kWindow, 3);
  depth.finish(TimePoint::at(Duration::s(80)));
  ResultBuilder builder(kWindow);
  builder.share(test::metric("yield"), answered, offered);
  builder.total(test::metric("requests.offered"), offered);
  builder.rate(test::metric("throughput_rps"), answered);
  builder.mean(test::metric("wait_mean_ms"), wait);
  builder.mean(test::metric("latency.mean_ms"), latency, 1e-6);
  builder.quantile(test::metric("latency.p99_ms"), latency, 0.99, 1e-6);
  builder.maximum(test::metric("latency.max_ms"), latency, 1e-6);
  builder.time_average(test::metric("depth_mean"), depth);
  builder.time_total(test::metric("depth_seconds"), depth);
  builder.constant(test::metric("cost.usd_per_hour"), 48.1);
  builder.ratio(test::metric("harvest"), nothing, nothing);
  builder.none(test::metric("usage.billing_error"));
  builder.invariant("nothing lost", true, 64'000);
  builder.latency("all", latency);

  Journal journal(4);
  for (int i = 0; i < 9; ++i) {
    journal.record(TimePoint::at(Duration::ns(i)), "crash", "host/worker-1",
                   {{"n", i}, {"why", "power"}, {"x", 0.1}, {"planned", true}});
  }
  builder.journal(journal);
  Series series(Duration::s(4));
  series.counter(test::column("offered")).add(TimePoint(), static_cast<std::int64_t>(seed));
  series.quantiles(test::latencies());
  builder.series(series.finish(TimePoint::at(Duration::s(2 + static_cast<std::int64_t>(seed)))));
  builder.bookkeeping(123'456, Duration::ms(75'500));
  return std::move(builder).build();
}

const MetricValue& metric(const ReplicationResult& r, const std::string& name) {
  for (const auto& m : r.metrics) {
    if (m.name == name) return m;
  }
  FAIL("no metric " << name);
  throw 0;
}

TEST_CASE("metrics say what was recorded") {
  const ReplicationResult r = sample(0);
  CHECK(*metric(r, "yield").value == Approx(0.999).margin(0.0005));
  CHECK(*metric(r, "requests.offered").value == 64'000);
  CHECK(*metric(r, "throughput_rps").value == Approx(1000 * *metric(r, "yield").value));
  CHECK(*metric(r, "latency.mean_ms").value == Approx(100).epsilon(0.03));
  CHECK(*metric(r, "wait_mean_ms").value == Approx(*metric(r, "latency.mean_ms").value / 3).epsilon(1e-6));
  CHECK(*metric(r, "latency.p99_ms").value == Approx(460.5).epsilon(0.04));
  CHECK(*metric(r, "depth_mean").value == Approx(3));
  CHECK(*metric(r, "depth_seconds").value == Approx(192));
  CHECK_FALSE(metric(r, "harvest").value);
  CHECK_FALSE(metric(r, "usage.billing_error").value);
  const StudyResult study = merge({r});
  CHECK_FALSE(study.find("latency.max_ms")->ci95);
  CHECK(study.find("cost.usd_per_hour")->ci95 == Interval{48.1, 48.1});
  CHECK(r.measured_s == 64);
}

TEST_CASE("within one run the interval of a quantile covers the truth 95 % of the time") {
  int covered = 0;
  double width = 0;
  constexpr int kRuns = 200;
  for (std::uint64_t seed = 0; seed < kRuns; ++seed) {
    const auto ci = *merge({sample(seed)}).find("latency.p99_ms")->ci95;
    covered += ci.low <= 460.517 * 1.004 && 460.517 * 0.996 <= ci.high;
    width += (ci.high - ci.low) / 2 / kRuns;
  }
  CHECK(covered >= 180);  // 95 % of 200 is 190; standard error 3
  // Theory: 1.96·√(q(1−q)/n)/f(x), f(x) = 0.01/100 ms; wider, as the variance is but estimated.
  const double theory = 1.96 * std::sqrt(0.99 * 0.01 / 64'000) / 1e-4;
  CHECK(width > theory);
  CHECK(width < 1.6 * theory);
}

TEST_CASE("a quantile beyond what the observations can show has no interval") {
  BatchHistogram few;
  for (int b = 0; b < kBatches; ++b) few.record(b, 1000 + b);
  ResultBuilder builder(kWindow);
  builder.quantile(test::metric("p99_9"), few, 0.999);
  const StudyResult study = merge({std::move(builder).build()});
  CHECK(study.metrics[0].mean);
  CHECK_FALSE(study.metrics[0].ci95);
  CHECK(*study.metrics[0].would_do_s > 64);
}

TEST_CASE("a result survives the pipe to the last bit") {
  ReplicationResult r = sample(1);
  Evidence odd;
  odd.kind = Evidence::Kind::ratio;
  odd.batches.numerator.fill(-0.0);
  odd.batches.denominator = {0.1 + 0.2, -1e-310, 1.7976931348623157e308, 9007199254740993.0};
  r.metrics.push_back({"odd", 0.1 + 0.2, odd});
  const std::string bytes = serialise(r);
  const auto back = deserialise(bytes);
  REQUIRE(back);
  CHECK(serialise(*back) == bytes);
  REQUIRE(back->metrics.size() == r.metrics.size());
  for (std::size_t i = 0; i < r.metrics.size(); ++i) {
    CHECK(back->metrics[i].name == r.metrics[i].name);
    CHECK(back->metrics[i].value == r.metrics[i].value);
    const Evidence& sent = r.metrics[i].evidence;
    const Evidence& got = back->metrics[i].evidence;
    CHECK(got.kind == sent.kind);
    CHECK(got.range == sent.range);
    CHECK(got.counts == sent.counts);
    CHECK(got.scale == sent.scale);
    CHECK(got.q == sent.q);
    CHECK(got.batches.numerator == sent.batches.numerator);
    CHECK(got.batches.denominator == sent.batches.denominator);
    CHECK(got.above_wider == sent.above_wider);
    CHECK(got.curve == sent.curve);
  }
  CHECK(back->latency[0].histogram == r.latency[0].histogram);
  CHECK(back->journal == r.journal);
  CHECK(back->journal_left_out == 5);
  CHECK(std::isnan(back->series.find("latency.p99_ms")->values[0]));
  CHECK(back->series.find("offered")->values[0] == 1);
  CHECK(back->events == 123'456);
}

TEST_CASE("a torn or foreign message is refused") {
  const std::string bytes = serialise(sample(0));
  CHECK_FALSE(deserialise(std::string_view(bytes).substr(0, bytes.size() / 2)));
  CHECK_FALSE(deserialise(""));
  CHECK_FALSE(deserialise("hello"));
  CHECK_FALSE(deserialise("\x9b@-------"));  // CBOR: an array of more than 2^62 elements
  CHECK_FALSE(deserialise(bytes + "x"));
  // A number where a whole one is due, which would be converted, whatever comes of it.
  nlohmann::json j = nlohmann::json::from_cbor(bytes);
  for (const char* key : {"events", "rows", "slot_ns", "journal_left_out"}) {
    CAPTURE(key);
    nlohmann::json bent = j;
    bent[key] = 1e300;
    std::string packed;
    nlohmann::json::to_cbor(bent, packed);
    CHECK_FALSE(deserialise(packed));
  }
}

TEST_CASE("replications merge into means, sums and averages, in the order given") {
  const StudyResult study = merge({sample(1), sample(2)});
  CHECK(study.replications == 2);
  CHECK(study.intervals == IntervalSource::batch_means);
  const StudyMetric* yield = study.find("yield");
  CHECK(*yield->mean == Approx((*yield->values[0] + *yield->values[1]) / 2));
  CHECK(yield->ci95->low < *yield->mean);
  CHECK_FALSE(study.find("harvest")->mean);
  CHECK(study.find("absent") == nullptr);
  CHECK(study.invariants[0].holds);
  CHECK(study.invariants[0].checked == 128'000);
  CHECK(study.latency[0].histogram.count() > 127'000);
  CHECK(study.journal.size() == 8);
  CHECK(study.journal[4].replication == 2);
  CHECK(study.journal_left_out == 10);
  // The second ran a second longer.
  CHECK(study.series.rows == 4);
  CHECK(study.series.find("offered")->values == std::vector<double>{1.5, 0, 0, 0});
  CHECK(study.events == 246'912);
}

TEST_CASE("what happens in a row that only some replications have is shared by all") {
  ReplicationResult one, two;
  one.series = {Duration::s(1), 2, {{"billed", true, {0, 10}}, {"level", false, {1, 1}}}};
  two.series = {Duration::s(1), 3, {{"billed", true, {0, 0, 10}}, {"level", false, {1, 1, 4}}}};
  const StudyResult study = merge({one, two});
  CHECK(study.series.find("billed")->values == std::vector<double>{0, 5, 5});
  CHECK(study.series.find("level")->values == std::vector<double>{1, 1, 4});
}

TEST_CASE("of a single run the interval comes from its batches") {
  const StudyResult study = merge({sample(1)});
  CHECK(study.intervals == IntervalSource::batch_means);
  CHECK(study.find("yield")->ci95->high > *study.find("yield")->mean);
}

TEST_CASE("a metric or invariant that fails once is not hidden by the others") {
  ReplicationResult good = sample(1), bad = sample(2);
  bad.invariants[0].holds = false;
  bad.invariants[0].detail = "job 7 lost";
  bad.metrics.erase(bad.metrics.begin());
  const StudyResult study = merge({good, bad, good});
  CHECK_FALSE(study.invariants[0].holds);
  CHECK(study.invariants[0].detail == "replication 2: job 7 lost");
  CHECK_FALSE(study.find("yield")->values[1]);
  CHECK(study.find("yield")->ci95);
}

TEST_CASE("objectives are judged in the direction of their metric") {
  const StudyResult study = merge({sample(1), sample(2)});
  const auto verdicts = evaluate({{"yield", 0.99, Better::higher},
                                  {"yield", 0.9999, Better::higher},
                                  {"latency.p99_ms", 500, Better::lower},
                                  {"latency.p99_ms", 100.5, Better::lower},
                                  {"harvest", 0.5, Better::higher},
                                  {"uptime", 0.5, Better::higher}},
                                 study);
  CHECK(verdicts[0].objective == "yield >= 0.99");
  CHECK(verdicts[0].met);
  CHECK_FALSE(verdicts[1].met);
  CHECK(verdicts[2].objective == "latency.p99_ms <= 500");
  CHECK(verdicts[2].met);
  CHECK(verdicts[3].objective == "latency.p99_ms <= 100.5");
  CHECK_FALSE(verdicts[3].met);
  CHECK_FALSE(verdicts[4].met);
  CHECK_FALSE(verdicts[4].value);
  CHECK_FALSE(verdicts[5].met);
}

}  // namespace
}  // namespace headroom::metrics
