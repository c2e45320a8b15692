#pragma once

#include <cstdint>
#include <utility>

#include "sim/base/outcome.h"
#include "sim/metrics/tracer.h"
#include "sim/world/host_id.h"

namespace headroom::calls {

/// From its making to its end, a span in the trace of a request: what is done for it, or what it waits for,
/// on a host. One line in the frame (or in what waits) that it is about:
///
///     const Span span(request.trace, metrics::Step::api_cpu, host().id(), arrival.attempt);
///
/// Without a trace it is nothing. It ends with its frame, whatever ends that; a crash, too.
class Span {
 public:
  Span() = default;
  Span(metrics::TraceId trace, metrics::Step step, world::HostId host, int attempt,
       std::int64_t rendition = -1) {
    if (!trace) return;
    trace_ = trace;
    number_ = metrics::Tracer::begin_span(trace, step, host.value, attempt, static_cast<int>(rendition));
  }
  Span(Span&& other) noexcept : trace_(std::exchange(other.trace_, {})), number_(other.number_) {}
  Span& operator=(Span&& other) noexcept {
    if (this == &other) return *this;
    end();
    trace_ = std::exchange(other.trace_, {});
    number_ = other.number_;
    return *this;
  }
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;
  ~Span() { end(); }

  /// Now, and not later. `note`: how it ended, if that is to be said; a literal.
  void end(const char* note = nullptr) {
    if (trace_) metrics::Tracer::end_span(std::exchange(trace_, {}), number_, note);
  }

 private:
  metrics::TraceId trace_;
  metrics::SpanNumber number_ = metrics::kNoSpan;
};

/// How a span ended that came to nothing.
constexpr const char* note_of(Failure failure) {
  switch (failure) {
    case Failure::dns_failed:
      return "dns_failed";
    case Failure::refused:
      return "refused";
    case Failure::unreachable:
      return "unreachable";
    case Failure::rejected:
      return "rejected";
    case Failure::denied:
      return "denied";
    case Failure::error:
      return "error";
    case Failure::died:
      return "died";
    case Failure::timeout:
      return "timeout";
    case Failure::lost:
      return "lost";
  }
  return nullptr;
}

/// The same for what is begun here and ended elsewhere, or may end more than once (a message that has
/// copies): the number is for `end_span`.
inline metrics::SpanNumber begin_span(metrics::TraceId trace, metrics::Step step, world::HostId host,
                                      int attempt, std::int64_t rendition = -1) {
  return trace ? metrics::Tracer::begin_span(trace, step, host.value, attempt, static_cast<int>(rendition))
               : metrics::kNoSpan;
}
inline void end_span(metrics::TraceId trace, metrics::SpanNumber span, const char* note = nullptr) {
  if (trace) metrics::Tracer::end_span(trace, span, note);
}

}  // namespace headroom::calls
