#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/base/distribution.h"
#include "sim/config/codec.h"
#include "sim/config/missing_blank.h"
#include "sim/config/reader.h"
#include "sim/config/table_errors.h"
#include "sim/config/uncertain.h"
#include "sim/config/units.h"

namespace headroom::config {
namespace {

using Json = nlohmann::json;
using Unit = DistributionType::Unit;

constexpr std::size_t kMaxValues = 200'000;  ///< of an empirical law
constexpr std::int64_t kMaxStages = 1'000'000;

constexpr std::string_view kTags[] = {law::Constant::tag,         law::Exponential::tag, law::Uniform::tag,
                                      law::Normal::tag,           law::Lognormal::tag,   law::Gamma::tag,
                                      law::Weibull::tag,          law::Pareto::tag,      law::Erlang::tag,
                                      law::Hyperexponential::tag, law::Empirical::tag,   law::Mixture::tag};

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// Reads laws; on an error it says so and returns something unspecified.
class LawReader {
 public:
  LawReader(const Unit& unit, Diagnostics& diagnostics) : unit_(unit), diagnostics_(diagnostics) {}

  law::Any read(const Node& node) {
    if (node.is_scalar()) return law::Constant{quantity(node, Zero::allowed)};
    if (!node.is_map() || node.entries().size() != 1) {
      fail(node.where(), "expected " + std::string(unit_.examples()) + ", or a map with exactly one of " +
                             list_of(kTags) + ", got " + describe_keys(node));
      return {};
    }
    return tagged(node.entries()[0]);
  }

 private:
  enum class Zero { allowed, refused };

  void fail(const Mark& where, std::string message) { diagnostics_.error(where, std::move(message)); }

  law::Any tagged(const Node::Entry& entry) {
    const std::string& tag = entry.key;
    const Node& value = entry.value;
    if (tag == law::Constant::tag) return law::Constant{quantity(value, Zero::allowed)};
    if (tag == law::Uniform::tag) return uniform(value);
    if (tag == law::Empirical::tag) return empirical(value);
    if (tag == law::Mixture::tag) return mixture(value);
    if (tag == law::Lognormal::tag) return lognormal(value);
    if (tag == law::Exponential::tag) {
      if (!keys(value, {"mean"})) return {};
      return law::Exponential{quantity(value, "mean")};
    }
    if (tag == law::Normal::tag) {
      if (!keys(value, {"mean", "stddev"})) return {};
      const double mean = quantity(value, "mean", Zero::allowed);
      return law::Normal{mean, quantity(value, "stddev", Zero::allowed)};
    }
    if (tag == law::Gamma::tag) {
      if (!keys(value, {"mean", "scv"})) return {};
      const double mean = quantity(value, "mean");
      return law::Gamma{mean, number(value, "scv", positive())};
    }
    if (tag == law::Weibull::tag) {
      if (!keys(value, {"mean", "shape"})) return {};
      const double mean = quantity(value, "mean");
      return law::Weibull{mean, number(value, "shape", positive())};
    }
    if (tag == law::Pareto::tag) {
      if (!keys(value, {"scale", "shape"})) return {};
      const double scale = quantity(value, "scale");
      return law::Pareto{scale, number(value, "shape", positive())};
    }
    if (tag == law::Erlang::tag) {
      if (!keys(value, {"mean", "stages"})) return {};
      const double mean = quantity(value, "mean");
      return law::Erlang{mean, stages(value)};
    }
    if (tag == law::Hyperexponential::tag) {
      if (!keys(value, {"mean", "scv"})) return {};
      const double mean = quantity(value, "mean");
      return law::Hyperexponential{mean, number(value, "scv", at_least(1))};
    }
    fail(entry.where,
         "unknown distribution " + quote(tag) + ", expected " + list_of(kTags) + did_you_mean(tag, kTags));
    return {};
  }

  /// True if the node is a map with no other keys than these.
  bool keys(const Node& node, std::initializer_list<std::string_view> allowed) {
    const std::span<const std::string_view> names(allowed.begin(), allowed.size());
    if (!node.is_map()) {
      fail(node.where(), "expected a map with " + list_of(names) + ", got " + describe_no_map(node));
      return false;
    }
    bool ok = true;
    for (const Node::Entry& entry : node.entries()) {
      if (std::find(names.begin(), names.end(), entry.key) != names.end()) continue;
      fail(entry.where, "unknown key " + quote(entry.key) + ", expected " + list_of(names) +
                            did_you_mean(entry.key, names));
      ok = false;
    }
    return ok;
  }

