#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
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

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
};

class Tracer;

/// The trace of one request, shared by all that work for it. At most `kMostSpans` are kept. What each span
/// needs is in one cache line: between two spans of a request thousands of others are touched.
class alignas(64) RequestTrace {
 public:
  static constexpr std::size_t kMostSpans = 5'000;
  static constexpr std::int32_t kNone = -1;

  explicit RequestTrace(Tracer& tracer) : tracer_(tracer) {}
  /// Begins a span; the number is for `end`. kNone: it is not recorded.
  inline std::int32_t begin(Step step, std::uint32_t host, int attempt, int rendition);
  /// Nothing if it has ended, or is kNone. `note`: a literal, or null.
  inline void end(std::int32_t span, const char* note);

 private:
  friend class Tracer;
  friend void intrusive_ptr_add_ref(RequestTrace* t) { ++t->references_; }
  friend inline void intrusive_ptr_release(RequestTrace* t);
  Tracer& tracer_;
  std::int32_t references_ = 0;
  TracedRequest request_;
};
/// Null: the request is not traced.
using RequestTracePtr = boost::intrusive_ptr<RequestTrace>;

/// Traces requests and keeps, of those that have ended, the `each` slowest (answered ones), `each` failed
/// ones and `each` of all, the latter two drawn at random. What is drawn is keyed by the request's number, so
/// what is kept depends neither on the order in which requests end nor on anything else that is drawn.
/// Memory: the spans of requests under way, and of at most 3 × `each` others.
class Tracer {
 public:
  explicit Tracer(StreamKey key, std::size_t each = 100)
      : key_(key), slowest_(each), failures_(each), drawn_(each) {}
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;

  /// Nothing is recorded before `start` and after `stop`; what is still under way then ends there, or with
  /// its request if it began before that had ended.
  void start(const Clock& clock) { clock_ = &clock; }
  void stop();

  /// A request begins.
  RequestTracePtr begin();
  /// It has its outcome. The trace is let go (null) if it will not be kept.
  void ended(RequestTracePtr& trace, const TracedRequest::About& about);
  /// What was kept, once; `hosts` is left empty.
  Trace take();
  /// The largest number of traces that there were at once, under way or kept: memory grows with it.
  std::size_t most_at_once() const { return all_.size(); }

 private:
  friend class RequestTrace;
  friend inline void intrusive_ptr_release(RequestTrace* t);
  /// Those with the lowest ranks; on ties, the lowest numbers.
  class Few {
   public:
    explicit Few(std::size_t most) : most_(most) {}
    /// Whether it is one of them so far.
    bool offer(std::uint64_t rank, const RequestTracePtr& trace);
    template <class F>
    void each(F f) {
      for (Candidate& c : kept_) f(c.trace);
    }
    void clear() { kept_.clear(); }

   private:
    struct Candidate {
      std::uint64_t rank;
      std::uint64_t number;
      RequestTracePtr trace;
      bool operator<(const Candidate& other) const {
        return rank < other.rank || (rank == other.rank && number < other.number);
      }
    };
    std::size_t most_;
    std::vector<Candidate> kept_;  // a heap with the highest on top
  };
  void recycle(RequestTrace& trace);

  StreamKey key_;
  const Clock* clock_ = nullptr;
  TimePoint stopped_;
  std::deque<RequestTrace> all_;
  std::vector<RequestTrace*> free_;
  Few slowest_, failures_, drawn_;  // after `free_`: what they let go returns there
  std::int64_t answered_ = 0;
  std::int64_t failed_ = 0;
};

inline std::int32_t RequestTrace::begin(Step step, std::uint32_t host, int attempt, int rendition) {
  if (tracer_.clock_ == nullptr) return kNone;
  if (request_.spans.size() >= kMostSpans) {
    ++request_.left_out;
    return kNone;
  }
  request_.spans.push_back({tracer_.clock_->now(), TimePoint::never(), nullptr, host,
                            static_cast<std::int16_t>(attempt), static_cast<std::int16_t>(rendition), step});
  return static_cast<std::int32_t>(request_.spans.size()) - 1;
}

inline void RequestTrace::end(std::int32_t span, const char* note) {
  if (span == kNone || tracer_.clock_ == nullptr) return;
  SpanRecord& record = request_.spans[static_cast<std::size_t>(span)];
  if (record.end != TimePoint::never()) return;
  record.end = tracer_.clock_->now();
  record.note = note;
}

inline void intrusive_ptr_release(RequestTrace* t) {
  if (--t->references_ == 0) t->tracer_.recycle(*t);
}

}  // namespace headroom::metrics
