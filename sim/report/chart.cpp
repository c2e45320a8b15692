#include "sim/report/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <limits>
#include <set>
#include <string_view>
#include <system_error>

#include "sim/report/gnuplot.h"
#include "sim/report/numbers.h"
#include "sim/report/paint.h"

namespace headroom::report {
namespace {

namespace fs = std::filesystem;

/// Okabe and Ito's palette (2008), told apart by colour-blind readers; dashes and patterns tell them apart in
/// grey.
constexpr std::array<std::string_view, 8> kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                      "#e69f00", "#56b4e9", "#555555", "#000000"};
constexpr std::array<std::string_view, 6> kDashes = {"solid",      "(12,5)", "(3,4)",
                                                     "(12,4,3,4)", "(20,6)", "(7,3)"};
constexpr std::array<std::string_view, 11> kFills = {"solid 0.35", "pattern 4", "pattern 2", "pattern 1",
                                                     "pattern 5",  "pattern 6", "pattern 7", "solid 0.9",
                                                     "solid 0.15", "solid 0.6", "pattern 0"};
constexpr std::array<int, 8> kMarks = {5, 6, 9, 4, 7, 8, 13, 12};  // filled and hollow in turn
constexpr std::array<std::string_view, 2> kBoundDashes = {"(14,4,2,4,2,4)", "(3,4)"};
constexpr std::size_t kMostNameLines = 4;
/// Pixels of the SVG that a bar and the space around it take, and the axes and the key.
constexpr int kBarHeight = 19;
constexpr int kAroundBars = 150;
/// A fault that lasts no time at all is seen, too: a share of the width.
constexpr double kThinnest = 0.002;

template <class T, std::size_t N>
T nth(const std::array<T, N>& list, std::size_t i) {
  return list[i % N];
}

/// A string literal: names come from scenarios, and must neither end the literal nor the line. An apostrophe
/// becomes a typographic one: gnuplot 5.4 does not take a doubled one everywhere.
std::string literal(std::string_view text) {
  std::string out = "'";
  for (char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    if (c == '\'') {
      out += "\u2019";
    } else {
      out += c;
    }
  }
  return out + "'";
}

/// The label of a tick, which gnuplot takes for a format.
std::string tick_literal(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '%' ? "%%" : std::string(1, c);
  return literal(out);
}

/// A column of text in a data block.
std::string text_cell(std::string_view text) {
  std::string out = "\"";
  for (char c : text) out += c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  return out + "\"";
}

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void include(double x) {
    if (!std::isfinite(x)) return;
    low = std::min(low, x);
    high = std::max(high, x);
  }
  bool empty() const { return !(low <= high); }
  bool drawable() const { return !empty() && std::isfinite(high - low); }
  bool meets(const Range& other) const { return low < other.high && other.low < high; }
};

std::size_t rows(const Chart::Cells& cells) {
  return cells.columns > 0 ? cells.value.size() / cells.columns : 0;
}

Range x_range(const Chart& chart) {
  Range range;
  for (const auto& curve : chart.curves) {
    for (double x : curve.x) range.include(x);
  }
  if (chart.cells) range = {-0.5, static_cast<double>(chart.cells->columns) - 0.5};
  if (chart.x.low) range.low = *chart.x.low;
  if (chart.x.high) range.high = *chart.x.high;
  if (range.low == range.high) {
    range.low -= 0.5;
    range.high += 0.5;
  }
  return range;
}

Range y_range(const Chart& chart) {
  Range range;
  if (chart.cells) return {-0.5, static_cast<double>(rows(*chart.cells)) - 0.5};
  std::vector<double> sums;
  for (const auto& curve : chart.curves) {
    sums.resize(std::max(sums.size(), curve.y.size()), 0.0);
    for (std::size_t i = 0; i < curve.y.size(); ++i) {
      if (chart.y.logarithmic && !(curve.y[i] > 0)) continue;
      sums[i] += std::isfinite(curve.y[i]) ? curve.y[i] : 0;
      range.include(chart.stacked ? sums[i] : curve.y[i]);
    }
    for (const auto* band : {&curve.low, &curve.high}) {
      for (double y : *band) {
        if (!chart.y.logarithmic || y > 0) range.include(y);
      }
    }
  }
  if (range.empty()) return range;
  for (const auto& bound : chart.bounds) range.include(bound.y);
  if (chart.y.logarithmic) {
    range.low /= 1.3;
    range.high *= 1.4;
  } else {
    range.low = std::min(0.0, range.low * 1.08);
    range.high = std::max(0.0, range.high * 1.08);
  }
  if (chart.y.low) range.low = *chart.y.low;
  if (chart.y.high) range.high = *chart.y.high;
  if (!(range.low < range.high)) range.high = range.low + 1;
  return range;
}

