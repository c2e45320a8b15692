#include "sim/study/sweep_config.h"

#include <nlohmann/json.hpp>

#include "sim/study/codecs.h"

namespace headroom::config {

using Json = nlohmann::json;

bool Codec<study::SweepConfig>::parse(const Node& node, study::SweepConfig& out, Diagnostics& diagnostics) {
  out = {};
  if (!node.is_map() || node.entries().empty()) {
    diagnostics.error(node.where(), "expected " + what() + ", got " + describe_node(node));
    return false;
  }
  bool ok = true;
  for (const Node::Entry& entry : node.entries()) {
    auto axis = parse_vary(entry, diagnostics);
    ok = ok && axis;
    if (axis) out.axes.push_back(std::move(*axis));
  }
  return ok;
}
Node Codec<study::SweepConfig>::dump(const study::SweepConfig& sweep) {
  std::vector<Node::Entry> entries;
  for (const Axis& axis : sweep.axes) entries.push_back({axis.path, {}, Node::sequence(axis.values)});
  return Node::map(std::move(entries));
}
void Codec<study::SweepConfig>::schema(Json& out, Json&) {
  out = {{"type", "object"},
         {"minProperties", 1},
         {"additionalProperties",
          {{"oneOf", Json::array({{{"type", "array"}, {"minItems", 1}},
                                  {{"type", Json::array({"string", "number", "boolean"})}}})},
           {"description", "values, or a range LO..HI:STEP (three numbers of one unit)"}}}};
}
std::string Codec<study::SweepConfig>::what() {
  return "a map from paths to lists of values or LO..HI:STEP";
}

}  // namespace headroom::config
