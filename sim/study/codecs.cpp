#include "sim/study/codecs.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "sim/config/located.h"
#include "sim/config/reader.h"
#include "sim/config/units.h"
#include "sim/study/catalogue.h"
#include "sim/study/trace.h"

namespace headroom::config {
namespace {

using Json = nlohmann::json;

constexpr double kMostInstances = 1e6;

const RecordOf<processing::Profile>& profile_type() {
  static const RecordOf<processing::Profile> type;
  return type;
}

const RecordOf<world::NetworkConfig>& links_type() {
  static const RecordOf<world::NetworkConfig> type;
  return type;
}

}  // namespace

bool Codec<world::NetworkConfig>::parse(const Node& node, world::NetworkConfig& out,
                                        Diagnostics& diagnostics) {
  out = {};
  if (node.is_scalar() && node.text() == "ideal") {
    out.ideal = true;
    return true;
  }
  if (node.is_map()) return links_type().parse(node, &out, {}, diagnostics);
  constexpr std::string_view names[] = {"ideal"};
  diagnostics.error(node.where(), "expected " + what() + ", got " + describe_node(node) +
                                      (node.is_scalar() ? did_you_mean(node.text(), names) : ""));
  return false;
}
Node Codec<world::NetworkConfig>::dump(const world::NetworkConfig& network) {
  return network.ideal ? Node::text_scalar("ideal") : links_type().dump(&network);
}
void Codec<world::NetworkConfig>::schema(Json& out, Json& defs) {
  out = {{"oneOf", Json::array({{{"const", "ideal"}}, links_type().schema({}, nullptr, defs)})}};
}
std::string Codec<world::NetworkConfig>::what() {
  return "`ideal`, or a map of links";
}

bool Codec<client::Trace>::parse(const Node& node, client::Trace& out, Diagnostics& diagnostics) {
  out.rows.clear();
  const bool read = node.is_scalar()
                        ? study::read_trace(node, out, diagnostics)
                        : type_of<std::vector<client::TraceRow>>().parse(node, &out.rows, {}, diagnostics);
  if (!read) return false;
  const std::size_t before = diagnostics.count();
  Located complaints(node, diagnostics);
  client::Trace::check(out, complaints);
  return diagnostics.count() == before;
}
Node Codec<client::Trace>::dump(const client::Trace& trace) {
  return type_of<std::vector<client::TraceRow>>().dump(&trace.rows);
}
void Codec<client::Trace>::schema(Json& out, Json& defs) {
  out = {
      {"oneOf", Json::array({{{"type", "string"},
                              {"description", "a CSV file with the columns at_s, image_bytes, user, pixels"}},
                             schema_part<std::vector<client::TraceRow>>(defs)})}};
}
std::string Codec<client::Trace>::what() {
  return "a CSV file, or a list of requests";
}

namespace {

/// `below 1MB`
bool parse_only(const Node& only, study::SloConfig& out, Diagnostics& diagnostics) {
  const Node* size = only.find("image_bytes");
  if (!only.is_map() || only.entries().size() != 1 || size == nullptr || !size->is_scalar()) {
    diagnostics.error(only.where(), "expected {image_bytes: below SIZE}, got " + describe_keys(only));
    return false;
  }
  constexpr std::string_view below = "below ";
  std::string why = "expected `below` and a size, such as below 1MB";
  std::optional<Bytes> bound;
  if (size->text().starts_with(below)) bound = parse_quantity<Bytes>(size->text().substr(below.size()), why);
  if (!bound) {
    diagnostics.error(size->where(), why);
    return false;
  }
  out.only_below = *bound;
  return true;
}

bool parse_objective(const Node::Entry& entry, study::SloConfig& out, Diagnostics& diagnostics) {
  const metrics::MetricInfo* info = study::find_metric(entry.key);
  if (info == nullptr) {
    const auto names = study::metric_names();
    std::string nearest = did_you_mean(entry.key, names);
    for (const Node::Entry& below : entry.value.entries())  // latency: {p99_ms: 500}
      if (study::find_metric(entry.key + "." + below.key) != nullptr)
        nearest = "; did you mean " + quote(entry.key + "." + below.key) + "?";
    diagnostics.error(entry.where, "unknown metric " + quote(entry.key) +
                                       ", expected one that `headroom metrics` lists" + nearest);
    return false;
  }
  if (info->better == metrics::Better::neither) {
    diagnostics.error(entry.where,
                      "neither more nor less of " + entry.key + " is better, so it cannot be an objective");
    return false;
  }
  if (!entry.value.is_scalar()) {
    diagnostics.error(entry.value.where(), "expected a number, got " + describe_node(entry.value));
    return false;
  }
  std::optional<double> bound;
  std::string why;
  if (info->unit == "share")
    if (const auto share = parse_quantity<Share>(entry.value.text(), why)) bound = share->value;
  if (!bound) bound = parse_number(entry.value.text());
  if (!bound) {
    diagnostics.error(entry.value.where(), "expected a number in the metric's own unit (" +
                                               std::string(info->unit) +
                                               (info->unit == "share" ? ", such as 99.9%" : "") + "), got " +
                                               describe_node(entry.value));
    return false;
  }
  if (info->unit == "share" && (*bound < 0 || *bound > 1)) {
    diagnostics.error(entry.value.where(),
                      "a share lies between 0 and 1 (0% and 100%), got " + describe_node(entry.value));
    return false;
  }
  if (*bound < 0) {
    diagnostics.error(entry.value.where(), entry.key + " is never negative, expected a number ≥ 0, got " +
                                               describe_node(entry.value));
    return false;
  }
  out.objectives.push_back({entry.key, *bound, info->better});
  return true;
}

}  // namespace

bool Codec<study::SloConfig>::parse(const Node& node, study::SloConfig& out, Diagnostics& diagnostics) {
  out = {};
  if (!node.is_map()) {
    diagnostics.error(node.where(), "expected " + what() + ", got " + describe_node(node));
    return false;
  }
  bool ok = true;
  for (const Node::Entry& entry : node.entries())
    ok = (entry.key == "only" ? parse_only(entry.value, out, diagnostics)
                              : parse_objective(entry, out, diagnostics)) &&
         ok;
  return ok;
}
Node Codec<study::SloConfig>::dump(const study::SloConfig& slo) {
  std::vector<Node::Entry> entries;
  for (const metrics::Objective& o : slo.objectives)
    entries.push_back({o.metric, {}, Node::scalar(print_number(o.bound))});
  if (slo.only_below) {
    Node size = Node::text_scalar("below " + print(*slo.only_below));
    entries.push_back({"only", {}, Node::map({{"image_bytes", {}, std::move(size)}})});
  }
  return Node::map(std::move(entries));
}
void Codec<study::SloConfig>::schema(Json& out, Json&) {
  Json properties = Json::object();
  Json patterns = Json::object();
  for (const metrics::MetricInfo& m : study::catalogue()) {
    if (m.better == metrics::Better::neither) continue;
    const std::string begin(m.name.substr(0, m.name.find(".<")));
    Json& place = begin == m.name ? properties[begin] : patterns["^" + begin + "\\.."];
    place = {{"type", Json::array({"number", "string"})},
             {"description", std::string(m.definition) + " (" + std::string(m.unit) + ")"}};
  }
  properties["only"] = {{"type", "object"},
                        {"description", "narrows latency objectives"},
                        {"properties", {{"image_bytes", {{"type", "string"}, {"pattern", "^below "}}}}},
                        {"required", Json::array({"image_bytes"})},
                        {"additionalProperties", false}};
  out = {{"type", "object"},
         {"properties", properties},
         {"patternProperties", patterns},
         {"additionalProperties", false}};
}
std::string Codec<study::SloConfig>::what() {
  return "a map from metrics to bounds";
}

bool Codec<processing::Profile>::parse(const Node& node, processing::Profile& out, Diagnostics& diagnostics) {
  out = {};
  if (!node.is_scalar()) return profile_type().parse(node, &out, {}, diagnostics);
  const auto source = load_source(resolve_path(node.text(), node.where()), node.where(), diagnostics);
  if (!source) return false;
  const std::size_t before = diagnostics.count();
  const auto tree = read_text(source, diagnostics);
  return tree && diagnostics.count() == before && profile_type().parse(*tree, &out, {}, diagnostics);
}
Node Codec<processing::Profile>::dump(const processing::Profile& profile) {
  return profile_type().dump(&profile);
}
void Codec<processing::Profile>::schema(Json& out, Json& defs) {
  out = {{"oneOf", Json::array({{{"type", "string"}, {"description", "a profile file"}},
                                profile_type().schema({}, nullptr, defs)})}};
}
std::string Codec<processing::Profile>::what() {
  return "a profile file, or a map";
}

namespace {

struct Pick {
  std::int64_t pick = 1;
  faults::Target of;
  template <class V>
  static void describe(V& v) {
    v.required("pick", &Pick::pick, "how many, drawn when the fault strikes", between(1, 100'000));
    v.required("of", &Pick::of, "what they are picked from");
  }
};

const RecordOf<Pick>& pick_type() {
  static const RecordOf<Pick> type;
  return type;
}

}  // namespace

bool Codec<faults::Target>::parse(const Node& node, faults::Target& out, Diagnostics& diagnostics) {
  out = {};
  if (node.is_map()) {
    Pick pick;
    if (!pick_type().parse(node, &pick, {}, diagnostics)) return false;
    out.pick = pick.pick;
    out.of.push_back(std::move(pick.of));
    return true;
  }
  const bool nothing = node.is_scalar() ? node.text().empty() : node.items().empty();
  if (nothing) {
    diagnostics.error(node.where(), "expected " + what() + ", got " + describe_node(node));
    return false;
  }
  if (node.is_scalar()) {
    out.name = node.text();
    return true;
  }
  return type_of<std::vector<faults::Target>>().parse(node, &out.of, {}, diagnostics);
}
Node Codec<faults::Target>::dump(const faults::Target& target) {
  if (target.pick > 0) {
    const Pick pick{target.pick, target.of.front()};
    return pick_type().dump(&pick);
  }
  if (!target.name.empty()) return Node::text_scalar(target.name);
  return type_of<std::vector<faults::Target>>().dump(&target.of);
}
void Codec<faults::Target>::schema(Json& out, Json& defs) {
  out = {{"$ref", "#/$defs/target"}};
  if (defs.contains("target")) return;
  defs["target"] = {};  // it is part of itself
  const Json inner = out;
  const Json list = {{"type", "array"}, {"items", inner}, {"minItems", 1}};
  defs["target"] = {
      {"oneOf",
       Json::array({{{"type", "string"}, {"minLength", 1}}, list, pick_type().schema({}, nullptr, defs)})},
      {"description", what()}};
}
std::string Codec<faults::Target>::what() {
  return "a target such as host/worker-1 or rack/a1, a list of them, or {pick: N, of: TARGET}";
}

bool Codec<faults::Wave>::parse(const Node& node, faults::Wave& out, Diagnostics& diagnostics) {
  out = {};
  std::string why;
  if (node.is_scalar()) {
    if (const auto number = parse_number(node.text());
        number && *number >= 1 && *number <= kMostInstances && *number == std::floor(*number)) {
      out.count = static_cast<std::int64_t>(*number);
      return true;
    }
    const auto share = parse_quantity<Share>(node.text(), why);
    if (share && share->value > 0 && share->value <= 1 && node.text().ends_with('%')) {
      out.share = *share;
      return true;
    }
  }
  diagnostics.error(node.where(), "expected " + what() + ", got " + describe_node(node));
  return false;
}
Node Codec<faults::Wave>::dump(const faults::Wave& wave) {
  if (wave.count > 0) return type_of<std::int64_t>().dump(&wave.count);
  return type_of<Share>().dump(&wave.share);
}
void Codec<faults::Wave>::schema(Json& out, Json&) {
  out = {{"oneOf", Json::array({{{"type", "integer"}, {"minimum", 1}},
                                {{"type", "string"}, {"pattern", "^[0-9.eE+-]+ *%$"}}})},
         {"description", what()}};
}
std::string Codec<faults::Wave>::what() {
  return "a number of instances, such as 1, or a share of them, such as 10%";
}

}  // namespace headroom::config
