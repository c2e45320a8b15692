#pragma once

#include <functional>
#include <vector>

#include "sim/base/random.h"
#include "tests/validation/theory.h"

/// Plain simulations of queues for which no formula says how far an estimate strays. They share the random
/// generator with the simulator, nothing else: no scheduler, no virtual time; every event looks at every job.
namespace headroom::validation {

/// Sums over one window of a long run: ∫ requests present dt, and arrivals. Their ratio estimates the mean
/// time in the system (Little).
struct WindowSums {
  double present = 0;
  double arrivals = 0;
};

/// How a long run is cut.
struct Windows {
  double warmup = 0;  ///< seconds, once
  double length = 0;  ///< seconds each
  int count = 0;
};

using Sampler = std::function<double(Engine&)>;
double exponential_draw(Engine& draw, double mean);
Sampler constant_sampler(double mean);
Sampler exponential_sampler(double mean);
/// Two exponentials with balanced means.
Sampler hyperexponential_sampler(double mean, double scv);

/// Poisson arrivals; all jobs share the cores equally, none uses more than one.
std::vector<WindowSums> share_processors(int cores, double rate, const Sampler& service,
                                         const Windows& windows);

/// Poisson arrivals at load·servers per mean service of 1 s (exponential); each joins the shorter of the
/// queues of two different servers drawn at random.
std::vector<WindowSums> join_shorter_of_two(int servers, double load, const Windows& windows);

/// Users who think for an exponential time and then pass two single cores that are shared equally, with
/// constant demands, and one single server, first come first served, with an exponential demand.
struct ThreeStations {
  int users = 1;
  double think = 1;
  double first = 0, second = 0;  ///< constant
  double last = 0;               ///< mean of the exponential one
};
std::vector<WindowSums> closed_network(const ThreeStations& network, const Windows& windows);

/// The spread between windows as the asymptotic variance of Σ present / Σ arrivals, and of arrivals per
/// second.
Expected mean_sojourn(const std::vector<WindowSums>& sums, const Windows& windows);
Expected arrival_rate(const std::vector<WindowSums>& sums, const Windows& windows);

}  // namespace headroom::validation