  const Node* given(const Node& map, std::string_view key, const std::string& expected) {
    const Node* value = map.find(key);
    if (!value) fail(map.where(), "the key " + quote(key) + " is missing, expected " + expected);
    return value;
  }

  double quantity(const Node& node, Zero zero) {
    std::string why;
    std::optional<double> value;
    if (node.is_scalar()) {
      value = unit_.parse(node.text(), why);
    } else {
      why = "expected " + std::string(unit_.examples()) + ", got " + describe_node(node);
    }
    if (!value) {
      fail(node.where(), why);
      return 1;
    }
    const Limits limits = zero == Zero::allowed ? not_negative() : positive();
    check_limits(*value, limits, quote(node.text()), unit_.print_si, node.where(), diagnostics_);
    return *value;
  }
  double quantity(const Node& map, std::string_view key, Zero zero = Zero::refused) {
    const Node* node = given(map, key, std::string(unit_.examples()));
    return node ? quantity(*node, zero) : 1;
  }

  double number(const Node& map, std::string_view key, const Limits& limits) {
    double value = 1;
    const Type& type = type_of<double>();
    if (const Node* node = given(map, key, "a " + type.what(limits)))
      type.parse(*node, &value, limits, diagnostics_);
    return value;
  }

  std::int64_t stages(const Node& map) {
    std::int64_t value = 1;
    const Type& type = type_of<std::int64_t>();
    const Limits limits = between(1, static_cast<double>(kMaxStages));
    if (const Node* node = given(map, "stages", "a " + type.what(limits)))
      type.parse(*node, &value, limits, diagnostics_);
    return value;
  }

  law::Any uniform(const Node& node) {
    if (!node.is_sequence() || node.items().size() != 2) {
      fail(node.where(),
           "expected [lowest, highest], got " +
               (node.is_sequence() ? std::to_string(node.items().size()) + " values" : describe_node(node)));
      return {};
    }
    const std::size_t before = diagnostics_.count();
    const double low = quantity(node.items()[0], Zero::allowed);
    const double high = quantity(node.items()[1], Zero::allowed);
    if (diagnostics_.count() == before && low > high) {
      fail(node.where(), "the lowest value " + quote(node.items()[0].text()) + " is above the highest " +
                             quote(node.items()[1].text()) + ", expected [lowest, highest]");
    }
    return law::Uniform{low, high};
  }

  law::Any lognormal(const Node& node) {
    if (!keys(node, {"mean", "p99", "scv", "sigma"})) return {};
    const std::size_t before = diagnostics_.count();
    const double mean = quantity(node, "mean");
    const int shapes = (node.find("p99") ? 1 : 0) + (node.find("scv") ? 1 : 0) + (node.find("sigma") ? 1 : 0);
    if (shapes != 1) {
      fail(node.where(), "expected exactly one of p99, scv or sigma beside mean, got " +
                             (shapes == 0 ? std::string("none") : std::to_string(shapes)));
      return {};
    }
    if (node.find("scv")) return law::Lognormal{mean, std::sqrt(std::log1p(number(node, "scv", positive())))};
    if (node.find("sigma")) return law::Lognormal{mean, number(node, "sigma", not_negative())};
    const double p99 = quantity(node, "p99");
    if (diagnostics_.count() != before) return {};
    const Mark& where = node.find("p99")->where();
    if (p99 <= mean) {
      fail(where,
           "p99 must be above the mean, got p99 " + unit_.print(p99) + " and mean " + unit_.print(mean));
      return {};
    }
    const double sigma = law::lognormal_sigma_from_p99(p99 / mean);
    if (!(sigma >= 0)) {
      fail(where, "no lognormal has p99/mean = " + print_number(std::round(p99 / mean * 100) / 100) +
                      ", expected at most 14.97");
    }
    return law::Lognormal{mean, sigma};
  }

  law::Any empirical(const Node& node) {
    law::Empirical law;
    if (node.is_scalar()) {
      law.values = values_from_file(node);
    } else if (node.is_sequence()) {
      if (node.items().empty()) fail(node.where(), "the list of values is empty, expected at least one");
      if (too_many(node.items().size(), node.where())) return {};
      for (const Node& item : node.items()) law.values.push_back(quantity(item, Zero::allowed));
    } else {
      fail(node.where(), "expected a list of values or the name of a CSV file, got " + describe_node(node));
    }
    return law;
  }

