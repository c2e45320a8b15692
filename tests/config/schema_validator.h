#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <utility>

namespace headroom::config::test {

/// As much of JSON Schema as the schemas here use.
class SchemaValidator {
 public:
  using Json = nlohmann::json;
  explicit SchemaValidator(Json root) : root_(std::move(root)) {}
  bool valid(const Json& value) const { return valid(value, root_); }

 private:
  bool valid(const Json& value, const Json& schema) const {
    for (const auto& [key, rule] : schema.items()) {
      if (!holds(key, rule, value, schema)) return false;
    }
    return true;
  }

  std::ptrdiff_t matches(const Json& value, const Json& choices) const {
    return std::count_if(choices.begin(), choices.end(),
                         [&](const Json& choice) { return valid(value, choice); });
  }

  bool holds(const std::string& key, const Json& rule, const Json& value, const Json& schema) const {
    if (key == "$ref") return valid(value, root_["$defs"][rule.get<std::string>().substr(8)]);
    if (key == "oneOf") return matches(value, rule) == 1;
    if (key == "anyOf") return matches(value, rule) > 0;
    if (key == "allOf") return matches(value, rule) == static_cast<std::ptrdiff_t>(rule.size());
    if (key == "const") return value == rule;
    if (key == "enum") return std::find(rule.begin(), rule.end(), value) != rule.end();
    if (key == "type") return has_type(value, rule);
    if (value.is_string()) return key != "pattern" || std::regex_search(text(value), std::regex(text(rule)));
    if (value.is_number()) return in_range(key, rule, value);
    if (value.is_array())
      return key != "items" ||
             std::all_of(value.begin(), value.end(), [&](const Json& item) { return valid(item, rule); });
    if (value.is_object()) return object_holds(key, rule, value, schema);
    return true;
  }

  static std::string text(const Json& value) { return value.get<std::string>(); }

  static bool has_type(const Json& value, const Json& type) {
    if (type.is_array())
      return std::any_of(type.begin(), type.end(), [&](const Json& one) { return has_type(value, one); });
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    return type == value.type_name();
  }

  static bool in_range(const std::string& key, const Json& rule, const Json& value) {
    if (key == "minimum") return value >= rule;
    if (key == "maximum") return value <= rule;
    if (key == "exclusiveMinimum") return value > rule;
    if (key == "exclusiveMaximum") return value < rule;
    return true;
  }

  bool object_holds(const std::string& key, const Json& rule, const Json& value, const Json& schema) const {
    if (key == "minProperties") return value.size() >= rule;
    if (key == "maxProperties") return value.size() <= rule;
    if (key == "required") {
      return std::all_of(rule.begin(), rule.end(),
                         [&](const Json& name) { return value.contains(text(name)); });
    }
    const Json known = schema.value("properties", Json::object());
    const Json patterns = schema.value("patternProperties", Json::object());
    for (const auto& [name, member] : value.items()) {
      bool named = known.contains(name);
      for (const auto& [pattern, of_those] : patterns.items()) {
        if (!std::regex_search(name, std::regex(pattern))) continue;
        named = true;
        if (key == "patternProperties" && !valid(member, of_those)) return false;
      }
      if (key == "properties" && rule.contains(name) && !valid(member, rule[name])) return false;
      if (key == "additionalProperties" && !named && (rule == false || !valid(member, rule))) return false;
    }
    return true;
  }

  Json root_;
};

}  // namespace headroom::config::test
