#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/config/codec.h"
#include "sim/config/json.h"
#include "sim/config/missing_blank.h"

namespace headroom::config {
namespace {

using Json = nlohmann::json;

/// The index of a name among those allowed; an error with the nearest one otherwise.
std::optional<std::size_t> choose(std::string_view name, std::span<const std::string_view> allowed,
                                  const Mark& where, Diagnostics& diagnostics) {
  const auto found = std::find(allowed.begin(), allowed.end(), name);
  if (found != allowed.end()) return static_cast<std::size_t>(found - allowed.begin());
  diagnostics.error(where,
                    "expected " + list_of(allowed) + ", got " + quote(name) + did_you_mean(name, allowed));
  return std::nullopt;
}

std::string joined(std::span<const std::string_view> names) {
  std::string out;
  for (std::string_view name : names) out += (out.empty() ? "" : " | ") + std::string(name);
  return out;
}

Json only_key(std::string_view key, Json value) {
  return {{"type", "object"},
          {"properties", {{std::string(key), std::move(value)}}},
          {"required", {key}},
          {"additionalProperties", false}};
}

}  // namespace

Json CustomType::schema(const Limits&, const void*, Json& defs) const {
  Json out;
  fill_schema(out, defs);
  return out;
}

bool EnumType::parse(const Node& node, void* out, const Limits&, Diagnostics& diagnostics) const {
  if (!node.is_scalar()) {
    diagnostics.error(node.where(), "expected " + list_of(names_) + ", got " + describe_node(node));
    return false;
  }
  const auto index = choose(node.text(), names_, node.where(), diagnostics);
  if (index) assign(out, *index);
  return index.has_value();
}
Node EnumType::dump(const void* value) const {
  return Node::text_scalar(std::string(names_[index(value)]));
}
Json EnumType::schema(const Limits&, const void*, Json&) const {
  return {{"enum", names_}};
}
std::string EnumType::what(const Limits&) const {
  return joined(names_);
}

bool OptionalType::parse(const Node& node, void* out, const Limits& limits, Diagnostics& diagnostics) const {
  if (node.is_null()) {
    reset(out);
    return true;
  }
  return inner_().parse(node, make(out), limits, diagnostics);
}
Node OptionalType::dump(const void* value) const {
  const void* held = get(value);
  return held ? inner_().dump(held) : Node();
}
Json OptionalType::schema(const Limits& limits, const void* value, Json& defs) const {
  const void* held = value ? get(value) : nullptr;
  Json inner = inner_().schema(limits, held, defs);
  if (!held) return inner;
  return {{"anyOf", {std::move(inner), {{"type", "null"}}}}};  // null takes the default away
}
std::string OptionalType::what(const Limits& limits) const {
  return inner_().what(limits);
}
void OptionalType::rows(const std::string& path, const void* value, std::vector<Row>& out) const {
  inner_().rows(path, value ? get(value) : nullptr, out);
}

bool ListType::parse(const Node& node, void* out, const Limits& limits, Diagnostics& diagnostics) const {
  if (!node.is_sequence()) {
    diagnostics.error(node.where(), "expected a " + what(limits) + " in [ ], got " + describe_node(node));
    return false;
  }
  clear(out);
  bool ok = true;
  for (const Node& item : node.items()) ok = item_().parse(item, append(out), limits, diagnostics) && ok;
  return ok;
}
Node ListType::dump(const void* value) const {
  std::vector<Node> items;
  for (std::size_t i = 0; i < size(value); ++i) items.push_back(item_().dump(get(value, i)));
  return Node::sequence(std::move(items));
}
Json ListType::schema(const Limits& limits, const void*, Json& defs) const {
  return {{"type", "array"}, {"items", item_().schema(limits, nullptr, defs)}};
}
std::string ListType::what(const Limits& limits) const {
  const std::string item = item_().what(limits);
  return "list of " + item + (item == "map" ? "s" : "");
}
void ListType::rows(const std::string& path, const void*, std::vector<Row>& out) const {
  item_().rows(path + "[]", nullptr, out);
}

bool MapType::parse(const Node& node, void* out, const Limits& limits, Diagnostics& diagnostics) const {
  if (!node.is_map()) {
    diagnostics.error(node.where(), "expected a " + what(limits) + ", got " + describe_no_map(node));
    return false;
  }
  clear(out);
  bool ok = true;
  for (const Node::Entry& entry : node.entries()) {
    ok = item_().parse(entry.value, make(out, entry.key), limits, diagnostics) && ok;
  }
  return ok;
}
Node MapType::dump(const void* value) const {
  std::vector<Node::Entry> entries;
  for (const auto& [key, item] : get(value)) entries.push_back({std::string(key), {}, item_().dump(item)});
  return Node::map(std::move(entries));
}
Json MapType::schema(const Limits& limits, const void*, Json& defs) const {
  return {{"type", "object"}, {"additionalProperties", item_().schema(limits, nullptr, defs)}};
}
std::string MapType::what(const Limits& limits) const {
  return "map, with a " + item_().what(limits) + " for each name";
}
void MapType::rows(const std::string& path, const void*, std::vector<Row>& out) const {
  item_().rows(path + ".NAME", nullptr, out);
}

std::vector<std::string_view> VariantType::tags() const {
  std::vector<std::string_view> tags;
  for (const Alternative& alternative : alternatives()) tags.push_back(alternative.tag);
  return tags;
}

bool VariantType::parse(const Node& node, void* out, const Limits&, Diagnostics& diagnostics) const {
  const std::vector<std::string_view> names = tags();
  const auto& all = alternatives();
  const bool any_bare = std::any_of(all.begin(), all.end(), [](const Alternative& a) { return a.bare; });
  if (node.is_scalar() && (any_bare || nearest(node.text(), names))) {
    const auto index = choose(node.text(), names, node.where(), diagnostics);
    if (!index) return false;
    if (!alternatives()[*index].bare) {
      diagnostics.error(node.where(), quote(node.text()) + " needs more, expected {" + node.text() +
                                          ": …} with " + alternatives()[*index].type().what({}));
      return false;
    }
    return parse_tagged(*index, Node::map({}, node.where()), out, diagnostics);
  }
  if (!node.is_map() || node.entries().size() != 1) {
    diagnostics.error(node.where(), "expected a map with exactly one of " + list_of(names) + ", got " +
                                        describe_keys(node));
    return false;
  }
  const Node::Entry& entry = node.entries()[0];
  const auto index = choose(entry.key, names, entry.where, diagnostics);
  return index && parse_tagged(*index, entry.value, out, diagnostics);
}

bool VariantType::parse_tagged(std::size_t index, const Node& node, void* out,
                               Diagnostics& diagnostics) const {
  const Alternative& alternative = alternatives()[index];
  const bool nothing = node.is_null() && alternative.bare;
  return alternative.type().parse(nothing ? Node::map({}, node.where()) : node, make(out, index), {},
                                  diagnostics);
}

Node::Entry VariantType::dump_tagged(const void* value) const {
  const Alternative& alternative = alternatives()[index(value)];
  return {std::string(alternative.tag), {}, alternative.type().dump(get(value))};
}
Node VariantType::dump(const void* value) const {
  const Alternative& alternative = alternatives()[index(value)];
  if (alternative.empty) return Node::text_scalar(std::string(alternative.tag));
  return Node::map({dump_tagged(value)});
}

Json VariantType::schema_tagged(std::size_t index, Json& defs) const {
  return alternatives()[index].type().schema({}, nullptr, defs);
}
Json VariantType::schema(const Limits&, const void*, Json& defs) const {
  Json choices = Json::array();
  Json bare = Json::array();
  for (std::size_t i = 0; i < alternatives().size(); ++i) {
    const Alternative& alternative = alternatives()[i];
    if (alternative.bare) bare.push_back(alternative.tag);
    choices.push_back(only_key(alternative.tag, schema_tagged(i, defs)));
  }
  if (!bare.empty()) choices.push_back({{"enum", bare}});
  return {{"oneOf", choices}};
}
std::string VariantType::what(const Limits&) const {
  return "one of " + joined(tags());
}
void VariantType::rows(const std::string& path, const void*, std::vector<Row>& out) const {
  for (const Alternative& alternative : alternatives()) {
    const Type& type = alternative.type();
    const std::string key =
        path.empty() ? std::string(alternative.tag) : path + "." + std::string(alternative.tag);
    out.push_back({key, type.what({}), "", type.help()});
    type.rows(key, nullptr, out);
  }
}

}  // namespace headroom::config
