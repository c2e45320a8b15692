#include "sim/report/trace_json.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/random.h"
#include "tests/report/trace_check.h"

namespace headroom::report {
namespace {

using Catch::Contains;
using metrics::SpanRecord;
using metrics::Step;
using metrics::TracedRequest;

TimePoint at_us(std::int64_t us) {
  return TimePoint::at(Duration::us(us));
}

SpanRecord span(Step step, std::uint32_t host, std::int64_t begin_us, std::int64_t end_us, int attempt = 0,
                int rendition = -1) {
  return {at_us(begin_us),
          at_us(end_us),
          nullptr,
          host,
          static_cast<std::int16_t>(attempt),
          static_cast<std::int16_t>(rendition),
          step};
}

TracedRequest request(std::uint64_t number, std::int64_t sent_us, std::int64_t ended_us,
                      std::vector<SpanRecord> spans) {
  TracedRequest r;
  r.about.number = number;
  r.about.sent = at_us(sent_us);
  r.about.ended = at_us(ended_us);
  r.about.outcome = "complete";
  r.about.answered = true;
  r.about.renditions = r.about.delivered = 1;
  r.slowest = true;
  r.spans = std::move(spans);
  return r;
}

std::string text(std::vector<TracedRequest> requests, std::vector<metrics::Event> journal = {}) {
  metrics::Trace trace;
  trace.answered = static_cast<std::int64_t>(requests.size());
  trace.requests = std::move(requests);
  trace.hosts = {"clients", "lb-1", "api-1", "worker-1"};
  metrics::ReplicationResult result;
  result.journal = std::move(journal);
  return trace_json(trace, result, {"a scenario", 7, 1, "0"});
}

/// "clients/1 request 5", by process, lane and name, in the order of the file.
std::vector<std::string> places(const TraceReading& trace) {
  std::vector<std::string> all;
  for (const TraceSlice& s : trace.slices) {
    const std::uint64_t lane = s.tid == s.pid ? 1 : 2;
    all.push_back(s.process + "/" + std::to_string(lane) + " " + s.name);
  }
  return all;
}
using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a trace, to the letter") {
  TracedRequest one = request(5, 1000, 4001, {span(Step::attempt, 0, 1000, 4001)});
  one.about.user = 3;
  one.about.image_bytes = 256'000;
  one.drawn = true;
  one.spans.push_back(span(Step::conversion, 3, 1500, 4000, 0, 0));
  one.spans.back().end = one.spans.back().end + Duration::ns(5);
  one.spans.back().note = "error";
  CHECK(text({one}, {{at_us(1), "election", "queue", {{"term", 2}, {"leader", "queue-1"}}},
                     {at_us(5000), "process down", "host/api-1", {}}}) ==
        R"({"displayTimeUnit":"ms","traceEvents":[
{"ph":"M","pid":1,"tid":1,"name":"process_name","args":{"name":"run"}},
{"ph":"M","pid":1,"tid":1,"name":"process_sort_index","args":{"sort_index":1}},
{"ph":"M","pid":1,"tid":1,"name":"thread_name","args":{"name":"events"}},
{"ph":"M","pid":1,"tid":1,"name":"thread_sort_index","args":{"sort_index":0}},
{"ph":"M","pid":2,"tid":2,"name":"process_name","args":{"name":"clients"}},
{"ph":"M","pid":2,"tid":2,"name":"process_sort_index","args":{"sort_index":2}},
{"ph":"M","pid":2,"tid":2,"name":"thread_name","args":{"name":"lane"}},
{"ph":"M","pid":2,"tid":2,"name":"thread_sort_index","args":{"sort_index":0}},
{"ph":"M","pid":4,"tid":4,"name":"process_name","args":{"name":"api-1"}},
{"ph":"M","pid":4,"tid":4,"name":"process_sort_index","args":{"sort_index":4}},
{"ph":"M","pid":4,"tid":4,"name":"thread_name","args":{"name":"lane"}},
{"ph":"M","pid":4,"tid":4,"name":"thread_sort_index","args":{"sort_index":0}},
{"ph":"M","pid":5,"tid":5,"name":"process_name","args":{"name":"worker-1"}},
{"ph":"M","pid":5,"tid":5,"name":"process_sort_index","args":{"sort_index":5}},
{"ph":"M","pid":5,"tid":5,"name":"thread_name","args":{"name":"lane"}},
{"ph":"M","pid":5,"tid":5,"name":"thread_sort_index","args":{"sort_index":0}},
{"ph":"i","ts":1,"pid":1,"tid":1,"s":"g","name":"election: queue","cat":"journal","args":{"subject":"queue","term":2,"leader":"queue-1"}},
{"ph":"X","ts":1000,"dur":3001,"pid":2,"tid":2,"name":"request 5","cat":"request","args":{"request":5,"chosen":"slowest, random","outcome":"complete","latency_ms":3.001,"image_bytes":256000,"renditions":1,"delivered":1,"user":3}},
{"ph":"X","ts":1000,"dur":3001,"pid":2,"tid":2,"name":"attempt 1","cat":"stay","args":{"request":5,"attempt":1}},
{"ph":"X","ts":1500,"dur":2500.005,"pid":5,"tid":5,"name":"conversion","cat":"work","args":{"request":5,"attempt":1,"rendition":1,"ended":"error"}},
{"ph":"i","ts":5000,"pid":4,"tid":4,"s":"p","name":"process down","cat":"journal","args":{"subject":"host/api-1"}}
],"otherData":{"scenario":"a scenario","seed":7,"replication":1,"version":"0","requests":1,"requests_failed":0,"slowest":1,"failed":0,"random":1,"journal_left_out":0}}
)");
}

