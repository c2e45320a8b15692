#include "sim/base/distribution.h"

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/random/exponential_distribution.hpp>
#include <boost/random/gamma_distribution.hpp>
#include <boost/random/normal_distribution.hpp>
#include <cmath>
#include <limits>

#include "sim/base/check.h"

namespace headroom::law {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
/// Φ⁻¹(0.99)
constexpr double kZ99 = 2.3263478740408411;

double standard_exponential(Engine& engine) {
  return boost::random::exponential_distribution<double>(1.0)(engine);
}
double standard_normal(Engine& engine) {
  return boost::random::normal_distribution<double>()(engine);
}
/// (0, 1]: safe to take the logarithm of, and to raise to a negative power.
double uniform_open0(Engine& engine) {
  return 1.0 - uniform01(engine);
}

double weibull_scale(const Weibull& w) {
  return w.mean / boost::math::tgamma(1 + 1 / w.shape);
}
double first_branch(const Hyperexponential& h) {
  return (1 + std::sqrt((h.scv - 1) / (h.scv + 1))) / 2;
}

struct Sampler {
  Engine& engine;
  double operator()(const Constant& d) const { return d.value; }
  double operator()(const Exponential& d) const { return d.mean * standard_exponential(engine); }
  double operator()(const Uniform& d) const { return d.low + (d.high - d.low) * uniform01(engine); }
  double operator()(const Normal& d) const {
    while (true) {
      const double x = d.mean + d.stddev * standard_normal(engine);
      if (x >= 0) return x;
    }
  }
  double operator()(const Lognormal& d) const {
    const double z = standard_normal(engine);
    return d.mean * std::exp(d.sigma * z - d.sigma * d.sigma / 2);
  }
  double operator()(const Gamma& d) const {
    if (d.scv == 0) return d.mean;
    return boost::random::gamma_distribution<double>(1 / d.scv, d.mean * d.scv)(engine);
  }
  double operator()(const Weibull& d) const {
    return weibull_scale(d) * std::pow(standard_exponential(engine), 1 / d.shape);
  }
  double operator()(const Pareto& d) const { return d.scale * std::pow(uniform_open0(engine), -1 / d.shape); }
  double operator()(const Erlang& d) const {
    double sum = 0;
    for (std::int64_t i = 0; i < d.stages; ++i) sum += standard_exponential(engine);
    return d.mean / static_cast<double>(d.stages) * sum;
  }
  double operator()(const Hyperexponential& d) const {
    const double p = first_branch(d);
    const bool first = uniform01(engine) < p;
    return d.mean / (2 * (first ? p : 1 - p)) * standard_exponential(engine);
  }
  double operator()(const Empirical& d) const { return d.values[uniform_below(engine, d.values.size())]; }
  double operator()(const Mixture& d) const {
    const double u = uniform01(engine);
    double sum = 0;
    for (std::size_t i = 0; i + 1 < d.parts.size(); ++i) {
      sum += d.weights[i];
      if (u < sum) return law::sample(d.parts[i], engine);
    }
    return law::sample(d.parts.back(), engine);
  }
};

struct Mean {
  double operator()(const Constant& d) const { return d.value; }
  double operator()(const Uniform& d) const { return (d.low + d.high) / 2; }
  /// Of the truncated law: μ + σ φ(a)/(1−Φ(a)), a = −μ/σ.
  double operator()(const Normal& d) const {
    if (d.stddev == 0) return d.mean;
    const double a = -d.mean / d.stddev;
    const double density = std::exp(-a * a / 2) / std::sqrt(2 * 3.14159265358979323846);
    return d.mean + d.stddev * density / (std::erfc(a / std::sqrt(2.0)) / 2);
  }
  double operator()(const Pareto& d) const {
    return d.shape > 1 ? d.scale * d.shape / (d.shape - 1) : kInfinity;
  }
  double operator()(const Empirical& d) const {
    double sum = 0;
    for (double v : d.values) sum += v;
    return sum / static_cast<double>(d.values.size());
  }
  double operator()(const Mixture& d) const {
    double sum = 0;
    for (std::size_t i = 0; i < d.parts.size(); ++i) sum += d.weights[i] * law::mean(d.parts[i]);
    return sum;
  }
  template <class D>
  double operator()(const D& d) const {
    return d.mean;
  }
};

struct Least {
  double operator()(const Constant& d) const { return d.value; }
  double operator()(const Uniform& d) const { return d.low; }
  double operator()(const Normal& d) const { return d.stddev == 0 ? d.mean : 0; }
  double operator()(const Lognormal& d) const { return d.sigma == 0 ? d.mean : 0; }
  double operator()(const Pareto& d) const { return d.scale; }
  double operator()(const Empirical& d) const { return *std::min_element(d.values.begin(), d.values.end()); }
  double operator()(const Mixture& d) const {
    double least = kInfinity;
    for (const Any& part : d.parts) least = std::min(least, law::least(part));
    return least;
  }
  template <class D>
  double operator()(const D&) const {
    return 0;
  }
};

/// E[X²]
double second_moment(const Any& law) {
  const double m = law::mean(law);
  return (1 + law::scv(law)) * m * m;
}

struct Scv {
  double operator()(const Constant&) const { return 0; }
  double operator()(const Exponential&) const { return 1; }
  double operator()(const Uniform& d) const {
    const double m = (d.low + d.high) / 2;
    return m == 0 ? 0 : (d.high - d.low) * (d.high - d.low) / 12 / (m * m);
  }
  /// Of the truncated law: variance = σ²(1 + aλ − λ²), λ = φ(a)/(1−Φ(a)), a = −μ/σ.
  double operator()(const Normal& d) const {
    if (d.stddev == 0) return 0;
    const double m = Mean{}(d);
    const double a = -d.mean / d.stddev;
    const double hazard = (m - d.mean) / d.stddev;
    return d.stddev * d.stddev * (1 + a * hazard - hazard * hazard) / (m * m);
  }
  double operator()(const Lognormal& d) const { return std::exp(d.sigma * d.sigma) - 1; }
  double operator()(const Gamma& d) const { return d.scv; }
  double operator()(const Weibull& d) const {
    const double g1 = boost::math::tgamma(1 + 1 / d.shape);
    return boost::math::tgamma(1 + 2 / d.shape) / (g1 * g1) - 1;
  }
  double operator()(const Pareto& d) const { return d.shape > 2 ? 1 / (d.shape * (d.shape - 2)) : kInfinity; }
  double operator()(const Erlang& d) const { return 1 / static_cast<double>(d.stages); }
  double operator()(const Hyperexponential& d) const { return d.scv; }
  double operator()(const Empirical& d) const {
    const double m = Mean{}(d);
    double sum = 0;
    for (double v : d.values) sum += (v - m) * (v - m);
    return m == 0 ? 0 : sum / static_cast<double>(d.values.size()) / (m * m);
  }
  double operator()(const Mixture& d) const {
    const double m = Mean{}(d);
    double sum = 0;
    for (std::size_t i = 0; i < d.parts.size(); ++i) sum += d.weights[i] * second_moment(d.parts[i]);
    if (m == kInfinity) return kInfinity;
    return m == 0 ? 0 : sum / (m * m) - 1;
  }
};

}  // namespace

double lognormal_sigma_from_p99(double p99_over_mean) {
  const double discriminant = kZ99 * kZ99 - 2 * std::log(p99_over_mean);
  if (!(p99_over_mean >= 1) || discriminant < 0) return -1;
  return kZ99 - std::sqrt(discriminant);
}

double mean(const Any& law) {
  return std::visit(Mean{}, law);
}
double least(const Any& law) {
  return std::visit(Least{}, law);
}
double scv(const Any& law) {
  return std::visit(Scv{}, law);
}
double sample(const Any& law, Engine& engine) {
  return std::visit(Sampler{engine}, law);
}

}  // namespace headroom::law
