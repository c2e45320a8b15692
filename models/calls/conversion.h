#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstdint>

#include "sim/base/counted.h"
#include "sim/base/units.h"
#include "sim/world/pool.h"

namespace headroom::calls {

struct Job;
struct Request;

/// A rendition is numbered by its request's number times this, plus its place among the renditions that the
/// request asks for, of which there are at most 1000.
inline constexpr std::uint64_t kRenditionsPerRequest = 1024;

/// One distinct conversion (a rendition of a request's image) that has been done at least once, as it is
/// metered: what a usage record says about it, and what observers note about it. It is shared by all records
/// of it (a job that is done twice is metered twice) and by its request, and ends when the last of them does.
/// Models use the notes for counting only, never for deciding.
struct Conversion : world::Pooled, Counted<Conversion> {
  std::uint64_t job = 0;  ///< the identity of the job (Job::key)
  std::uint64_t user = 0;
  TimePoint finished;  ///< the end of its first execution
  std::int64_t cpu_ns = 0;
  std::int64_t bytes = 0;
  // notes
  std::int16_t metered = -1;  ///< how many conversions of its request were metered before it; −1: it was not
  std::int8_t batch = -1;     ///< of the measured window, by `finished`
  std::int8_t request_batch = -1;  ///< of the measured window, by its request's intended send time
  std::uint16_t on_bill = 0;       ///< how often it stands on the bill
  bool request_over : 1 = false;   ///< nobody works for its request any more, and the next two are known
  bool answered : 1 = false;       ///< its request was answered
  bool delivered : 1 = false;      ///< it was in the answer

  std::int64_t rendition() const { return static_cast<std::int64_t>(job % kRenditionsPerRequest); }

  boost::intrusive_ptr<Conversion> next{};  ///< of the same request
};
using ConversionPtr = boost::intrusive_ptr<Conversion>;
static_assert(sizeof(Conversion) == 64, "one cell of the pool");

/// Keeps the true books, against which the bill is held.
class ConversionWatch {
 public:
  virtual ~ConversionWatch() = default;
  /// A worker has done the job, which was never done before; nobody has heard of it yet.
  virtual void completed(const Job& job, Duration cpu, TimePoint finished) = 0;
  /// Nobody works for a request any more.
  virtual void request_over(const Request& request) = 0;
};

}  // namespace headroom::calls