/// Round numbers in every decade: the more of them, the fewer decades there are.
std::vector<Chart::Tick> logarithmic_ticks(const Range& range) {
  const double decades = std::log10(range.high / range.low);
  std::vector<double> factors = {1};
  if (decades <= 3.2) factors = {1, 2, 5};
  if (decades <= 1.2) factors = {1, 1.5, 2, 3, 4, 5, 7};
  if (decades <= 0.5) factors = {1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9};
  std::vector<Chart::Tick> ticks;
  if (!(range.low > 0) || !std::isfinite(decades)) return ticks;
  for (double power = std::pow(10, std::floor(std::log10(range.low))); power <= range.high; power *= 10) {
    for (double factor : factors) {
      const double at = power * factor;
      if (at >= range.low && at <= range.high) ticks.push_back({at, fmt::format("{:.6g}", at)});
    }
  }
  return ticks;
}

/// Percentages by how many nines they have: 90 is at 1, 99 at 2, 99.9 at 3, and 100 above all that are drawn.
struct Nines {
  double low = 0, full = 1;
  explicit Nines(const std::vector<double>& percentages) {
    double least = std::numeric_limits<double>::infinity(), most = 0;
    for (const double p : percentages) {
      if (!std::isfinite(p)) continue;
      least = std::min(least, count(p));
      if (p < 100) most = std::max(most, count(p));
    }
    full = std::ceil(most + 0.4);
    least = std::min(least, full - 1);
    low = std::max(0.0, std::floor(least * 4 - 0.2) / 4);
  }
  double of(double percentage) const {
    return std::isnan(percentage) ? percentage : std::min(count(percentage), full);
  }
  double high() const { return full + 0.05 * (full - low); }
  std::vector<Chart::Tick> ticks() const {
    const bool fine = full - low <= 2.6;
    std::vector<Chart::Tick> all;
    const auto add = [&](double loss) {
      const double at = place(loss);
      if (at >= low && at <= full - 0.25) all.push_back({at, fmt::format("{:.12g}", 100 - 100 * loss)});
    };
    constexpr double kRoomy = 4.5;  // for 0 beside 50
    if (full - low < kRoomy) add(1);
    for (double loss = 1; -std::log10(loss) < full; loss /= 10) {
      if (fine || loss == 1) add(loss / 2);
      if (fine) add(loss / 5);
      add(loss / 10);
    }
    all.push_back({full, "100"});
    return all;
  }

 private:
  static double count(double percentage) {
    const double loss = (100 - percentage) / 100;
    return loss > 0 ? std::max(0.0, place(loss)) : std::numeric_limits<double>::infinity();
  }
  /// Without the dust that decimal fractions leave.
  static double place(double loss) { return std::round(-std::log10(loss) * 1e9) / 1e9; }
};

/// The same chart with the numbers of an axis in nines as places on it.
Chart placed(Chart chart) {
  const auto place = [](Chart::Axis& axis, const std::vector<double>& seen, const auto& each) {
    if (!axis.nines) return;
    const Nines nines(seen);
    each([&](double& y) { y = nines.of(y); });
    axis.low = nines.low;
    axis.high = nines.high();
    axis.ticks = nines.ticks();
  };
  std::vector<double> seen;
  for (const auto& curve : chart.curves) seen.insert(seen.end(), curve.y.begin(), curve.y.end());
  for (const auto& bound : chart.bounds) seen.push_back(bound.y);
  place(chart.y, seen, [&](const auto& to) {
    for (auto& curve : chart.curves)
      for (auto* column : {&curve.y, &curve.low, &curve.high})
        std::for_each(column->begin(), column->end(), to);
    for (auto& bound : chart.bounds) to(bound.y);
  });
  if (chart.cells)
    place(chart.cells->scale, chart.cells->value,
          [&](const auto& to) { std::for_each(chart.cells->value.begin(), chart.cells->value.end(), to); });
  return chart;
}