TEST_CASE("what is part of a span lies within it, what overlaps lies in another lane") {
  // A request whose first attempt is still open when the second one begins, and another request meanwhile.
  const TraceReading trace(
      text({request(1, 0, 100,
                    {span(Step::attempt, 0, 0, 100, 0), span(Step::send, 0, 0, 10, 0),
                     span(Step::api, 2, 10, 90, 0), span(Step::api_cpu, 2, 10, 20, 0),
                     span(Step::auth, 2, 20, 30, 0), span(Step::answer, 2, 90, 100, 0),
                     span(Step::attempt, 0, 50, 100, 1), span(Step::send, 0, 50, 60, 1)}),
            request(2, 100, 200, {span(Step::attempt, 0, 100, 200, 0)})}));
  CHECK(trace.problems == Texts());
  CHECK(places(trace) == Texts{"clients/1 request 1", "clients/1 attempt 1", "clients/1 send", "api-1/1 api",
                               "api-1/1 api cpu", "api-1/1 auth", "clients/2 attempt 2", "clients/2 send",
                               "api-1/1 answer", "clients/1 request 2", "clients/1 attempt 1"});
}

TEST_CASE("spans of one request that lie within each other by chance are not shown as parts") {
  const TraceReading trace(text(
      {request(1, 0, 100, {span(Step::conversion, 3, 10, 90, 0, 0), span(Step::conversion, 3, 20, 30, 0, 1)}),
       request(2, 10, 50, {})}));
  CHECK(trace.problems == Texts());
  CHECK(places(trace) == Texts{"clients/1 request 1", "clients/2 request 2", "worker-1/1 conversion",
                               "worker-1/2 conversion"});
}

