#include "sim/config/set.h"

#include <charconv>
#include <memory>
#include <utility>

#include "sim/config/reader.h"

namespace headroom::config {
namespace {

/// Objectives are metric names, which contain dots: below this key the rest of a path is one key.
constexpr std::string_view kDottedKeysIn = "slo";
constexpr std::string_view kPlainKeyThere = "only";

std::string_view first_part(std::string_view path) {
  return path.substr(0, path.find('.'));
}
std::string_view after(std::string_view path, std::size_t length) {
  return path.size() > length ? path.substr(length + 1) : std::string_view{};
}

std::optional<std::size_t> index_in(std::string_view text) {
  std::size_t index = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), index);
  if (result.ec != std::errc{} || result.ptr != text.data() + text.size()) return std::nullopt;
  return index;
}

/// One assignment on its way down the tree.
class Setter {
 public:
  Setter(std::string_view path, Node value, Mark where, Diagnostics& diagnostics)
      : path_(path), value_(std::move(value)), where_(std::move(where)), diagnostics_(diagnostics) {}

  /// `node` with the value at `rest`, the part of the path that is left; nothing if there was an error.
  std::optional<Node> set(const Node& node, std::string_view rest) {
    if (rest.empty()) return value_;
    if (node.is_sequence()) return set_in_list(node, rest);
    if (node.is_map()) return set_in_map(node, rest);
    if (node.is_null()) return make(rest);
    return fail(
        rest, "there is " + describe_node(node) + " at " + quote(done(rest)) + ", expected a map or a list");
  }

 private:
  std::optional<Node> fail(std::string_view at, const std::string& message) {
    const int column = where_.column + static_cast<int>(at.data() - path_.data());
    diagnostics_.error({where_.source, where_.line, column}, message);
    return std::nullopt;
  }

  /// The path up to `rest`.
  std::string done(std::string_view rest) const {
    const auto length = static_cast<std::size_t>(rest.data() - path_.data());
    return std::string(path_.substr(0, length > 0 ? length - 1 : 0));
  }

  std::optional<Node> set_in_map(const Node& map, std::string_view rest) {
    const Step step = step_into(map, rest);
    if (step.entry && step.rest.empty() && value_.is_null()) return map.without(step.entry->key);
    if (step.entry) {
      const std::optional<Node> changed = set(step.entry->value, step.rest);
      return changed ? std::optional<Node>(replaced(map, *step.entry, *changed)) : std::nullopt;
    }
    const bool dotted = done(rest) == kDottedKeysIn && first_part(rest) != kPlainKeyThere;
    const std::string_view key = dotted ? rest : first_part(rest);
    if (value_.is_null()) return map.with(key, value_);  // validation then says whether there is such a key
    const std::optional<Node> made = make(after(rest, key.size()));
    return made ? std::optional<Node>(map.with(key, *made)) : std::nullopt;
  }

  /// Keeps the mark of the key while only something below it changes.
  static Node replaced(const Node& map, const Node::Entry& entry, const Node& value) {
    std::vector<Node::Entry> entries = map.entries();
    entries[static_cast<std::size_t>(&entry - map.entries().data())].value = value;
    return Node::map(std::move(entries), map.where());
  }

  std::optional<Node> set_in_list(const Node& list, std::string_view rest) {
    const std::string_view part = first_part(rest);
    const std::optional<std::size_t> index = index_in(part);
    const std::size_t size = list.items().size();
    if (!index || *index > size) {
      return fail(rest, quote(done(rest)) + " is a list of " + std::to_string(size) +
                            ", expected an index from 0 to " + std::to_string(size) + ", got " + quote(part));
    }
    std::vector<Node> items = list.items();
    const std::string_view below = after(rest, part.size());
    if (below.empty() && value_.is_null()) {
      if (*index < size) items.erase(items.begin() + static_cast<std::ptrdiff_t>(*index));
      return Node::sequence(std::move(items), list.where());
    }
    const std::optional<Node> item = *index < size ? set(items[*index], below) : make(below);
    if (!item) return std::nullopt;
    if (*index < size) {
      items[*index] = *item;
    } else {
      items.push_back(*item);
    }
    return Node::sequence(std::move(items), list.where());
  }

  /// The value with the parents that the path asks for: lists where it says 0, maps elsewhere.
  std::optional<Node> make(std::string_view rest) {
    if (rest.empty()) return value_;
    if (first_part(rest) == "0") return set_in_list(Node::sequence({}, where_), rest);
    return set_in_map(Node::map({}, where_), rest);
  }

  std::string_view path_;
  Node value_;
  Mark where_;  ///< of the path
  Diagnostics& diagnostics_;
};

}  // namespace

std::size_t hole_in(std::string_view path) {
  if (path.starts_with('.')) return 0;
  return path.ends_with('.') ? path.size() - 1 : path.find("..");
}

std::optional<Node> apply_value(const Node& root, std::string_view path, const Node& value, const Mark& where,
                                Diagnostics& diagnostics) {
  std::optional<Node> changed = Setter(path, value, where, diagnostics).set(root, path);
  if (changed && (changed->height() > kMaxDepth || changed->weight() > kMaxNodes)) {
    diagnostics.error(where, "this makes the scenario too deep or too large");
    return std::nullopt;
  }
  return changed;
}

std::optional<Node> apply_set(const Node& root, std::string_view assignment, Diagnostics& diagnostics) {
  const std::size_t equals = assignment.find('=');
  const std::string_view path = assignment.substr(0, equals);
  auto source = std::make_shared<Source>();
  source->name = "--set " + std::string(path);
  diagnostics.mention(source);
  const auto fail = [&](std::size_t at, const std::string& message) {
    diagnostics.error({source, 1, static_cast<int>(at) + 1}, message);
    return std::nullopt;
  };
  if (equals == std::string_view::npos) return fail(path.size(), "expected PATH=VALUE, got no =");
  if (path.empty()) return fail(0, "expected PATH=VALUE, got an empty path");
  const std::size_t hole = hole_in(path);
  if (hole != std::string_view::npos)
    return fail(hole, "expected a name on both sides of each dot of the path");
  source->text = assignment.substr(equals + 1);
  if (source->text.find_first_not_of(" \t\n") == std::string::npos) {
    return fail(0, "expected a value after =; null removes what is there");
  }
  const std::size_t before = diagnostics.count();
  const std::optional<Node> value = read_text(source, diagnostics);
  if (!value || diagnostics.count() != before) return std::nullopt;
  return apply_value(root, path, *value, {source, 1, 1}, diagnostics);
}

}  // namespace headroom::config
