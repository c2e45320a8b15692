#include "sim/config/load.h"

#include "sim/config/reader.h"
#include "sim/config/set.h"

namespace headroom::config {
namespace {

/// Where the platform is a file's name, that file's tree in its place; null if it cannot be read.
Node with_platform(const Node& scenario, Diagnostics& diagnostics) {
  const Node::Entry* named = scenario.entry("platform");
  if (!named || !named->value.is_scalar()) return scenario;
  const std::string path = resolve_path(named->value.text(), named->value.where());
  const auto source = load_source(path, named->value.where(), diagnostics);
  const std::optional<Node> platform = source ? read_text(source, diagnostics) : std::nullopt;
  std::vector<Node::Entry> entries = scenario.entries();
  entries[static_cast<std::size_t>(named - scenario.entries().data())].value =
      platform.value_or(Node::null());
  return Node::map(std::move(entries), scenario.where());
}

}  // namespace

bool platform_unread(const Node& scenario) {
  const Node* platform = scenario.find("platform");
  return platform && platform->is_null() && !platform->where().source;
}

std::optional<Node> with_alternative(const Node& scenario, const Axis::Alternative& alternative,
                                     Diagnostics& diagnostics) {
  std::optional<Node> tree = scenario;
  for (const Axis::Setting& setting : alternative.settings) {
    tree = apply_value(*tree, setting.path, setting.value, setting.where, diagnostics);
    if (!tree) return std::nullopt;
    tree = with_platform(*tree, diagnostics);
  }
  return tree;
}

std::optional<Node> load_tree(const std::string& file, std::span<const std::string> sets,
                              Diagnostics& diagnostics) {
  std::optional<Node> tree = read_file(file, diagnostics);
  if (!tree) return std::nullopt;
  tree = with_platform(*tree, diagnostics);
  for (const std::string& set : sets) {
    if (platform_unread(*tree) && set.starts_with("platform.")) continue;
    const std::optional<Node> changed = apply_set(*tree, set, diagnostics);
    if (changed) tree = with_platform(*changed, diagnostics);
  }
  return tree;
}

}  // namespace headroom::config