  bool too_many(std::size_t count, const Mark& where) {
    if (count <= kMaxValues) return false;
    fail(where,
         std::to_string(count) + " values are too many, expected at most " + std::to_string(kMaxValues));
    return true;
  }

  /// One value per line: quantities with their units, or, below a header that ends in the unit (`latency_ms`,
  /// `bytes`), bare numbers. Empty lines and lines that begin with # do not count.
  std::vector<double> values_from_file(const Node& node) {
    const auto source = load_source(resolve_path(node.text(), node.where()), node.where(), diagnostics_);
    if (!source) return {};
    diagnostics_.mention(source);
    TableErrors lines(diagnostics_);
    std::vector<double> values;
    std::optional<double> header_unit;
    bool first = true;
    std::string_view rest = source->text;
    for (int line = 1; !rest.empty(); ++line) {
      const std::string_view whole = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), whole.size() + 1));
      const std::string_view text = trimmed(whole);
      if (text.empty() || text[0] == '#') continue;
      const Mark where{source, line, static_cast<int>(text.data() - whole.data()) + 1};
      if (first) header_unit = unit_of_header(text);
      if (!(first && header_unit)) values.push_back(file_value(text, header_unit, where, lines));
      first = false;
      if (values.size() > kMaxValues) {
        too_many(values.size(), where);
        return {};
      }
    }
    if (values.empty()) fail({source, 1, 1}, "there is no value in this file, expected one per line");
    return values;
  }

  std::optional<double> unit_of_header(std::string_view text) const {
    if (text[0] >= '0' && text[0] <= '9') return std::nullopt;
    const std::string_view last = text.substr(text.find_last_of("_ ") + 1);
    if (last == "bytes") return unit_.of("B");
    if (const auto unit = unit_.of(last)) return unit;
    std::string upper(last);
    for (char& c : upper) {
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return unit_.of(upper);
  }

  double file_value(std::string_view text, std::optional<double> header_unit, const Mark& where,
                    TableErrors& lines) {
    std::string why;
    std::optional<double> value;
    if (header_unit) {
      const std::optional<double> number = parse_number(text);
      if (number) value = *number * *header_unit;
      why = "expected one number per line, in the unit that the header names, got " + quote(text);
    } else {
      value = unit_.parse(text, why);
      why += " (or a first line that ends in the unit of all lines, such as value_ms)";
    }
    if (value) {
      Diagnostics complaints;
      check_limits(*value, not_negative(), quote(text), unit_.print_si, where, complaints);
      if (complaints.ok()) return *value;
      why = complaints.sorted().front().message;
    }
    lines.error(where, "values", why);
    return 0;
  }

  law::Any mixture(const Node& node) {
    if (!node.is_sequence() || node.items().empty()) {
      fail(node.where(), "expected a list of {weight: 38%, DISTRIBUTION: …}, got " + describe_node(node));
      return {};
    }
    law::Mixture law;
    const std::size_t before = diagnostics_.count();
    for (const Node& item : node.items()) {
      Share weight;
      if (!item.is_map()) {
        fail(item.where(), "expected {weight: 38%, DISTRIBUTION: …}, got " + describe_node(item));
        continue;
      }
      const Node* given_weight = given(item, "weight", std::string(quantity_examples<Share>()));
      if (given_weight) type_of<Share>().parse(*given_weight, &weight, positive(), diagnostics_);
      law.weights.push_back(weight.value);
      const Node part = item.without("weight");
      if (part.entries().empty()) {
        fail(item.where(), "there is no distribution here, expected {weight: 38%, DISTRIBUTION: …}");
      } else {
        law.parts.push_back(read(part));
      }
    }
    if (diagnostics_.count() == before) normalise(law.weights, node.where());
    return law;
  }

  /// Weights that a person rounded (33.333333 % three times) are taken to mean the whole.
  void normalise(std::vector<double>& weights, const Mark& where) {
    constexpr double kRoundedByPeople = 1e-6;
    constexpr double kRoundedByMachine = 1e-12;  // left alone, so that what was normalised once stays
    double sum = 0;
    for (double weight : weights) sum += weight;
    if (std::fabs(sum - 1) > kRoundedByPeople) {
      fail(where, "the weights add up to " + print_number(std::round(sum * 1e10) / 1e8) + "%, expected 100%");
    } else if (std::fabs(sum - 1) > kRoundedByMachine) {
      for (double& weight : weights) weight /= sum;
    }
  }

  const Unit& unit_;
  Diagnostics& diagnostics_;
};

