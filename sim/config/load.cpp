#include "sim/config/load.h"

#include "sim/config/reader.h"
#include "sim/config/set.h"

namespace headroom::config {
namespace {

/// Where the platform is a file's name, that file's tree in its place.
std::optional<Node> with_platform(const Node& scenario, Diagnostics& diagnostics) {
  const Node::Entry* named = scenario.entry("platform");
  if (!named || !named->value.is_scalar()) return scenario;
  const std::string path = resolve_path(named->value.text(), named->value.where());
  const auto source = load_source(path, named->value.where(), diagnostics);
  const std::optional<Node> platform = source ? read_text(source, diagnostics) : std::nullopt;
  if (!platform) return std::nullopt;
  std::vector<Node::Entry> entries = scenario.entries();
  entries[static_cast<std::size_t>(named - scenario.entries().data())].value = *platform;
  return Node::map(std::move(entries), scenario.where());
}

}  // namespace

std::optional<Node> load_tree(const std::string& file, std::span<const std::string> sets,
                              Diagnostics& diagnostics) {
  std::optional<Node> tree = read_file(file, diagnostics);
  if (!tree) return std::nullopt;
  std::optional<Node> loaded = with_platform(*tree, diagnostics);
  if (loaded) tree = loaded;
  for (const std::string& set : sets) {
    const std::optional<Node> changed = apply_set(*tree, set, diagnostics);
    if (changed) tree = with_platform(*changed, diagnostics);
    if (!tree) return std::nullopt;
  }
  return diagnostics.ok() ? tree : std::nullopt;
}

}  // namespace headroom::config
