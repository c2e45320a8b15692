#include <catch2/catch.hpp>
#include <regex>

#include "sim/config/json.h"
#include "tests/config/example.h"
#include "tests/config/support.h"

using namespace headroom;
using namespace headroom::config;
using namespace headroom::config::test;

namespace {

using Json = nlohmann::json;

/// As much of JSON Schema as the schemas here use.
class Validator {
 public:
  explicit Validator(Json root) : root_(std::move(root)) {}
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
    for (const auto& [name, member] : value.items()) {
      if (key == "properties" && rule.contains(name) && !valid(member, rule[name])) return false;
      if (key == "additionalProperties" && !known.contains(name)) {
        if (rule == false || !valid(member, rule)) return false;
      }
    }
    return true;
  }

  Json root_;
};

}  // namespace

TEST_CASE("the schema accepts what the parser accepts, and the dump") {
  const Validator validator(schema<Example>());
  for (const char* text :
       {"name: x\n", "name: x\narrivals: silent\n", "name: x\narrivals: {poisson: 3/s}\n",
        "name: x\narrivals: {silent: {}}\n", "name: x\narrivals: {closed: {users: 5, think_time: 1s}}\n",
        "name: x\nlatency: {mixture: [{weight: 38%, pareto: {scale: 1ms, shape: 2}}, {weight: 62%, constant: "
        "2ms}]}\n",
        "name: x\nimage_bytes: {lognormal: {mean: 256KB, p99: 1MB}}\nlatency: {empirical: [1ms, 2us]}\n",
        "name: x\nfaults: [{at: 1s, crash: {target: a}}, {every: 2s, flush: {}}]\noffset: -5s\ndeadline: "
        "null\n",
        "name: x\nnetwork: 5Gbps\nsteps: [1s, 2 s, 1e3ms]\ncaches: {a: {ttl: 5s}}\n"}) {
    INFO(text);
    CHECK(validator.valid(to_json(read(text))));
    CHECK(validator.valid(to_json(dump(value_of<Example>(text)))));
  }
}

TEST_CASE("the schema refuses what the parser refuses") {
  const Validator validator(schema<Example>());
  for (const char* text :
       {"{}\n", "name: x\nsize: 5\n", "name: x\nsize: 5kb\n", "name: x\nspeed: 0\n",
        "name: x\narrivals: poisson\n", "name: x\narrivals: {poisson: 3/s, silent: {}}\n",
        "name: x\nfaults: [{at: 1s}]\n", "name: x\nfaults: [{at: 1s, every: 1s, flush: {}}]\n",
        "name: x\nshare: -5%\n", "name: x\ncache: {tll: 5s}\n", "name: x\ncache: {entries: 1.5}\n",
        "name: x\nlatency: {gamma: {mean: 1s}}\n", "name: x\nlatency: {constant: 1s, uniform: [1s, 2s]}\n",
        "name: x\ndiscipline: lifo\n", "name: x\nlatency: {hyperexponential: {mean: 1s, scv: 0.5}}\n",
        "name: x\ntrace: yes\n"}) {
    INFO(text);
    CHECK_FALSE(validator.valid(to_json(read(text))));
    CHECK(refusal_of<Example>(text) != "");
  }
}
