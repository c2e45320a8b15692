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
    /// Of percentages below and up to 100: 90, 99, 99.9 … are equally far apart; 100 has a place above them
    /// all. It covers the values, and has ticks of its own.
    bool nines = false;
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
    double y = 0;  ///< of bars, on their scale
  };
  struct Span {
    enum class Kind { fault, unmeasured, no_leader };
    std::string name;
    double begin = 0, end = 0;
    Kind kind = Kind::fault;
  };

  /// A map of cells in columns and rows, which are as wide and high as each other: column n lies around x =
  /// n.
  struct Cells {
    std::size_t columns = 0;
    std::vector<double> value;       ///< row by row, from below; NaN: nothing there
    std::vector<std::string> texts;  ///< written into the cells; empty, or as long as `value`
    /// Whether what was promised holds there: an edge is drawn between those that do and those that do not.
    /// Nothing: that is not known. Empty, or as long as `value`.
    std::vector<std::optional<bool>> holds;
    Axis scale;  ///< of the colours
    bool dark_is_low = false;
  };

  /// Bars across, named at the left, the first one on top; `x` is their scale, in place of curves.
  struct Bar {
    std::string name;
    double value = 0;     ///< at most the lower end of the scale: no bar, but its label
    std::string label;    ///< at its end
    bool marked = false;  ///< drawn so that it stands out
  };
  struct Bars {
    std::vector<Bar> list;
    std::string marked, others;  ///< what the two sorts are, for the key
  };

  std::string file;  ///< name without ending
  std::string title;
  std::string caption;  ///< one sentence
  Axis x, y;
  std::vector<Curve> curves;
  bool stacked = false;  ///< curves are areas, one on the other; all have the same x
  std::vector<Bound> bounds;
  std::vector<Span> spans;
  std::optional<Cells> cells = std::nullopt;  ///< in place of curves
  Bars bars = {};                             ///< none: there are curves
};

/// The y axis is of percentages of at most 100: from 0, or from higher up if that shows more, which its label
/// says.
void percent_axis(Chart&);

/// The same in nines where that shows more: values come near 100 %, and there is an objective near it or all
/// of them are near it. Of cells, their scale.
void share_axis(Chart&);

/// What gnuplot is told to draw them all, in the current folder; `files` are those that it writes. A chart in
/// which nothing is to be seen is left out.
std::string gnuplot_script(const std::vector<Chart>&, std::vector<std::string>& files);

/// Draws every chart as FILE.svg and FILE.png into the folder, with gnuplot, all in one go. Readable in grey:
/// curves differ in dashes or patterns too. Takes as long as `seconds` at most. On failure nothing of the
/// charts is left in the folder.
std::optional<Problem> draw(const std::vector<Chart>&, const std::filesystem::path& folder, int seconds = 60);

}  // namespace headroom::report
