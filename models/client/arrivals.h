#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "models/client/config.h"
#include "sim/base/random.h"
#include "sim/base/units.h"

namespace headroom::client {

/// When open-loop requests are meant to be sent. Pure: request n's interval is drawn by its number, so
/// the arrivals are the same whatever the service does (and there is nothing to feed back: open loop).
class ArrivalProcess {
 public:
  virtual ~ArrivalProcess() = default;
  /// The intended send time of the next request, in ascending order; none: there are no more.
  virtual std::optional<TimePoint> next() = 0;
  /// Leaves out what is before `date`. Only before the first `next`.
  virtual void begin_at(TimePoint date) = 0;
};

/// Null for closed arrivals, whose users wait for answers.
std::unique_ptr<ArrivalProcess> make_arrivals(const Arrivals& arrivals, StreamKey key);

/// Requests on top of those of `make_arrivals(arrivals, key)`: independent of them, drawn from `extra`, at
/// `factor` times their rate at any time (that of bursts in the same bursts). Null if there is no rate
/// (closed, trace, none) or it is 0.
std::unique_ptr<ArrivalProcess> make_extra_arrivals(const Arrivals& arrivals, StreamKey key, double factor,
                                                    StreamKey extra);

/// Draws user numbers 0…n−1 (0 the most popular) by Zipf's law, in constant time and memory:
/// rejection-inversion (Hörmann & Derflinger 1996). Exponent 0 is uniform.
class ZipfSampler {
 public:
  ZipfSampler(std::int64_t n, double exponent);
  std::uint64_t operator()(Engine& draw) const;

 private:
  double h(double x) const;
  double h_integral(double x) const;
  double h_integral_inverse(double x) const;
  std::int64_t n_;
  double exponent_;
  double h_integral_x1_ = 0;
  double h_integral_n_ = 0;
  double s_ = 0;
};

}  // namespace headroom::client
