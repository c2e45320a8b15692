#include "sim/report/replications.h"

#include <cmath>
#include <limits>

#include "sim/report/csv.h"

namespace headroom::report {

Replications replications(const Run& run) {
  Replications all;
  all.numbers = run.numbers;
  for (const auto& metric : run.result.metrics) all.values[metric.name] = metric.values;
  return all;
}

std::string to_csv(const Replications& all) {
  std::string csv = "replication";
  for (const auto& [name, values] : all.values) csv += "," + csv_cell(name);
  csv += "\n";
  for (std::size_t r = 0; r < all.numbers.size(); ++r) {
    csv += std::to_string(all.numbers[r]);
    for (const auto& [name, values] : all.values)
      csv += "," + csv_cell(r < values.size() ? values[r].value_or(std::numeric_limits<double>::quiet_NaN())
                                              : std::numeric_limits<double>::quiet_NaN());
    csv += "\n";
  }
  return csv;
}

std::variant<Replications, Problem> parse_replications(std::string_view text) {
  auto parsed = parse_csv(text);
  if (auto* problem = std::get_if<Problem>(&parsed)) return *problem;
  const Csv& csv = std::get<Csv>(parsed);
  if (csv.header.front() != "replication") return Problem{"its first column is not `replication`"};
  Replications all;
  for (const auto& row : csv.rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      double x = 0;
      if (!parse_number(row[c], x)) return Problem{"\"" + row[c] + "\" is no number"};
      if (c > 0) {
        all.values[csv.header[c]].push_back(std::isnan(x) ? std::nullopt : std::optional(x));
      } else if (x > (all.numbers.empty() ? 0 : all.numbers.back()) && x <= 1e6 && x == std::floor(x)) {
        all.numbers.push_back(static_cast<int>(x));
      } else {
        return Problem{"\"" + row[c] + "\" is no number of a replication, or out of order"};
      }
    }
  }
  return all;
}

std::variant<Replications, Problem> load_replications(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "replications.csv";
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return Replications{};
  auto text = read_file(file);
  if (auto* problem = std::get_if<Problem>(&text)) return *problem;
  auto parsed = parse_replications(std::get<std::string>(text));
  if (auto* problem = std::get_if<Problem>(&parsed)) return Problem{file.string() + ": " + problem->message};
  return parsed;
}

}  // namespace headroom::report
