#include "sim/metrics/tracer.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <numeric>
#include <set>
#include <vector>

namespace headroom::metrics {
namespace {

class TestClock final : public Clock {
 public:
  TimePoint now() const override { return date; }
  TimePoint date;
};

constexpr std::uint64_t kAll = 20'000;

/// Every seventh fails; the others take as many microseconds as a number that is theirs alone.
TracedRequest::About about(std::uint64_t number) {
  TracedRequest::About a;
  a.number = number;
  a.sent = TimePoint::at(Duration::ms(static_cast<std::int64_t>(number)));
  a.answered = number % 7 != 0;
  a.ended = a.sent + Duration::us(static_cast<std::int64_t>(number * 7919 % kAll) + 1);
  a.outcome = a.answered ? "complete" : "late";
  return a;
}

struct Chosen {
  std::set<std::uint64_t> slowest, failed, drawn;
  friend bool operator==(const Chosen&, const Chosen&) = default;
};

Chosen choose(std::uint64_t seed, const std::vector<std::uint64_t>& order) {
  Tracer tracer(StreamKey(seed), 100);
  const TestClock clock;
  tracer.start(clock);
  for (const std::uint64_t number : order) {
    RequestTracePtr trace = tracer.begin();
    tracer.ended(trace, about(number));
  }
  tracer.stop();
  CHECK(tracer.most_at_once() <= 301);
  Chosen chosen;
  const Trace trace = tracer.take();
  CHECK(trace.answered + trace.failed == static_cast<std::int64_t>(order.size()));
  for (const TracedRequest& r : trace.requests) {
    if (r.slowest) chosen.slowest.insert(r.about.number);
    if (r.failed) chosen.failed.insert(r.about.number);
    if (r.drawn) chosen.drawn.insert(r.about.number);
  }
  return chosen;
}

std::vector<std::uint64_t> in_order() {
  std::vector<std::uint64_t> order(kAll);
  std::iota(order.begin(), order.end(), 0);
  return order;
}

}  // namespace

TEST_CASE("of all requests a tracer keeps the slowest, some that failed, and some at random") {
  const Chosen chosen = choose(1, in_order());
  std::vector<std::pair<Duration, std::uint64_t>> answered;
  for (std::uint64_t n = 0; n < kAll; ++n)
    if (const auto a = about(n); a.answered) answered.emplace_back(a.ended - a.sent, n);
  std::sort(answered.rbegin(), answered.rend());
  std::set<std::uint64_t> slowest;
  for (std::size_t i = 0; i < 100; ++i) slowest.insert(answered[i].second);
  CHECK(chosen.slowest == slowest);
  CHECK(chosen.failed.size() == 100);
  CHECK(std::all_of(chosen.failed.begin(), chosen.failed.end(), [](auto n) { return n % 7 == 0; }));
  CHECK(chosen.drawn.size() == 100);
}

TEST_CASE("what a tracer keeps does not depend on the order in which requests end") {
  const Chosen chosen = choose(1, in_order());
  std::vector<std::uint64_t> order = in_order();
  std::reverse(order.begin(), order.end());
  CHECK(choose(1, order) == chosen);
  Engine shuffle = StreamKey(3).engine();
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[uniform_below(shuffle, i)]);
  CHECK(choose(1, order) == chosen);
  CHECK(choose(2, order).drawn != chosen.drawn);
}

TEST_CASE("every request is as likely to be drawn") {
  // 100 seeds draw 100 of 20 000 each: a tenth of the requests is drawn 1000 times, with a standard deviation
  // of 30.
  std::vector<int> drawn(10), failed(10);
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Chosen chosen = choose(seed, in_order());
    for (const std::uint64_t n : chosen.drawn) ++drawn[n * 10 / kAll];
    for (const std::uint64_t n : chosen.failed) ++failed[n * 10 / kAll];
  }
  for (int tenth = 0; tenth < 10; ++tenth) {
    INFO("tenth " << tenth);
    CHECK(drawn[static_cast<std::size_t>(tenth)] == Approx(1000).margin(150));
    CHECK(failed[static_cast<std::size_t>(tenth)] == Approx(1000).margin(150));
  }
}

