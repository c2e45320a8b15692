#include "sim/report/fault_bands.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <tuple>
#include <variant>

namespace headroom::report {
namespace {

constexpr std::string_view kBegins = "fault begins";

/// Those of one name that overlap or touch become one.
std::vector<Band> united(std::vector<Band> bands) {
  const auto order = [](const Band& b) { return std::tie(b.begin, b.name, b.end); };
  std::sort(bands.begin(), bands.end(), [&](const Band& a, const Band& b) { return order(a) < order(b); });
  std::vector<Band> out;
  std::map<std::string, std::size_t> latest;  // by name, in `out`
  for (Band& band : bands) {
    const auto [at, first] = latest.try_emplace(band.name, out.size());
    if (!first && band.begin <= out[at->second].end) {
      out[at->second].end = std::max(out[at->second].end, band.end);
      continue;
    }
    at->second = out.size();
    out.push_back(std::move(band));
  }
  return out;
}

void add(std::vector<Band>& bands, std::string name, TimePoint begin, std::optional<double> for_s,
         TimePoint end) {
  const TimePoint over = for_s ? begin + Duration::from_seconds(*for_s) : end;
  bands.push_back({std::move(name), begin, std::min(over, end)});
}

}  // namespace

std::vector<Band> fault_bands(const std::vector<metrics::StudyEvent>& journal, TimePoint end) {
  std::vector<Band> bands;
  for (const metrics::StudyEvent& event : journal) {
    if (event.event.kind != kBegins) continue;
    std::string name;
    std::optional<double> for_s;
    for (const metrics::Field& field : event.event.details) {
      if (field.name == "fault") name = std::get<std::string>(field.value);
      if (field.name == "for_s") for_s = std::get<double>(field.value);
    }
    add(bands, std::move(name), event.event.at, for_s, end);
  }
  return united(std::move(bands));
}

std::vector<Band> fault_bands(std::string_view journal_lines, TimePoint end) {
  std::vector<Band> bands;
  while (!journal_lines.empty()) {
    const std::string_view line = journal_lines.substr(0, journal_lines.find('\n'));
    journal_lines.remove_prefix(std::min(journal_lines.size(), line.size() + 1));
    if (line.find(kBegins) == std::string_view::npos) continue;
    const auto j = nlohmann::json::parse(line, nullptr, false);
    if (!j.is_object() || j.value("kind", nlohmann::json()) != kBegins) continue;
    const auto fault = j.find("fault");
    const auto t_s = j.find("t_s");
    const auto for_s = j.find("for_s");
    if (fault == j.end() || !fault->is_string() || t_s == j.end() || !t_s->is_number()) continue;
    const bool ends = for_s != j.end() && for_s->is_number();
    add(bands, fault->get<std::string>(), TimePoint::at(Duration::from_seconds(t_s->get<double>())),
        ends ? std::optional(for_s->get<double>()) : std::nullopt, end);
  }
  return united(std::move(bands));
}

}  // namespace headroom::report
