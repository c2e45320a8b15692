#include "sim/config/change.h"

namespace headroom::config {
namespace {

std::string join(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + "." + key;
}

void collect(const Node& before, const Node& after, const std::string& path, std::vector<Change>& changes) {
  if (before == after) return;
  if (before.is_map() && after.is_map()) {
    for (const Node::Entry& entry : before.entries()) {
      const Node* other = after.find(entry.key);
      if (other != nullptr)
        collect(entry.value, *other, join(path, entry.key), changes);
      else
        changes.push_back({join(path, entry.key), one_line(entry.value), ""});
    }
    for (const Node::Entry& entry : after.entries())
      if (before.find(entry.key) == nullptr)
        changes.push_back({join(path, entry.key), "", one_line(entry.value)});
    return;
  }
  if (before.is_sequence() && after.is_sequence() && before.items().size() == after.items().size()) {
    for (std::size_t i = 0; i < before.items().size(); ++i)
      collect(before.items()[i], after.items()[i], join(path, std::to_string(i)), changes);
    return;
  }
  changes.push_back({path, one_line(before), one_line(after)});
}

}  // namespace

std::vector<Change> changes(const Node& before, const Node& after) {
  std::vector<Change> all;
  collect(before, after, "", all);
  return all;
}

}  // namespace headroom::config
