#include "sim/study/vary_config.h"

#include <nlohmann/json.hpp>

#include "sim/study/codecs.h"

namespace headroom::config {

using Json = nlohmann::json;

bool Codec<study::VaryConfig>::parse(const Node& node, study::VaryConfig& out, Diagnostics& diagnostics) {
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
Node Codec<study::VaryConfig>::dump(const study::VaryConfig& vary) {
  std::vector<Node::Entry> entries;
  for (const Axis& axis : vary.axes) entries.push_back(dump_vary(axis));
  return Node::map(std::move(entries));
}
void Codec<study::VaryConfig>::schema(Json& out, Json&) {
  const Json list = {
      {"type", "array"},
      {"minItems", 1},
      {"description", "values of the path, and ranges; figures and files name them as written"}};
  const Json one = {
      {"type", Json::array({"string", "number", "boolean"})},
      {"description",
       "a range LO..HI:STEP (three numbers of one unit), LO..HI (whole numbers) or log:LO..HI:N (N "
       "values, each the same multiple of the one before it); or one value"}};
  const Json choice = {{"type", "object"},
                       {"minProperties", 1},
                       {"additionalProperties",
                        {{"type", "object"}, {"description", "paths as in --set, and what they are set to"}}},
                       {"description", "a named choice: alternatives by name"}};
  out = {{"type", "object"},
         {"minProperties", 1},
         {"additionalProperties",
          {{"oneOf", Json::array({list, one, choice})},
           {"description", "by path: a list of values, or a range; by a name of its own: a choice"}}}};
}
std::string Codec<study::VaryConfig>::what() {
  return "a map from paths to lists of values or ranges such as 28..48:4, or from names to alternatives";
}

}  // namespace headroom::config
