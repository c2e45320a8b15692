#include "sim/config/reader.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <unordered_set>
#include <utility>

#include "sim/base/check.h"
#include "sim/base/printable.h"
#include "sim/config/missing_blank.h"

namespace headroom::config {
namespace {

constexpr std::size_t kMaxKeyBytes = 200;
constexpr const char* kNotOfAbove =
    "this does not belong to what stands above, expected one map or list per file";

/// Stops the parser at the first thing that makes the rest meaningless. Never leaves this file.
struct Refused {
  Mark where;
  std::string message;
};

std::string too_many_nodes() {
  return "the document has more than " + std::to_string(kMaxNodes) +
         " values (aliases counted as often as they are used), expected a scenario of sensible size";
}
std::string too_deep() {
  return "nested more than " + std::to_string(kMaxDepth) +
         " levels deep, expected a scenario of sensible depth";
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string blank_expected(std::string_view got) {
  return "expected \"key: value\", got " + quote(got) + " without a blank behind the colon";
}

/// Builds the tree from yaml-cpp's events.
class Builder final : public YAML::EventHandler {
 public:
  Builder(std::shared_ptr<const Source> source, Diagnostics& diagnostics)
      : source_(std::move(source)), diagnostics_(diagnostics) {}

  /// yaml-cpp takes a quoted text that is never closed to end with the file.
  std::optional<Mark> unclosed_quote() {
    if (!last_quoted_) return std::nullopt;
    const std::string_view text = source_->text;
    std::size_t i = text.find_first_of("\"'|>", offset_of(*last_quoted_));  // behind an anchor or a tag
    if (i == std::string_view::npos || text[i] == '|' || text[i] == '>') return std::nullopt;
    const char quote = text[i];
    for (++i; i < text.size(); ++i) {
      const bool escape = quote == '"' ? text[i] == '\\' : text.substr(i).starts_with("''");
      if (escape) {
        ++i;
      } else if (text[i] == quote) {
        return std::nullopt;
      }
    }
    return last_quoted_;
  }
  bool has_root() const { return has_root_; }
  const Node& root() const { return root_; }
  Mark mark(const YAML::Mark& m) const { return {source_, m.line + 1, m.column + 1}; }

  void OnDocumentStart(const YAML::Mark& m) override {
    if (++documents_ == 1) return;
    const bool said_so = std::string_view(source_->text).substr(offset_of(mark(m))).starts_with("---");
    throw Refused{mark(m),
                  said_so ? "a second document starts here, expected one document per file" : kNotOfAbove};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& m, YAML::anchor_t anchor) override { add(Node::null(mark(m)), anchor); }
  void OnAlias(const YAML::Mark& m, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      throw Refused{mark(m), "an alias stands inside the very value that it names"};
    total_ += found->second.weight() - 1;  // an alias brings its whole tree
    add(found->second, YAML::NullAnchor);
  }
  void OnScalar(const YAML::Mark& m, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const bool quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
    if (!quoted && !tag.empty() && tag != "?") refuse_tag(m, tag);
    const Mark where = mark(m);
    if (tag == "!") last_quoted_ = where;
    // yaml-cpp makes single bytes of these.
    if (!is_utf8(value))
      throw Refused{where, "the escapes \\N and \\_ are not supported, expected \\u0085 or \\u00A0"};
    const bool null = !quoted && scalar_type(value) == ScalarType::null;
    add(null ? Node::null(where) : Node::scalar(value, quoted, where), anchor);
  }
  void OnSequenceStart(const YAML::Mark& m, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(m, tag, anchor, Container::sequence);
  }
  void OnSequenceEnd() override {
    Open done = close();
    add(Node::sequence(std::move(done.items), done.where), done.anchor);
  }
  void OnMapStart(const YAML::Mark& m, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(m, tag, anchor, style == YAML::EmitterStyle::Block ? Container::block_map : Container::flow_map);
  }
  void OnMapEnd() override {
    Open done = close();
    add(Node::map(std::move(done.entries), done.where), done.anchor);
  }

 private:
  enum class Container { sequence, block_map, flow_map };

  /// A sequence or map whose end has not been seen.
  struct Open {
    Mark where;
    YAML::anchor_t anchor;
    Container container;
    std::vector<Node> items;
    std::vector<Node::Entry> entries;
    std::unordered_set<std::string> keys;
    bool have_key = false;
    bool key_quoted = false;
    bool repeated = false;  ///< the key was there before, or has no colon: it is dropped
    std::string key;
    Mark key_where;
  };

  [[noreturn]] void refuse_tag(const YAML::Mark& m, const std::string& tag) const {
    throw Refused{mark(m), "the tag " + quote(tag) + " is not supported, expected no tags but !!str"};
  }

  void open(const YAML::Mark& m, const std::string& tag, YAML::anchor_t anchor, Container container) {
    const std::string_view usual =
        container == Container::sequence ? "tag:yaml.org,2002:seq" : "tag:yaml.org,2002:map";
    if (!tag.empty() && tag != "?" && tag != usual) refuse_tag(m, tag);
    if (open_.size() >= static_cast<std::size_t>(kMaxDepth)) throw Refused{mark(m), too_deep()};
    open_.push_back({mark(m), anchor, container, {}, {}, {}, false, false, false, {}, {}});
  }

  Open close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    return done;
  }

  void add(const Node& node, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) anchors_.insert_or_assign(anchor, node);
    if (++total_ > kMaxNodes) throw Refused{node.where(), too_many_nodes()};
    if (static_cast<int>(open_.size()) + node.height() > kMaxDepth) throw Refused{node.where(), too_deep()};
    if (open_.empty()) {
      root_ = node;
      has_root_ = true;
    } else if (open_.back().container == Container::sequence) {
      open_.back().items.push_back(node);
    } else if (!open_.back().have_key) {
      take_key(node);
    } else {
      take_value(node);
    }
  }

