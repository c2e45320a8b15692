#pragma once

#include <cmath>
#include <compare>
#include <concepts>
#include <cstdint>
#include <limits>

namespace headroom {

/// A span of simulated time, or an amount of CPU work (seconds of one core at speed 1.0). Whole nanoseconds:
/// integrals over time are exact, and equal instants are equal in every build type. Range ±292 years;
/// arithmetic saturates there, so that "for ever" plus something is still for ever.
class Duration {
 public:
  constexpr Duration() = default;
  static constexpr Duration ns(std::int64_t n) { return Duration(n); }
  static constexpr Duration us(std::int64_t n) { return Duration(n * 1'000); }
  static constexpr Duration ms(std::int64_t n) { return Duration(n * 1'000'000); }
  static constexpr Duration s(std::int64_t n) { return Duration(n * 1'000'000'000); }
  static constexpr Duration max() { return Duration(std::numeric_limits<std::int64_t>::max()); }
  /// Rounds to the nearest nanosecond; saturates at ±max.
  static Duration from_seconds(double seconds) { return from_ns(seconds * 1e9); }
  static Duration from_ns(double n) {
    if (!(n < 9.2e18)) return max();
    if (!(n > -9.2e18)) return min();
    return Duration(std::llround(n));
  }

  constexpr std::int64_t count_ns() const { return ns_; }
  constexpr double seconds() const { return static_cast<double>(ns_) / 1e9; }
  constexpr double milliseconds() const { return static_cast<double>(ns_) / 1e6; }

  friend constexpr auto operator<=>(Duration, Duration) = default;
  friend constexpr Duration operator+(Duration a, Duration b) {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(a.ns_, b.ns_, &sum)) return b.ns_ > 0 ? max() : min();
    return Duration(sum);
  }
  friend constexpr Duration operator-(Duration a, Duration b) {
    std::int64_t difference = 0;
    if (__builtin_sub_overflow(a.ns_, b.ns_, &difference)) return b.ns_ < 0 ? max() : min();
    return Duration(difference);
  }
  template <std::integral Count>
  friend constexpr Duration operator*(Duration a, Count k) {
    std::int64_t product = 0;
    if (__builtin_mul_overflow(a.ns_, k, &product)) return (a.ns_ < 0) == (k < 0) ? max() : min();
    return Duration(product);
  }
  /// Rounds towards zero.
  friend constexpr Duration operator/(Duration a, std::int64_t k) { return Duration(a.ns_ / k); }
  friend constexpr double operator/(Duration a, Duration b) {
    return static_cast<double>(a.ns_) / static_cast<double>(b.ns_);
  }
  friend Duration operator*(Duration a, double k) { return from_ns(static_cast<double>(a.ns_) * k); }
  constexpr Duration& operator+=(Duration b) { return *this = *this + b; }
  constexpr Duration& operator-=(Duration b) { return *this = *this - b; }

 private:
  explicit constexpr Duration(std::int64_t n) : ns_(n) {}
  static constexpr Duration min() { return Duration(-std::numeric_limits<std::int64_t>::max()); }
  std::int64_t ns_ = 0;
};

/// An instant of simulated time, counted from the start of the simulation (warm-up included).
class TimePoint {
 public:
  constexpr TimePoint() = default;
  static constexpr TimePoint at(Duration since_start) { return TimePoint(since_start); }
  static constexpr TimePoint never() { return TimePoint(Duration::max()); }
  constexpr Duration since_start() const { return since_start_; }
  friend constexpr auto operator<=>(TimePoint, TimePoint) = default;
  friend constexpr TimePoint operator+(TimePoint t, Duration d) { return TimePoint(t.since_start_ + d); }
  friend constexpr TimePoint operator-(TimePoint t, Duration d) { return TimePoint(t.since_start_ - d); }
  friend constexpr Duration operator-(TimePoint a, TimePoint b) { return a.since_start_ - b.since_start_; }

 private:
  explicit constexpr TimePoint(Duration d) : since_start_(d) {}
  Duration since_start_;
};

/// A number of bytes.
class Bytes {
 public:
  constexpr Bytes() = default;
  explicit constexpr Bytes(std::int64_t n) : n_(n) {}
  /// Rounds to the nearest byte; saturates.
  static Bytes from_double(double n) {
    if (!(n < 9.2e18)) return Bytes(std::numeric_limits<std::int64_t>::max());
    if (!(n > -9.2e18)) return Bytes(-std::numeric_limits<std::int64_t>::max());
    return Bytes(std::llround(n));
  }
  constexpr std::int64_t count() const { return n_; }
  friend constexpr auto operator<=>(Bytes, Bytes) = default;
  friend constexpr Bytes operator+(Bytes a, Bytes b) { return Bytes(a.n_ + b.n_); }
  constexpr Bytes& operator+=(Bytes b) { return n_ += b.n_, *this; }

 private:
  std::int64_t n_ = 0;
};

/// Bytes per second (a platform file says bits, `25Gbps`, or bytes, `500MBps`).
struct Bandwidth {
  double bytes_per_second = 0;
  friend constexpr auto operator<=>(Bandwidth, Bandwidth) = default;
};

/// Events per second.
struct Rate {
  double per_second = 0;
  friend constexpr auto operator<=>(Rate, Rate) = default;
};

/// A share of a whole, 0–1 (written `20%`).
struct Share {
  double value = 0;
  friend constexpr auto operator<=>(Share, Share) = default;
};

/// What a clock gains on true time, in seconds per second (written `20s/day`).
struct Drift {
  double seconds_per_second = 0;
  friend constexpr auto operator<=>(Drift, Drift) = default;
};

/// Watts.
struct Power {
  double watts = 0;
  friend constexpr auto operator<=>(Power, Power) = default;
};

/// An amount of money: whole nano-dollars, so that sums are exact.
struct Money {
  std::int64_t nano_usd = 0;
  friend constexpr auto operator<=>(Money, Money) = default;
  constexpr double usd() const { return static_cast<double>(nano_usd) / 1e9; }
};

/// A price of use: whole nano-dollars per hour (written `1.36USD/h`).
struct Price {
  std::int64_t nano_usd_per_hour = 0;
  friend constexpr auto operator<=>(Price, Price) = default;
};

}  // namespace headroom
