#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/config/codec.h"
#include "sim/config/units.h"

namespace headroom::config {
namespace {

using Json = nlohmann::json;

std::string bound(const std::string& word, double value, std::string (*print)(double)) {
  return word + print(value);
}

/// "more than 0s and at most 5s"
std::string limits_words(const Limits& limits, std::string (*print)(double)) {
  std::string out;
  if (std::isfinite(limits.low)) out = bound(limits.low_open ? "more than " : "at least ", limits.low, print);
  if (std::isfinite(limits.high)) {
    out += (out.empty() ? "" : " and ") +
           bound(limits.high_open ? "less than " : "at most ", limits.high, print);
  }
  return out;
}

/// Quantities are not negative, and shares not more than the whole, unless the description says so.
template <class Q>
Limits usual(Limits limits) {
  if (std::isinf(limits.low)) limits.low = 0;
  if (std::is_same_v<Q, Share> && std::isinf(limits.high)) limits.high = 1;
  return limits;
}

void limits_schema(const Limits& limits, Json& out) {
  if (std::isfinite(limits.low)) out[limits.low_open ? "exclusiveMinimum" : "minimum"] = limits.low;
  if (std::isfinite(limits.high)) out[limits.high_open ? "exclusiveMaximum" : "maximum"] = limits.high;
}

template <class Q>
class QuantityType final : public Type {
 public:
  bool parse(const Node& node, void* out, const Limits& limits, Diagnostics& diagnostics) const override {
    std::string why;
    std::optional<Q> value;
    if (node.is_scalar()) {
      value = parse_quantity<Q>(node.text(), why);
    } else {
      why = "expected " + std::string(quantity_examples<Q>()) + ", got " + describe_node(node);
    }
    if (!value) {
      diagnostics.error(node.where(), why);
      return false;
    }
    *static_cast<Q*>(out) = *value;
    return check_limits(in_si(*value), usual<Q>(limits), quote(node.text()), &print_si<Q>, node.where(),
                        diagnostics);
  }
  Node dump(const void* value) const override { return Node::scalar(print(*static_cast<const Q*>(value))); }
  Json schema(const Limits& limits, const void*, Json& defs) const override {
    const bool negative = usual<Q>(limits).low < 0;
    const std::string name = std::string(negative ? "signed_" : "") + std::string(quantity_name<Q>());
    if (!defs.contains(name)) {
      defs[name] = {{"type", "string"},
                    {"pattern", quantity_pattern<Q>(negative)},
                    {"description", std::string(quantity_examples<Q>())}};
    }
    return {{"$ref", "#/$defs/" + name}};
  }
  std::string what(const Limits& limits) const override {
    return std::string(quantity_name<Q>()) + limits_text(limits, &print_si<Q>);
  }
};

std::string print_whole(double value) {
  return std::to_string(std::llround(value));
}

class IntegerType final : public Type {
 public:
  bool parse(const Node& node, void* out, const Limits& limits, Diagnostics& diagnostics) const override {
    const std::optional<std::int64_t> value =
        node.is_scalar() && !node.quoted() ? parse_integer(node.text()) : std::nullopt;
    if (!value) {
      const bool huge = node.is_scalar() && !node.quoted() &&
                        scalar_type(node.text()) == ScalarType::integer && parse_number(node.text());
      diagnostics.error(node.where(), huge ? quote(node.text()) + " is too large"
                                           : "expected a whole number, got " + describe_node(node) +
                                                 (node.quoted() ? " in quotes" : ""));
      return false;
    }
    *static_cast<std::int64_t*>(out) = *value;
    return check_limits(static_cast<double>(*value), limits, quote(node.text()), &print_whole, node.where(),
                        diagnostics);
  }
  Node dump(const void* value) const override {
    return Node::scalar(std::to_string(*static_cast<const std::int64_t*>(value)));
  }
  Json schema(const Limits& limits, const void*, Json&) const override {
    Json out = {{"type", "integer"}};
    limits_schema(limits, out);
    return out;
  }
  std::string what(const Limits& limits) const override {
    return "whole number" + limits_text(limits, &print_whole);
  }
};

class NumberType final : public Type {
 public:
  bool parse(const Node& node, void* out, const Limits& limits, Diagnostics& diagnostics) const override {
    const std::optional<double> value =
        node.is_scalar() && !node.quoted() ? parse_number(node.text()) : std::nullopt;
    if (!value) {
      const bool endless = node.is_scalar() && !node.quoted() && scalar_type(node.text()) == ScalarType::real;
      diagnostics.error(node.where(), std::string("expected a ") + (endless ? "finite " : "") +
                                          "number, got " + describe_node(node) +
                                          (node.quoted() ? " in quotes" : ""));
      return false;
    }
    *static_cast<double*>(out) = *value;
    return check_limits(*value, limits, quote(node.text()), &print_number, node.where(), diagnostics);
  }
  Node dump(const void* value) const override {
    return Node::scalar(print_number(*static_cast<const double*>(value)));
  }
  Json schema(const Limits& limits, const void*, Json&) const override {
    Json out = {{"type", "number"}};
    limits_schema(limits, out);
    return out;
  }
  std::string what(const Limits& limits) const override {
    return "number" + limits_text(limits, &print_number);
  }
};

class BoolType final : public Type {
 public:
  bool parse(const Node& node, void* out, const Limits&, Diagnostics& diagnostics) const override {
    if (!node.is_scalar() || node.quoted() || scalar_type(node.text()) != ScalarType::boolean) {
      diagnostics.error(node.where(), "expected true or false, got " + describe_node(node) +
                                          (node.quoted() ? " in quotes" : ""));
      return false;
    }
    *static_cast<bool*>(out) = node.text()[0] == 't' || node.text()[0] == 'T';
    return true;
  }
  Node dump(const void* value) const override {
    return Node::scalar(*static_cast<const bool*>(value) ? "true" : "false");
  }
  Json schema(const Limits&, const void*, Json&) const override { return {{"type", "boolean"}}; }
  std::string what(const Limits&) const override { return "true | false"; }
};

/// Any text, numbers and the like included (`scenario: 2024`).
class TextType final : public Type {
 public:
  bool parse(const Node& node, void* out, const Limits&, Diagnostics& diagnostics) const override {
    if (!node.is_scalar()) {
      diagnostics.error(node.where(), "expected a text, got " + describe_node(node));
      return false;
    }
    *static_cast<std::string*>(out) = node.text();
    return true;
  }
  Node dump(const void* value) const override {
    return Node::text_scalar(*static_cast<const std::string*>(value));
  }
  Json schema(const Limits&, const void*, Json&) const override { return {{"type", "string"}}; }
  std::string what(const Limits&) const override { return "text"; }
};

class RefType final : public Type {
 public:
  bool parse(const Node& node, void* out, const Limits&, Diagnostics& diagnostics) const override {
    if (!node.is_scalar() || node.text().empty()) {
      diagnostics.error(node.where(), "expected a name, got " + describe_node(node));
      return false;
    }
    static_cast<Ref*>(out)->name = node.text();
    return true;
  }
  Node dump(const void* value) const override {
    return Node::text_scalar(static_cast<const Ref*>(value)->name);
  }
  Json schema(const Limits&, const void*, Json&) const override {
    return {{"type", "string"}, {"minLength", 1}};
  }
  std::string what(const Limits&) const override { return "name"; }
};

}  // namespace

bool check_limits(double si, const Limits& limits, std::string_view shown, std::string (*print)(double),
                  const Mark& where, Diagnostics& diagnostics) {
  if (limits.allows(si)) return true;
  diagnostics.error(where, std::string(shown) + " is out of range, expected " + limits_words(limits, print));
  return false;
}

std::string limits_text(const Limits& limits, std::string (*print)(double)) {
  std::string out;
  if (std::isfinite(limits.low)) out = bound(limits.low_open ? " > " : " ≥ ", limits.low, print);
  if (std::isfinite(limits.high)) {
    out += (out.empty() ? "" : " and") + bound(limits.high_open ? " < " : " ≤ ", limits.high, print);
  }
  return out;
}

#define HEADROOM_PLAIN_TYPE(T, Implementation) \
  template <>                                  \
  const Type& plain_type<T>() {                \
    static const Implementation type;          \
    return type;                               \
  }
HEADROOM_PLAIN_TYPE(bool, BoolType)
HEADROOM_PLAIN_TYPE(std::int64_t, IntegerType)
HEADROOM_PLAIN_TYPE(double, NumberType)
HEADROOM_PLAIN_TYPE(std::string, TextType)
HEADROOM_PLAIN_TYPE(Ref, RefType)
HEADROOM_PLAIN_TYPE(Duration, QuantityType<Duration>)
HEADROOM_PLAIN_TYPE(Bytes, QuantityType<Bytes>)
HEADROOM_PLAIN_TYPE(Bandwidth, QuantityType<Bandwidth>)
HEADROOM_PLAIN_TYPE(Rate, QuantityType<Rate>)
HEADROOM_PLAIN_TYPE(Share, QuantityType<Share>)
HEADROOM_PLAIN_TYPE(Power, QuantityType<Power>)
HEADROOM_PLAIN_TYPE(Money, QuantityType<Money>)
HEADROOM_PLAIN_TYPE(Price, QuantityType<Price>)
HEADROOM_PLAIN_TYPE(Drift, QuantityType<Drift>)
#undef HEADROOM_PLAIN_TYPE

}  // namespace headroom::config