  void take_key(const Node& node) {
    Open& map = open_.back();
    if (!node.is_scalar()) throw Refused{node.where(), "a key must be text, got " + describe_node(node)};
    if (node.text().size() > kMaxKeyBytes) {
      throw Refused{node.where(), "the key " + quote(node.text()) + " is too long, expected at most " +
                                      std::to_string(kMaxKeyBytes) + " bytes"};
    }
    map.have_key = true;
    map.key_quoted = node.quoted();
    map.key = node.text();
    map.key_where = node.where();
    map.repeated = !map.keys.insert(map.key).second;
    if (map.repeated && !diagnostics_.full()) {
      std::string first;
      for (const Node::Entry& entry : map.entries) {
        if (entry.key == map.key) first = std::to_string(entry.where.line);
      }
      diagnostics_.error(map.key_where, "duplicate key " + quote(map.key) +
                                            ", expected it once (it was first given in line " + first + ")");
    }
  }

  void take_value(const Node& node) {
    Open& map = open_.back();
    if (node.is_null() && !map.key_quoted) check_colon(map);
    // A value that is not there has no place of its own: it is missed at its key.
    const Node value = node.is_null() ? Node::null(map.key_where) : node;
    if (!map.repeated) map.entries.push_back({std::move(map.key), std::move(map.key_where), value});
    map.have_key = false;
  }

