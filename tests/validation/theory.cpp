#include "tests/validation/theory.h"

#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <cstddef>

namespace headroom::validation {
namespace {

/// Levels of a queue without limit are cut off where less than this is left.
constexpr Real kNegligible = 1e-25L;

struct Mean {
  Real reward = 0;    ///< per second
  Real arrivals = 0;  ///< per second
};

Mean mean_of(const Chain& chain, const std::vector<Real>& p, const Reward& reward) {
  Mean mean;
  for (std::size_t i = 0; i < p.size(); ++i) {
    const int n = static_cast<int>(i);
    mean.reward += p[i] * (reward.rate(n) + chain.arrivals[i] * reward.arrival(n));
    mean.arrivals += p[i] * chain.arrivals[i];
  }
  return mean;
}

/// Of a reward whose mean is 0.
Real asymptotic_variance(const Chain& chain, const std::vector<Real>& p, const Reward& reward) {
  const std::size_t states = p.size();
  std::vector<Real> earned(states);
  std::size_t mode = 0;
  for (std::size_t i = 0; i < states; ++i) {
    const int n = static_cast<int>(i);
    earned[i] = p[i] * (reward.rate(n) + chain.arrivals[i] * reward.arrival(n));
    if (p[i] > p[mode]) mode = i;
  }
  // step[i] = φ(i+1) − φ(i). The sum runs over whichever side of i is the lighter: their total is 0.
  std::vector<Real> step(states, 0);
  Real below = 0;
  for (std::size_t i = 0; i + 1 < states && i < mode; ++i) {
    below += earned[i];
    step[i] = -below / (p[i] * chain.up[i]);
  }
  Real above = 0;
  for (std::size_t i = states - 1; i > 0 && i > mode; --i) {
    above += earned[i];
    step[i - 1] = above / (p[i - 1] * chain.up[i - 1]);
  }
  Real variance = 0;
  for (std::size_t i = 0; i < states; ++i) {
    const Real gained = reward.arrival(static_cast<int>(i));
    const Real accepted = gained + step[i];
    variance +=
        p[i] * (chain.up[i] * accepted * accepted + (chain.arrivals[i] - chain.up[i]) * gained * gained);
    if (i > 0) variance += p[i] * chain.down[i] * step[i - 1] * step[i - 1];
  }
  return variance;
}

std::vector<Real> zipf(int users, Real exponent, Real rate) {
  std::vector<Real> rates(static_cast<std::size_t>(users));
  Real sum = 0;
  for (std::size_t k = 0; k < rates.size(); ++k)
    sum += rates[k] = std::pow(static_cast<Real>(k + 1), -exponent);
  for (Real& r : rates) r *= rate / sum;
  return rates;
}

/// Expected misses in [0, t) of a user with request rate `r` whose entry is not there at 0.
Real misses_until(Real r, Real ttl, Real t) {
  Real sum = 0;
  for (int n = 1; (n - 1) * ttl < t; ++n) {
    const auto x = static_cast<double>(r * (t - (n - 1) * ttl));
    const double by_then = boost::math::gamma_p(static_cast<double>(n), x);
    if (by_then < 1e-15) break;
    sum += by_then;
  }
  return sum;
}

}  // namespace

Real Expected::deviation(Real seconds) const {
  return std::sqrt(variance / seconds);
}

std::vector<Real> stationary(const Chain& chain) {
  std::vector<Real> p(chain.up.size());
  p[0] = 1e-4000L;  // so that neither end leaves the range of a long double
  Real sum = p[0];
  for (std::size_t i = 1; i < p.size(); ++i) sum += p[i] = p[i - 1] * chain.up[i - 1] / chain.down[i];
  for (Real& x : p) x /= sum;
  return p;
}

Expected per_second(const Chain& chain, const Reward& reward) {
  const auto p = stationary(chain);
  const Real value = mean_of(chain, p, reward).reward;
  const Reward centred{[&](int n) { return reward.rate(n) - value; }, reward.arrival};
  return {value, asymptotic_variance(chain, p, centred)};
}

Expected per_arrival(const Chain& chain, const Reward& reward) {
  const auto p = stationary(chain);
  const Mean mean = mean_of(chain, p, reward);
  const Real value = mean.reward / mean.arrivals;
  const Reward centred{reward.rate, [&](int n) { return reward.arrival(n) - value; }};
  return {value, asymptotic_variance(chain, p, centred) / (mean.arrivals * mean.arrivals)};
}

Chain markov_queue(int cores, Real rate, Real service) {
  const Real load = rate * service / cores;
  const int states = cores + static_cast<int>(std::log(kNegligible) / std::log(load)) + 2;
  Chain chain;
  for (int n = 0; n < states; ++n) {
    chain.up.push_back(n + 1 < states ? rate : 0);
    chain.down.push_back(static_cast<Real>(n < cores ? n : cores) / service);
    chain.arrivals.push_back(rate);
  }
  return chain;
}

Chain markov_loss(int cores, Real rate, Real service) {
  Chain chain;
  for (int n = 0; n <= cores; ++n) {
    chain.up.push_back(n < cores ? rate : 0);
    chain.down.push_back(static_cast<Real>(n) / service);
    chain.arrivals.push_back(rate);
  }
  return chain;
}

Chain machine_repair(int users, Real think, int cores, Real service) {
  Chain chain;
  for (int n = 0; n <= users; ++n) {
    chain.up.push_back(static_cast<Real>(users - n) / think);
    chain.down.push_back(static_cast<Real>(n < cores ? n : cores) / service);
  }
  chain.arrivals = chain.up;
  return chain;
}

Expected wait(const Chain& chain, int cores) {
  Reward waiting;
  waiting.rate = [cores](int n) { return static_cast<Real>(n > cores ? n - cores : 0); };
  return per_arrival(chain, waiting);
}

Expected wait_probability(const Chain& chain, int cores) {
  Reward finds_all_busy;
  finds_all_busy.arrival = [cores](int n) { return static_cast<Real>(n >= cores ? 1 : 0); };
  return per_arrival(chain, finds_all_busy);
}

Expected sojourn(const Chain& chain) {
  Reward present;
  present.rate = [](int n) { return static_cast<Real>(n); };
  return per_arrival(chain, present);
}

Expected loss(const Chain& chain, int cores) {
  return wait_probability(chain, cores);
}

Real erlang_b(int cores, Real load) {
  Real b = 1;
  for (int c = 1; c <= cores; ++c) b = load * b / (static_cast<Real>(c) + load * b);
  return b;
}

Real erlang_c(int cores, Real load) {
  const Real b = erlang_b(cores, load);
  return b / (1 - load / static_cast<Real>(cores) * (1 - b));
}

Service constant(Real mean) {
  return {mean, mean * mean, mean * mean * mean, mean * mean * mean * mean};
}

Service exponential(Real mean) {
  const Service one = constant(mean);
  return {one.m1, 2 * one.m2, 6 * one.m3, 24 * one.m4};
}

Service lognormal(Real mean, Real scv) {
  const Service one = constant(mean);
  const Real q = 1 + scv;  // E S^k = mean^k · q^(k(k−1)/2)
  return {one.m1, one.m2 * q, one.m3 * q * q * q, one.m4 * q * q * q * q * q * q};
}

Service hyperexponential(Real mean, Real scv) {
  const Real p = (1 + std::sqrt((scv - 1) / (scv + 1))) / 2;
  const Service fast = exponential(mean / (2 * p));
  const Service slow = exponential(mean / (2 * (1 - p)));
  return {p * fast.m1 + (1 - p) * slow.m1, p * fast.m2 + (1 - p) * slow.m2, p * fast.m3 + (1 - p) * slow.m3,
          p * fast.m4 + (1 - p) * slow.m4};
}

Expected mg1_wait(Real rate, const Service& s) {
  const Real idle = 1 - rate * s.m1;
  const Real w = rate * s.m2 / (2 * idle);                   // E V
  const Real second = 2 * w * w + rate * s.m3 / (3 * idle);  // E V²
  const Real a = rate / (2 * idle);
  // jump at an arrival that finds V: V·(1 + 2aS) + aS² − w
  const Real variance = second * (1 + 4 * a * s.m1 + 4 * a * a * s.m2) +
                        2 * w * (a * s.m2 - w + 2 * a * (a * s.m3 - w * s.m1)) + a * a * s.m4 -
                        2 * a * w * s.m2 + w * w;
  return {w, variance / rate};
}

Expected mg1_wait_probability(Real rate, const Service& s) {
  const Real load = rate * s.m1;
  // jump at an arrival that finds V: 1{V > 0} − ρ + λS, whose parts are uncorrelated; the first has mean 0
  return {load, (load * (1 - load) + rate * rate * s.m2) / rate};
}

Closed mean_value_analysis(const std::vector<Real>& demands, Real think, int users) {
  std::vector<Real> present(demands.size(), 0);
  Closed result;
  for (int n = 1; n <= users; ++n) {
    result.response = 0;
    for (std::size_t k = 0; k < demands.size(); ++k) result.response += demands[k] * (1 + present[k]);
    result.throughput = static_cast<Real>(n) / (think + result.response);
    for (std::size_t k = 0; k < demands.size(); ++k)
      present[k] = result.throughput * demands[k] * (1 + present[k]);
  }
  return result;
}

Real supermarket(Real load, int choices) {
  Real sum = 0;
  Real power = 0;  // (dⁱ − d)/(d − 1): 0, d, d + d², …
  for (Real term = 1; term > kNegligible; sum += term) {
    term = std::pow(load, power);
    power = static_cast<Real>(choices) * (power + 1);
  }
  return sum;
}

Expected ttl_hit_ratio(int users, Real exponent, Real rate, Real ttl) {
  const auto rates = zipf(users, exponent, rate);
  Real misses = 0;
  for (const Real r : rates) misses += r / (1 + r * ttl);
  const Real q = misses / rate;
  // Per cycle of user k: reward 1 − q·(1 + Poisson(λ ttl)), length ttl + Exp(λ); z is the mean reward per
  // time.
  Real variance = 0;
  for (const Real r : rates) {
    const Real cycle = ttl + 1 / r;
    const Real z = 1 / cycle - q * r;
    variance += (q * q * r * ttl + z * z / (r * r)) / cycle;
  }
  return {1 - q, variance / (rate * rate)};
}

Real ttl_hit_ratio_from_empty(int users, Real exponent, Real rate, Real ttl, Real begin, Real end) {
  Real misses = 0;
  for (const Real r : zipf(users, exponent, rate))
    misses += misses_until(r, ttl, end) - misses_until(r, ttl, begin);
  return 1 - misses / (rate * (end - begin));
}

OneCycle ttl_cycle_from_empty(int users, Real exponent, Real rate, Real ttl, Real begin) {
  Real misses = 0;
  Real variance = 0;
  for (const Real r : zipf(users, exponent, rate)) {
    const Real p = misses_until(r, ttl, begin + ttl) - misses_until(r, ttl, begin);
    misses += p;
    variance += p * (1 - p);
  }
  const Real requests = rate * ttl;
  const Real q = misses / requests;
  return {1 - q, (std::sqrt(variance) + q * std::sqrt(requests)) / requests};
}

}  // namespace headroom::validation