void axis(std::string& out, std::string_view name, const Chart::Axis& a, const Range& range) {
  out += fmt::format("set {}label {}\nset {}range [{}:{}]\n", name, literal(a.label), name,
                     shortest(range.low), shortest(range.high));
  if (a.logarithmic) out += fmt::format("set logscale {}\n", name);
  const auto ticks = a.ticks.empty() && a.logarithmic ? logarithmic_ticks(range) : a.ticks;
  if (ticks.empty()) return;
  // Names that would run into each other are written askew, from the left up to their ticks.
  constexpr std::size_t kMostBeside = 120;
  std::size_t letters = 0, widest = 0;
  for (const auto& tick : ticks) {
    letters += columns(tick.label) + 2;
    widest = std::max(widest, columns(tick.label));
  }
  const bool askew = name == "x" && letters > kMostBeside;
  const std::size_t longest = askew ? 16 + 44 / ticks.size() : kMostBeside;
  constexpr std::size_t kRoom = 5;  // beside a scale of colours
  if (name == "cb" && widest > kRoom) out += fmt::format("set cblabel offset {}\n", widest - kRoom);
  out += fmt::format("set {}tics {}(", name, askew ? "rotate by 18 right " : "");
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    out += fmt::format("{}{} {}", i == 0 ? "" : ", ", tick_literal(shortened(ticks[i].label, longest)),
                       shortest(ticks[i].at));
  }
  out += ")\n";
}

/// Shaded spans. Each name is written once, in a strip above the plot; `lines` is how many lines that takes.
std::string spans(const Chart& chart, const Range& x, std::size_t& lines) {
  std::string out;
  const double width = x.high - x.low;
  std::vector<std::vector<Range>> taken;  // by the names of each line
  std::set<std::string> named;
  int object = 1;
  for (const auto& span : chart.spans) {
    const bool fault = span.kind == Chart::Span::Kind::fault;
    const double begin = std::clamp(span.begin, x.low, x.high);
    double end = std::clamp(span.end, x.low, x.high);
    if (span.kind != Chart::Span::Kind::unmeasured && begin < x.high)
      end = std::max(end, begin + kThinnest * width);
    if (!(begin < end)) continue;
    const std::string_view fill = fault ? "rgb '#e69f00' fillstyle transparent solid 0.30"
                                  : span.kind == Chart::Span::Kind::no_leader
                                      ? "rgb '#444444' fillstyle transparent solid 0.45"
                                      : "rgb '#000000' fillstyle transparent solid 0.07";
    out += fmt::format(
        "set object {} rectangle from first {}, graph 0 to first {}, graph 1 fillcolor {} noborder behind\n",
        object++, shortest(begin), shortest(end), fill);
    if (span.name.empty() || !named.insert(span.name).second) continue;
    const double text = 0.0078 * width * static_cast<double>(span.name.size() + 1);
    const bool leftwards = begin + text > x.high + 0.02 * width;
    const Range place{leftwards ? end - text : begin, leftwards ? end : begin + text};
    const auto free = std::find_if(taken.begin(), taken.end(), [&](const std::vector<Range>& line) {
      return std::none_of(line.begin(), line.end(), [&](const Range& other) { return place.meets(other); });
    });
    const auto line = static_cast<std::size_t>(free - taken.begin());
    if (line == kMostNameLines) continue;
    if (free == taken.end()) taken.emplace_back();
    taken[line].push_back(place);
    out += fmt::format(
        "set label {} at first {}, graph 1 {} offset 0,{:.2f} font ',10' textcolor rgb '{}' front\n",
        literal(span.name), shortest(leftwards ? end : begin), leftwards ? "right" : "left",
        0.6 + 0.95 * static_cast<double>(line), fault ? "#7a4a00" : "#555555");
  }
  lines = taken.size();
  return out;
}

