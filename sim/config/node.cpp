#include "sim/config/node.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "sim/base/check.h"
#include "sim/config/diagnostics.h"
#include "sim/config/missing_blank.h"
#include "sim/config/units.h"

namespace headroom::config {

struct Node::Data {
  Kind kind = Kind::null;
  bool quoted = false;
  int height = 1;
  std::uint64_t weight = 1;
  Mark where;
  std::string text;
  std::vector<Node> items;
  std::vector<Entry> entries;

  void contain(const Node& child) {
    height = std::max(height, child.height() + 1);
    const std::uint64_t room = std::numeric_limits<std::uint64_t>::max() - weight;
    weight += std::min(room, child.weight());  // nested aliases multiply
  }
};

ScalarType scalar_type(std::string_view plain) {
  const auto any_of = [&](std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), plain) != words.end();
  };
  if (any_of({"", "~", "null", "Null", "NULL"})) return ScalarType::null;
  if (any_of({"true", "True", "TRUE", "false", "False", "FALSE"})) return ScalarType::boolean;
  if (any_of({".nan", ".NaN", ".NAN"})) return ScalarType::real;
  std::string_view number = plain;
  if (number.starts_with('-') || number.starts_with('+')) number.remove_prefix(1);
  if (number == ".inf" || number == ".Inf" || number == ".INF") return ScalarType::real;
  const auto digits_of = [&](std::string_view set) {
    return number.size() > 2 && number.substr(2).find_first_not_of(set) == std::string_view::npos;
  };
  if (plain.starts_with("0x") && digits_of("0123456789abcdefABCDEF")) return ScalarType::integer;
  if (plain.starts_with("0o") && digits_of("01234567")) return ScalarType::integer;
  if (!number.empty() && number.find_first_not_of("0123456789") == std::string_view::npos)
    return ScalarType::integer;
  if (number.find_first_not_of("0123456789.eE+-") == std::string_view::npos && parse_number(plain)) {
    return ScalarType::real;
  }
  return ScalarType::text;
}

Node::Node() {
  static const auto shared = std::make_shared<const Data>();
  data_ = shared;
}

Node Node::null(Mark where) {
  auto data = std::make_shared<Data>();
  data->where = std::move(where);
  return Node(std::move(data));
}

Node Node::scalar(std::string text, bool quoted, Mark where) {
  auto data = std::make_shared<Data>();
  data->kind = Kind::scalar;
  data->text = std::move(text);
  data->quoted = quoted;
  data->where = std::move(where);
  return Node(std::move(data));
}

Node Node::sequence(std::vector<Node> items, Mark where) {
  auto data = std::make_shared<Data>();
  data->kind = Kind::sequence;
  data->items = std::move(items);
  data->where = std::move(where);
  for (const Node& item : data->items) data->contain(item);
  return Node(std::move(data));
}

Node Node::map(std::vector<Entry> entries, Mark where) {
  auto data = std::make_shared<Data>();
  data->kind = Kind::map;
  data->entries = std::move(entries);
  data->where = std::move(where);
  for (const Entry& entry : data->entries) data->contain(entry.value);
  return Node(std::move(data));
}

Node Node::text_scalar(std::string text) {
  const bool quoted = scalar_type(text) != ScalarType::text;
  return scalar(std::move(text), quoted);
}

Node::Kind Node::kind() const {
  return data_->kind;
}
bool same_place(const Mark& a, const Mark& b) {
  return a.source == b.source && a.line == b.line && a.column == b.column;
}

const std::string& Node::text() const {
  return data_->text;
}
bool Node::quoted() const {
  return data_->quoted;
}
const std::vector<Node>& Node::items() const {
  return data_->items;
}
const std::vector<Node::Entry>& Node::entries() const {
  return data_->entries;
}
const Mark& Node::where() const {
  return data_->where;
}
std::uint64_t Node::weight() const {
  return data_->weight;
}
int Node::height() const {
  return data_->height;
}

