#pragma once

#include <functional>
#include <vector>

/// What theory says of a queue: the value that a simulation must find, and how far a run of a given length
/// may stray from it. Shares no code with the simulator.
namespace headroom::validation {

using Real = long double;

/// What a run of T seconds estimates: for long runs the estimate is normal with mean `value` and variance
/// `variance`/T.
struct Expected {
  Real value = 0;
  Real variance = 0;
  /// Standard deviation of the estimate of a run (or of several independent ones together) of `seconds`.
  Real deviation(Real seconds) const;
};

/// A birth–death chain on 0 … n: `up[i]` is the rate i → i+1, `down[i]` that of i → i−1. `arrivals[i]` is the
/// rate of arrivals in state i, `up[i]` or more: those that are turned away change nothing.
struct Chain {
  std::vector<Real> up, down, arrivals;
};

/// The stationary distribution.
std::vector<Real> stationary(const Chain& chain);

/// What is earned: at a rate in state i, and by each arrival that finds state i.
struct Reward {
  std::function<Real(int)> rate = [](int) { return Real(0); };
  std::function<Real(int)> arrival = [](int) { return Real(0); };
};

/// (Reward earned in [0, T]) / T, and / (arrivals in [0, T]).
///
/// Their variances: let Z(T) be the reward with its mean subtracted, r(i) its rate in state i, and φ a
/// solution of Poisson's equation Qφ = −r. Then Z(T) + φ(N(T)) − φ(N(0)) is a martingale that jumps by what
/// an event earns plus the change of φ, so Var Z(T)/T → Σ π(i)·[rate of the event × jump²]. In a birth–death
/// chain the differences of φ are explicit: π(i)·up(i)·(φ(i+1) − φ(i)) = −Σ_{j≤i} π(j)·r(j). (Whitt,
/// "Asymptotic formulas for Markov processes with applications to simulation", Operations Research 40, 1992,
/// for rewards by time; rewards by arrival are the martingale's jumps. Ratios by the delta method.)
Expected per_second(const Chain& chain, const Reward& reward);
Expected per_arrival(const Chain& chain, const Reward& reward);

/// M/M/c with arrivals at `rate` and a mean service of `service` seconds on each of `cores`; nobody or at
/// most `waiting` wait.
Chain markov_queue(int cores, Real rate, Real service);
Chain markov_loss(int cores, Real rate, Real service);
/// A closed system: each of `users` thinks for an exponential time, then asks one of `cores`.
Chain machine_repair(int users, Real think, int cores, Real service);

/// Per request: mean wait, share that waits, mean time in the system, share turned away.
Expected wait(const Chain& chain, int cores);
Expected wait_probability(const Chain& chain, int cores);
Expected sojourn(const Chain& chain);
Expected loss(const Chain& chain, int cores);

/// The probability that an arrival is turned away (Erlang's B), or waits (Erlang's C). `load`: arrival rate ×
/// mean service. By recursion over the cores.
Real erlang_b(int cores, Real load);
Real erlang_c(int cores, Real load);

/// The first four moments of a service time, E S … E S⁴.
struct Service {
  Real m1 = 0, m2 = 0, m3 = 0, m4 = 0;
};
Service constant(Real mean);
Service exponential(Real mean);
Service lognormal(Real mean, Real scv);
Service hyperexponential(Real mean, Real scv);

/// M/G/1, first come first served (Pollaczek–Khinchine). The workload V is a Markov process whose Poisson
/// equation has polynomial solutions: φ(v) = λ v²/(2(1−ρ)) for the wait, φ(v) = λ v for waiting at all. The
/// variance per customer is the mean square of the martingale's jump at an arrival, with the moments of V by
/// Takács (1962).
Expected mg1_wait(Real rate, const Service& service);
Expected mg1_wait_probability(Real rate, const Service& service);

/// Closed network of single queues with demands `demands` (seconds) and a think time: exact mean value
/// analysis (Reiser & Lavenberg 1980).
struct Closed {
  Real throughput = 0;
  Real response = 0;
};
Closed mean_value_analysis(const std::vector<Real>& demands, Real think, int users);

/// Mean time in the system, in mean services, with infinitely many servers at load ρ, each request joining
/// the shortest of `choices` random queues (Vvedenskaya et al. 1996; Mitzenmacher 2001).
Real supermarket(Real load, int choices);

/// Hit ratio of a cache whose entries live `ttl` seconds from the miss that fetched them; `users` with Zipf
/// popularity send `rate` requests per second. User k's misses are a renewal process with cycles of ttl +
/// Exp(λ_k); the variance is that of a renewal-reward process, summed over independent users.
Expected ttl_hit_ratio(int users, Real exponent, Real rate, Real ttl);

/// The same for a cache that is empty at 0: expected hits / expected requests in [begin, end). The n-th miss
/// of user k is at (n−1)·ttl plus an Erlang-n time.
Real ttl_hit_ratio_from_empty(int users, Real exponent, Real rate, Real ttl, Real begin, Real end);

/// In a window of one ttl a user misses once or not at all, so the variance of misses is known too;
/// `deviation` bounds that of the hit ratio from above, whatever the correlation of misses and requests.
struct OneCycle {
  Real hit_ratio = 0;
  Real deviation = 0;
};
OneCycle ttl_cycle_from_empty(int users, Real exponent, Real rate, Real ttl, Real begin);

}  // namespace headroom::validation
