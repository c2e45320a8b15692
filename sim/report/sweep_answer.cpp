#include "sim/report/sweep_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string_view>

#include "sim/config/decimal.h"
#include "sim/config/units.h"
#include "sim/report/numbers.h"

namespace headroom::report {
namespace {

constexpr std::size_t kMostLines = 12;

/// All values in one unit, if they are quantities of one kind. With one unit in all texts, that is it;
/// otherwise the base unit.
template <class Q>
bool scale_as(const std::vector<std::string>& texts, std::string_view base, Scale& scale) {
  for (const std::string& text : texts) {
    std::string why;
    const auto quantity = config::parse_quantity<Q>(text, why);
    if (!quantity) return false;
    scale.at.push_back(config::in_si(*quantity));
  }
  scale.unit = base;
  return true;
}

bool scale_in_one_unit(const std::vector<std::string>& texts, Scale& scale) {
  for (const std::string& text : texts) {
    std::string_view unit = text;
    const auto number = config::Decimal::take(unit);
    if (!number) return false;
    unit.remove_prefix(std::min(unit.find_first_not_of(' '), unit.size()));
    if (!scale.at.empty() && unit != scale.unit) return false;
    scale.unit = unit;
    scale.at.push_back(number->to_double());
  }
  return true;
}

Scale names_only(std::size_t count) {
  Scale scale;
  scale.ascending.resize(count);
  std::iota(scale.ascending.begin(), scale.ascending.end(), std::size_t{0});
  scale.at.assign(scale.ascending.begin(), scale.ascending.end());
  return scale;
}

/// "from worker.count = 36 on", "nowhere", …
std::string where(const Sweep& sweep, const View& view, const Series& series) {
  std::vector<std::string> values;
  std::vector<bool> met;
  std::vector<std::string> unsure, unsettled;
  for (const std::size_t n : series.points) {
    const Met here = met_at(*sweep.points[n].summary);
    values.push_back(sweep.value(sweep.points[n], view.x));
    met.push_back(here.holds());
    if (here.met && !here.settled)
      unsettled.push_back(values.back());
    else if (!here.sure)
      unsure.push_back(values.back());
  }
  const auto count = static_cast<std::size_t>(std::count(met.begin(), met.end(), true));
  const std::string name = short_name(sweep.axes, view.x);
  if (values.empty()) return "unknown: no point is complete";
  std::string text;
  const auto first = static_cast<std::size_t>(std::find(met.begin(), met.end(), true) - met.begin());
  const bool in_a_row = count > 0 && std::count(met.begin() + static_cast<std::ptrdiff_t>(first),
                                                met.begin() + static_cast<std::ptrdiff_t>(first + count),
                                                true) == static_cast<std::ptrdiff_t>(count);
  if (count == 0) {
    text = "nowhere";
  } else if (count == met.size()) {
    text = view.scale.numeric && count > 1
               ? fmt::format("at all of {} {} … {}", name, values.front(), values.back())
               : fmt::format("{} {}", sweep.axes[view.x].named ? "for every choice of" : "at every", name);
  } else if (view.scale.numeric && in_a_row && first + count == met.size() && count > 1) {
    text = fmt::format("from {} = {} on", name, values[first]);
  } else if (view.scale.numeric && in_a_row && first == 0 && count > 1) {
    text = fmt::format("up to {} = {}", name, values[count - 1]);
  } else {
    std::string list;
    for (std::size_t i = 0; i < met.size(); ++i)
      if (met[i]) list += (list.empty() ? "" : ", ") + values[i];
    text = fmt::format("at {} = {} only", name, list);
  }
  if (!unsure.empty()) text += fmt::format(" ({} too close to be sure)", fmt::join(unsure, ", "));
  if (!unsettled.empty())
    text += fmt::format(" ({} not settled: a longer run would tell)", fmt::join(unsettled, ", "));
  return text;
}

std::string objectives(const Sweep& sweep) {
  for (const auto& point : sweep.points) {
    if (!point.summary) continue;
    std::vector<std::string> parts;
    for (const Judged& verdict : judged(*point.summary)) {
      const auto r = readable(verdict.bound, std::nullopt, unit_of(sweep.catalogue, verdict.metric));
      parts.push_back(fmt::format("{} {} {}{}{}", verdict.name, verdict.at_least ? "≥" : "≤", r.value,
                                  r.unit.empty() ? "" : " ", r.unit));
    }
    return fmt::format("{}", fmt::join(parts, ", "));
  }
  return {};
}

}  // namespace

Scale scale_of(const Sweep::Axis& axis) {
  Scale scale;
  const auto as = [&](auto try_scale) {
    if (scale.numeric) return;
    scale = {};
    scale.numeric = try_scale();
  };
  if (axis.named) return names_only(axis.values.size());
  as([&] { return scale_in_one_unit(axis.values, scale); });
  as([&] { return scale_as<Duration>(axis.values, "s", scale); });
  as([&] { return scale_as<Bytes>(axis.values, "B", scale); });
  as([&] { return scale_as<Bandwidth>(axis.values, "B/s", scale); });
  as([&] { return scale_as<Rate>(axis.values, "1/s", scale); });
  as([&] { return scale_as<Power>(axis.values, "W", scale); });
  as([&] { return scale_as<Price>(axis.values, "USD/h", scale); });
  if (scale.unit.starts_with('/')) scale.unit.insert(0, "1");
  scale.ascending.resize(axis.values.size());
  std::iota(scale.ascending.begin(), scale.ascending.end(), std::size_t{0});
  if (scale.numeric) {
    std::stable_sort(scale.ascending.begin(), scale.ascending.end(),
                     [&](std::size_t a, std::size_t b) { return scale.at[a] < scale.at[b]; });
    return scale;
  }
  return names_only(axis.values.size());
}

std::string short_name(const std::vector<Sweep::Axis>& axes, std::size_t axis) {
  const std::string& path = axes[axis].label;
  if (axes[axis].named) return path;
  int parts = 1;
  for (std::size_t dot = path.rfind('.'); dot != std::string::npos && dot > 0;
       dot = path.rfind('.', dot - 1)) {
    const std::string end = path.substr(dot + 1);
    const bool alone = std::count_if(axes.begin(), axes.end(),
                                     [&](const Sweep::Axis& a) { return a.label.ends_with(end); }) == 1;
    // An index says nothing without the list that it is of: "faults.0.common_cause".
    const bool index = !end.empty() && end.front() >= '0' && end.front() <= '9';
    if (parts++ >= 2 && alone && !index) return end;
  }
  return path;
}

std::string alternative_name(const Sweep& sweep, std::size_t axis, std::size_t value) {
  const Sweep::Axis& a = sweep.axes[axis];
  const std::string& name = a.values[value];
  const bool alone =
      std::count_if(sweep.axes.begin(), sweep.axes.end(), [&](const Sweep::Axis& other) {
        return other.named && std::find(other.values.begin(), other.values.end(), name) != other.values.end();
      }) == 1;
  return a.named && alone ? name : short_name(sweep.axes, axis) + " " + name;
}

std::string point_name(const Sweep& sweep, const Sweep::Point& point) {
  std::string name;
  for (std::size_t i = 0; i < point.at.size(); ++i)
    name += (i == 0 ? "" : ", ") + alternative_name(sweep, i, point.at[i]);
  return name;
}

View view_of(const Sweep& sweep) {
  View view;
  std::size_t most = 0;
  for (std::size_t i = 0; i < sweep.axes.size(); ++i) {
    Scale scale = scale_of(sweep.axes[i]);
    const std::size_t count = sweep.axes[i].values.size();
    const std::size_t rank = count + (scale.numeric && count > 1 ? 1'000'000 : 0);
    if (rank <= most) continue;
    most = rank;
    view.x = i;
    view.scale = std::move(scale);
  }
  std::map<std::vector<std::size_t>, std::vector<std::size_t>> series;
  for (std::size_t n = 0; n < sweep.points.size(); ++n) {
    std::vector<std::size_t> rest = sweep.points[n].at;
    rest[view.x] = 0;
    auto& points = series[rest];
    if (sweep.points[n].summary) points.push_back(n);
  }
  for (auto& [rest, points] : series) {
    Series one;
    for (std::size_t i = 0; i < sweep.axes.size() && series.size() > 1; ++i) {
      if (i == view.x || sweep.axes[i].values.size() < 2) continue;
      one.name += (one.name.empty() ? "" : ", ") + alternative_name(sweep, i, rest[i]);
    }
    std::vector<std::size_t> rank(view.scale.ascending.size());
    for (std::size_t i = 0; i < rank.size(); ++i) rank[view.scale.ascending[i]] = i;
    std::stable_sort(points.begin(), points.end(), [&](std::size_t a, std::size_t b) {
      return rank[sweep.points[a].at[view.x]] < rank[sweep.points[b].at[view.x]];
    });
    one.points = std::move(points);
    view.series.push_back(std::move(one));
  }
  return view;
}

SweepAnswer answer(const Sweep& sweep) {
  const std::string promised = objectives(sweep);
  if (promised.empty())
    return {SweepAnswer::Kind::open, "no objectives were set; the numbers stand for themselves", {}};
  const View view = view_of(sweep);
  using Kind = SweepAnswer::Kind;
  const auto any = [&](const Series& series, auto&& is) {
    return std::any_of(series.points.begin(), series.points.end(),
                       [&](std::size_t n) { return is(met_at(*sweep.points[n].summary)); });
  };
  std::vector<Kind> kinds;
  std::ptrdiff_t holding = 0;  // series
  for (const Series& series : view.series) {
    const bool surely = any(series, [](const Met& m) { return m.holds() && m.sure; });
    const bool told = !series.points.empty() && !any(series, [](const Met& m) { return !m.sure; });
    kinds.push_back(surely ? Kind::yes : told ? Kind::no : Kind::open);
    holding += any(series, [](const Met& m) { return m.holds(); }) ? 1 : 0;
  }
  const auto all_are = [&](Kind kind) {
    return std::count(kinds.begin(), kinds.end(), kind) == std::ssize(kinds);
  };
  const bool told = all_are(Kind::no);
  SweepAnswer all{all_are(Kind::yes) ? Kind::yes : told ? Kind::no : Kind::open, "", {}};
  if (view.series.size() == 1) {
    all.text = "objectives hold " + where(sweep, view, view.series.front());
  } else {
    all.text = holding == std::ssize(kinds) ? "objectives hold"
               : holding > 0                ? "objectives hold in part"
               : told                       ? "objectives hold nowhere"
                                            : "objectives hold nowhere for sure";
    for (std::size_t i = 0; !told && i < view.series.size() && i < kMostLines; ++i)
      all.lines.push_back({kinds[i], view.series[i].name + ": " + where(sweep, view, view.series[i])});
    if (!told && view.series.size() > kMostLines)
      all.lines.push_back({Kind::open, fmt::format("and {} more", view.series.size() - kMostLines)});
  }
  all.text += " (" + promised + ")";
  return all;
}

std::string cheapest(const Sweep& sweep) {
  const auto price_of = [&](std::size_t n) -> std::optional<double> {
    const auto& summary = sweep.points[n].summary;
    if (!summary) return std::nullopt;
    const auto price = summary->metrics.find("cost.usd_per_hour");
    return price != summary->metrics.end() ? price->second.mean : std::nullopt;
  };
  // Bought is what makes the price differ between two points that differ in nothing else.
  std::vector<bool> bought(sweep.axes.size(), false);
  for (std::size_t i = 0; i < sweep.axes.size(); ++i) {
    std::map<std::vector<std::size_t>, double> price_at;
    for (std::size_t n = 0; n < sweep.points.size() && !bought[i]; ++n) {
      std::vector<std::size_t> others = sweep.points[n].at;
      others[i] = 0;
      if (const auto price = price_of(n))
        bought[i] = std::abs(price_at.emplace(others, *price).first->second - *price) > 1e-9;
    }
  }
  if (std::none_of(bought.begin(), bought.end(), [](bool b) { return b; }) || objectives(sweep).empty())
    return "";
  struct Best {
    std::string condition;
    std::optional<double> price;
    std::string bought;
  };
  std::map<std::vector<std::size_t>, Best> best;
  for (std::size_t n = 0; n < sweep.points.size(); ++n) {
    const auto price = price_of(n);
    if (!price) continue;
    std::vector<std::size_t> condition;
    std::string name, what;
    for (std::size_t i = 0; i < sweep.axes.size(); ++i) {
      std::string& text = bought[i] ? what : name;
      text += (text.empty() ? "" : ", ") + alternative_name(sweep, i, sweep.points[n].at[i]);
      if (!bought[i]) condition.push_back(sweep.points[n].at[i]);
    }
    Best& here = best.try_emplace(std::move(condition), Best{name, std::nullopt, ""}).first->second;
    const Summary& summary = *sweep.points[n].summary;
    const bool good = !judged(summary).empty() && met_at(summary).holds();
    if (good && (!here.price || *price < *here.price)) here = {name, price, what};
  }
  const auto cost = [](const Best& b) {
    return fmt::format("{} USD/h ({})", significant(*b.price), b.bought);
  };
  if (std::none_of(best.begin(), best.end(), [](const auto& b) { return b.second.price.has_value(); }))
    return "No point meets all objectives.";
  if (best.size() == 1)
    return "The cheapest point that meets all objectives costs " + cost(best.begin()->second) + ".";
  constexpr std::size_t kMost = 6;
  std::string text = "The cheapest point that meets all objectives costs";
  std::size_t count = 0;
  for (const auto& [condition, b] : best) {
    if (count++ == kMost) break;
    text += (count == 1 ? " with " : "; with ") + b.condition + ": " + (b.price ? cost(b) : "no point does");
  }
  if (best.size() > kMost) text += fmt::format("; and so on for {} more", best.size() - kMost);
  return text + ".";
}

}  // namespace headroom::report
