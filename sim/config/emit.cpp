#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "sim/config/node.h"

namespace headroom::config {
namespace {

constexpr std::size_t kWidth = 100;

/// Characters that YAML or its readers may take for line breaks or a byte order mark.
constexpr std::string_view kOddSpaces[] = {"\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xEF\xBB\xBF"};

/// Text that means itself without quotes wherever it stands: no indicator, nothing that could end it. (For
/// yaml-cpp a ? ends a text inside brackets.)
bool is_safe_plain(std::string_view text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.back() == ':') return false;
  constexpr std::string_view kFirst = "-?:,[]{}#&*!|>'\"%@`=<";
  const bool number_like = text.front() == '-' && text.size() > 1 && text[1] >= '0' && text[1] <= '9';
  if (kFirst.find(text.front()) != std::string_view::npos && !number_like) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
    if (std::string_view(",?[]{}").find(c) != std::string_view::npos) return false;
    if (c == ':' && (i + 1 == text.size() || text[i + 1] == ' ')) return false;
    if (c == '#' && text[i - 1] == ' ') return false;
  }
  if (text.starts_with("---") || text.starts_with("...")) return false;
  return std::none_of(std::begin(kOddSpaces), std::end(kOddSpaces),
                      [&](std::string_view odd) { return text.find(odd) != std::string_view::npos; });
}

std::string in_quotes(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    const std::string_view rest = text.substr(i);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else if (rest.starts_with(kOddSpaces[0])) {
      out += "\\u0085";
      i += 1;
    } else if (rest.starts_with(kOddSpaces[1])) {
      out += "\\u2028";
      i += 2;
    } else if (rest.starts_with(kOddSpaces[2])) {
      out += "\\u2029";
      i += 2;
    } else if (rest.starts_with(kOddSpaces[3])) {
      out += "\\uFEFF";
      i += 2;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string scalar_text(const Node& node) {
  if (node.is_null()) return "null";
  const bool quotes = !is_safe_plain(node.text()) ||
                      (node.quoted() && scalar_type(node.text()) != ScalarType::text) ||
                      scalar_type(node.text()) == ScalarType::null;
  return quotes ? in_quotes(node.text()) : node.text();
}

std::string key_text(const std::string& key) {
  const bool quotes = !is_safe_plain(key) || scalar_type(key) == ScalarType::null || key == "<<";
  return quotes ? in_quotes(key) : key;
}

bool is_leaf(const Node& node) {
  return node.is_null() || node.is_scalar() || (node.items().empty() && node.entries().empty());
}
std::string leaf_text(const Node& node) {
  if (node.is_sequence()) return "[]";
  if (node.is_map()) return "{}";
  return scalar_text(node);
}

/// `{a: 1, b: 2}` for a map of plain values that fits on the line; nothing otherwise.
std::string one_line_map(const Node& map, std::size_t room) {
  std::string out = "{";
  for (const Node::Entry& entry : map.entries()) {
    const bool nested = entry.value.is_map() && !is_leaf(entry.value);
    if (!nested && !is_leaf(entry.value)) return "";
    if (out.size() > 1) out += ", ";
    out += key_text(entry.key) + ": ";
    if (out.size() > room) return "";
    const std::string value = nested ? one_line_map(entry.value, room - out.size()) : leaf_text(entry.value);
    if (value.empty()) return "";
    out += value;
    if (out.size() + 1 > room) return "";
  }
  return out + "}";
}

class Emitter {
 public:
  std::string take() { return std::move(out_); }

  /// The node after `- ` or `key:`; `indent` is that of its own lines.
  void block(const Node& node, std::size_t indent) {
    if (node.is_map()) {
      map_lines(node, indent);
    } else {
      sequence_lines(node, indent);
    }
  }

 private:
  void map_lines(const Node& map, std::size_t indent) {
    bool first = true;
    for (const Node::Entry& entry : map.entries()) {
      start_line(indent, first);
      out_ += key_text(entry.key) + ":";
      after_key(entry.value, indent);
      first = false;
    }
  }

  void after_key(const Node& value, std::size_t indent) {
    if (is_leaf(value)) {
      out_ += " " + leaf_text(value) + "\n";
      return;
    }
    if (value.is_sequence() && all_scalars(value)) {
      wrapped_list(value, indent + 2);
      return;
    }
    const std::size_t used = out_.size() - (out_.rfind('\n') + 1);
    const std::string line =
        value.is_map() && used < kWidth && indent > 0 ? one_line_map(value, kWidth - used - 1) : "";
    if (!line.empty()) {
      out_ += " " + line + "\n";
      return;
    }
    out_ += "\n";
    block(value, indent + 2);
  }

  void sequence_lines(const Node& sequence, std::size_t indent) {
    bool first = true;
    for (const Node& item : sequence.items()) {
      start_line(indent, first);
      first = false;
      if (is_leaf(item)) {
        out_ += "- " + leaf_text(item) + "\n";
        continue;
      }
      const std::string line =
          item.is_map() && indent < kWidth ? one_line_map(item, kWidth - indent - 2) : "";
      if (!line.empty()) {
        out_ += "- " + line + "\n";
        continue;
      }
      out_ += "- ";
      on_this_line_ = true;
      block(item, indent + 2);
    }
  }

  /// Lists of plain values: `[1, 2, 3]`, as many lines as it takes.
  void wrapped_list(const Node& list, std::size_t indent) {
    std::size_t column = out_.size() - (out_.rfind('\n') + 1) + 2;
    out_ += " [";
    bool first = true;
    for (const Node& item : list.items()) {
      const std::string text = scalar_text(item);
      if (!first) {
        const bool wrap = column + text.size() + 3 > kWidth;
        out_ += wrap ? ",\n" + std::string(indent, ' ') : ", ";
        column = wrap ? indent : column + 2;
      }
      out_ += text;
      column += text.size();
      first = false;
    }
    out_ += "]\n";
  }

  static bool all_scalars(const Node& sequence) {
    return std::all_of(sequence.items().begin(), sequence.items().end(),
                       [](const Node& item) { return item.is_scalar() || item.is_null(); });
  }

  /// The first line of a block may stand behind the `- ` of the list that it is in.
  void start_line(std::size_t indent, bool first) {
    if (!(first && on_this_line_)) out_.append(indent, ' ');
    on_this_line_ = false;
  }

  std::string out_;
  bool on_this_line_ = false;
};

}  // namespace

std::string emit(const Node& node) {
  if (is_leaf(node)) return leaf_text(node) + "\n";
  Emitter emitter;
  emitter.block(node, 0);
  return emitter.take();
}

std::string one_line(const Node& node) {
  if (is_leaf(node)) return leaf_text(node);
  std::string out;
  for (const Node& item : node.items()) out += (out.empty() ? "" : ", ") + one_line(item);
  for (const Node::Entry& entry : node.entries()) {
    out += (out.empty() ? "" : ", ") + key_text(entry.key) + ": " + one_line(entry.value);
  }
  return node.is_map() ? "{" + out + "}" : "[" + out + "]";
}

}  // namespace headroom::config