void data_block(std::string& out, std::size_t number, const Chart::Curve& curve,
                const std::vector<double>& base) {
  out += fmt::format("$curve{} << END\n", number);
  const auto cell = [](double v) { return std::isfinite(v) ? shortest(v) : std::string("NaN"); };
  for (std::size_t i = 0; i < curve.y.size(); ++i) {
    if (!base.empty() && !std::isfinite(curve.y[i])) continue;  // an area has no gaps
    out += cell(curve.x[i]) + ' ' + cell(curve.y[i]);
    if (!base.empty()) out += ' ' + shortest(base[i]) + ' ' + cell(base[i] + curve.y[i]);
    if (!curve.low.empty()) out += ' ' + cell(curve.low[i]) + ' ' + cell(curve.high[i]);
    if (!curve.labels.empty()) out += ' ' + text_cell(curve.labels[i]);
    out += '\n';
  }
  out += "END\n";
}

void data(std::string& out, const Chart& chart) {
  std::vector<double> base;
  for (std::size_t c = 0; c < chart.curves.size(); ++c) {
    if (!chart.stacked) {
      data_block(out, c, chart.curves[c], {});
      continue;
    }
    Chart::Curve curve = chart.curves[c];
    curve.low.clear();
    base.resize(std::max(base.size(), curve.y.size()), 0.0);
    data_block(out, c, curve, base);
    for (std::size_t i = 0; i < curve.y.size(); ++i) base[i] += std::isfinite(curve.y[i]) ? curve.y[i] : 0;
  }
}

void plot(std::string& out, const Chart& chart) {
  std::vector<std::string> parts;
  // Of many bands, which lie on each other, each is fainter.
  const double opacity = chart.curves.size() > 3 ? 0.1 : 0.18;
  for (std::size_t c = 0; c < chart.curves.size(); ++c) {
    const auto& curve = chart.curves[c];
    const std::string title = curve.name.empty() ? "notitle" : "title " + literal(curve.name);
    if (chart.stacked) {
      parts.push_back(fmt::format(
          "$curve{0} using 1:3:4 with filledcurves fillcolor rgb '{2}' fillstyle {1} border rgb '{2}' {3}", c,
          nth(kFills, c), nth(kColours, c), title));
      continue;
    }
    if (!curve.labels.empty())
      parts.push_back(fmt::format(
          "$curve{} using 1:2:{} with labels left offset 0.6,-0.6 font ',9' textcolor rgb '#444444' "
          "notitle",
          c, curve.low.empty() ? 3 : 5));
    if (curve.bars) {
      parts.push_back(
          fmt::format("$curve{} using 1:2{} with {} linewidth 1.6 linecolor rgb '{}' pointtype {} "
                      "pointsize 1.1 {}",
                      c, curve.low.empty() ? "" : ":3:4", curve.low.empty() ? "points" : "yerrorbars",
                      nth(kColours, c), nth(kMarks, c), title));
      continue;
    }
    if (!curve.low.empty()) {
      parts.push_back(
          fmt::format("$curve{} using 1:3:4 with filledcurves fillstyle transparent solid {:.2g} noborder "
                      "linecolor rgb '{}' notitle",
                      c, opacity, nth(kColours, c)));
    }
    const std::string dash = nth(kDashes, c) == "solid" ? "solid" : std::string(nth(kDashes, c));
    parts.push_back(fmt::format(
        "$curve{} using 1:2 with {} linewidth {} dashtype {} linecolor rgb '{}' {}{}", c,
        !curve.line    ? "points"
        : curve.points ? "linespoints"
                       : "lines",
        c == 0 ? 2.2 : 1.8, dash, nth(kColours, c),
        curve.points ? fmt::format("pointtype {} pointsize {} ", nth(kMarks, c), curve.line ? 0.7 : 1.3) : "",
        title));
  }
  for (const auto& bound : chart.bounds) {
    parts.push_back(
        fmt::format("{} with lines linewidth 1.2 dashtype (14,4,2,4,2,4) linecolor rgb '#222222' title {}",
                    shortest(bound.y), literal(bound.name)));
  }
  out += "plot ";
  for (std::size_t i = 0; i < parts.size(); ++i) out += (i == 0 ? "" : ", \\\n     ") + parts[i];
  out += '\n';
}

