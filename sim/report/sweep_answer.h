#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/report/sweep.h"

namespace headroom::report {

/// The values of an axis as numbers on a common scale, or as mere names (those of a choice always are).
struct Scale {
  bool numeric = false;
  std::string unit;                    ///< "ms", "1/s"; empty: none, or names
  std::vector<double> at;              ///< by value; of names: 0, 1, 2 …
  std::vector<std::size_t> ascending;  ///< indices of the values, from low to high; names as they were given
};
Scale scale_of(const Sweep::Axis&);

/// The points with one combination of all that is not on the x axis.
struct Series {
  std::string name;                 ///< "arrivals.poisson 10000/s, a1 down"; empty if there is but one series
  std::vector<std::size_t> points;  ///< complete ones, from low to high x
};
/// How a sweep is looked at: along the numeric axis with the most values; along any, if none has several
/// numbers.
struct View {
  std::size_t x = 0;
  Scale scale;
  std::vector<Series> series;
};
View view_of(const Sweep&);

/// The last two parts of a path, more if another axis ends alike: "worker.count". The whole name of a choice.
std::string short_name(const std::vector<Sweep::Axis>&, std::size_t axis);

/// An alternative for people: "worker.count 28"; of a choice its name, "a1 down", after that of the choice if
/// another choice has an alternative of the same name.
std::string alternative_name(const Sweep&, std::size_t axis, std::size_t value);

/// "worker.count 28, a1 down"
std::string point_name(const Sweep&, const Sweep::Point&);

/// Where the objectives are met, series by series: "hold from worker.count = 36 on".
struct SweepAnswer {
  /// yes: surely somewhere in every series; no: surely nowhere; open: somewhere in some series, or that
  /// cannot be told, or there are no objectives.
  enum class Kind { yes, no, open };
  struct Line {
    Kind kind = Kind::open;
    std::string text;
  };
  Kind kind = Kind::open;
  std::string text;         ///< in one line
  std::vector<Line> lines;  ///< one for each series, if there are several
};
SweepAnswer answer(const Sweep&);

/// The cheapest points that meet all objectives, in a sentence; empty if nothing that was varied changes the
/// price, or there are no objectives. What does not change it (a load, a fault) is not for sale, but a
/// condition: the cheapest point is said for each of its values.
std::string cheapest(const Sweep&);

}  // namespace headroom::report
