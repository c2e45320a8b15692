#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/random.h"
#include "sim/base/units.h"

/// What became of single requests: where each one was when, and what it did or waited for there. Models carry
/// a request's trace along with the request and note spans in it (models/calls/span.h); nothing is decided by
/// it, and without a tracer there is none.
namespace headroom::metrics {

/// What a request does, or waits for, at one place.
enum class Step : std::uint8_t {
  attempt,       ///< from its beginning to its outcome, or until it is given up
  backoff,       ///< the wait before the next attempt
  connect,       ///< round trips of TCP and TLS
  send,          ///< a request, or one of its jobs, on its way to who works on it next
  balancer,      ///< its stay on a balancer
  balancer_cpu,  ///< … waiting for a core included
  api,           ///< its stay on an API server
  api_cpu,
  auth,      ///< waits until its credentials are checked
  auth_cpu,  ///< a host of the data plane looks them up
  enqueue,   ///< a job, until the queue has acknowledged it
  queue_wait,
  worker_wait,  ///< for a slot
  fetch,        ///< a slot waits for the image
  conversion,
  release,   ///< a result waits for the queue's word that it is the first
  result,    ///< on its way to who asked
  metering,  ///< until a usage record is as safe as it is to be
  answer,    ///< on its way back
};

/// What is shown of a step. `level`: a span lies within spans of the same attempt that have a lower one;
/// those of the highest lie side by side. 0 is the request itself.
struct StepInfo {
  std::string_view name;
  std::string_view category;  ///< work, wait, network, stay
  int level;
};
const StepInfo& info(Step step);
inline constexpr int kSteps = 19;

struct SpanRecord {
  TimePoint begin;
  TimePoint end = TimePoint::never();  ///< `never` while it is under way
  const char* note = nullptr;          ///< how it ended, if that is to be said; a literal
  std::uint32_t host = 0;              ///< number in the platform; 0: the clients
  std::int16_t attempt = -1;           ///< from 0; −1: of none in particular
  std::int16_t rendition = -1;         ///< from 0; −1: of all
  Step step = Step::attempt;
};

/// A request that was chosen.
struct TracedRequest {
  /// What is known of it when it ends.
  struct About {
    std::uint64_t number = 0;
    std::uint64_t user = 0;
    TimePoint sent;  ///< intended send time
    TimePoint ended;
    const char* outcome = "";  ///< as in `outcome.<kind>`
    bool answered = false;
    std::int64_t image_bytes = 0;
    std::int64_t renditions = 0;  ///< asked for
    std::int64_t delivered = 0;
  };
  std::vector<SpanRecord> spans;  ///< in the order in which they began
  std::int64_t left_out = 0;      ///< spans, because there were too many
  // why it was chosen
  bool slowest = false;
  bool failed = false;
  bool drawn = false;
  About about;
};

/// What a tracer has kept.
struct Trace {
  std::vector<TracedRequest> requests;  ///< by intended send time
  std::int64_t answered = 0;            ///< of all that ended, so many
  std::int64_t failed = 0;
  std::vector<std::string> hosts;  ///< names by number; the first one is the clients'
};

/// Which request a span is of: a value, copied freely. It may outlive its request, whose trace then takes no
/// more spans. Null: the request is not traced.
struct TraceId {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;  ///< among the requests that had the slot one after the other; 0: null
  explicit operator bool() const { return generation != 0; }
};

/// A span among all that a tracer has seen, in the order in which they began.
using SpanNumber = std::uint64_t;
inline constexpr SpanNumber kNoSpan = ~SpanNumber{0};  ///< it is not recorded

/// Traces requests and keeps, of those that have ended, the `each` slowest (answered ones), `each` failed
/// ones and `each` of all, the latter two drawn at random. What is drawn is keyed by the request's number, so
/// what is kept depends neither on the order in which requests end nor on anything else that is drawn.
///
/// Nearly all that is recorded is of requests that turn out not to be kept, so that recording is all that
/// costs. Spans of all requests are written one behind the other into a ring, and nothing is done for a
/// request that is not kept but to forget it. Before a place in the ring is written again, what is there is
/// looked at: if its request is kept or still under way, it moves to the request's own list. If much is moved
/// because it is still under way, the ring is too small, and doubles. So memory is in proportion to the
/// largest number of spans of requests that were under way at once, and 3 × `each` others.
///
/// At most one records at a time in a thread, as one simulation runs there, so that spans need not know it.
class Tracer {
 public:
  static constexpr std::size_t kMostSpans = 5'000;  ///< of a request; more are counted only

  explicit Tracer(StreamKey key, std::size_t each = 100)
      : key_(key), slowest_(each), failures_(each), drawn_(each) {}
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;
  ~Tracer() {
    if (recording_ == this) recording_ = nullptr;
  }

  /// Nothing is recorded before `start` and after `stop`; what is still under way then ends there, or with
  /// its request if it began before that had ended. `now` is the date, also later on.
  void start(const TimePoint& now);
  void stop();

  /// A request begins.
  TraceId begin();
  /// It has its outcome; `latency`: none, if it failed. Where to write what is known of it, before anything
  /// else happens; null, and a null trace: it is not kept.
  TracedRequest::About* ended(TraceId& trace, std::uint64_t number, std::optional<Duration> latency);