/// As many as fit beside each other, by the longest name; in pixels of the SVG, as gnuplot lays them out.
std::size_t key_columns(const Chart& chart) {
  constexpr double kWidth = 885, kCharacter = 9.5, kSample = 33;
  std::size_t longest = 1;
  for (const auto& curve : chart.curves) longest = std::max(longest, columns(curve.name));
  longest = std::max({longest, columns(chart.bars.marked), columns(chart.bars.others)});
  for (const auto& bound : chart.bounds) longest = std::max(longest, columns(bound.name));
  const double fit = kWidth / (kCharacter * static_cast<double>(longest) + kSample);
  return static_cast<std::size_t>(std::clamp(fit, 1.0, 6.0));
}

/// Pixels that the key of bars needs beyond the two rows for which there is always room.
int more_for_key(const Chart& chart) {
  constexpr double kRow = 15.6;
  const auto any = [&](bool marked) {
    return std::any_of(chart.bars.list.begin(), chart.bars.list.end(),
                       [&](const Chart::Bar& bar) { return bar.marked == marked; });
  };
  const std::size_t entries = (any(true) ? 1U : 0U) + (any(false) ? 1U : 0U) + chart.bounds.size();
  const std::size_t across = key_columns(chart);
  const std::size_t rows = (entries + across - 1) / across;
  return rows > 2 ? static_cast<int>(std::ceil(kRow * static_cast<double>(rows - 2))) : 0;
}

/// Pixels of the SVG from top to bottom.
int height(const Chart& chart) {
  const auto bars = static_cast<int>(chart.bars.list.size());
  return bars == 0 ? 400 : std::max(220, kAroundBars + more_for_key(chart) + kBarHeight * bars);
}

/// Title, key, and the margins that they leave.
std::string head(const Chart& chart, std::size_t key_rows, std::size_t key_columns, std::size_t name_lines,
                 double right) {
  std::string out;
  out += fmt::format("set label {} at screen 0.015, screen 0.945 left font ',15' textcolor rgb '#111111'\n",
                     literal(chart.title));
  out += fmt::format("set tmargin at screen {:.3f}\nset rmargin at screen {}\n",
                     0.895 - 0.055 * static_cast<double>(key_rows) - 0.045 * static_cast<double>(name_lines),
                     right);
  out += fmt::format(
      "set key at screen 0.012, screen 0.905 left top Left reverse horizontal maxcols {} samplen 3.2 width "
      "1\n",
      key_columns);
  return out;
}

/// Lines between neighbours of which one holds and the other does not.
std::string edge(const Chart::Cells& cells) {
  std::string lines;
  const auto holds = [&](std::size_t column, std::size_t row) {
    return cells.holds[row * cells.columns + column];
  };
  const auto apart = [](std::optional<bool> a, std::optional<bool> b) { return a && b && *a != *b; };
  const auto line = [&](double x, double y, double to_x, double to_y) {
    lines += fmt::format("{} {} {} {}\n", x, y, to_x - x, to_y - y);
  };
  for (std::size_t row = 0; row < rows(cells); ++row) {
    for (std::size_t column = 0; column < cells.columns; ++column) {
      const auto x = static_cast<double>(column);
      const auto y = static_cast<double>(row);
      if (column > 0 && apart(holds(column - 1, row), holds(column, row)))
        line(x - .5, y - .5, x - .5, y + .5);
      if (row > 0 && apart(holds(column, row - 1), holds(column, row))) line(x - .5, y - .5, x + .5, y - .5);
    }
  }
  return lines;
}

/// Where a value stands between the lightest and the darkest.
double darkness(const Chart::Cells& cells, const Range& scale, double value) {
  const double share = cells.scale.logarithmic
                           ? std::log(value / scale.low) / std::log(scale.high / scale.low)
                           : (value - scale.low) / (scale.high - scale.low);
  return cells.dark_is_low ? 1 - share : share;
}

