#include "sim/report/journal_lines.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <variant>

#include "sim/report/numbers.h"

namespace headroom::report {
namespace {

using nlohmann::ordered_json;

ordered_json value(const metrics::Field& field) {
  return std::visit(
      [](const auto& v) {
        if constexpr (std::is_same_v<std::decay_t<decltype(v)>, double>) {
          return std::isfinite(v) ? ordered_json(v) : ordered_json();
        } else {
          return ordered_json(v);
        }
      },
      field.value);
}

}  // namespace

std::string journal_lines(const std::vector<metrics::StudyEvent>& events, std::int64_t left_out) {
  std::string out;
  const auto add = [&](const ordered_json& j) {
    out += j.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + '\n';
  };
  for (const auto& [replication, event] : events) {
    ordered_json j = {{"t_s", event.at.since_start().seconds()},
                      {"replication", replication},
                      {"kind", event.kind},
                      {"subject", event.subject}};
    for (const auto& field : event.details) {
      if (j.contains(field.name)) {
        j["detail"][field.name] = value(field);
      } else {
        j[field.name] = value(field);
      }
    }
    add(j);
  }
  if (left_out > 0) add({{"left_out", left_out}});
  return out;
}

std::string details_text(const metrics::Event& event) {
  std::string out;
  for (const auto& field : event.details) {
    out += (out.empty() ? "" : ", ") + field.name + ' ';
    out += std::visit(
        [](const auto& v) -> std::string {
          using T = std::decay_t<decltype(v)>;
          if constexpr (std::is_same_v<T, bool>) return v ? "yes" : "no";
          if constexpr (std::is_same_v<T, std::int64_t>) return std::to_string(v);
          if constexpr (std::is_same_v<T, double>) return significant(v);
          if constexpr (std::is_same_v<T, std::string>) return v;
        },
        field.value);
  }
  return out;
}

}  // namespace headroom::report