TEST_CASE("times keep their nanoseconds for a viewer that cuts off") {
  Engine draw = StreamKey(1).engine();
  std::vector<TracedRequest> requests;
  std::vector<std::int64_t> begins;
  for (int i = 0; i < 2000; ++i) {
    const std::int64_t begin = static_cast<std::int64_t>(uniform_below(draw, 100'000'000'000'000));
    const std::int64_t length = static_cast<std::int64_t>(uniform_below(draw, 10'000'000'000));
    TracedRequest r = request(static_cast<std::uint64_t>(i + 1), 0, 0, {});
    r.about.sent = TimePoint::at(Duration::ns(begin));
    r.about.ended = TimePoint::at(Duration::ns(begin + length));
    // Its spans end where the next one begins.
    const TimePoint middle = TimePoint::at(Duration::ns(begin + length / 3));
    r.spans = {span(Step::send, 0, 0, 0), span(Step::answer, 0, 0, 0)};
    r.spans[0].begin = r.about.sent;
    r.spans[0].end = r.spans[1].begin = middle;
    r.spans[1].end = r.about.ended;
    requests.push_back(r);
    begins.push_back(begin);
  }
  const TraceReading trace(text(requests));
  CHECK(trace.problems == Texts());
  for (const TracedRequest& r : requests) {
    const auto slices = trace.of(r.about.number);
    REQUIRE(slices.size() == 3);
    CHECK(slices[0].begin == r.about.sent.since_start().count_ns());
    CHECK(slices[0].end == r.about.ended.since_start().count_ns());
    CHECK(slices[1].end == slices[2].begin);
  }
}

TEST_CASE("any spans make a well-formed trace") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Engine draw = StreamKey(seed).engine();
    std::vector<TracedRequest> requests;
    for (std::uint64_t n = 1; n <= 20; ++n) {
      const auto sent = static_cast<std::int64_t>(uniform_below(draw, 100));
      TracedRequest r = request(n, sent, sent + static_cast<std::int64_t>(uniform_below(draw, 50)), {});
      for (std::uint64_t i = uniform_below(draw, 12); i > 0; --i) {
        const auto begin = sent + static_cast<std::int64_t>(uniform_below(draw, 40));
        const auto length = static_cast<std::int64_t>(uniform_below(draw, 30));
        r.spans.push_back(span(static_cast<Step>(uniform_below(draw, metrics::kSteps)),
                               static_cast<std::uint32_t>(uniform_below(draw, 4)), begin, begin + length,
                               static_cast<int>(uniform_below(draw, 4)) - 1,
                               static_cast<int>(uniform_below(draw, 4)) - 1));
      }
      requests.push_back(std::move(r));
    }
    std::size_t spans = 0;
    for (const TracedRequest& r : requests) spans += r.spans.size() + 1;
    INFO("seed " << seed);
    const TraceReading trace(text(std::move(requests)));
    CHECK(trace.problems == Texts());
    CHECK(trace.slices.size() == spans);
  }
}

TEST_CASE("names are escaped") {
  std::string name = "say \"crash\"\\\xff";
  const TraceReading trace(text({}, {{at_us(1), "fault begins", name, {{"struck", std::string("\x01")}}}}));
  CHECK(trace.problems == Texts());
  REQUIRE(trace.instants.size() == 1);
  CHECK_THAT(trace.instants[0].name, Contains("say \"crash\"\\"));
}

TEST_CASE("the check of traces finds what is wrong") {
  const auto problems = [](const std::string& events) {
    std::string all;
    for (const std::string& p :
         TraceReading("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[" + events + "]}").problems)
      all += p + "; ";
    return all;
  };
  const std::string names = R"({"ph":"M","pid":1,"tid":1,"name":"process_name","args":{"name":"a"}},)"
                            R"({"ph":"M","pid":1,"tid":1,"name":"thread_name","args":{"name":"b"}},)";
  const auto slice = [](const std::string& ts, const std::string& dur, const std::string& more = "") {
    return R"({"ph":"X","pid":1,"tid":1,"name":"s","cat":"c","args":{},"ts":)" + ts + ",\"dur\":" + dur +
           more + "}";
  };
  CHECK(problems(names + slice("1", "5") + "," + slice("2", "4") + "," + slice("6", "1")) == "");
  CHECK_THAT(problems(names + slice("1", "5") + "," + slice("2", "4.001")), Contains("overlaps"));
  CHECK_THAT(problems(names + slice("2", "5") + "," + slice("1", "1")), Contains("begins before"));
  CHECK_THAT(problems(slice("2", "5")), Contains("without a name"));
  CHECK_THAT(problems(names + slice("2", "-1")), Contains("no length"));
  CHECK_THAT(problems(names + slice("\"2\"", "1")), Contains("no time"));
  CHECK_THAT(problems(names + slice("2", "1", R"(,"bind_id":"0x1","flow_in":true)")), Contains("flow"));
  CHECK_THAT(problems(names + R"({"ph":"i","pid":1,"tid":1,"name":"s","cat":"c","args":{},"ts":1})"),
             Contains("no scope"));
  CHECK_THAT(problems(names + R"({"ph":"M","pid":2,"tid":1,"name":"process_name","args":{"name":"a"}})"),
             Contains("another process") && Contains("two processes"));
  CHECK_THAT(problems(R"({"ph":"B","pid":1,"tid":1,"name":"s","cat":"c","args":{},"ts":1})"),
             Contains("unknown phase"));
}

}  // namespace headroom::report
