#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::config {

/// Where text came from: a file, or a `--set` on the command line.
struct Source {
  std::string name;    ///< as printed in front of an error
  std::string folder;  ///< what relative file names in the text are relative to; "" is the current folder
  std::string text;
};

/// A place in a source. `line` and `column` count from 1; 0 means that there is none (a file that could not
/// be read, a value made by the program). Columns count bytes; Diagnostics prints them as characters.
struct Mark {
  std::shared_ptr<const Source> source;
  int line = 0;
  int column = 0;
};

/// Also of two marks without a source.
bool same_place(const Mark& a, const Mark& b);

/// What a plain (unquoted) scalar means under the YAML 1.2 core schema.
enum class ScalarType { null, boolean, integer, real, text };
ScalarType scalar_type(std::string_view plain);

/// An immutable YAML tree; copies share. Keys keep their order and are unique; every value and every key
/// knows where it was written.
class Node {
 public:
  enum class Kind { null, scalar, sequence, map };
  struct Entry;

  Node();  ///< null
  static Node null(Mark where = {});
  /// `quoted`: text, whatever it looks like (`"5"`).
  static Node scalar(std::string text, bool quoted = false, Mark where = {});
  static Node sequence(std::vector<Node> items, Mark where = {});
  static Node map(std::vector<Entry> entries, Mark where = {});
  /// A scalar that is certainly text: quoted if it would otherwise mean something else.
  static Node text_scalar(std::string text);

  Kind kind() const;
  bool is_null() const { return kind() == Kind::null; }
  bool is_scalar() const { return kind() == Kind::scalar; }
  bool is_sequence() const { return kind() == Kind::sequence; }
  bool is_map() const { return kind() == Kind::map; }

  /// Of a scalar; "" otherwise.
  const std::string& text() const;
  bool quoted() const;
  /// Of a sequence; empty otherwise.
  const std::vector<Node>& items() const;
  /// Of a map; empty otherwise.
  const std::vector<Entry>& entries() const;
  /// The entry, or the value, of a map's key; nullptr if there is none or this is no map.
  const Entry* entry(std::string_view key) const;
  const Node* find(std::string_view key) const;

  const Mark& where() const;
  /// Number of nodes in the tree, aliases counted as often as they are used.
  std::uint64_t weight() const;
  /// Levels of the tree: 1 for a scalar.
  int height() const;

  /// This map with the entry added or its value replaced, or taken out.
  Node with(std::string_view key, Node value) const;
  Node without(std::string_view key) const;

  /// Same kinds, keys in the same order, same texts with the same meaning; marks do not count.
  friend bool operator==(const Node& a, const Node& b);

 private:
  struct Data;
  explicit Node(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  std::shared_ptr<const Data> data_;
};

struct Node::Entry {
  std::string key;
  Mark where;  ///< of the key
  Node value;
};

/// "a map", "an empty list", "nothing", or the scalar's text in quotes, shortened: for messages.
std::string describe_node(const Node& node);
/// Of a map where one key is expected: its keys, `"poisson" and "constant"`; otherwise as describe_node.
std::string describe_keys(const Node& node);

/// The entry of `map` whose key is the longest prefix of the dotted `path` (keys may themselves contain
/// dots), and what follows it. `entry` is nullptr if no key fits.
struct Step {
  const Node::Entry* entry = nullptr;
  std::string_view rest;  ///< without the dot
};
Step step_into(const Node& map, std::string_view path);

/// Where the deepest node on the dotted path that exists was written; list elements by index
/// (`faults.0.at`).
Mark locate(const Node& root, std::string_view dotted_path);

/// YAML text that reads back to an equal tree. The same tree gives the same text. Ends with a newline.
std::string emit(const Node& node);

/// The same in one line, for messages and tables.
std::string one_line(const Node& node);

}  // namespace headroom::config
