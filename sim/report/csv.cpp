#include "sim/report/csv.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <set>

#include "sim/report/numbers.h"

namespace headroom::report {

std::string csv_cell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string csv_cell(double x) {
  return std::isfinite(x) ? shortest(x) : std::string();
}

std::variant<Csv, Problem> parse_csv(std::string_view text) {
  std::vector<std::vector<std::string>> rows(1);
  std::string cell;
  bool in_quotes = false;
  const auto end_cell = [&] {
    rows.back().push_back(std::move(cell));
    cell.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_quotes) {
      if (c != '"') {
        cell += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        cell += text[++i];
      } else {
        in_quotes = false;
      }
    } else if (c == '"') {
      in_quotes = true;
    } else if (c == ',') {
      end_cell();
    } else if (c == '\n') {
      end_cell();
      rows.emplace_back();
    } else if (c != '\r') {
      cell += c;
    }
  }
  // The last line ends like every other one; what a torn file ends with does not.
  if (in_quotes || !cell.empty() || !rows.back().empty()) return Problem{"the last line is cut off"};
  rows.pop_back();
  if (rows.empty()) return Problem{"there is no header"};
  Csv csv;
  csv.header = std::move(rows.front());
  std::set<std::string_view> names;
  for (const std::string& name : csv.header)
    if (!names.insert(name).second)
      return Problem{fmt::format("the column \"{}\" is there twice, expected it once", name)};
  for (std::size_t r = 1; r < rows.size(); ++r) {
    if (rows[r].size() != csv.header.size()) {
      return Problem{
          fmt::format("line {} has {} cells instead of {}", r + 1, rows[r].size(), csv.header.size())};
    }
    csv.rows.push_back(std::move(rows[r]));
  }
  return csv;
}

bool parse_number(const std::string& cell, double& x) {
  if (cell.empty()) {
    x = std::numeric_limits<double>::quiet_NaN();
    return true;
  }
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), x);
  return error == std::errc() && end == cell.data() + cell.size() && std::isfinite(x);
}

}  // namespace headroom::report