/// What the colours stand for, from the lightest to the darkest.
Range colour_range(const Chart::Cells& cells) {
  Range range;
  for (const double value : cells.value)
    if (!cells.scale.logarithmic || value > 0) range.include(value);
  if (cells.scale.low) range.low = *cells.scale.low;
  if (cells.scale.high) range.high = *cells.scale.high;
  if (!(range.low < range.high)) {
    range.low = cells.scale.logarithmic ? range.low / 1.1 : range.low - 0.5;
    range.high = cells.scale.logarithmic ? range.high * 1.1 : range.high + 0.5;
  }
  return range;
}

/// Cells in shades of one colour, which is dark where things are well; what does not hold is hatched.
std::string map_body(const Chart& chart, const Range& x, const Range& y) {
  const Chart::Cells& cells = *chart.cells;
  const Range scale = colour_range(cells);
  const std::string border = cells.holds.empty() ? "" : edge(cells);
  std::string all, hatched, blank, texts;
  for (std::size_t i = 0; i < cells.value.size(); ++i) {
    const auto column = static_cast<double>(i % cells.columns);
    const std::size_t line = i / cells.columns;
    const auto row = static_cast<double>(line);
    const std::string box =
        fmt::format("{} {} {} {} {} {}", column, row, column - .5, column + .5, row - .5, row + .5);
    const double value = cells.value[i];
    const bool there = std::isfinite(value) && (!cells.scale.logarithmic || value > 0);
    if (there)
      all += box + " " + shortest(value) + "\n";
    else
      blank += box + "\n";
    const bool missed = !cells.holds.empty() && cells.holds[i] && !*cells.holds[i];
    if (missed) hatched += box + "\n";
    if (!cells.texts.empty())
      texts += fmt::format("{} {} {} {}\n", column, row, text_cell(cells.texts[i]),
                           there && darkness(cells, scale, value) > 0.55 ? 0xffffff : 0x111111);
  }
  const std::size_t keys =
      (border.empty() ? 0U : 1U) + (hatched.empty() ? 0U : 1U) + (blank.empty() ? 0U : 1U);
  std::string out = head(chart, (keys + 1) / 2, 2, 0, 0.84);
  out += "set border 0\nset tics nomirror out scale 0.4\nset cbtics scale 0.4\n";
  out += fmt::format("set palette defined ({})\n",
                     cells.dark_is_low ? "0 '#08306b', 1 '#3a7ab5', 2 '#9ec5e3', 3 '#f3f7fb'"
                                       : "0 '#f3f7fb', 1 '#9ec5e3', 2 '#3a7ab5', 3 '#08306b'");
  out += "set colorbox user origin screen 0.86, graph 0 size screen 0.018, graph 1 noborder\n";
  axis(out, "x", chart.x, x);
  axis(out, "y", chart.y, y);
  axis(out, "cb", cells.scale, scale);
  std::vector<std::string> parts;
  const auto part = [&](const char* name, const std::string& data, const std::string& how) {
    if (data.empty()) return;
    out += fmt::format("${} << END\n{}END\n", name, data);
    parts.push_back(fmt::format("${} using {}", name, how));
  };
  const std::string boxes = "1:2:3:4:5:6 with boxxyerror ";
  part("cells", all, "1:2:3:4:5:6:7 with boxxyerror fillstyle solid noborder fillcolor palette notitle");
  part("blank", blank,
       boxes + "fillstyle solid 1.0 border rgb '#ffffff' fillcolor rgb '#d9d9d9' title 'no result'");
  part("hatched", hatched,
       boxes +
           "fillstyle transparent pattern 5 noborder fillcolor rgb '#888888' title 'an objective is missed'");
  part("edge", border, "1:2:3:4 with vectors nohead linewidth 6 linecolor rgb '#ffffff' notitle");
  if (!border.empty())
    parts.emplace_back(
        "$edge using 1:2:3:4 with vectors nohead linewidth 2.6 linecolor rgb '#000000' title 'edge of the "
        "objectives'");
  part("texts", texts, "1:2:3:4 with labels center font ',10' textcolor rgb variable notitle");
  if (!parts.empty()) out += fmt::format("plot {}\n", fmt::join(parts, ", \\\n     "));
  return out;
}