  /// Begins a span in the trace that is being recorded; the number is for `end_span`.
  static inline SpanNumber begin_span(TraceId trace, Step step, std::uint32_t host, int attempt,
                                      int rendition);
  /// Nothing if it has ended, or is kNoSpan. `note`: a literal, or null.
  static inline void end_span(TraceId trace, SpanNumber span, const char* note);

  /// What was kept, once, after the end; `hosts` is left empty.
  Trace take();
  /// For how many spans there is memory.
  std::size_t room() const;

 private:
  /// A span in the ring: two of them are a cache line, so some numbers are cut short, to what no simulation
  /// that fits into a memory comes near.
  struct alignas(32) Entry {
    static constexpr std::uint32_t kMostSlots = (1U << 27) - 1;
    static constexpr std::uint32_t kMostHosts = (1U << 24) - 1;
    static constexpr std::uint32_t kMostSteps = (1U << 5) - 1;
    static constexpr std::uint32_t kMostNotes = (1U << 8) - 1;
    TimePoint begin;
    TimePoint end;
    std::uint32_t generation;
    std::uint32_t slot : 27;
    std::uint32_t step : 5;
    std::uint32_t host : 24;
    std::uint32_t note : 8;  // its place in `notes_`
    std::int16_t attempt;
    std::int16_t rendition;
  };
  static_assert(sizeof(Entry) == 32 && kSteps <= Entry::kMostSteps);
  static constexpr std::size_t kFirstRing = std::size_t{1} << 14;
  static constexpr std::size_t kMovedAtOnce = 256;  ///< entries that are looked at in one go
  static constexpr std::uint32_t kNobody = ~std::uint32_t{0};
  struct Slot {
    std::uint32_t generation = 1;
    std::uint32_t own = kNobody;  ///< place in `own_` of the request's own list
  };
  /// A request that is kept, or whose spans have left the ring while it was under way.
  struct Own {
    TracedRequest request;
    std::vector<SpanNumber> numbers;  ///< of its spans
    int kept = 0;                     ///< so many times
  };
  struct Candidate {
    std::uint64_t rank;
    std::uint64_t number;
    std::uint32_t slot;
    bool operator<(const Candidate& other) const {
      return rank < other.rank || (rank == other.rank && number < other.number);
    }
  };
  /// Those with the lowest ranks; on ties, the lowest numbers.
  struct Few {
    explicit Few(std::size_t m) : most(m) {}
    bool wants(const Candidate& c) const { return kept.size() < most || (most > 0 && c < kept.front()); }
    std::size_t most;
    std::vector<Candidate> kept;  // a heap with the highest on top
  };

  void keep(Few& few, const Candidate& candidate);
  Own& own(std::uint32_t slot);
  void release(std::uint32_t slot);
  void make_room();
  void enlarge();
  void move_until(SpanNumber end);
  void move(const Entry& entry, SpanNumber number);
  void end_moved(TraceId trace, SpanNumber number, const char* note);
  std::uint32_t place_of(const char* note);
  Entry& at(SpanNumber number) { return ring_[number & mask_]; }

  static inline thread_local Tracer* recording_ = nullptr;

  const TimePoint* now_ = nullptr;
  std::vector<Entry> ring_;  // its size is a power of two
  SpanNumber mask_ = 0;      // … less one
  SpanNumber next_ = 0;
  SpanNumber limit_ = 0;   // up to it there is room in the ring
  SpanNumber oldest_ = 0;  // in the ring
  std::size_t moved_ = 0;  // in this round of the ring, because they were under way
  std::vector<const char*> notes_{nullptr};
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::deque<Own> own_;
  std::vector<std::uint32_t> free_own_;

  StreamKey key_;
  Few slowest_, failures_, drawn_;
  std::int64_t answered_ = 0;
  std::int64_t failed_ = 0;
  TimePoint stopped_;
};

inline SpanNumber Tracer::begin_span(TraceId trace, Step step, std::uint32_t host, int attempt,
                                     int rendition) {
  Tracer* const t = recording_;
  if (t == nullptr) return kNoSpan;
  if (t->next_ == t->limit_) [[unlikely]]
    t->make_room();
  Entry& e = t->at(t->next_);
  e.begin = *t->now_;
  e.end = TimePoint::never();
  e.generation = trace.generation;
  e.slot = trace.slot & Entry::kMostSlots;
  e.step = static_cast<std::uint32_t>(step) & Entry::kMostSteps;
  e.host = host & Entry::kMostHosts;
  e.note = 0;
  e.attempt = static_cast<std::int16_t>(attempt);
  e.rendition = static_cast<std::int16_t>(rendition);
  return t->next_++;
}

inline void Tracer::end_span(TraceId trace, SpanNumber span, const char* note) {
  Tracer* const t = recording_;
  if (t == nullptr) return;
  if (span - t->oldest_ >= t->next_ - t->oldest_) [[unlikely]] {
    t->end_moved(trace, span, note);
    return;
  }
  Entry& e = t->at(span);
  if (e.end != TimePoint::never()) return;
  e.end = *t->now_;
  if (note != nullptr) e.note = t->place_of(note) & Entry::kMostNotes;
}

}  // namespace headroom::metrics