  /// yaml-cpp takes a line without a colon to be a key without a value.
  void check_colon(Open& map) {
    std::string_view rest = std::string_view(source_->text).substr(offset_of(map.key_where));
    if (!rest.starts_with(map.key)) return;  // behind an anchor
    rest.remove_prefix(map.key.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    if (rest.starts_with(':')) return;
    if (const auto value = missing_blank(map.key)) {
      Mark where = map.key_where;
      where.column += static_cast<int>(*value);
      diagnostics_.error(where, blank_expected(map.key));
      map.repeated = true;
    } else if (map.container == Container::block_map) {
      diagnostics_.error(map.key_where,
                         "expected \"key: value\", got " + quote(map.key) + " without a colon");
      map.repeated = true;
    }
  }

  std::size_t offset_of(const Mark& where) {
    const std::string& text = source_->text;
    if (line_starts_.empty()) {
      line_starts_.push_back(0);
      for (std::size_t i = text.find('\n'); i != std::string::npos; i = text.find('\n', i + 1))
        line_starts_.push_back(static_cast<std::uint32_t>(i + 1));
    }
    const std::size_t line = std::min(static_cast<std::size_t>(where.line), line_starts_.size());
    return std::min(line_starts_[line - 1] + static_cast<std::size_t>(where.column) - 1, text.size());
  }

  std::shared_ptr<const Source> source_;
  Diagnostics& diagnostics_;
  std::optional<Mark> last_quoted_;
  std::vector<std::uint32_t> line_starts_;  ///< of the text, once somebody asks; it has at most kMaxFileBytes
  std::map<YAML::anchor_t, Node> anchors_;
  std::vector<Open> open_;
  std::uint64_t total_ = 0;
  int documents_ = 0;
  bool has_root_ = false;
  Node root_;
};

/// yaml-cpp's messages in the words of someone who writes a scenario.
std::string reworded(const std::string& message) {
  struct Wording {
    std::string_view original, ours;
  };
  static const Wording kWordings[] = {
      {YAML::ErrorMsg::END_OF_MAP, "expected \"key: value\" at the same indentation as the keys above"},
      {YAML::ErrorMsg::END_OF_MAP_FLOW, "a { is not closed, expected , or } after each of its entries"},
      {YAML::ErrorMsg::END_OF_SEQ, "expected \"- \" at the same indentation as the list items above"},
      {YAML::ErrorMsg::END_OF_SEQ_FLOW, "a [ is not closed, expected , or ] after each of its items"},
      {YAML::ErrorMsg::TAB_IN_INDENTATION, "a tab is used for indentation, expected spaces"},
      {YAML::ErrorMsg::FLOW_END, "a ] or } closes nothing here"},
      {YAML::ErrorMsg::BLOCK_ENTRY, "a list item \"- \" cannot stand here, expected it on a line of its own"},
      {YAML::ErrorMsg::MAP_KEY, "a key cannot stand here, expected it on a line of its own"},
      {YAML::ErrorMsg::MAP_VALUE,
       "\": \" cannot stand here, expected the key in line with its neighbours, or quotes around a text that "
       "contains "
       "it"},
      {YAML::ErrorMsg::EOF_IN_SCALAR, "a quoted text is not closed, expected the closing quote"},
      {YAML::ErrorMsg::DOC_IN_SCALAR,
       "a quoted text is not closed before the document ends, expected the closing quote"},
      {YAML::ErrorMsg::UNKNOWN_TOKEN, "this character cannot begin a value, expected quotes around the text"},
      {YAML::ErrorMsg::CHAR_IN_SCALAR, "this character cannot stand here, expected quotes around the text"},
      {YAML::ErrorMsg::CHAR_IN_BLOCK,
       "unexpected character after | or >, expected the text on the next line"},
      {YAML::ErrorMsg::ZERO_INDENT_IN_BLOCK, "the indentation given after | or > cannot be 0"},
      {YAML::ErrorMsg::INVALID_HEX, "a \\x, \\u or \\U escape needs hexadecimal digits"},
      {YAML::ErrorMsg::ALIAS_NOT_FOUND,
       "a name is missing after *, expected quotes around a text that begins with *"},
      {YAML::ErrorMsg::ANCHOR_NOT_FOUND,
       "a name is missing after &, expected quotes around a text that begins with &"},
      {YAML::ErrorMsg::CHAR_IN_ALIAS, "unexpected character in the name after *"},
      {YAML::ErrorMsg::CHAR_IN_ANCHOR, "unexpected character in the name after &"},
      {YAML::ErrorMsg::ALIAS_CONTENT, "an alias (*name) cannot be given content of its own"},
      {YAML::ErrorMsg::UNKNOWN_ANCHOR, "the alias names nothing that was defined before it with &"},
      {YAML::ErrorMsg::MULTIPLE_TAGS, "a value can have only one tag"},
      {YAML::ErrorMsg::MULTIPLE_ANCHORS, "a value can have only one anchor (&name)"},
      {YAML::ErrorMsg::MULTIPLE_ALIASES, "a value can be only one alias (*name)"},
      {YAML::ErrorMsg::YAML_MAJOR_VERSION, "this YAML version is not supported, expected 1.2"},
      {YAML::ErrorMsg::BAD_FILE, "nested too deep, expected a scenario of sensible depth"},
  };
  for (const Wording& wording : kWordings) {
    if (message == wording.original) return std::string(wording.ours);
  }
  const std::string_view escape = YAML::ErrorMsg::INVALID_ESCAPE;
  if (message.starts_with(escape)) {
    return "unknown escape \\" + message.substr(escape.size()) +
           " in a quoted text, expected \\\\ for a backslash";
  }
  if (message.starts_with(YAML::ErrorMsg::INVALID_UNICODE)) {
    return "a \\u or \\U escape names no character, expected the character itself";
  }
  return "this is not valid YAML: " + message;
}

/// Where the line is indented with a tab, if it is: then nothing that the parser says about it helps.
std::optional<Mark> tab_in_indentation(const Mark& where) {
  const std::string& text = where.source->text;
  std::size_t start = 0;
  for (int line = 1; line < where.line; ++line) start = text.find('\n', start) + 1;
  const std::size_t first = text.find_first_not_of(' ', start);
  if (first == std::string::npos || text[first] != '\t') return std::nullopt;
  return Mark{where.source, where.line, static_cast<int>(first - start) + 1};
}

struct Complaint {
  Mark where;
  std::string message;
};

/// About the lines above, if they lack the colon, or the blank behind it, for which yaml-cpp blames the line
/// below them.
std::vector<Complaint> lines_without_colon(const Mark& where) {
  const std::string_view text = where.source->text;
  std::vector<std::string_view> lines;  // up to the one that is blamed
  for (std::size_t start = 0; static_cast<int>(lines.size()) < where.line && start <= text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    lines.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  if (lines.size() < 2) return {};
  // In a list, the entry begins behind the dash.
  const auto begin_of = [](std::string_view line) {
    std::size_t first = line.find_first_not_of(' ');
    while (first != std::string_view::npos && line.substr(first).starts_with("- "))
      first = line.find_first_not_of(' ', first + 1);
    return first;
  };
  const std::size_t below = begin_of(lines.back());
  std::vector<Complaint> found;
  for (std::size_t i = lines.size() - 1; i-- > 0;) {
    const std::string_view line = lines[i].substr(0, lines[i].find(" #"));
    const std::size_t first = begin_of(line);
    if (first == std::string_view::npos || line[first] == '#') continue;
    const std::string_view rest = line.substr(first, line.find_last_not_of(" \r") + 1 - first);
    const int number = static_cast<int>(i) + 1;
    const int column = static_cast<int>(first) + 1;
    if (const auto value = missing_blank(rest)) {
      found.push_back({{where.source, number, column + static_cast<int>(*value)}, blank_expected(rest)});
    } else if (first == below && rest.find_first_of(":#\"'[]{}|>") == std::string_view::npos &&
               rest.front() != '-') {
      found.push_back({{where.source, number, column},
                       "expected \"key: value\", got " + quote(rest) + " without a colon"});
    } else {
      break;
    }
    if (lines[i].substr(0, first).find('-') != std::string_view::npos) break;  // the list's entry begins here
  }
  return found;
}

/// What the text is encoded in if not in UTF-8, by its first bytes (YAML 1.2.2, section 5.2); empty if that
/// cannot be told.
std::string_view other_encoding(std::string_view text) {
  using namespace std::string_view_literals;
  const auto is = [&](std::string_view pattern) {  // '?': any byte but 0
    if (text.size() < pattern.size()) return false;
    return std::equal(pattern.begin(), pattern.end(), text.begin(),
                      [](char wanted, char c) { return wanted == '?' ? c != '\0' : wanted == c; });
  };
  for (const std::string_view pattern : {"\0\0\xFE\xFF"sv, "\xFF\xFE\0\0"sv, "\0\0\0?"sv, "?\0\0\0"sv})
    if (is(pattern)) return "UTF-32";
  for (const std::string_view pattern : {"\xFE\xFF"sv, "\xFF\xFE"sv, "\0?\0?"sv, "?\0?\0"sv})
    if (is(pattern)) return "UTF-16";
  return {};
}

/// False, and an error, if this is no text or is too much of it, or so full of brackets that the parser would
/// spend its memory before it could refuse.
bool check_text(const std::shared_ptr<const Source>& source, Diagnostics& diagnostics) {
  const std::string& text = source->text;
  Mark mark{source, 1, 1};
  if (text.size() > kMaxFileBytes) {
    diagnostics.error(mark, "larger than 16 MiB, expected a text file of sensible size");
    return false;
  }
  if (const std::string_view encoding = other_encoding(text); !encoding.empty()) {
    diagnostics.error(mark, "this is " + std::string(encoding) + ", expected UTF-8 text");
    return false;
  }
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(std::string_view(text).substr(i));
    const auto byte = static_cast<unsigned char>(text[i]);
    if (length == 0 || byte == 0x7f || (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r')) {
      diagnostics.error(mark, length == 0 ? "not valid UTF-8, expected a text file in UTF-8"
                                          : "a control character, expected a text file");
      return false;
    }
    mark.column += static_cast<int>(length);
    if (byte == '\n') {
      ++mark.line;
      mark.column = 1;
    }
    i += length;
  }
  return true;
}

/// Brackets and separators that would each become a value, wherever they stand.
bool check_size(const std::shared_ptr<const Source>& source, Diagnostics& diagnostics) {
  constexpr int kUnclosed = 2000;
  constexpr std::uint64_t kSeparators = 4 * kMaxNodes;
  int unclosed = 0;
  std::uint64_t separators = 0;
  for (char c : source->text) {
    if (c == '[' || c == '{') ++unclosed;
    if ((c == ']' || c == '}') && unclosed > 0) --unclosed;
    if (std::string_view("[{,:-?&*!\"'").find(c) != std::string_view::npos) ++separators;
    if (unclosed > kUnclosed || separators > kSeparators) {
      diagnostics.error({source, 1, 1}, unclosed > kUnclosed ? too_deep() : too_many_nodes());
      return false;
    }
  }
  return true;
}

}  // namespace

std::optional<Node> read_text(const std::shared_ptr<const Source>& source, Diagnostics& diagnostics) {
  diagnostics.mention(source);
  if (!check_text(source, diagnostics) || !check_size(source, diagnostics)) return std::nullopt;
  std::istringstream stream(source->text);
  Builder builder(source, diagnostics);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    if (const std::optional<Mark> quote = builder.unclosed_quote()) {
      diagnostics.error(*quote, reworded(YAML::ErrorMsg::EOF_IN_SCALAR));
      return std::nullopt;
    }
  } catch (const Refused& refused) {
    const auto above =
        refused.message == kNotOfAbove ? lines_without_colon(refused.where) : std::vector<Complaint>();
    for (const Complaint& complaint : above) diagnostics.error(complaint.where, complaint.message);
    if (above.empty()) diagnostics.error(refused.where, refused.message);
    return std::nullopt;
  } catch (const YAML::Exception& error) {
    const Mark where = error.mark.is_null() ? Mark{source, 1, 1} : builder.mark(error.mark);
    const std::optional<Mark> tab = tab_in_indentation(where);
    const bool of_map = error.msg == YAML::ErrorMsg::MAP_VALUE || error.msg == YAML::ErrorMsg::END_OF_MAP;
    const auto above = of_map && !tab ? lines_without_colon(where) : std::vector<Complaint>();
    for (const Complaint& complaint : above) diagnostics.error(complaint.where, complaint.message);
    if (above.empty())
      diagnostics.error(tab.value_or(where), reworded(tab ? YAML::ErrorMsg::TAB_IN_INDENTATION : error.msg));
    return std::nullopt;
  }
  if (!builder.has_root()) {
    diagnostics.error({source, 1, 1}, "there is nothing in here, expected a YAML document");
    return std::nullopt;
  }
  return builder.root();
}

namespace {

/// `; did you mean "region.yaml"?` for what is nearly the name of a file in the same folder, whatever it ends
/// in.
std::string nearest_file(const std::filesystem::path& path) {
  constexpr std::size_t kMost = 10'000;
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end;
       !error && it != end && files.size() < kMost; it.increment(error)) {
    files.push_back(it->path().filename());
  }
  std::sort(files.begin(), files.end());
  std::stable_partition(files.begin(), files.end(),
                        [&](const auto& file) { return file.extension() == path.extension(); });
  std::vector<std::string> stems;
  for (const std::filesystem::path& file : files) stems.push_back(file.stem().string());
  const std::string word = path.stem().string();
  const auto best = nearest(word, std::vector<std::string_view>(stems.begin(), stems.end()));
  if (!best) return "";
  const auto index = std::find(stems.begin(), stems.end(), *best) - stems.begin();
  return "; did you mean " + quote(files[static_cast<std::size_t>(index)].string()) + "?";
}

}  // namespace