std::string body(const Chart& chart, const Range& x, const Range& y) {
  if (chart.cells) return map_body(chart, x, y);
  std::size_t name_lines = 0;
  const std::string shading = spans(chart, x, name_lines);
  const std::size_t keys = chart.curves.size() + chart.bounds.size();
  const std::size_t columns = key_columns(chart);
  std::string out = head(chart, (keys + columns - 1) / columns, columns, name_lines, 0.965);
  out +=
      "set border 3 linecolor rgb '#555555'\nset tics nomirror out scale 0.6\n"
      "set grid ytics linetype 1 linecolor rgb '#dddddd' linewidth 0.8\n";
  axis(out, "x", chart.x, x);
  axis(out, "y", chart.y, y);
  out += shading;
  data(out, chart);
  plot(out, chart);
  return out;
}

/// Bars across: marked ones are filled, others are hatched, so that they differ in grey, too.
std::string bars_body(const Chart& chart) {
  const auto& bars = chart.bars.list;
  const double low = *chart.x.low;
  std::string out =
      fmt::format("set label {} at screen 0.015, screen {:.3f} left font ',15' textcolor rgb '#111111'\n",
                  literal(chart.title), 1 - 22.0 / height(chart));
  out += fmt::format("set tmargin at screen {:.3f}\nset rmargin at screen 0.965\n",
                     1 - (72.0 + more_for_key(chart)) / height(chart));
  out += fmt::format(
      "set key at screen 0.012, screen {:.3f} left top Left reverse horizontal maxcols {} samplen 3.2 width "
      "1\n",
      1 - 38.0 / height(chart), key_columns(chart));
  out +=
      "set border 3 linecolor rgb '#555555'\nset tics nomirror out scale 0.6\n"
      "set grid xtics linetype 1 linecolor rgb '#dddddd' linewidth 0.8\n";
  axis(out, "x", chart.x, {low, *chart.x.high});
  out += fmt::format("set yrange [{}:-0.7]\nset ytics (", static_cast<double>(bars.size()) - 0.3);
  for (std::size_t i = 0; i < bars.size(); ++i)
    out += fmt::format("{}{} {}", i == 0 ? "" : ", ", tick_literal(bars[i].name), i);
  out += ")\nset ytics scale 0\n";
  std::vector<std::string> parts;
  for (const bool marked : {true, false}) {
    const std::string block = marked ? "$marked" : "$others";
    std::string rows;
    for (std::size_t i = 0; i < bars.size(); ++i)
      if (bars[i].marked == marked)
        rows +=
            fmt::format("{} {} {}\n", i, shortest(std::max(bars[i].value, low)), text_cell(bars[i].label));
    if (rows.empty()) continue;
    out += fmt::format("{} << END\n{}END\n", block, rows);
    parts.push_back(fmt::format(
        "{} using 2:1:({}):2:($1-0.36):($1+0.36) with boxxyerror fillcolor rgb '{}' fillstyle {} border rgb "
        "'{}' title {}",
        block, shortest(low), nth(kColours, marked ? 1 : 0), marked ? "solid 0.85" : "pattern 4",
        nth(kColours, marked ? 1 : 0), literal(marked ? chart.bars.marked : chart.bars.others)));
    parts.push_back(fmt::format(
        "{} using 2:1:3 with labels left offset 0.6,0 font ',10' textcolor rgb '#333333' notitle", block));
  }
  for (std::size_t i = 0; i < chart.bounds.size(); ++i) {
    const std::string line =
        fmt::format("linewidth 1.4 dashtype {} linecolor rgb '#222222'", nth(kBoundDashes, i));
    out += fmt::format("set arrow from {0}, graph 0 to {0}, graph 1 nohead {1} front\n",
                       shortest(chart.bounds[i].y), line);
    parts.push_back(fmt::format("NaN with lines {} title {}", line, literal(chart.bounds[i].name)));
  }
  out += "plot ";
  for (std::size_t i = 0; i < parts.size(); ++i) out += (i == 0 ? "" : ", \\\n     ") + parts[i];
  return out + '\n';
}

}  // namespace

