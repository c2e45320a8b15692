#include "sim/study/trace.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/config/reader.h"
#include "sim/config/table_errors.h"
#include "sim/config/units.h"

namespace headroom::study {
namespace {

using config::did_you_mean;
using config::list_of;
using config::Mark;
using config::quote;

enum class Column { at, image_bytes, user, pixels };
constexpr std::string_view kColumns[] = {"at_s", "image_bytes", "user", "pixels"};

/// A value of a line, without the blanks around it.
struct Cell {
  std::string_view text;
  Mark where;
};

std::vector<Cell> split(std::string_view line, const Mark& start) {
  std::vector<Cell> cells;
  for (std::size_t begin = 0; begin <= line.size();) {
    const std::size_t end = std::min(line.find(',', begin), line.size());
    const std::string_view whole = line.substr(begin, end - begin);
    const std::size_t first = std::min(whole.find_first_not_of(" \t"), whole.size());
    const std::size_t last = whole.find_last_not_of(" \t\r");
    Mark where = start;
    where.column += static_cast<int>(begin + first);
    cells.push_back({last == std::string_view::npos ? "" : whole.substr(first, last + 1 - first), where});
    begin = end + 1;
  }
  return cells;
}

class Reader {
 public:
  Reader(client::Trace& out, config::Diagnostics& diagnostics)
      : out_(out), diagnostics_(diagnostics), lines_(diagnostics) {}

  void read(const std::shared_ptr<const config::Source>& source) {
    std::string_view rest = source->text;
    for (int number = 1; !rest.empty(); ++number) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      if (line.find_first_not_of(" \t\r") == std::string_view::npos || line.front() == '#') continue;
      const Mark where{source, number, 1};
      if (columns_.empty()) {
        if (!read_header(split(line, where))) return;
      } else if (out_.rows.size() == kMaxTraceRows) {
        diagnostics_.error(where, "too many requests, expected at most " + std::to_string(kMaxTraceRows));
        return;
      } else {
        read_row(split(line, where));
      }
    }
    if (out_.rows.empty())
      diagnostics_.error(
          {source, 1, 1},
          "there is no request in this file, expected a line for each below a line with the names of "
          "the columns (at_s, image_bytes, user, pixels)");
  }

 private:
  bool read_header(const std::vector<Cell>& cells) {
    bool good = true;
    for (const Cell& cell : cells) {
      const auto found = std::find(std::begin(kColumns), std::end(kColumns), cell.text);
      const auto column = static_cast<Column>(found - std::begin(kColumns));
      const bool repeated = std::find(columns_.begin(), columns_.end(), column) != columns_.end();
      if (found == std::end(kColumns))
        diagnostics_.error(cell.where, "unknown column " + quote(cell.text) + ", expected " +
                                           list_of(kColumns) + did_you_mean(cell.text, kColumns));
      else if (repeated)
        diagnostics_.error(cell.where,
                           "the column " + quote(cell.text) + " is there twice, expected it once");
      good = good && found != std::end(kColumns) && !repeated;
      columns_.push_back(column);
    }
    if (good && columns_.front() != Column::at) {
      diagnostics_.error(
          cells.front().where,
          "expected at_s, the time in seconds, in the first column, got " + quote(cells.front().text));
      good = false;
    }
    return good;
  }

  void read_row(const std::vector<Cell>& cells) {
    client::TraceRow& row = out_.rows.emplace_back();
    if (cells.size() != columns_.size()) {
      lines_.error(cells.front().where, "number of columns",
                   "expected a value for each of the " + std::to_string(columns_.size()) + " columns, got " +
                       std::to_string(cells.size()));
      return;
    }
    for (std::size_t c = 0; c < cells.size(); ++c) read_cell(columns_[c], cells[c], row);
  }

  void read_cell(Column column, const Cell& cell, client::TraceRow& row) {
    constexpr double kLongest = 9e9;  // s: 285 years, what a Duration holds
    constexpr double kMost = 9e15;    // whole numbers that a double tells apart
    constexpr double kMostPixels = 1e12;
    const double x = config::parse_number(cell.text).value_or(-1);
    const auto refuse = [&](const std::string& expected) {
      lines_.error(cell.where, "column " + std::string(kColumns[static_cast<std::size_t>(column)]),
                   "expected " + expected + ", got " + quote(cell.text));
    };
    switch (column) {
      case Column::at:
        if (x < 0 || x > kLongest) return refuse("a time in seconds, without a unit");
        row.at = Duration::from_seconds(x);
        if (row.at < latest_) refuse("a time that is not before that of the request above");
        latest_ = std::max(latest_, row.at);
        return;
      case Column::image_bytes:
        if (x < 1 || x > kMost) return refuse("a size in bytes, without a unit");
        row.image_bytes = Bytes::from_double(x);
        return;
      case Column::user:
        if (x < 0 || x > kMost || x != std::floor(x))
          return refuse("the number of a user, a whole number ≥ 0");
        row.user = static_cast<std::int64_t>(x);
        return;
      case Column::pixels:
        if (x < 1 || x > kMostPixels || x != std::floor(x))
          return refuse("the number of an image's pixels, a whole number ≥ 1");
        row.pixels = static_cast<std::int64_t>(x);
        return;
    }
  }

  client::Trace& out_;
  config::Diagnostics& diagnostics_;
  config::TableErrors lines_;
  std::vector<Column> columns_;
  Duration latest_;
};

}  // namespace

bool read_trace(const config::Node& name, client::Trace& out, config::Diagnostics& diagnostics) {
  const std::string path = config::resolve_path(name.text(), name.where());
  const auto source = config::load_source(path, name.where(), diagnostics);
  if (!source) return false;
  diagnostics.mention(source);
  const std::size_t before = diagnostics.count();
  Reader(out, diagnostics).read(source);
  return diagnostics.count() == before;
}

}  // namespace headroom::study
