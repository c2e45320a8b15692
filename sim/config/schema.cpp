#include <nlohmann/json.hpp>

#include "sim/config/config.h"
#include "sim/config/json.h"
#include "sim/config/units.h"

namespace headroom::config {
namespace {

using Json = nlohmann::json;

Json scalar_json(const Node& node) {
  if (node.quoted()) return node.text();
  switch (scalar_type(node.text())) {
    case ScalarType::null:
      return nullptr;
    case ScalarType::boolean:
      return node.text()[0] == 't' || node.text()[0] == 'T';
    case ScalarType::integer:
      if (const auto value = parse_integer(node.text())) return *value;
      return node.text();
    case ScalarType::real:
      if (const auto value = parse_number(node.text())) return *value;
      return node.text();
    case ScalarType::text:
      return node.text();
  }
  return node.text();
}

std::string cell(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

Json to_json(const Node& node) {
  if (node.is_scalar()) return scalar_json(node);
  if (node.is_null()) return nullptr;
  Json out = node.is_map() ? Json::object() : Json::array();
  for (const Node& item : node.items()) out.push_back(to_json(item));
  for (const Node::Entry& entry : node.entries()) out[entry.key] = to_json(entry.value);
  return out;
}

Json schema_of(const Type& type) {
  Json defs = Json::object();
  Json out = type.schema({}, nullptr, defs);
  out["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  if (!defs.empty()) out["$defs"] = std::move(defs);
  return out;
}

std::string reference_of(const Type& type) {
  std::vector<Row> rows;
  type.rows("", nullptr, rows);
  std::string out = "| key | value | default | meaning |\n|---|---|---|---|\n";
  for (const Row& row : rows) {
    out += "| `" + row.key + "` | " + cell(row.type) + " | " + cell(row.fallback) + " | " + cell(row.help) +
           " |\n";
  }
  return out;
}

}  // namespace headroom::config
