#include "sim/config/vary.h"

#include <algorithm>
#include <cctype>
#include <memory>
#include <utility>

#include "sim/config/decimal.h"
#include "sim/config/reader.h"
#include "sim/config/set.h"

namespace headroom::config {
namespace {

__extension__ using Wide = __int128;

constexpr std::string_view kExpected =
    "expected LO..HI:STEP, three numbers of one unit, such as 28..48:2 or 5ms..20ms:5ms";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// It begins like a number and has two dots in it: no value looks like that (`../file.yaml` does not).
bool looks_like_range(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  if (i < text.size() && text[i] == '.') ++i;
  return i < text.size() && is_digit(text[i]) && text.find("..") != std::string_view::npos;
}

struct Quantity {
  Decimal number;
  std::string_view unit;  ///< with the space before it
};

std::optional<Quantity> quantity(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  const auto number = Decimal::take(text);
  return number ? std::optional(Quantity{*number, text}) : std::nullopt;
}

/// The number in units of 10^exponent; nothing if it is beyond any sensible size.
std::optional<Wide> scaled(const Decimal& number, int exponent) {
  constexpr Wide kLargest = Wide{1'000'000'000'000'000'000} * 1'000'000'000'000;  // 1e30
  Wide value = static_cast<Wide>(number.digits);
  for (int e = number.exponent; e > exponent; --e) {
    if (value > kLargest) return std::nullopt;
    value *= 10;
  }
  return number.negative ? -value : value;
}

Node number_node(Wide value, int exponent, std::string_view unit, const Mark& where) {
  Decimal number;
  number.negative = value < 0;
  number.digits = static_cast<Decimal::Digits>(value < 0 ? -value : value);
  number.exponent = number.digits == 0 ? 0 : exponent;
  number.normalise();
  return Node::scalar(number.text() + std::string(unit), false, where);
}

class Values {
 public:
  explicit Values(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  /// A value or a range.
  void add(const Node& node) {
    others_ = values_.size();  // a range does not repeat itself
    if (node.is_scalar() && !node.quoted() && looks_like_range(node.text())) {
      add_range(node.text(), node.where());
    } else {
      add_value(node);
    }
  }
  /// Nothing if anything was wrong.
  std::optional<std::vector<Node>> take(const Mark& where) {
    if (values_.empty() && ok_) error(where, "expected at least one value");
    return ok_ ? std::optional(std::move(values_)) : std::nullopt;
  }
  void error(const Mark& where, std::string message) {
    diagnostics_.error(where, std::move(message));
    ok_ = false;
  }

 private:
  void add_value(const Node& node) {
    if (values_.size() == kMostValues) {
      if (ok_) error(node.where(), "more than " + std::to_string(kMostValues) + " values of one thing");
      return;
    }
    const auto others = values_.begin() + static_cast<std::ptrdiff_t>(others_);
    if (std::find(values_.begin(), others, node) != others)
      error(node.where(), describe_node(node) + " stands there twice");
    values_.push_back(node);
  }

  void add_range(std::string_view text, const Mark& where) {
    const std::size_t dots = text.find("..");
    const std::size_t colon = text.find(':', dots + 2);
    if (colon == std::string_view::npos)
      return error(where, quote(text) + " has no step, " + std::string(kExpected));
    const auto low = quantity(text.substr(0, dots));
    const auto high = quantity(text.substr(dots + 2, colon - dots - 2));
    const auto step = quantity(text.substr(colon + 1));
    if (!low || !high || !step) return error(where, std::string(kExpected) + ", got " + quote(text));
    if (low->unit != high->unit || low->unit != step->unit)
      return error(where,
                   "LO, HI and STEP of " + quote(text) + " have different units, " + std::string(kExpected));
    const int exponent = std::min({low->number.exponent, high->number.exponent, step->number.exponent});
    const auto from = scaled(low->number, exponent);
    const auto to = scaled(high->number, exponent);
    const auto by = scaled(step->number, exponent);
    if (!from || !to || !by) return error(where, "the numbers of " + quote(text) + " are too far apart");
    if (*by <= 0) return error(where, "the step of " + quote(text) + " leads nowhere, expected one above 0");
    if (*to < *from)
      return error(where, quote(text) + " is empty, expected LO not above HI, and a step above 0");
    if ((*to - *from) / *by >= static_cast<Wide>(kMostValues))
      return error(where,
                   quote(text) + " has more than " + std::to_string(kMostValues) + " values, expected fewer");
    for (Wide value = *from; value <= *to; value += *by)
      add_value(number_node(value, exponent, low->unit, where));
  }

  Diagnostics& diagnostics_;
  std::vector<Node> values_;
  std::size_t others_ = 0;
  bool ok_ = true;
};

/// The parts of `a,{b: [c, d]},"e,f"` between commas that stand outside brackets and quotes, as offsets.
std::vector<std::pair<std::size_t, std::size_t>> split(std::string_view text) {
  std::vector<std::pair<std::size_t, std::size_t>> parts;
  std::size_t begin = 0;
  int depth = 0;
  char quoted_by = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted_by != 0) {
      if (c == '\\' && quoted_by == '"') ++i;
      if (c == quoted_by) quoted_by = 0;
    } else if (c == '"' || c == '\'') {
      quoted_by = c;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (c == ',' && depth <= 0) {
      parts.emplace_back(begin, i);
      begin = i + 1;
    }
  }
  parts.emplace_back(begin, text.size());
  return parts;
}

}  // namespace

std::optional<Axis> parse_vary(std::string_view assignment, Diagnostics& diagnostics) {
  const std::size_t equals = assignment.find('=');
  Axis axis;
  axis.path = assignment.substr(0, equals);
  auto whole = std::make_shared<Source>();
  whole->name = "--vary " + axis.path;
  diagnostics.mention(whole);
  axis.where = {whole, 1, 1};
  const auto fail = [&](std::size_t at, const std::string& message) {
    diagnostics.error({whole, 1, static_cast<int>(at) + 1}, message);
    return std::nullopt;
  };
  if (equals == std::string_view::npos)
    return fail(axis.path.size(), "expected PATH=VALUE,VALUE… or PATH=LO..HI:STEP, got no =");
  if (axis.path.empty()) return fail(0, "expected PATH=VALUE,VALUE… or PATH=LO..HI:STEP, got an empty path");
  if (const std::size_t hole = hole_in(axis.path); hole != std::string::npos)
    return fail(hole, "expected a name on both sides of each dot of the path");
  whole->text = assignment.substr(equals + 1);
  const std::string_view text = whole->text;
  Values values(diagnostics);
  for (const auto& [begin, end] : split(text)) {
    // Each part is a text of its own, with room before it, so that columns are those of the whole.
    auto source = std::make_shared<Source>();
    source->name = whole->name;
    source->text = std::string(begin, ' ') + std::string(text.substr(begin, end - begin));
    if (source->text.find_first_not_of(" \t\n") == std::string::npos) {
      values.error({whole, 1, static_cast<int>(begin) + 1},
                   "expected a value between commas; null removes what is there");
      continue;
    }
    const std::size_t before = diagnostics.count();
    const std::optional<Node> value = read_text(source, diagnostics);
    if (value && diagnostics.count() == before) {
      values.add(*value);
    } else {
      return std::nullopt;
    }
  }
  auto all = values.take(axis.where);
  if (!all) return std::nullopt;
  axis.values = std::move(*all);
  return axis;
}

std::optional<Axis> parse_vary(const Node::Entry& entry, Diagnostics& diagnostics) {
  Axis axis{entry.key, entry.where, {}};
  Values values(diagnostics);
  if (axis.path.empty() || hole_in(axis.path) != std::string::npos)
    values.error(entry.where, quote(axis.path) + " is no path, expected names with dots between them");
  if (entry.value.is_sequence()) {
    for (const Node& value : entry.value.items()) values.add(value);
  } else if (entry.value.is_scalar()) {
    values.add(entry.value);
  } else {
    values.error(entry.value.where(),
                 "expected a list of values, or LO..HI:STEP, got " + describe_node(entry.value));
  }
  auto all = values.take(entry.value.where());
  if (!all) return std::nullopt;
  axis.values = std::move(*all);
  return axis;
}

}  // namespace headroom::config