class LawWriter {
 public:
  explicit LawWriter(const Unit& unit) : unit_(unit) {}

  Node write(const law::Any& law) const {
    if (const auto* constant = std::get_if<law::Constant>(&law)) return quantity(constant->value);
    return Node::map({entry(law)});
  }

 private:
  using Entries = std::vector<Node::Entry>;

  Node quantity(double raw) const { return Node::scalar(unit_.print(raw)); }
  static Node number(double value) { return Node::scalar(print_number(value)); }

  Node::Entry entry(const law::Any& law) const {
    return std::visit([this](const auto& l) { return Node::Entry{std::string(l.tag), {}, body(l)}; }, law);
  }

  Node body(const law::Constant& l) const { return quantity(l.value); }
  Node body(const law::Exponential& l) const { return Node::map({{"mean", {}, quantity(l.mean)}}); }
  Node body(const law::Uniform& l) const { return Node::sequence({quantity(l.low), quantity(l.high)}); }
  Node body(const law::Normal& l) const { return with_mean(l.mean, "stddev", quantity(l.stddev)); }
  /// By sigma, which is what the law is sampled with: p99 and scv would come back rounded.
  Node body(const law::Lognormal& l) const { return with_mean(l.mean, "sigma", number(l.sigma)); }
  Node body(const law::Gamma& l) const { return with_mean(l.mean, "scv", number(l.scv)); }
  Node body(const law::Weibull& l) const { return with_mean(l.mean, "shape", number(l.shape)); }
  Node body(const law::Pareto& l) const {
    return Node::map({{"scale", {}, quantity(l.scale)}, {"shape", {}, number(l.shape)}});
  }
  Node body(const law::Erlang& l) const {
    return with_mean(l.mean, "stages", Node::scalar(std::to_string(l.stages)));
  }
  Node body(const law::Hyperexponential& l) const { return with_mean(l.mean, "scv", number(l.scv)); }
  Node body(const law::Empirical& l) const {
    std::vector<Node> values;
    for (double value : l.values) values.push_back(quantity(value));
    return Node::sequence(std::move(values));
  }
  Node body(const law::Mixture& l) const {
    std::vector<Node> parts;
    for (std::size_t i = 0; i < l.parts.size(); ++i) {
      const Node weight = Node::scalar(print(Share{l.weights[i]}));
      parts.push_back(Node::map({{"weight", {}, weight}, entry(l.parts[i])}));
    }
    return Node::sequence(std::move(parts));
  }

  Node with_mean(double mean, std::string_view key, Node value) const {
    return Node::map({{"mean", {}, quantity(mean)}, {std::string(key), {}, std::move(value)}});
  }

  const Unit& unit_;
};

Json object(Json properties, Json required) {
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"additionalProperties", false}};
}

/// What stands behind each tag.
Json law_properties(const Json& quantity, const Json& mixture_part) {
  const Json positive = {{"type", "number"}, {"exclusiveMinimum", 0}};
  const Json from_one = {{"type", "number"}, {"minimum", 1}};
  const Json whole = {{"type", "integer"}, {"minimum", 1}, {"maximum", kMaxStages}};
  const Json values = {{"type", "array"}, {"items", quantity}, {"minItems", 1}, {"maxItems", kMaxValues}};
  Json lognormal = object({{"mean", quantity},
                           {"p99", quantity},
                           {"scv", positive},
                           {"sigma", {{"type", "number"}, {"minimum", 0}}}},
                          {"mean"});
  lognormal["minProperties"] = 2;
  lognormal["maxProperties"] = 2;
  return {{"constant", quantity},
          {"exponential", object({{"mean", quantity}}, {"mean"})},
          {"uniform", {{"type", "array"}, {"items", quantity}, {"minItems", 2}, {"maxItems", 2}}},
          {"normal", object({{"mean", quantity}, {"stddev", quantity}}, {"mean", "stddev"})},
          {"lognormal", lognormal},
          {"gamma", object({{"mean", quantity}, {"scv", positive}}, {"mean", "scv"})},
          {"weibull", object({{"mean", quantity}, {"shape", positive}}, {"mean", "shape"})},
          {"pareto", object({{"scale", quantity}, {"shape", positive}}, {"scale", "shape"})},
          {"erlang", object({{"mean", quantity}, {"stages", whole}}, {"mean", "stages"})},
          {"hyperexponential", object({{"mean", quantity}, {"scv", from_one}}, {"mean", "scv"})},
          {"empirical",
           {{"anyOf", {values, {{"type", "string"}, {"description", "CSV file, one value per line"}}}}}},
          {"mixture", {{"type", "array"}, {"items", mixture_part}, {"minItems", 1}}}};
}

