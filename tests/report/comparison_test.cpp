#include "sim/report/comparison.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/report/sample.h"

namespace headroom::report {
namespace {

using Catch::Contains;
using Values = std::vector<std::optional<double>>;
using Verdict = Comparison::Verdict;

constexpr metrics::MetricInfo kCatalogue[] = {{"yield", "share", "", metrics::Better::higher},
                                              {"latency.p99_ms", "ms", "", metrics::Better::lower},
                                              {"requests.offered", "count", "", metrics::Better::neither}};

Side side(const std::string& label, const std::map<std::string, Values>& values,
          std::vector<int> numbers = {1, 2, 3}, std::uint64_t seed = 1) {
  Side s;
  s.label = label;
  s.summary.scenario = "sample";
  s.summary.seed = seed;
  s.summary.replications = static_cast<int>(numbers.size());
  s.replications = {std::move(numbers), values};
  for (const auto& [name, all] : values) s.summary.metrics[name] = {*all.front(), std::nullopt};
  return s;
}

const Comparison::Row& row(const Comparison& comparison, const std::string& metric) {
  for (const auto& r : comparison.rows)
    if (r.metric == metric) return r;
  FAIL(metric);
  return comparison.rows.front();
}

Comparison judged_difference(const Side& a, const Side& b) {
  std::vector<Comparison> one = {difference(a, b)};
  judge(one, kCatalogue);
  return one.front();
}

}  // namespace

TEST_CASE("replications of one seed are paired by their numbers") {
  const Side a = side("a", {{"yield", {0.5, 0.6, 0.7}}}, {1, 2, 4});
  const Side b = side("b", {{"yield", {0.61, 0.71, 0.9}}}, {2, 4, 5});
  const Comparison c = judged_difference(a, b);
  CHECK(c.method == Comparison::Method::pairs);
  CHECK(c.samples_a == 2);
  CHECK(*row(c, "yield").difference.mean == Approx(0.01));
  CHECK(row(c, "yield").verdict == Verdict::better);
}

TEST_CASE("other seeds are independent samples; single runs have but their intervals") {
  const Side a = side("a", {{"yield", {0.5, 0.6, 0.7}}});
  CHECK(difference(a, side("b", {{"yield", {0.5, 0.6, 0.7}}}, {1, 2, 3}, 2)).method ==
        Comparison::Method::samples);
  Side one = side("one", {{"yield", {0.5}}}, {1});
  Side other = side("other", {{"yield", {0.6}}}, {1});
  CHECK(difference(one, other).method == Comparison::Method::intervals);
  one.summary.metrics["yield"].ci95 = metrics::Interval{0.49, 0.51};
  other.summary.metrics["yield"].ci95 = metrics::Interval{0.59, 0.61};
  CHECK(row(judged_difference(one, other), "yield").verdict == Verdict::better);
  // Results of earlier versions have no replications.csv.
  one.replications = {};
  CHECK(difference(one, other).method == Comparison::Method::intervals);
}

TEST_CASE("verdicts know which direction is better") {
  const Side a =
      side("a", {{"yield", {0.5, 0.6, 0.7}}, {"latency.p99_ms", {5, 6, 7}}, {"requests.offered", {1, 2, 3}}});
  const Side b =
      side("b", {{"yield", {0.4, 0.5, 0.6}}, {"latency.p99_ms", {4, 5, 6}}, {"requests.offered", {2, 3, 4}}});
  const Comparison c = judged_difference(a, b);
  CHECK(row(c, "yield").verdict == Verdict::worse);
  CHECK(row(c, "latency.p99_ms").verdict == Verdict::different);  // of fewer answers: see below
  CHECK(row(c, "requests.offered").verdict == Verdict::different);
}

TEST_CASE("headline metrics are corrected for their number, others stand alone") {
  std::map<std::string, Values> values_a, values_b;
  for (int i = 0; i < 40; ++i) {
    const std::string name = "m" + std::to_string(i);
    const double noise = i % 2 == 0 ? 1 : -1;
    values_a[name] = {10, 20, 30};
    values_b[name] = {10 + noise, 20 - noise, 30 + noise / 2};
  }
  values_a["yield"] = {10, 20, 30};
  values_b["yield"] = {11, 21.1, 31.2};  // p = 0.003: alone, that is a difference
  const Comparison c = judged_difference(side("a", values_a), side("b", values_b));
  CHECK(row(c, "m7").verdict == Verdict::cannot_tell);
  // Headline metrics are judged together, whatever else there is.
  CHECK(row(c, "yield").verdict == Verdict::better);
  values_a["harvest"] = values_a["latency.p99_ms"] = {10, 20, 30};
  values_b["harvest"] = values_b["latency.p99_ms"] = {11, 21.1, 31.6};  // p = 0.02, of three
  const Comparison three = judged_difference(side("a", values_a), side("b", values_b));
  CHECK(row(three, "yield").verdict == Verdict::better);
  CHECK(row(three, "harvest").verdict == Verdict::different);  // this catalogue knows no direction
  values_b["yield"] = {11, 21.1, 35};                          // p = 0.2
  const Comparison open = judged_difference(side("a", values_a), side("b", values_b));
  CHECK(row(open, "yield").verdict == Verdict::cannot_tell);
}

TEST_CASE("a result against itself is the same in everything") {
  const Run run = sample_run();
  const Side a{"a", summary(run), replications(run)};
  std::vector<Comparison> one = {difference(a, a)};
  const Judgement judgement = judge(one, run.catalogue);
  CHECK(judgement.headline == 0);
  CHECK(judgement.others == 0);
  for (const auto& r : one.front().rows) CHECK(r.identical);
  const std::string text = table(a, a, one.front(), judgement, run.catalogue, false, false);
  CHECK_THAT(text, Contains("the same") && !Contains("better") && !Contains("worse") && !Contains("only in"));
}

TEST_CASE("what is not seen to differ is the same within something small, or cannot be told") {
  const auto word = [](const std::string& metric, const Values& a, const Values& b) {
    const Side of_a = side("a", {{metric, a}}), of_b = side("b", {{metric, b}});
    std::vector<Comparison> one = {difference(of_a, of_b)};
    const Judgement judgement = judge(one, kCatalogue);
    return table(of_a, of_b, one.front(), judgement, kCatalogue, true, false);
  };
  // +4.9 ± 17.8: nobody knows. Half-width 17.8 of 3 replications; to see 4.9, (17.8/4.9)² as many.
  CHECK_THAT(word("latency.p99_ms", {100, 110, 120}, {97, 118, 129.7}),
             Contains("cannot tell (about ") && Contains(" replications would)"));
  // +0.1 ± 0.5 of 100.
  CHECK_THAT(word("latency.p99_ms", {100, 110, 120}, {100.1, 109.9, 120.3}),
             Contains("the same within 0.6 %"));
  // A share: 0.1 points of a yield of 90 % are a hundredth of what failed.
  CHECK_THAT(word("yield", {0.9, 0.9, 0.9}, {0.9001, 0.8999, 0.9003}),
             Contains("the same within 0.06 points"));
  // −43.5 ± 5.6 points: different, and that is that.
  CHECK_THAT(word("yield", {0.95, 0.96, 0.97}, {0.49, 0.53, 0.56}), Contains("different: worse"));
}

TEST_CASE("a latency that improved because fewer were answered is no improvement") {
  const Values p99 = {500, 510, 490}, faster = {300, 305, 296}, good = {0.99, 0.98, 0.99},
               bad = {0.7, 0.68, 0.71};
  const auto compared = [](const Values& yield_a, const Values& p99_a, const Values& yield_b,
                           const Values& p99_b) {
    return judged_difference(side("a", {{"yield", yield_a}, {"latency.p99_ms", p99_a}}),
                             side("b", {{"yield", yield_b}, {"latency.p99_ms", p99_b}}));
  };
  const Comparison shed = compared(good, p99, bad, faster);
  CHECK(row(shed, "latency.p99_ms").verdict == Verdict::different);
  CHECK(row(shed, "latency.p99_ms").of_others);
  CHECK(row(shed, "yield").verdict == Verdict::worse);
  // The other way round it is no deterioration.
  CHECK(row(compared(bad, faster, good, p99), "latency.p99_ms").of_others);
  // Both better, or yield as it was: what it says.
  CHECK(row(compared(bad, p99, good, faster), "latency.p99_ms").verdict == Verdict::better);
  CHECK(row(compared(good, p99, good, faster), "latency.p99_ms").verdict == Verdict::better);
}

TEST_CASE("metrics of one side only are listed") {
  const Side a = side("a", {{"yield", {0.5, 0.6, 0.7}}, {"queue.depth_mean", {1, 2, 3}}});
  const Side b = side("b", {{"yield", {0.4, 0.5, 0.61}}, {"auth.hit_ratio", {1, 2, 3}}});
  const Comparison c = judged_difference(a, b);
  CHECK(c.only_a == std::vector<std::string>{"queue.depth_mean"});
  CHECK(c.only_b == std::vector<std::string>{"auth.hit_ratio"});
  const std::string text = table(a, b, c, {1, 0}, kCatalogue, false, false);
  CHECK_THAT(text, Contains("only in A   queue.depth_mean\n") && Contains("only in B   auth.hit_ratio\n"));
  CHECK_THAT(text, Contains("yield  50  40  -9.7 ± 1.4  %  different: worse\n"));
}

TEST_CASE("a metric that a damaged replications.csv lacks cannot be told") {
  const Side a = side("a", {{"yield", {0.5, 0.6, 0.7}}});
  Side b = side("b", {{"yield", {0.4, 0.5, 0.61}}});
  b.replications.values.clear();
  for (const Comparison& c : {judged_difference(a, b), judged_difference(b, a)}) {
    CHECK(c.method == Comparison::Method::pairs);
    CHECK(row(c, "yield").verdict == Verdict::none);
  }
}

TEST_CASE("replications.csv reads back as what was written") {
  const Run run = sample_run();
  const Replications all = replications(run);
  REQUIRE(all.numbers.size() == static_cast<std::size_t>(run.result.replications));
  const auto parsed = parse_replications(to_csv(all));
  REQUIRE(std::holds_alternative<Replications>(parsed));
  CHECK(std::get<Replications>(parsed).numbers == all.numbers);
  CHECK(std::get<Replications>(parsed).values == all.values);
  for (const char* wrong :
       {"", "x,y\n1,2\n", "replication,y\n1,x\n", "replication,y\n2,1\n1,1\n", "replication\n1"}) {
    INFO(wrong);
    CHECK(std::holds_alternative<Problem>(parse_replications(wrong)));
  }
}

TEST_CASE("numbers too large to be compared are said to be unknown") {
  const Side a = side("a", {{"latency.p99_ms", {1e308, -1e308, 1e308}}});
  for (const std::uint64_t seed : {1, 2}) {
    const Comparison c =
        judged_difference(a, side("b", {{"latency.p99_ms", {1.0, 2.0, 3.0}}}, {1, 2, 3}, seed));
    CHECK(row(c, "latency.p99_ms").verdict == Verdict::none);
    CHECK_THAT(table(a, a, c, Judgement{}, kCatalogue, true, false), Contains("latency.p99_ms"));
  }
  // They cannot come from us, and are not read.
  for (const char* number : {"inf", "-inf", "nan", "1e999"}) {
    CAPTURE(number);
    CHECK(std::holds_alternative<Problem>(
        parse_replications(std::string("replication,yield\n1,") + number + "\n")));
  }
}

}  // namespace headroom::report
