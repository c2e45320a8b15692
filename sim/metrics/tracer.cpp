#include "sim/metrics/tracer.h"

#include <algorithm>
#include <array>
#include <utility>

namespace headroom::metrics {
namespace {

constexpr std::array<StepInfo, kSteps> kInfo = {{
    {"attempt", "stay", 1},     {"backoff", "wait", 3},   {"connect", "network", 3},
    {"send", "network", 3},     {"balancer", "stay", 2},  {"balancer cpu", "work", 3},
    {"api", "stay", 2},         {"api cpu", "work", 3},   {"auth", "wait", 3},
    {"auth cpu", "work", 3},    {"enqueue", "wait", 3},   {"queue wait", "wait", 3},
    {"worker wait", "wait", 3}, {"fetch", "network", 3},  {"conversion", "work", 3},
    {"release", "wait", 3},     {"result", "network", 3}, {"metering", "wait", 3},
    {"answer", "network", 3},
}};
static_assert(kSteps == static_cast<int>(Step::answer) + 1);

/// Most requests have fewer spans; what one with many had is given back.
constexpr std::size_t kUsualSpans = 32;

}  // namespace

const StepInfo& info(Step step) {
  return kInfo[static_cast<std::size_t>(step)];
}

bool Tracer::Few::offer(std::uint64_t rank, const RequestTracePtr& trace) {
  Candidate candidate{rank, trace->request_.about.number, nullptr};
  if (kept_.size() == most_ && (most_ == 0 || !(candidate < kept_.front()))) return false;
  candidate.trace = trace;
  kept_.push_back(std::move(candidate));
  std::push_heap(kept_.begin(), kept_.end());
  if (kept_.size() > most_) {
    std::pop_heap(kept_.begin(), kept_.end());
    kept_.pop_back();
  }
  return true;
}

RequestTracePtr Tracer::begin() {
  if (free_.empty()) {
    free_.push_back(&all_.emplace_back(*this));
    free_.back()->request_.spans.reserve(kUsualSpans);
  }
  RequestTrace* trace = free_.back();
  free_.pop_back();
  return trace;
}

void Tracer::recycle(RequestTrace& trace) {
  std::vector<SpanRecord> spans = std::move(trace.request_.spans);
  if (spans.capacity() > kUsualSpans) spans = {};
  spans.clear();
  trace.request_ = {};
  trace.request_.spans = std::move(spans);
  free_.push_back(&trace);
}

void Tracer::ended(RequestTracePtr& trace, const TracedRequest::About& about) {
  trace->request_.about = about;
  Engine draw = key_.engine_for(about.number);
  bool kept = drawn_.offer(draw(), trace);
  if (about.answered) {
    ++answered_;
    kept |= slowest_.offer(~static_cast<std::uint64_t>((about.ended - about.sent).count_ns()), trace);
  } else {
    ++failed_;
    kept |= failures_.offer(draw(), trace);
  }
  if (!kept) trace = nullptr;
}

void Tracer::stop() {
  if (clock_ == nullptr) return;
  stopped_ = clock_->now();
  clock_ = nullptr;
}

Trace Tracer::take() {
  slowest_.each([](const RequestTracePtr& t) { t->request_.slowest = true; });
  failures_.each([](const RequestTracePtr& t) { t->request_.failed = true; });
  drawn_.each([](const RequestTracePtr& t) { t->request_.drawn = true; });
  Trace trace;
  trace.answered = answered_;
  trace.failed = failed_;
  const auto add = [&](const RequestTracePtr& t) {
    TracedRequest& request = t->request_;
    if (!request.slowest && !request.failed && !request.drawn) return;  // it was added
    trace.requests.push_back(std::move(request));
    request = {};
    for (SpanRecord& span : trace.requests.back().spans) {
      if (span.end != TimePoint::never()) continue;
      const TimePoint over = trace.requests.back().about.ended;
      span.end = span.begin < over ? over : std::max(span.begin, stopped_);
      span.note = "not over";
    }
  };
  slowest_.each(add);
  failures_.each(add);
  drawn_.each(add);
  slowest_.clear();
  failures_.clear();
  drawn_.clear();
  std::sort(trace.requests.begin(), trace.requests.end(), [](const auto& a, const auto& b) {
    return a.about.sent < b.about.sent || (a.about.sent == b.about.sent && a.about.number < b.about.number);
  });
  return trace;
}

}  // namespace headroom::metrics
