#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/units.h"
#include "sim/metrics/series.h"

namespace headroom::study {

/// What was seen in a window of a run.
struct Measured {
  double offered = 0;
  double failed = 0;
  double down_min = 0;                       ///< minutes with a yield below the needed one
  double s = 0;                              ///< its length
  bool settled = true;                       ///< of a stay: it has no trend
  double tail_offered = 0, tail_failed = 0;  ///< at its end, when a transient should be over
};
/// Of the slots that begin in [from, to); `tail`: the last so much of it.
Measured measured(const metrics::SeriesTable& series, TimePoint from, TimePoint to, double needed,
                  Duration tail);

/// One stay or transient that is simulated for its stratum.
struct Representative {
  double place = 0;                  ///< in [0, 1), in the order of the stratum
  std::size_t level = 0;             ///< of the load
  std::size_t after = 0;             ///< class of the state that it is in, or ends in
  std::vector<std::uint32_t> parts;  ///< that are broken in it
  /// Of a transient: the change that is the last to have settled (classes of the states before and after it),
  /// and how long that is thought to take.
  std::pair<std::size_t, std::size_t> slowest;
  Duration settles;
  double cost = 0;  ///< requests
  Measured found;
};

/// Stays, or transients, of all timelines that are alike; or several sorts of them that are rare.
struct Stratum {
  struct Member {
    std::uint32_t timeline = 0;
    std::uint32_t index = 0;  ///< in its chain
  };
  /// Time that stays of a class spend in a level.
  struct Cell {
    std::size_t of_class = 0;
    std::size_t level = 0;
    double before_s = 0;  ///< that belong to another piece of the stratum
    double s = 0;
  };
  std::string what;  ///< with the load that it is limited to
  std::string sort;  ///< without
  bool transient = false;
  std::size_t sorts = 0;
  std::pair<double, double> range = {0, 1};  ///< of a stratum that was split, by places
  std::vector<Member> members;               ///< in the order of sort, load and length
  std::vector<Cell> cells;                   ///< of stays, in the order of class and load
  double s = 0;                              ///< time, of all timelines
  double start = 0;                          ///< place of the first representative, drawn at random
  std::vector<Representative> representatives;
  /// Simulated to see whether a transient is over under the highest load; has no part in any mean.
  std::vector<Representative> probes;

  double count() const { return static_cast<double>(members.size()); }
  /// How often there is what a representative is one of: transients, or seconds of stays.
  double units() const { return transient ? count() : s; }
  double units_of(const Representative& one) const { return transient ? 1 : one.found.s; }
  /// What stands between two places of it, without its representatives.
  Stratum part(double from, double to) const;
  /// The place of a representative, counted from 0: a Kronecker sequence (multiples of the golden ratio,
  /// modulo 1) with a random start. Every place is equally likely, and any number of them is evenly spread.
  double place(std::size_t number) const;
  /// Of transients: which member stands there.
  std::size_t member_at(double place) const;
  /// Of stays: which cell, and how many seconds of it come before.
  std::pair<std::size_t, double> cell_at(double place) const;
};

/// Finds the representative nearest to places that are asked for in ascending order.
class Nearest {
 public:
  explicit Nearest(const Stratum& stratum);
  const Representative& at(double place);

 private:
  std::vector<const Representative*> order_;
  std::size_t nearest_ = 0;
};

/// Mean of a quantity per unit of a stratum, and the variance of that mean.
struct MeanPerUnit {
  double value = 0, variance = 0, degrees = 1;
};
/// From the scatter of the representatives, as if they had been drawn independently, which they have been
/// more evenly. `counted`: requests, which fail no more evenly than by chance; and that none was seen to fail
/// is not that none does: three more could be expected (as in the rule of three).
MeanPerUnit mean_per_unit(const Stratum& stratum, double Measured::* quantity, bool counted);

/// How many more of each stratum are worth while, `most` altogether: each is one of that stratum where a
/// request that is simulated takes most off the variance of the total (Neyman 1934, with costs).
std::vector<std::size_t> where_more(const std::vector<Stratum>& strata, double Measured::* quantity,
                                    std::size_t most);

}  // namespace headroom::study