void percent_axis(Chart& chart) {
  double lowest = 100;
  for (const auto& curve : chart.curves) {
    for (double y : curve.y) lowest = std::isfinite(y) ? std::min(lowest, y) : lowest;
  }
  for (const auto& b : chart.bounds) lowest = std::min(lowest, b.y);
  double low = 0;
  for (double candidate : {50.0, 80.0, 90.0, 95.0, 98.0, 99.0, 99.5, 99.8}) {
    if (lowest >= candidate) low = candidate;
  }
  // Further up only as far as tells an objective from 100 %.
  double objective = 0;
  for (const auto& b : chart.bounds) objective = std::max(objective, b.y);
  for (double room = 0.1; room > 1e-9 && lowest >= 100 - room && objective > 100 - room; room /= 10) {
    low = 100 - room;
    chart.y.ticks.clear();
    for (int i = 0; i <= 5; ++i) {
      const double at = low + room * i / 5;
      chart.y.ticks.push_back({at, fmt::format("{:.12g}", at)});
    }
  }
  chart.y.low = low;
  chart.y.high = 100 + (100 - low) * 0.04;
  if (low > 0) chart.y.label += fmt::format(", axis from {:.12g} %", low);
}

void share_axis(Chart& chart) {
  double lowest = 100, highest = 0, objective = 0;
  const auto look = [&](const std::vector<double>& values) {
    for (const double y : values) {
      if (!std::isfinite(y)) continue;
      lowest = std::min(lowest, y);
      highest = std::max(highest, y);
    }
  };
  for (const auto& curve : chart.curves) look(curve.y);
  if (chart.cells) look(chart.cells->value);
  for (const auto& b : chart.bounds)
    if (b.y < 100) objective = std::max(objective, b.y);
  const bool all_near = lowest >= 90 && lowest < 99.8;  // without an objective noise is not made large
  const bool nines = highest >= 98 && (objective >= 99 || all_near);
  if (!nines && !chart.cells) return percent_axis(chart);
  Chart::Axis& axis = chart.cells ? chart.cells->scale : chart.y;
  axis.nines = nines;
  if (nines) axis.label += ", in nines";
}

std::string gnuplot_script(const std::vector<Chart>& charts, std::vector<std::string>& files) {
  std::string script = "set encoding utf8\n";
  for (const Chart& given : charts) {
    const Chart chart = placed(given);
    const Range x = x_range(chart);
    const Range y = y_range(chart);
    const bool bars = !chart.bars.list.empty();
    if (!bars && (!x.drawable() || !y.drawable())) continue;
    const std::string drawing = bars ? bars_body(chart) : body(chart, x, y);
    const int pixels = height(chart);
    files.push_back(chart.file + ".svg");
    script += fmt::format(
        "reset\nset terminal svg size 900,{} noenhanced font 'Helvetica,12' background '#ffffff'\n"
        "set output {}\n{}unset output\n",
        pixels, literal(files.back()), drawing);
    files.push_back(chart.file + ".png");
    script += fmt::format(
        "reset\nset terminal pngcairo size 1350,{} noenhanced font 'Sans,12' fontscale 1.25 linewidth 1.5 "
        "background "
        "'#ffffff'\nset output {}\n{}unset output\n",
        pixels * 3 / 2, literal(files.back()), drawing);
  }
  return script;
}

std::optional<Problem> draw(const std::vector<Chart>& charts, const fs::path& folder, int seconds) {
  std::vector<std::string> names;
  const std::string script = gnuplot_script(charts, names);
  std::vector<fs::path> files;
  for (const std::string& name : names) files.push_back(folder / name);
  if (files.empty()) return std::nullopt;
  auto problem = run_gnuplot(script, folder, seconds);
  std::error_code error;
  for (const fs::path& file : files) {
    if (problem) break;
    const auto size = fs::file_size(file, error);
    if (error || size == 0) problem = Problem{"gnuplot did not write " + file.filename().string()};
  }
  if (problem) {
    for (const fs::path& file : files) fs::remove(file, error);
  }
  return problem;
}

}  // namespace headroom::report
