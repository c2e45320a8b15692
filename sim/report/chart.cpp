#include "sim/report/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <set>
#include <string_view>
#include <system_error>

#include "sim/report/gnuplot.h"
#include "sim/report/numbers.h"

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
constexpr std::size_t kMostNameLines = 4;
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

Range x_range(const Chart& chart) {
  Range range;
  for (const auto& curve : chart.curves) {
    for (double x : curve.x) range.include(x);
  }
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

void axis(std::string& out, char name, const Chart::Axis& a, const Range& range) {
  out += fmt::format("set {}label {}\nset {}range [{}:{}]\n", name, literal(a.label), name,
                     shortest(range.low), shortest(range.high));
  if (a.logarithmic) out += fmt::format("set logscale {}\n", name);
  const auto ticks = a.ticks.empty() && a.logarithmic ? logarithmic_ticks(range) : a.ticks;
  if (ticks.empty()) return;
  out += fmt::format("set {}tics (", name);
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    out += fmt::format("{}{} {}", i == 0 ? "" : ", ", tick_literal(ticks[i].label), shortest(ticks[i].at));
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
          fmt::format("$curve{} using 1:3:4 with filledcurves fillstyle transparent solid 0.18 noborder "
                      "linecolor rgb '{}' notitle",
                      c, nth(kColours, c)));
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
  for (const auto& curve : chart.curves) longest = std::max(longest, curve.name.size());
  for (const auto& bound : chart.bounds) longest = std::max(longest, bound.name.size());
  const double fit = kWidth / (kCharacter * static_cast<double>(longest) + kSample);
  return static_cast<std::size_t>(std::clamp(fit, 1.0, 6.0));
}

std::string body(const Chart& chart, const Range& x, const Range& y) {
  std::size_t name_lines = 0;
  const std::string shading = spans(chart, x, name_lines);
  const std::size_t keys = chart.curves.size() + chart.bounds.size();
  const std::size_t columns = key_columns(chart);
  const std::size_t key_rows = (keys + columns - 1) / columns;
  std::string out;
  out += fmt::format("set label {} at screen 0.015, screen 0.945 left font ',15' textcolor rgb '#111111'\n",
                     literal(chart.title));
  out += fmt::format("set tmargin at screen {:.3f}\nset rmargin at screen 0.965\n",
                     0.895 - 0.055 * static_cast<double>(key_rows) - 0.045 * static_cast<double>(name_lines));
  out += fmt::format(
      "set key at screen 0.012, screen 0.905 left top Left reverse horizontal maxcols {} samplen 3.2 width "
      "1\n",
      columns);
  out +=
      "set border 3 linecolor rgb '#555555'\nset tics nomirror out scale 0.6\n"
      "set grid ytics linetype 1 linecolor rgb '#dddddd' linewidth 0.8\n";
  axis(out, 'x', chart.x, x);
  axis(out, 'y', chart.y, y);
  out += shading;
  data(out, chart);
  plot(out, chart);
  return out;
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

std::string gnuplot_script(const std::vector<Chart>& charts, std::vector<std::string>& files) {
  std::string script = "set encoding utf8\n";
  for (const Chart& chart : charts) {
    const Range x = x_range(chart);
    const Range y = y_range(chart);
    if (!x.drawable() || !y.drawable()) continue;
    const std::string drawing = body(chart, x, y);
    files.push_back(chart.file + ".svg");
    script += fmt::format(
        "reset\nset terminal svg size 900,400 noenhanced font 'Helvetica,12' background '#ffffff'\n"
        "set output {}\n{}unset output\n",
        literal(files.back()), drawing);
    files.push_back(chart.file + ".png");
    script += fmt::format(
        "reset\nset terminal pngcairo size 1350,600 noenhanced font 'Sans,12' fontscale 1.25 linewidth 1.5 "
        "background "
        "'#ffffff'\nset output {}\n{}unset output\n",
        literal(files.back()), drawing);
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
