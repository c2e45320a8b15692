#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/config/codec.h"
#include "sim/config/json.h"
#include "sim/config/located.h"
#include "sim/config/missing_blank.h"

namespace headroom::config {
namespace {

using Json = nlohmann::json;

const void* at(const void* record, std::ptrdiff_t offset) {
  return static_cast<const char*>(record) + offset;
}
void* at(void* record, std::ptrdiff_t offset) {
  return static_cast<char*>(record) + offset;
}

const VariantType& variant_of(const RecordType::Field& field) {
  return static_cast<const VariantType&>(field.type());
}

/// A key with nothing behind it counts as not given.
bool given(const Node& node, std::string_view key) {
  const Node* value = node.find(key);
  return value && !value->is_null();
}

std::vector<std::string_view> views(const std::vector<std::string>& names) {
  return {names.begin(), names.end()};
}

Json exactly_one(const std::vector<std::string_view>& names) {
  Json choices = Json::array();
  for (std::string_view name : names) choices.push_back({{"required", {name}}});
  return {{"oneOf", choices}};
}

}  // namespace

void Type::rows(const std::string&, const void*, std::vector<Row>&) const {}
bool Type::absent(const void*) const {
  return false;
}

bool RecordType::may_be_empty() const {
  return one_of_.empty() &&
         std::none_of(fields_.begin(), fields_.end(), [](const Field& f) { return f.required; });
}

const RecordType::Field* RecordType::bare_value() const {
  return fields_.size() == 1 && fields_[0].role == Role::value ? &fields_[0] : nullptr;
}

std::vector<std::string_view> RecordType::key_names() const {
  std::vector<std::string_view> names;
  for (const Field& field : fields_) {
    if (field.role == Role::key) names.push_back(field.name);
    if (field.role == Role::alternative) {
      for (std::string_view tag : variant_of(field).tags()) names.push_back(tag);
    }
  }
  return names;
}

bool RecordType::parse(const Node& node, void* out, const Limits&, Diagnostics& diagnostics) const {
  bool ok = true;
  if (const Field* field = bare_value()) {
    ok = field->type().parse(node, at(out, field->offset), field->limits, diagnostics);
  } else {
    ok = parse_keys(node, out, diagnostics);
  }
  if (!ok) return false;
  const std::size_t before = diagnostics.count();
  Located complaints(node, diagnostics);
  check(out, complaints);
  return diagnostics.count() == before;
}

bool RecordType::parse_keys(const Node& node, void* out, Diagnostics& diagnostics) const {
  if (!node.is_map()) {
    if (fields_.empty() && node.is_null()) return true;
    const std::string expected = fields_.empty() ? "nothing here" : "a map with " + list_of(key_names());
    diagnostics.error(node.where(), "expected " + expected + ", got " + describe_no_map(node));
    return false;
  }
  const std::size_t before = diagnostics.count();
  for (const Node::Entry& entry : node.entries()) parse_entry(entry, out, diagnostics);
  check_missing(node, diagnostics);
  return diagnostics.count() == before;
}

bool RecordType::parse_entry(const Node::Entry& entry, void* out, Diagnostics& diagnostics) const {
  for (const Field& field : fields_) {
    if (field.role == Role::key && field.name == entry.key) {
      const Type& type = field.type();
      const bool left_out = entry.value.is_null() && !field.required && !type.is_optional();
      return left_out || type.parse(entry.value, at(out, field.offset), field.limits, diagnostics);
    }
    if (field.role == Role::alternative) {
      const std::vector<std::string_view> tags = variant_of(field).tags();
      const auto tag = std::find(tags.begin(), tags.end(), entry.key);
      if (tag == tags.end()) continue;
      const auto index = static_cast<std::size_t>(tag - tags.begin());
      return variant_of(field).parse_tagged(index, entry.value, at(out, field.offset), diagnostics);
    }
  }
  const std::vector<std::string_view> names = key_names();
  const std::string expected = names.empty() ? "no key here" : list_of(names);
  diagnostics.error(entry.where, diagnostics.full() ? "unknown key"
                                                    : "unknown key " + quote(entry.key) + ", expected " +
                                                          expected + did_you_mean(entry.key, names));
  return false;
}

void RecordType::check_missing(const Node& node, Diagnostics& diagnostics) const {
  for (const Field& field : fields_) {
    if (field.role == Role::key && field.required && !field.type().is_optional() && !node.entry(field.name)) {
      diagnostics.error(node.where(), "the key " + quote(field.name) + " is missing, expected " +
                                          field.type().what(field.limits) + ": " + field.help);
    }
    if (field.role != Role::alternative) continue;
    const std::vector<std::string_view> tags = variant_of(field).tags();
    const auto count =
        std::count_if(tags.begin(), tags.end(), [&](auto tag) { return node.entry(tag) != nullptr; });
    if (count != 1) {
      diagnostics.error(node.where(), std::string(count == 0 ? "nothing says what this is"
                                                             : "this is several things at once") +
                                          ", expected exactly one of " + list_of(tags));
    }
  }
  for (const std::vector<std::string>& names : one_of_) {
    std::string got;
    int count = 0;
    for (const std::string& name : names)
      if (given(node, name)) got += (count++ == 0 ? "" : " and ") + name;
    if (count != 1) {
      diagnostics.error(node.where(), "expected exactly one of " + list_of(views(names)) + ", got " +
                                          (count == 0 ? "none" : got));
    }
  }
}

Node RecordType::dump(const void* value) const {
  if (const Field* field = bare_value()) return field->type().dump(at(value, field->offset));
  std::vector<Node::Entry> entries;
  for (const Field& field : fields_) {
    const void* member = at(value, field.offset);
    const Type& type = field.type();
    if (field.role == Role::alternative) {
      entries.push_back(variant_of(field).dump_tagged(member));
    } else if (!type.absent(member)) {
      entries.push_back({field.name, {}, type.dump(member)});
    } else if (!type.absent(at(defaults(), field.offset))) {
      entries.push_back({field.name, {}, Node::null()});  // else reading it back would bring the default
    }
  }
  return Node::map(std::move(entries));
}

Json RecordType::schema(const Limits&, const void* value, Json& defs) const {
  if (const Field* field = bare_value()) {
    Json out = field->type().schema(field->limits, value ? at(value, field->offset) : nullptr, defs);
    if (!out.contains("description")) out["description"] = field->help;
    return out;
  }
  const void* fallback = value ? value : defaults();
  Json properties = Json::object();
  Json required = Json::array();
  Json rules = Json::array();
  for (const Field& field : fields_) {
    const void* member = at(fallback, field.offset);
    const Type& type = field.type();
    if (field.role == Role::alternative) {
      const std::vector<std::string_view> tags = variant_of(field).tags();
      for (std::size_t i = 0; i < tags.size(); ++i) {
        properties[std::string(tags[i])] = variant_of(field).schema_tagged(i, defs);
      }
      rules.push_back(exactly_one(tags));
      continue;
    }
    const bool has_default = !field.required && !type.absent(member);
    Json property = type.schema(field.limits, has_default ? member : nullptr, defs);
    property["description"] = field.help + " (" + type.what(field.limits) + ")";
    if (has_default) property["default"] = to_json(type.dump(member));
    properties[field.name] = std::move(property);
    if (field.required && !type.is_optional()) required.push_back(field.name);
  }
  for (const std::vector<std::string>& names : one_of_) rules.push_back(exactly_one(views(names)));
  Json out = {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
  if (!required.empty()) out["required"] = required;
  if (!rules.empty()) out["allOf"] = rules;
  return out;
}

std::string RecordType::what(const Limits&) const {
  if (const Field* field = bare_value()) return field->type().what(field->limits);
  return fields_.empty() ? "nothing more" : "map";
}

std::string RecordType::help() const {
  const Field* field = bare_value();
  return field ? field->help : "";
}

void RecordType::rows(const std::string& path, const void* value, std::vector<Row>& out) const {
  if (const Field* field = bare_value()) {
    field->type().rows(path, value ? at(value, field->offset) : nullptr, out);
    return;
  }
  const void* fallback = value ? value : defaults();
  for (const Field& field : fields_) {
    const void* member = at(fallback, field.offset);
    const Type& type = field.type();
    const std::string key = path.empty() ? field.name : path + "." + field.name;
    if (field.role == Role::alternative) {
      variant_of(field).rows(path, nullptr, out);
      continue;
    }
    const bool has_default = !field.required && !type.absent(member);
    std::vector<Row> below;
    type.rows(key, has_default ? member : nullptr, below);
    std::string shown = field.required ? "required" : has_default ? one_line(type.dump(member)) : "none";
    constexpr std::size_t kShort = 40;
    if (has_default && !below.empty() && shown.size() > kShort) shown = "as below";
    out.push_back({key, type.what(field.limits), shown, field.help});
    out.insert(out.end(), below.begin(), below.end());
  }
}

}  // namespace headroom::config
