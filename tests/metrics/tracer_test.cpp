#include "sim/metrics/tracer.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace headroom::metrics {
namespace {

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

/// Its end.
void end(Tracer& tracer, TraceId& trace, const TracedRequest::About& a) {
  const auto latency = a.answered ? std::optional(a.ended - a.sent) : std::nullopt;
  if (TracedRequest::About* known = tracer.ended(trace, a.number, latency)) *known = a;
}

struct Chosen {
  std::set<std::uint64_t> slowest, failed, drawn;
  friend bool operator==(const Chosen&, const Chosen&) = default;
};

Chosen choose(std::uint64_t seed, const std::vector<std::uint64_t>& order) {
  Tracer tracer(StreamKey(seed), 100);
  const TimePoint now;
  tracer.start(now);
  for (const std::uint64_t number : order) {
    TraceId trace = tracer.begin();
    end(tracer, trace, about(number));
  }
  tracer.stop();
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
  TimePoint now;
  tracer.start(now);
  for (int n = 0; n < 10; ++n) {
    TraceId trace = tracer.begin();
    for (int i = 0; i <= n; ++i) {
      now = now + Duration::ms(1);
      const SpanNumber span =
          Tracer::begin_span(trace, Step::conversion, static_cast<std::uint32_t>(n), 0, i);
      now = now + Duration::ms(2);
      Tracer::end_span(trace, span, "first");
      Tracer::end_span(trace, span, "second");
    }
    TracedRequest::About a = about(static_cast<std::uint64_t>(n));
    a.answered = true;
    a.ended = a.sent + Duration::ms(n == 4 ? 100 : n);  // the fifth is the slowest
    end(tracer, trace, a);
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
  TimePoint now;
  tracer.start(now);
  TraceId trace = tracer.begin();
  Tracer::begin_span(trace, Step::send, 1, 0, 0);
  now = TimePoint::at(Duration::s(5));
  TracedRequest::About a = about(1);
  a.ended = now;
  end(tracer, trace, a);
  REQUIRE(trace);  // is kept, and goes on
  now = TimePoint::at(Duration::s(7));
  const SpanNumber late = Tracer::begin_span(trace, Step::conversion, 2, 0, 0);
  now = TimePoint::at(Duration::s(9));
  tracer.stop();
  Tracer::end_span(trace, late, nullptr);  // too late: the clock may be gone
  CHECK(Tracer::begin_span(trace, Step::answer, 2, 0, 0) == kNoSpan);
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
  const TimePoint now;
  tracer.start(now);
  TraceId trace = tracer.begin();
  for (std::size_t i = 0; i < Tracer::kMostSpans + 3; ++i)
    Tracer::end_span(trace, Tracer::begin_span(trace, Step::conversion, 1, 0, 0), nullptr);
  end(tracer, trace, about(1));
  const Trace kept = tracer.take();
  REQUIRE(kept.requests.size() == 1);
  CHECK(kept.requests[0].spans.size() == Tracer::kMostSpans);
  CHECK(kept.requests[0].left_out == 3);
}

TEST_CASE("spans that come late, of a request that was not kept, are nobody's") {
  Tracer tracer(StreamKey(1), 1);
  TimePoint now;
  tracer.start(now);
  TraceId first = tracer.begin();
  TracedRequest::About slow = about(1);
  slow.ended = slow.sent + Duration::s(1);
  // The first request is the slowest and drawn until others are.
  const TraceId copy = first;
  const SpanNumber open = Tracer::begin_span(first, Step::conversion, 1, 0, 0);
  end(tracer, first, slow);
  REQUIRE(first);
  for (std::uint64_t n = 2; n < 100; ++n) {
    TraceId next = tracer.begin();
    TracedRequest::About a = about(n);
    a.answered = true;
    a.ended = a.sent + Duration::s(static_cast<std::int64_t>(n));
    end(tracer, next, a);
    Tracer::begin_span(copy, Step::answer, 1, 0, 0);
    Tracer::end_span(copy, open, "late");
  }
  const Trace trace = tracer.take();
  for (const TracedRequest& r : trace.requests) {
    INFO("request " << r.about.number);
    CHECK(r.about.number != 1);
    CHECK(r.spans.empty());
  }
}

namespace {

/// A load on a tracer, and a simple book of all that is noted.
class Load {
 public:
  explicit Load(std::size_t each) : tracer(StreamKey(5), each) { tracer.start(now); }

  /// Requests begin, note something, and end, at random, so that about `open` are under way.
  void run(int steps, std::size_t open) {
    for (int i = 0; i < steps; ++i) {
      now = now + Duration::us(1);
      if (open_.size() < open && uniform_below(draw_, 8) == 0)
        begin();
      else if (!open_.empty())
        go_on(uniform_below(draw_, open_.size()));
    }
  }
  /// Requests that will never end.
  void strand(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const TraceId trace = tracer.begin();
      for (int s = 0; s < 10; ++s) Tracer::begin_span(trace, Step::queue_wait, 1, 0, s);
    }
  }

  /// All that is kept is as it was noted.
  void check() {
    const Trace trace = tracer.take();
    CHECK(trace.answered + trace.failed == static_cast<std::int64_t>(ended_));
    CHECK_FALSE(trace.requests.empty());
    for (const TracedRequest& r : trace.requests) {
      INFO("request " << r.about.number);
      const std::vector<SpanRecord>& noted = book_.at(r.about.number);
      REQUIRE(r.spans.size() == noted.size());
      for (std::size_t i = 0; i < noted.size(); ++i) {
        const SpanRecord& is = r.spans[i];
        const bool over = noted[i].end != TimePoint::never();
        CHECK(is.begin == noted[i].begin);
        CHECK(is.step == noted[i].step);
        CHECK(is.host == noted[i].host);
        CHECK(is.attempt == noted[i].attempt);
        CHECK(is.rendition == noted[i].rendition);
        CHECK(is.end == (over ? noted[i].end : noted[i].begin < r.about.ended ? r.about.ended : now));
        const std::string should = over ? noted[i].note == nullptr ? "" : noted[i].note : "not over";
        CHECK(std::string(is.note == nullptr ? "" : is.note) == should);
      }
    }
  }
  std::uint64_t spans() const { return spans_; }

  TimePoint now;
  Tracer tracer;

 private:
  struct Span {
    SpanNumber number;
    std::size_t place;  ///< in the book
  };
  struct Request {
    TraceId trace;
    std::uint64_t number;
    TimePoint sent;
    bool ended = false;
    std::vector<Span> under_way{};
  };
  void begin() {
    open_.push_back({tracer.begin(), number_, now});
    book_[number_++];
  }
  void go_on(std::size_t which) {
    Request& request = open_[which];
    std::vector<SpanRecord>& noted = book_[request.number];
    const std::uint64_t what = uniform_below(draw_, 32);
    if (what < 16) {
      const SpanRecord span{now,
                            TimePoint::never(),
                            nullptr,
                            static_cast<std::uint32_t>(uniform_below(draw_, 1000)),
                            static_cast<std::int16_t>(static_cast<int>(uniform_below(draw_, 4)) - 1),
                            static_cast<std::int16_t>(static_cast<int>(uniform_below(draw_, 3)) - 1),
                            static_cast<Step>(uniform_below(draw_, kSteps))};
      request.under_way.push_back(
          {Tracer::begin_span(request.trace, span.step, span.host, span.attempt, span.rendition),
           noted.size()});
      noted.push_back(span);
      ++spans_;
    } else if (what < 30) {
      if (request.under_way.empty()) return;
      const Span span = request.under_way[uniform_below(draw_, request.under_way.size())];
      const char* note = what < 20 ? "lost" : what < 22 ? "died" : nullptr;
      Tracer::end_span(request.trace, span.number, note);
      SpanRecord& record = noted[span.place];
      if (record.end != TimePoint::never()) return;
      record.end = now;
      record.note = note;
    } else if (!request.ended) {  // what follows may come later
      request.ended = true;
      ++ended_;
      TracedRequest::About a;
      a.number = request.number;
      a.sent = request.sent;
      a.ended = now;
      a.answered = uniform_below(draw_, 10) > 0;
      TraceId trace = request.trace;  // and others have copies
      end(tracer, trace, a);
    } else {
      request = open_.back();
      open_.pop_back();
    }
  }

  Engine draw_ = StreamKey(7).engine();
  std::map<std::uint64_t, std::vector<SpanRecord>> book_;
  std::vector<Request> open_;
  std::uint64_t number_ = 0;
  std::uint64_t ended_ = 0;
  std::uint64_t spans_ = 0;
};

}  // namespace

TEST_CASE("what is kept is what was noted, however long ago it was and however many are under way") {
  const std::size_t open = GENERATE(1, 30, 3000);
  Load load(20);
  load.strand(10);
  load.run(300'000, open);
  load.check();
}

TEST_CASE("memory for traces does not grow with how long they are recorded") {
  Load load(20);
  load.strand(2000);  // stragglers take their own spans, and no more
  load.run(500'000, 200);
  const auto before = static_cast<double>(load.tracer.room());
  const auto spans = static_cast<double>(load.spans());
  CHECK(before < 0.75 * spans);
  load.run(2'000'000, 200);
  CHECK(static_cast<double>(load.spans()) > 4 * spans);
  CHECK(static_cast<double>(load.tracer.room()) < 1.1 * before);
}

TEST_CASE("memory for traces is in proportion to the spans of requests under way") {
  // 10 000 requests at a time note 30 spans each, one after the other, and then end together.
  constexpr std::size_t kOpen = 10'000;
  constexpr std::size_t kSpans = 30;
  Tracer tracer(StreamKey(1), 10);
  const TimePoint now;
  tracer.start(now);
  std::uint64_t number = 0;
  for (int round = 0; round < 10; ++round) {
    std::vector<TraceId> open(kOpen);
    for (TraceId& trace : open) trace = tracer.begin();
    for (std::size_t s = 0; s < kSpans; ++s)
      for (const TraceId& trace : open)
        Tracer::end_span(trace, Tracer::begin_span(trace, Step::conversion, 1, 0, static_cast<int>(s)),
                         nullptr);
    for (TraceId& trace : open) end(tracer, trace, about(number++));
  }
  CHECK(tracer.room() >= kOpen * kSpans);
  CHECK(tracer.room() <= 16 * kOpen * kSpans);
  for (const TracedRequest& r : tracer.take().requests) CHECK(r.spans.size() == kSpans);
}

}  // namespace headroom::metrics
