#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstdint>
#include <string>

#include "models/calls/conversion.h"
#include "models/calls/marks.h"
#include "sim/base/counted.h"
#include "sim/base/outcome.h"
#include "sim/base/random.h"
#include "sim/base/units.h"
#include "sim/metrics/tracer.h"
#include "sim/world/host.h"
#include "sim/world/pool.h"
#include "sim/world/traffic.h"

namespace headroom::calls {

/// One logical request: what was drawn about it, and what observers note about it on its way. It is shared by
/// all that work for it (attempts, jobs, records), and ends when the last of them does. Models use the notes
/// for counting only, never for deciding: no server knows what the client knows.
struct Request : world::Pooled, Counted<Request>, world::Asked {
  TimePoint deadline;  ///< the client's; `never` without one
  int batch = -1;      ///< of the measured window, by intended send time; −1: not measured
  bool probe = false;  ///< synthetic: in no metric but uptime

  // notes
  bool ended = false;           ///< the client has its outcome
  bool answered = false;        ///< … and it is an answer
  bool abusive = false;         ///< one of an abuser's
  std::int64_t delivered = 0;   ///< renditions in the answer
  Marks converted;              ///< renditions that a worker has made at least once
  ConversionPtr conversions{};  ///< the latest first; none if nobody keeps books of them
  std::int16_t metered = 0;     ///< how many of them were metered

  /// Bytes of so many of its renditions together.
  Bytes renditions_size(std::int64_t count) const {
    return Bytes::from_double(static_cast<double>(image.count()) * rendition_share *
                              static_cast<double>(count));
  }
  /// Null if that rendition was not made, or if nobody keeps books.
  Conversion* conversion(std::int64_t rendition) const {
    Conversion* c = conversions.get();
    while (c != nullptr && c->rendition() != rendition) c = c->next.get();
    return c;
  }

  metrics::TraceId trace{};  ///< null: it is not traced

  /// Is told when nobody works for it any more; must outlive whoever may do so. Null: nobody wants to know.
  ConversionWatch* books = nullptr;

  Request() = default;
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;
  ~Request() {
    if (books != nullptr) books->request_over(*this);
  }
};
using RequestPtr = boost::intrusive_ptr<Request>;

/// The engine for what is drawn about an attempt (from 0) at request `number`: the first draws as if there
/// were no others, the others draw anew.
inline Engine engine_for_attempt(const StreamKey& key, std::uint64_t number, int attempt) {
  return attempt == 0 ? key.engine_for(number)
                      : (key / "attempt" / std::to_string(attempt)).engine_for(number);
}

/// What a request is answered with.
struct Answer {
  std::int64_t renditions = 0;  ///< delivered; at least one
};

}  // namespace headroom::calls