template <class Q>
const Unit& unit_for() {
  static const Unit unit{quantity_name<Q>(),
                         &parse_raw<Q>,
                         &print_raw<Q>,
                         &unit_in_raw<Q>,
                         &quantity_examples<Q>,
                         &print_si<Q>,
                         std::is_same_v<Q, Duration> ? 1e9 : 1};
  return unit;
}

template <class Q>
class DistributionOf final : public DistributionType {
 public:
  DistributionOf() : DistributionType(unit_for<Q>()) {}

 protected:
  law::Any& law(void* out) const override { return static_cast<Distribution<Q>*>(out)->law; }
  const law::Any& law(const void* value) const override {
    return static_cast<const Distribution<Q>*>(value)->law;
  }
  Json quantity_schema(Json& defs) const override { return type_of<Q>().schema({}, nullptr, defs); }
};

}  // namespace

bool DistributionType::parse(const Node& node, void* out, const Limits& limits,
                             Diagnostics& diagnostics) const {
  const std::size_t before = diagnostics.count();
  law::Any law_read = LawReader(unit_, diagnostics).read(node);
  if (diagnostics.count() != before) return false;
  const double mean = law::mean(law_read) / unit_.per_si;
  const std::string shown = node.is_scalar() ? quote(node.text()) : "the mean of " + unit_.print_si(mean);
  law(out) = std::move(law_read);
  return check_limits(mean, limits, shown, unit_.print_si, node.where(), diagnostics);
}

Node DistributionType::dump(const void* value) const {
  return LawWriter(unit_).write(law(value));
}

Json DistributionType::schema(const Limits&, const void*, Json& defs) const {
  const std::string name = "distribution_of_" + std::string(unit_.name);
  const Json reference = {{"$ref", "#/$defs/" + name}};
  if (defs.contains(name)) return reference;
  const Json quantity = quantity_schema(defs);
  const Json part_reference = {{"$ref", "#/$defs/part_of_" + name}};
  const Json properties = law_properties(quantity, part_reference);
  Json map = object(properties, Json::array());
  map["minProperties"] = 1;
  map["maxProperties"] = 1;
  Json part = map;
  part["properties"]["weight"] = type_of<Share>().schema({}, nullptr, defs);
  part["required"] = {"weight"};
  part["minProperties"] = 2;
  part["maxProperties"] = 2;
  defs["part_of_" + name] = part;
  defs[name] = {{"oneOf", {quantity, map}}};
  return reference;
}

std::string DistributionType::what(const Limits& limits) const {
  return std::string(unit_.name) + " or distribution" + limits_text(limits, unit_.print_si);
}

bool read_law(Uncertain& uncertain, const std::string& like, Diagnostics& diagnostics) {
  const Unit* unit = nullptr;
  for (const Unit* one : {&unit_for<Duration>(), &unit_for<Rate>(), &unit_for<Share>(), &unit_for<Bytes>()}) {
    std::string why;
    if (one->parse(like, why)) {
      unit = one;
      break;
    }
  }
  if (unit == nullptr) {
    diagnostics.error(uncertain.where, "the scenario's value there is " + quote(like) +
                                           ", expected a rate, a share, a duration or a size");
    return false;
  }
  const std::size_t before = diagnostics.count();
  uncertain.law = LawReader(*unit, diagnostics).read(uncertain.law_node);
  uncertain.print = unit->print;
  return diagnostics.count() == before;
}

template <>
const Type& plain_type<Distribution<Duration>>() {
  static const DistributionOf<Duration> type;
  return type;
}
template <>
const Type& plain_type<Distribution<Bytes>>() {
  static const DistributionOf<Bytes> type;
  return type;
}

}  // namespace headroom::config
