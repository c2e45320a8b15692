#pragma once

#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "sim/report/files.h"

namespace headroom::report {

/// A diagram, said without a drawing program. Numbers may be NaN: the line breaks there.
struct Chart {
  struct Tick {
    double at = 0;
    std::string label;
  };
  struct Axis {
    std::string label;  ///< with the unit
    bool logarithmic = false;
    std::optional<double> low, high;
    std::vector<Tick> ticks;  ///< none: chosen by the drawing program
  };
  struct Curve {
    std::string name;  ///< empty: not in the key
    std::vector<double> x, y;
    std::vector<double> low, high;  ///< a confidence band; empty or as long as y
    bool points = false;            ///< marks at the points too (few points)
    bool line = true;               ///< false: marks only
    bool bars = false;              ///< marks alone, the band as bars: x is a list of names, not a scale
    std::vector<std::string> labels = {};  ///< beside the points; empty or as long as y
  };
  struct Bound {
    std::string name;
    double y = 0;
  };
  struct Span {
    enum class Kind { fault, unmeasured, no_leader };
    std::string name;
    double begin = 0, end = 0;
    Kind kind = Kind::fault;
  };

  std::string file;  ///< name without ending
  std::string title;
  std::string caption;  ///< one sentence
  Axis x, y;
  std::vector<Curve> curves;
  bool stacked = false;  ///< curves are areas, one on the other; all have the same x
  std::vector<Bound> bounds;
  std::vector<Span> spans;
};

/// The y axis is of percentages of at most 100: from 0, or from higher up if that shows more, which its label
/// says.
void percent_axis(Chart&);

/// What gnuplot is told to draw them all, in the current folder; `files` are those that it writes. A chart in
/// which nothing is to be seen is left out.
std::string gnuplot_script(const std::vector<Chart>&, std::vector<std::string>& files);

/// Draws every chart as FILE.svg and FILE.png into the folder, with gnuplot, all in one go. Readable in grey:
/// curves differ in dashes or patterns too. Takes as long as `seconds` at most. On failure nothing of the
/// charts is left in the folder.
std::optional<Problem> draw(const std::vector<Chart>&, const std::filesystem::path& folder, int seconds = 60);

}  // namespace headroom::report
