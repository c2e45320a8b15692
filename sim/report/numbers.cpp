#include "sim/report/numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace headroom::report {
namespace {

/// "1234567.5" → "1,234,567.5"
std::string grouped(std::string digits) {
  const std::size_t first = digits.starts_with('-') ? 1 : 0;
  std::size_t end = std::min(digits.find('.'), digits.size());
  while (end > first + 3) {
    end -= 3;
    digits.insert(end, ",");
  }
  return digits;
}

std::string fixed(double x, int decimals) {
  std::string text = grouped(fmt::format("{:.{}f}", x, std::max(0, decimals)));
  const bool zero = text.find_first_not_of("-0.,") == std::string::npos;
  if (zero && text.starts_with('-')) text.erase(0, 1);
  return text;
}

/// Decimals that show `digits` significant digits of x.
int decimals_for(double x, int digits) {
  if (x == 0) return 0;
  return digits - 1 - static_cast<int>(std::floor(std::log10(std::abs(x))));
}

std::string without_trailing_zeros(std::string text) {
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

/// Decimals without which a percentage that is less than 100 would look like 100; 0 if it would not.
int decimals_below_100(double x) {
  constexpr double kNoise = 1e-10;
  const double missing = 100 - x;
  return missing > kNoise && missing < 1 ? decimals_for(missing, 1) : 0;
}

}  // namespace

std::string shortest(double x) {
  return fmt::format("{}", x == 0 ? 0.0 : x);
}

std::string significant(double x, int digits) {
  if (!std::isfinite(x)) return "–";
  if (x != 0 && (std::abs(x) < 1e-5 || std::abs(x) >= 1e12)) return fmt::format("{:.{}g}", x, digits);
  if (x == std::round(x) && std::abs(x) < 1e12) return fixed(x, 0);
  return without_trailing_zeros(fixed(x, decimals_for(x, digits)));
}

std::string percent(double share, int digits) {
  const double x = share * 100;
  const int least = decimals_below_100(x);
  if (least == 0) return significant(x, digits);
  return least > decimals_for(x, digits) ? without_trailing_zeros(fixed(x, least)) : significant(x, digits);
}

std::string time_in_words(double seconds, int digits) {
  constexpr double kSecondsAlone = 120;
  if (!(seconds > kSecondsAlone) || !std::isfinite(seconds)) return significant(seconds, digits) + " s";
  constexpr std::array<std::pair<double, std::string_view>, 4> kUnits = {
      {{86'400, "d"}, {3'600, "h"}, {60, "min"}, {1, "s"}}};
  constexpr int kMostParts = 3;
  const auto first =
      std::find_if(kUnits.begin(), kUnits.end(), [&](const auto& unit) { return seconds >= unit.first; });
  const std::size_t last =
      std::min<std::size_t>(static_cast<std::size_t>(first - kUnits.begin()) + kMostParts, kUnits.size()) - 1;
  double rest = std::round(seconds / kUnits[last].first) * kUnits[last].first;
  std::string text;
  for (std::size_t i = 0; i <= last; ++i) {
    const double count = std::floor(rest / kUnits[i].first);
    rest -= count * kUnits[i].first;
    if (count > 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : " ", significant(count), kUnits[i].second);
  }
  return text;
}

Readable readable(std::optional<double> mean, std::optional<metrics::Interval> ci95, std::string_view unit) {
  Readable r;
  const double scale = unit == "share" ? 100 : 1;
  r.unit = unit == "share" ? "%" : unit == "count" ? "" : std::string(unit);
  if (!mean) {
    r.value = "–";
    return r;
  }
  const double value = *mean * scale;
  const double above = ci95 ? (ci95->high - *mean) * scale : 0;
  const double below = ci95 ? (*mean - ci95->low) * scale : 0;
  const double half = std::max(above, below);
  if (!std::isfinite(value) || !std::isfinite(half)) {
    r.value = significant(value);
    return r;
  }
  // Noise of rounding is no spread, and a number is not shown to more digits than it is worth.
  if (half <= std::abs(value) * 1e-9) {
    r.value = unit == "share" ? percent(*mean, 5) : significant(value, 5);
    if (ci95) r.spread = "± 0";
    return r;
  }
  const int least = unit == "share" ? decimals_below_100(value) : 0;
  const int decimals = std::max(std::clamp(decimals_for(half, 2), 0, 6), least);
  r.value = fixed(value, decimals);
  // Limits of shares and waits are not alike on both sides: one that rounds to the other need not be said.
  constexpr double kAlike = 1.25;
  r.spread = std::max(above, below) <= kAlike * std::min(above, below)
                 ? "± " + fixed(half, decimals)
                 : "−" + fixed(below, decimals) + " +" + fixed(above, decimals);
  return r;
}

std::string_view unit_from_name(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 26> kEndings = {{
      {"_ms", "ms"},
      {"_rps", "1/s"},
      {"usd_per_hour", "USD/h"},
      {"usd_per_million_requests", "USD/million"},
      {".kwh", "kWh"},
      {"cpu_s", "CPU s"},
      {"_s", "s"},
      {"yield", "share"},
      {"harvest", "share"},
      {"dq", "share"},
      {"uptime", "share"},
      {"utilization", "share"},
      {"utilization_max", "share"},
      {"availability", "share"},
      {"probability", "share"},
      {"hit_ratio", "share"},
      {"billing_error", "share"},
      {"requests.offered", "count"},
      {"requests.answered", "count"},
      {"requests.failed", "count"},
      {"attempts", "count"},
      {"depth_mean", "jobs"},
      {"depth_max", "jobs"},
      {"leader_changes", "count"},
      {"_records", "count"},
      {"amplification", "×"},
  }};
  for (const auto& [ending, unit] : kEndings) {
    if (name.ends_with(ending)) return unit;
  }
  return {};
}

std::string_view unit_of(std::span<const metrics::MetricInfo> catalogue, std::string_view metric) {
  const auto* info = metrics::find(catalogue, metric);
  return info != nullptr ? info->unit : unit_from_name(metric);
}

}  // namespace headroom::report
