#include "sim/config/vary.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <unordered_set>
#include <utility>

#include "sim/config/decimal.h"
#include "sim/config/reader.h"
#include "sim/config/set.h"
#include "sim/config/units.h"

namespace headroom::config {
namespace {

__extension__ using Wide = __int128;

constexpr std::string_view kExpected =
    "expected LO..HI:STEP, three numbers of one unit, such as 28..48:2 or 5ms..20ms:5ms";
constexpr std::string_view kExpectedLog =
    "expected log:LO..HI:N, two numbers of one unit and how many values, such as log:10/s..1000/s:5";
constexpr std::string_view kLog = "log:";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// It begins like a number, or with the dots, and has two dots in it: no value looks like that
/// (`../file.yaml` does not).
bool looks_like_range(std::string_view text) {
  if (text.starts_with(kLog)) return text.find("..") != std::string_view::npos;
  std::size_t i = 0;
  while (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  while (i < text.size() && i < 2 && text[i] == '.') ++i;
  return i < text.size() && is_digit(text[i]) && text.find("..") != std::string_view::npos;
}

struct Quantity {
  Decimal number;
  std::string_view unit;  ///< with the space before it
};

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::optional<Quantity> quantity(std::string_view text) {
  text = trimmed(text);
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

/// `LO..HI`, and what follows behind a colon.
struct Range {
  std::string_view low_text, high_text;
  std::optional<std::string_view> last_text;
  std::optional<Quantity> low, high;
  explicit Range(std::string_view text) {
    const std::size_t dots = text.find("..");
    const std::size_t colon = text.find(':', dots + 2);
    low_text = trimmed(text.substr(0, dots));
    high_text = trimmed(text.substr(dots + 2, colon == std::string_view::npos ? colon : colon - dots - 2));
    if (colon != std::string_view::npos) last_text = trimmed(text.substr(colon + 1));
    low = quantity(low_text);
    high = quantity(high_text);
  }
  /// Both ends are whole numbers without a unit, and written as such.
  bool whole() const {
    const auto is_whole = [](const Quantity& q, std::string_view text) {
      return q.unit.empty() && q.number.is_whole() && text.find('.') == std::string_view::npos;
    };
    return is_whole(*low, low_text) && is_whole(*high, high_text);
  }
  /// What is wrong with its ends; empty if nothing is.
  std::string wrong(std::string_view text, std::string_view expected) const {
    if (low_text.empty() || high_text.empty())
      return quote(text) + " has no " + (low_text.empty() ? "LO" : "HI") + ", " + std::string(expected);
    if (!low || !high) return std::string(expected) + ", got " + quote(text);
    return "";
  }
};

/// Reads what stands behind a label into its alternatives.
class AxisReader {
 public:
  AxisReader(Axis axis, Diagnostics& diagnostics) : diagnostics_(diagnostics), axis_(std::move(axis)) {}

  /// Everything that a scenario may have there.
  void read(const Node& node) {
    if (node.is_map()) return choice(node);
    if (node.is_sequence())
      for (const Node& value : node.items()) add(value);
    else if (node.is_scalar())
      add(node);
    else
      error(node.where(),
            "expected a list of values, a range such as 28..48:4, or a map from names to what "
            "they set, got " +
                describe_node(node));
  }
  /// A value or a range.
  void add(const Node& node) {
    if (node.is_scalar() && !node.quoted() && looks_like_range(node.text())) {
      const std::string_view text = node.text();
      if (text.starts_with(kLog))
        add_geometric(text, node.where());
      else
        add_range(text, node.where());
    } else {
      add_value(node);
    }
  }
  void choice(const Node& map) {
    axis_.named = true;
    for (const Node::Entry& entry : map.entries()) add_alternative(entry);
  }
  /// Nothing if anything was wrong.
  std::optional<Axis> take(const Mark& where) {
    check_label();
    if (axis_.alternatives.empty() && ok_)
      error(where, axis_.named ? "expected at least one alternative, such as {all up: {}, a1 down: {PATH: "
                                 "VALUE}}, got an empty map"
                               : "expected at least one value");
    return ok_ ? std::optional(std::move(axis_)) : std::nullopt;
  }
  void error(const Mark& where, std::string message) {
    diagnostics_.error(where, std::move(message));
    ok_ = false;
  }

 private:
  void check_label() {
    if (axis_.named ? trimmed(axis_.label).empty()
                    : axis_.label.empty() || hole_in(axis_.label) != std::string::npos)
      error(axis_.where, axis_.named
                             ? "a choice needs a name"
                             : quote(axis_.label) + " is no path, expected names with dots between them");
  }

  void add_value(const Node& node) {
    if (axis_.alternatives.size() == kMostValues) {
      if (ok_) error(node.where(), "more than " + std::to_string(kMostValues) + " values of one thing");
      return;
    }
    std::string name = node.is_scalar() ? node.text() : one_line(node);
    if (!names_.insert(name).second) error(node.where(), describe_node(node) + " stands there twice");
    axis_.alternatives.push_back({std::move(name), node.where(), {{axis_.label, axis_.where, node}}});
  }

  void add_alternative(const Node::Entry& entry) {
    if (axis_.alternatives.size() == kMostValues) {
      if (ok_) error(entry.where, "more than " + std::to_string(kMostValues) + " alternatives of one thing");
      return;
    }
    if (trimmed(entry.key).empty()) error(entry.where, "an alternative needs a name");
    if (!entry.value.is_map())
      return error(entry.value.where(), quote(entry.key) + " names an alternative of " + quote(axis_.label) +
                                            ", expected a map from paths to values, {} for none, got " +
                                            describe_node(entry.value));
    Axis::Alternative& alternative = axis_.alternatives.emplace_back();
    alternative.name = entry.key;
    alternative.where = entry.where;
    for (const Node::Entry& setting : entry.value.entries()) {
      if (setting.key.empty() || hole_in(setting.key) != std::string::npos)
        error(setting.where, quote(setting.key) + " is no path, expected names with dots between them");
      alternative.settings.push_back({setting.key, setting.where, setting.value});
    }
  }

  void add_range(std::string_view text, const Mark& where) {
    const Range range(text);
    if (const std::string wrong = range.wrong(text, kExpected); !wrong.empty()) return error(where, wrong);
    const Quantity& low = *range.low;
    const Quantity& high = *range.high;
    if (!range.last_text && !range.whole())
      return error(where, quote(text) +
                              " has no step, which only whole numbers without a unit may leave out, " +
                              std::string(kExpected));
    const auto step = range.last_text ? quantity(*range.last_text) : Quantity{Decimal::of(1), ""};
    if (!step) return error(where, std::string(kExpected) + ", got " + quote(text));
    if (low.unit != high.unit || low.unit != step->unit)
      return error(where,
                   "LO, HI and STEP of " + quote(text) + " have different units, " + std::string(kExpected));
    const int exponent = std::min({low.number.exponent, high.number.exponent, step->number.exponent});
    const auto from = scaled(low.number, exponent);
    const auto to = scaled(high.number, exponent);
    const auto by = scaled(step->number, exponent);
    if (!from || !to || !by) return error(where, "the numbers of " + quote(text) + " are too far apart");
    if (*by <= 0) return error(where, "the step of " + quote(text) + " leads nowhere, expected one above 0");
    if (*to < *from)
      return error(where, quote(text) + " is empty, expected LO not above HI, and a step above 0");
    if ((*to - *from) / *by >= static_cast<Wide>(kMostValues))
      return error(where,
                   quote(text) + " has more than " + std::to_string(kMostValues) + " values, expected fewer");
    for (Wide value = *from; value <= *to; value += *by)
      add_value(number_node(value, exponent, low.unit, where));
  }

  void add_geometric(std::string_view text, const Mark& where) {
    constexpr int kDigits = 6;
    constexpr double kLargestWhole = 1e15;
    const Range range(text.substr(kLog.size()));
    if (const std::string wrong = range.wrong(text, kExpectedLog); !wrong.empty()) return error(where, wrong);
    const Quantity& low = *range.low;
    const Quantity& high = *range.high;
    const auto count = range.last_text ? parse_integer(*range.last_text) : std::nullopt;
    if (!count || *count < 2)
      return error(where, quote(text) + " does not say how many values, " + std::string(kExpectedLog) +
                              ", at least 2");
    if (*count > static_cast<std::int64_t>(kMostValues))
      return error(where,
                   quote(text) + " has more than " + std::to_string(kMostValues) + " values, expected fewer");
    if (low.unit != high.unit)
      return error(where,
                   "LO and HI of " + quote(text) + " have different units, " + std::string(kExpectedLog));
    const double from = low.number.to_double();
    const double to = high.number.to_double();
    if (!(from > 0) || !std::isfinite(to) || !std::isfinite(to / from))
      return error(where, quote(text) + " has no constant ratio, expected LO above 0");
    if (!(from < to)) return error(where, quote(text) + " is empty, expected LO below HI");
    const bool whole = range.whole() && to <= kLargestWhole;
    std::string last;
    for (std::int64_t i = 0; i < *count; ++i) {
      const double share = static_cast<double>(i) / static_cast<double>(*count - 1);
      const double value = from * std::pow(to / from, share);
      Decimal number = i == 0            ? low.number
                       : i == *count - 1 ? high.number
                       : whole           ? Decimal::of(std::llround(value))
                                         : Decimal::rounded(value, kDigits);
      number.normalise();
      const std::string written = number.text() + std::string(low.unit);
      if (written == last || (i < *count - 1 && written == end_of(high))) continue;
      add_value(Node::scalar(written, false, where));
      last = written;
    }
  }
  static std::string end_of(Quantity quantity) {
    quantity.number.normalise();
    return quantity.number.text() + std::string(quantity.unit);
  }

  Diagnostics& diagnostics_;
  Axis axis_;
  std::unordered_set<std::string> names_;
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

std::optional<Axis> parse_vary(std::string_view assignment, Diagnostics& diagnostics,
                               std::string_view option) {
  const std::size_t equals = assignment.find('=');
  Axis axis;
  axis.label = assignment.substr(0, equals);
  auto whole = std::make_shared<Source>();
  whole->name = std::string(option) + " " + axis.label;
  diagnostics.mention(whole);
  axis.where = {whole, 1, 1};
  const auto fail = [&](std::size_t at, const std::string& message) {
    diagnostics.error({whole, 1, static_cast<int>(at) + 1}, message);
    return std::nullopt;
  };
  if (equals == std::string_view::npos)
    return fail(axis.label.size(), "expected PATH=VALUE,VALUE… or PATH=LO..HI:STEP, got no =");
  if (axis.label.empty()) return fail(0, "expected PATH=VALUE,VALUE… or PATH=LO..HI:STEP, got an empty path");
  whole->text = assignment.substr(equals + 1);
  const std::string_view text = whole->text;
  std::vector<Node> values;
  for (const auto& [begin, end] : split(text)) {
    // Each part is a text of its own, with room before it, so that columns are those of the whole.
    auto source = std::make_shared<Source>();
    source->name = whole->name;
    source->text = std::string(begin, ' ') + std::string(text.substr(begin, end - begin));
    if (source->text.find_first_not_of(" \t\n") == std::string::npos)
      return fail(begin, "expected a value between commas; null removes what is there");
    const std::size_t before = diagnostics.count();
    const std::optional<Node> value = read_text(source, diagnostics);
    if (!value || diagnostics.count() != before) return std::nullopt;
    values.push_back(*value);
  }
  const bool choice = values.size() == 1 && values.front().is_map();
  if (const std::size_t hole = hole_in(axis.label); hole != std::string::npos && !choice)
    return fail(hole, "expected a name on both sides of each dot of the path");
  const Mark where = axis.where;
  AxisReader reader(std::move(axis), diagnostics);
  if (choice)
    reader.choice(values.front());
  else
    for (const Node& value : values) reader.add(value);
  return reader.take(where);
}

std::optional<Axis> parse_vary(const Node::Entry& entry, Diagnostics& diagnostics) {
  AxisReader reader({entry.key, entry.where, false, {}}, diagnostics);
  reader.read(entry.value);
  return reader.take(entry.value.where());
}

Node::Entry dump_vary(const Axis& axis) {
  if (!axis.named) {
    std::vector<Node> values;
    for (const Axis::Alternative& alternative : axis.alternatives)
      values.push_back(alternative.settings.front().value);
    return {axis.label, {}, Node::sequence(std::move(values))};
  }
  std::vector<Node::Entry> alternatives;
  for (const Axis::Alternative& alternative : axis.alternatives) {
    std::vector<Node::Entry> settings;
    for (const Axis::Setting& setting : alternative.settings)
      settings.push_back({setting.path, {}, setting.value});
    alternatives.push_back({alternative.name, {}, Node::map(std::move(settings))});
  }
  return {axis.label, {}, Node::map(std::move(alternatives))};
}

}  // namespace headroom::config
