#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/base/random.h"
#include "sim/base/units.h"

namespace headroom {

/// How the numbers of a distribution relate to the quantity's unit.
template <class Q>
struct quantity;
template <>
struct quantity<Duration> {  // in nanoseconds
  static double raw(Duration d) { return static_cast<double>(d.count_ns()); }
  static Duration from_raw(double ns) { return Duration::from_ns(ns); }
};
template <>
struct quantity<Bytes> {  // in bytes
  static double raw(Bytes b) { return static_cast<double>(b.count()); }
  static Bytes from_raw(double n) { return Bytes::from_double(n); }
};

/// A law given by the moments that a person knows (SPEC §3). Numbers are raw (nanoseconds, bytes), so one
/// implementation serves every quantity. Sampling uses Boost.Random, whose results are the same on every
/// implementation. All laws here are of values ≥ 0.
namespace law {
struct Constant {
  static constexpr std::string_view tag = "constant";
  double value = 0;
};
struct Exponential {
  static constexpr std::string_view tag = "exponential";
  double mean = 0;
};
struct Uniform {
  static constexpr std::string_view tag = "uniform";
  double low = 0, high = 0;
};
/// Truncated at 0: negative draws are redrawn (the mean given is that of the untruncated law).
struct Normal {
  static constexpr std::string_view tag = "normal";
  double mean = 0, stddev = 0;
};
/// σ and μ of ln X. From {mean, scv}: σ² = ln(1+scv). From {mean, p99}: the smaller root of
/// σ²/2 − z σ + ln(p99/mean) = 0, z = Φ⁻¹(.99); none if p99/mean > exp(z²/2) ≈ 14.97.
struct Lognormal {
  static constexpr std::string_view tag = "lognormal";
  double mean = 0;
  double sigma = 0;
};
/// shape = 1/scv, scale = mean·scv.
struct Gamma {
  static constexpr std::string_view tag = "gamma";
  double mean = 0, scv = 1;
};
/// scale = mean / Γ(1 + 1/shape).
struct Weibull {
  static constexpr std::string_view tag = "weibull";
  double mean = 0, shape = 1;
};
/// P(X > x) = (scale/x)^shape for x ≥ scale.
struct Pareto {
  static constexpr std::string_view tag = "pareto";
  double scale = 0, shape = 2;
};
struct Erlang {
  static constexpr std::string_view tag = "erlang";
  double mean = 0;
  std::int64_t stages = 1;
};
/// Two branches with balanced means: p/λ₁ = (1−p)/λ₂, p = (1 + sqrt((scv−1)/(scv+1)))/2; scv ≥ 1.
struct Hyperexponential {
  static constexpr std::string_view tag = "hyperexponential";
  double mean = 0, scv = 1;
};
/// Draws one of the values, each with the same probability.
struct Empirical {
  static constexpr std::string_view tag = "empirical";
  std::vector<double> values;
};
struct Mixture;
using Any = std::variant<Constant, Exponential, Uniform, Normal, Lognormal, Gamma, Weibull, Pareto, Erlang,
                         Hyperexponential, Empirical, Mixture>;
struct Mixture {
  static constexpr std::string_view tag = "mixture";
  std::vector<double> weights;  ///< sum 1
  std::vector<Any> parts;
};

/// The smaller σ of a lognormal with this p99/mean; negative if there is none (ratio > 14.97) or if the p99
/// lies below the mean.
double lognormal_sigma_from_p99(double p99_over_mean);
/// The expectation; infinite for a Pareto of shape ≤ 1.
double mean(const Any&);
/// The value that no draw is below.
double least(const Any&);
/// variance / mean²; infinite where the variance is.
double scv(const Any&);
/// One draw.
double sample(const Any&, Engine&);
}  // namespace law

/// A distribution of durations or of sizes.
template <class Q>
struct Distribution {
  law::Any law = law::Constant{};
  static Distribution constant(Q q) { return {law::Constant{quantity<Q>::raw(q)}}; }
  static Distribution exponential(Q mean) { return {law::Exponential{quantity<Q>::raw(mean)}}; }
  Q sample(Engine& engine) const { return quantity<Q>::from_raw(law::sample(law, engine)); }
  Q mean() const { return quantity<Q>::from_raw(law::mean(law)); }
  Q least() const { return quantity<Q>::from_raw(law::least(law)); }
  double scv() const { return law::scv(law); }
};

}  // namespace headroom
