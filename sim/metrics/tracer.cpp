#include "sim/metrics/tracer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sim/base/check.h"

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
constexpr std::size_t kUsualSpans = 64;

}  // namespace

const StepInfo& info(Step step) {
  return kInfo[static_cast<std::size_t>(step)];
}

void Tracer::start(const TimePoint& now) {
  HEADROOM_CHECK(recording_ == nullptr, "two tracers at once");
  now_ = &now;
  recording_ = this;
}

void Tracer::stop() {
  if (recording_ != this) return;
  recording_ = nullptr;
  stopped_ = *now_;
}

TraceId Tracer::begin() {
  if (free_slots_.empty()) {
    HEADROOM_CHECK(slots_.size() <= Entry::kMostSlots, "too many requests under way to trace them");
    free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  return {slot, slots_[slot].generation};
}

void Tracer::release(std::uint32_t number) {
  Slot& slot = slots_[number];
  if (slot.own != kNobody) {
    Own& own = own_[slot.own];
    std::vector<SpanRecord> spans = std::move(own.request.spans);
    std::vector<SpanNumber> numbers = std::move(own.numbers);
    own = {};
    if (spans.capacity() <= kUsualSpans) {
      spans.clear();
      numbers.clear();
      own.request.spans = std::move(spans);
      own.numbers = std::move(numbers);
    }
    free_own_.push_back(slot.own);
    slot.own = kNobody;
  }
  if (++slot.generation == 0) slot.generation = 1;
  free_slots_.push_back(number);
}

Tracer::Own& Tracer::own(std::uint32_t number) {
  Slot& slot = slots_[number];
  if (slot.own == kNobody) {
    if (free_own_.empty()) {
      free_own_.push_back(static_cast<std::uint32_t>(own_.size()));
      own_.emplace_back();
    }
    slot.own = free_own_.back();
    free_own_.pop_back();
  }
  return own_[slot.own];
}

TracedRequest::About* Tracer::ended(TraceId& trace, std::uint64_t number, std::optional<Duration> latency) {
  Engine draw = key_.engine_for(number);
  const Candidate any{draw(), number, trace.slot};
  const Candidate one{latency ? ~static_cast<std::uint64_t>(latency->count_ns()) : draw(), number,
                      trace.slot};
  Few& few = latency ? slowest_ : failures_;
  ++(latency ? answered_ : failed_);
  const bool among_any = drawn_.wants(any);
  const bool among_few = few.wants(one);
  if (!among_any && !among_few) {
    release(trace.slot);
    trace = {};
    return nullptr;
  }
  Own& kept = own(trace.slot);
  if (among_any) keep(drawn_, any);
  if (among_few) keep(few, one);
  return &kept.request.about;
}

void Tracer::keep(Few& few, const Candidate& candidate) {
  ++own(candidate.slot).kept;
  few.kept.push_back(candidate);
  std::push_heap(few.kept.begin(), few.kept.end());
  if (few.kept.size() <= few.most) return;
  std::pop_heap(few.kept.begin(), few.kept.end());
  const std::uint32_t out = few.kept.back().slot;
  few.kept.pop_back();
  if (--own(out).kept == 0) release(out);
}

void Tracer::make_room() {
  if (moved_ > ring_.size() / 8 || ring_.empty()) {
    enlarge();
  } else {
    if (oldest_ % ring_.size() == 0) moved_ = 0;
    move_until(oldest_ + kMovedAtOnce);
  }
  limit_ = oldest_ + ring_.size();
}

void Tracer::enlarge() {
  std::vector<Entry> before(ring_.empty() ? kFirstRing : ring_.size() * 2);
  before.swap(ring_);
  mask_ = ring_.size() - 1;
  for (SpanNumber n = oldest_; n < next_; ++n) at(n) = before[n & (before.size() - 1)];
  moved_ = 0;
}

void Tracer::move_until(SpanNumber end) {
  for (; oldest_ < end; ++oldest_) {
    const Entry& entry = at(oldest_);
    if (slots_[entry.slot].generation == entry.generation) move(entry, oldest_);
  }
}

void Tracer::move(const Entry& entry, SpanNumber number) {
  Own& to = own(entry.slot);
  if (to.kept == 0) ++moved_;
  if (to.request.spans.size() >= kMostSpans) {
    ++to.request.left_out;
    return;
  }
  to.numbers.push_back(number);
  to.request.spans.push_back({entry.begin, entry.end, notes_[entry.note], entry.host, entry.attempt,
                              entry.rendition, static_cast<Step>(entry.step)});
}

void Tracer::end_moved(TraceId trace, SpanNumber number, const char* note) {
  const Slot& slot = slots_[trace.slot];
  if (slot.generation != trace.generation || slot.own == kNobody) return;
  Own& own = own_[slot.own];
  const auto found = std::lower_bound(own.numbers.begin(), own.numbers.end(), number);
  if (found == own.numbers.end() || *found != number) return;
  SpanRecord& span = own.request.spans[static_cast<std::size_t>(found - own.numbers.begin())];
  if (span.end != TimePoint::never()) return;
  span.end = *now_;
  span.note = note;
}

std::uint32_t Tracer::place_of(const char* note) {
  const auto found = std::find(notes_.begin(), notes_.end(), note);
  const auto place = static_cast<std::uint32_t>(found - notes_.begin());
  if (found == notes_.end()) {
    HEADROOM_CHECK(place <= Entry::kMostNotes, "too many different notes");
    notes_.push_back(note);
  }
  return place;
}

std::size_t Tracer::room() const {
  std::size_t spans = ring_.size();
  for (const Own& own : own_) spans += own.request.spans.capacity();
  return spans;
}

Trace Tracer::take() {
  stop();
  move_until(next_);
  Trace trace;
  trace.answered = answered_;
  trace.failed = failed_;
  for (const auto& [few, why] : {std::pair(&slowest_, &TracedRequest::slowest),
                                 {&failures_, &TracedRequest::failed},
                                 {&drawn_, &TracedRequest::drawn}})
    for (const Candidate& c : few->kept) own(c.slot).request.*why = true;
  for (Own& own : own_) {
    if (own.kept == 0) continue;
    const TimePoint over = own.request.about.ended;
    for (SpanRecord& span : own.request.spans) {
      if (span.end != TimePoint::never()) continue;
      span.end = span.begin < over ? over : std::max(span.begin, stopped_);
      span.note = "not over";
    }
    trace.requests.push_back(std::move(own.request));
  }
  std::sort(trace.requests.begin(), trace.requests.end(), [](const auto& a, const auto& b) {
    return a.about.sent < b.about.sent || (a.about.sent == b.about.sent && a.about.number < b.about.number);
  });
  return trace;
}

}  // namespace headroom::metrics
