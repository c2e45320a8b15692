#include "sim/config/diagnostics.h"

#include <algorithm>
#include <tuple>

#include "sim/base/printable.h"

namespace headroom::config {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Optimal string alignment: insertions, deletions, substitutions, and swaps of neighbours cost 1 each.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), previous(b.size() + 1), current(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (same ? 0 : 1)});
      const bool swapped =
          i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) current[j] = std::min(current[j], before[j - 2] + 1);
    }
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

/// Columns counted in characters, as editors do, instead of bytes. Asked in the order of the places, it goes
/// through a text once.
class Columns {
 public:
  int at(const Mark& mark) {
    const std::string& text = mark.source->text;
    const auto bytes = static_cast<std::size_t>(std::max(mark.column, 1)) - 1;
    if (source_ != mark.source.get() || mark.line < line_ || (mark.line == line_ && start_ + bytes < next_)) {
      source_ = mark.source.get();
      go_to(1, 0);
    }
    while (line_ < mark.line) {
      const std::size_t end = text.find('\n', start_);
      if (end == std::string::npos) return mark.column;
      go_to(line_ + 1, end + 1);
    }
    for (; next_ < std::min(text.size(), start_ + bytes); ++next_)
      if (continues_character(text[next_])) ++continuing_;
    return mark.column - continuing_;
  }

 private:
  void go_to(int line, std::size_t start) {
    line_ = line;
    start_ = next_ = start;
    continuing_ = 0;
  }

  const Source* source_ = nullptr;
  int line_ = 1;
  std::size_t start_ = 0;  ///< of that line
  std::size_t next_ = 0;   ///< up to there its bytes that begin no character are counted
  int continuing_ = 0;
};

}  // namespace

void Diagnostics::mention(const std::shared_ptr<const Source>& source) {
  if (source && order_of(source.get()) == sources_.size()) sources_.push_back(source);
}

std::size_t Diagnostics::order_of(const Source* source) const {
  const auto found = std::find_if(sources_.begin(), sources_.end(),
                                  [&](const auto& known) { return known.get() == source; });
  return static_cast<std::size_t>(found - sources_.begin());
}

void Diagnostics::error(const Mark& where, std::string message) {
  if (full()) {
    ++left_out_;
    return;
  }
  mention(where.source);
  errors_.push_back({where, std::move(message)});
}

std::vector<Diagnostics::Error> Diagnostics::sorted() const {
  const auto key = [this](const Error& e) {
    return std::make_tuple(e.where.source ? order_of(e.where.source.get()) : sources_.size(), e.where.line,
                           e.where.column);
  };
  std::vector<Error> errors = errors_;
  std::stable_sort(errors.begin(), errors.end(),
                   [&](const Error& a, const Error& b) { return key(a) < key(b); });
  std::vector<Error> unique;
  for (Error& error : errors) {
    const bool repeated = std::any_of(unique.rbegin(), unique.rend(), [&](const Error& earlier) {
      return key(earlier) == key(error) && earlier.message == error.message;
    });
    if (!repeated) unique.push_back(std::move(error));
  }
  return unique;
}

std::string Diagnostics::text() const {
  std::string out;
  Columns columns;
  for (const Error& error : sorted()) {
    if (error.where.source) {
      out += error.where.source->name + ":";
      if (error.where.line > 0) {
        out += std::to_string(error.where.line) + ":" + std::to_string(columns.at(error.where)) + ":";
      }
      out += " ";
    }
    out += "error: " + error.message + "\n";
  }
  if (left_out_ > 0) out += "error: and " + std::to_string(left_out_) + " more errors\n";
  return out;
}

std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> candidates) {
  constexpr std::size_t kLongest = 64;  // nobody mistypes a name into more than this
  if (word.size() > kLongest) return std::nullopt;
  std::optional<std::string_view> best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (std::string_view candidate : candidates) {
    const std::size_t d = distance(word, candidate);
    // One edit turns any one-letter word into any other: that is no resemblance.
    if (d < best_distance && d < std::max(word.size(), candidate.size())) {
      best = candidate;
      best_distance = d;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  const std::optional<std::string_view> name = nearest(word, candidates);
  return name ? "; did you mean " + quote(*name) + "?" : "";
}

std::string list_of(std::span<const std::string_view> names) {
  constexpr std::size_t kMost = 20;
  std::string out;
  const std::size_t shown = std::min(names.size(), kMost);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) out += i + 1 == names.size() ? " or " : ", ";
    out += names[i];
  }
  if (shown < names.size()) out += ", …";
  return out;
}

std::string quote(std::string_view text) {
  constexpr std::size_t kMost = 60;
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size();) {
    if (i >= kMost) {
      out += "…";
      break;
    }
    const std::size_t length = std::max<std::size_t>(1, utf8_length(text.substr(i)));
    const std::string_view character = text.substr(i, length);
    const std::string_view name = invisible_name(character);
    if (character == "\n") {
      out += "\\n";
    } else if (character == "\t") {
      out += "\\t";
    } else if (!name.empty()) {
      out += "<" + std::string(name) + ">";
    } else {
      out += printable(character);
    }
    i += length;
  }
  return out + "\"";
}

}  // namespace headroom::config
