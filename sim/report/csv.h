#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/report/files.h"

namespace headroom::report {

/// A cell as it stands in a CSV file (RFC 4180): quoted if it has to be.
std::string csv_cell(std::string_view text);
/// A number's cell: shortest form, empty for what is no finite number.
std::string csv_cell(double x);

/// A table with a header of different names; every row has as many cells as the header.
struct Csv {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};
std::variant<Csv, Problem> parse_csv(std::string_view text);
/// NaN for an empty cell; false if it is no finite number.
bool parse_number(const std::string& cell, double& x);

}  // namespace headroom::report