std::shared_ptr<const Source> load_source(const std::string& path, const Mark& named_at,
                                          Diagnostics& diagnostics) {
  auto source = std::make_shared<Source>();
  source->name = path;
  source->folder = std::filesystem::path(path).parent_path().string();
  const auto refuse = [&](const std::string& reason) {
    if (named_at.source) {
      diagnostics.error(named_at, "cannot read " + path + ": " + reason);
    } else {
      diagnostics.error({source, 0, 0}, "cannot read the file: " + reason);
    }
    return nullptr;
  };
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found)
    return refuse("there is no such file" + nearest_file(path));
  if (error) return refuse(error.message());
  if (std::filesystem::is_directory(status)) return refuse("it is a folder, expected a file");
  std::ifstream file(path, std::ios::binary);
  if (!file) return refuse(std::strerror(errno));
  constexpr std::size_t kChunk = 65'536;
  std::string& text = source->text;
  while (file && text.size() <= kMaxFileBytes) {
    const std::size_t had = text.size();
    text.resize(std::min(had + kChunk, kMaxFileBytes + 1));
    file.read(text.data() + had, static_cast<std::streamsize>(text.size() - had));
    text.resize(had + static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) return refuse(std::strerror(errno));
  if (source->text.starts_with("\xEF\xBB\xBF")) source->text.erase(0, 3);
  return check_text(source, diagnostics) ? source : nullptr;
}

std::optional<Node> read_file(const std::string& path, Diagnostics& diagnostics) {
  const auto source = load_source(path, Mark{}, diagnostics);
  return source ? read_text(source, diagnostics) : std::nullopt;
}

std::string resolve_path(const std::string& file, const Mark& named_at) {
  const std::filesystem::path path(file);
  if (path.is_absolute() || !named_at.source || named_at.source->folder.empty()) return file;
  return (std::filesystem::path(named_at.source->folder) / path).lexically_normal().string();
}

}  // namespace headroom::config