TEST_CASE("a tracer with few requests keeps them all") {
  const Chosen chosen = choose(1, {0, 1, 2, 7, 8});
  CHECK(chosen.slowest == std::set<std::uint64_t>{1, 2, 8});
  CHECK(chosen.failed == std::set<std::uint64_t>{0, 7});
  CHECK(chosen.drawn == std::set<std::uint64_t>{0, 1, 2, 7, 8});
}

TEST_CASE("spans are those of the request that they are of, though traces are used again") {
  Tracer tracer(StreamKey(1), 1);
  TestClock clock;
  tracer.start(clock);
  for (int n = 0; n < 10; ++n) {
    RequestTracePtr trace = tracer.begin();
    for (int i = 0; i <= n; ++i) {
      clock.date = clock.date + Duration::ms(1);
      const auto span = trace->begin(Step::conversion, static_cast<std::uint32_t>(n), 0, i);
      clock.date = clock.date + Duration::ms(2);
      trace->end(span, "first");
      trace->end(span, "second");
    }
    TracedRequest::About a = about(static_cast<std::uint64_t>(n));
    a.answered = true;
    a.ended = a.sent + Duration::ms(n == 4 ? 100 : n);  // the fifth is the slowest
    tracer.ended(trace, a);
  }
  const Trace trace = tracer.take();
  for (const TracedRequest& r : trace.requests) {
    INFO("request " << r.about.number);
    CHECK(r.spans.size() == r.about.number + 1);
    for (std::size_t i = 0; i < r.spans.size(); ++i) {
      CHECK(r.spans[i].host == r.about.number);
      CHECK(r.spans[i].rendition == static_cast<int>(i));
      CHECK(r.spans[i].end - r.spans[i].begin == Duration::ms(2));
      CHECK(std::string(r.spans[i].note) == "first");
    }
  }
  const auto slowest = std::find_if(trace.requests.begin(), trace.requests.end(),
                                    [](const TracedRequest& r) { return r.slowest; });
  REQUIRE(slowest != trace.requests.end());
  CHECK(slowest->about.number == 4);
}

TEST_CASE("what is not over ends with its request, or with the run") {
  Tracer tracer(StreamKey(1));
  TestClock clock;
  tracer.start(clock);
  RequestTracePtr trace = tracer.begin();
  trace->begin(Step::send, 1, 0, 0);
  clock.date = TimePoint::at(Duration::s(5));
  TracedRequest::About a = about(1);
  a.ended = clock.date;
  tracer.ended(trace, a);
  REQUIRE(trace);  // is kept, and goes on
  clock.date = TimePoint::at(Duration::s(7));
  const auto late = trace->begin(Step::conversion, 2, 0, 0);
  clock.date = TimePoint::at(Duration::s(9));
  tracer.stop();
  trace->end(late, nullptr);  // too late: the clock may be gone
  CHECK(trace->begin(Step::answer, 2, 0, 0) == RequestTrace::kNone);
  const Trace kept = tracer.take();
  REQUIRE(kept.requests.size() == 1);
  const auto& spans = kept.requests[0].spans;
  REQUIRE(spans.size() == 2);
  CHECK(spans[0].end == TimePoint::at(Duration::s(5)));
  CHECK(spans[1].end == TimePoint::at(Duration::s(9)));
  CHECK(std::string(spans[0].note) == "not over");
}

TEST_CASE("a request has at most so many spans") {
  Tracer tracer(StreamKey(1));
  const TestClock clock;
  tracer.start(clock);
  RequestTracePtr trace = tracer.begin();
  for (std::size_t i = 0; i < RequestTrace::kMostSpans + 3; ++i)
    trace->end(trace->begin(Step::conversion, 1, 0, 0), nullptr);
  tracer.ended(trace, about(1));
  const Trace kept = tracer.take();
  REQUIRE(kept.requests.size() == 1);
  CHECK(kept.requests[0].spans.size() == RequestTrace::kMostSpans);
  CHECK(kept.requests[0].left_out == 3);
}

}  // namespace headroom::metrics