const Node::Entry* Node::entry(std::string_view key) const {
  for (const Entry& entry : entries()) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

const Node* Node::find(std::string_view key) const {
  const Entry* found = entry(key);
  return found ? &found->value : nullptr;
}

Node Node::with(std::string_view key, Node value) const {
  std::vector<Entry> changed = entries();
  const auto found =
      std::find_if(changed.begin(), changed.end(), [&](const Entry& e) { return e.key == key; });
  if (found != changed.end()) {
    found->where = value.where();
    found->value = std::move(value);
  } else {
    const Mark mark = value.where();
    changed.push_back({std::string(key), mark, std::move(value)});
  }
  return map(std::move(changed), where());
}

Node Node::without(std::string_view key) const {
  std::vector<Entry> changed = entries();
  std::erase_if(changed, [&](const Entry& e) { return e.key == key; });
  return map(std::move(changed), where());
}

bool operator==(const Node& a, const Node& b) {
  if (a.data_ == b.data_) return true;
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Node::Kind::null:
      return true;
    case Node::Kind::scalar: {
      const auto meaning = [](const Node& n) {
        return n.quoted() ? ScalarType::text : scalar_type(n.text());
      };
      return a.text() == b.text() && meaning(a) == meaning(b);
    }
    case Node::Kind::sequence:
      return a.items() == b.items();
    case Node::Kind::map:
      return std::equal(
          a.entries().begin(), a.entries().end(), b.entries().begin(), b.entries().end(),
          [](const Node::Entry& x, const Node::Entry& y) { return x.key == y.key && x.value == y.value; });
  }
  return false;
}

std::string describe_node(const Node& node) {
  switch (node.kind()) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::scalar:
      return quote(node.text());
    case Node::Kind::sequence:
      return node.items().empty() ? "an empty list" : "a list";
    case Node::Kind::map:
      return node.entries().empty() ? "an empty map" : "a map";
  }
  return "";
}

std::string describe_no_map(const Node& node) {
  std::string got = describe_node(node);
  if (!node.is_scalar() || node.quoted()) return got;
  return missing_blank(node.text()) ? got + " without a blank behind the colon" : got;
}

std::optional<std::size_t> missing_blank(std::string_view text) {
  const auto of_key = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  const std::size_t colon =
      static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), of_key) - text.begin());
  if (colon == 0 || colon + 1 >= text.size() || text[colon] != ':') return std::nullopt;
  if (std::string_view(" \t\r\n:").find(text[colon + 1]) != std::string_view::npos) return std::nullopt;
  return colon + 1;
}

std::string describe_keys(const Node& node) {
  if (!node.is_map() || node.entries().empty()) return describe_no_map(node);
  constexpr std::size_t kMost = 5;
  std::string out;
  for (std::size_t i = 0; i < node.entries().size(); ++i) {
    if (i == kMost) return out + ", …";
    const bool last = i + 1 == node.entries().size();
    out += (i == 0 ? "" : last ? " and " : ", ") + quote(node.entries()[i].key);
  }
  return out;
}

Step step_into(const Node& map, std::string_view path) {
  std::size_t end = path.size();
  while (true) {
    if (const Node::Entry* entry = map.entry(path.substr(0, end))) {
      return {entry, end == path.size() ? std::string_view{} : path.substr(end + 1)};
    }
    if (end == 0) return {};
    end = path.rfind('.', end - 1);
    if (end == std::string_view::npos) return {};
  }
}

Mark locate(const Node& root, std::string_view dotted_path) {
  const Node* node = &root;
  std::string_view rest = dotted_path;
  while (!rest.empty()) {
    if (node->is_sequence()) {
      const std::string_view part = rest.substr(0, rest.find('.'));
      std::size_t index = 0;
      const auto result = std::from_chars(part.data(), part.data() + part.size(), index);
      const bool number = result.ec == std::errc{} && result.ptr == part.data() + part.size();
      if (!number || index >= node->items().size()) break;
      node = &node->items()[index];
      rest = part.size() == rest.size() ? std::string_view{} : rest.substr(part.size() + 1);
    } else {
      const Step step = step_into(*node, rest);
      if (!step.entry) break;
      node = &step.entry->value;
      rest = step.rest;
    }
  }
  return node->where();
}

}  // namespace headroom::config
