#include "sim/report/survival.h"

#include <algorithm>
#include <cctype>
#include <limits>
#include <nlohmann/json.hpp>
#include <system_error>
#include <tuple>

#include "sim/metrics/whole.h"
#include "sim/report/csv.h"

namespace headroom::report {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kSchema = "headroom/survive/1";

ordered_json number(const std::optional<double>& x) {
  return x ? ordered_json(*x) : ordered_json(nullptr);
}

std::optional<double> number_in(const ordered_json& j, const char* key) {
  const auto& value = j.at(key);
  return value.is_null() ? std::nullopt : std::optional(value.get<double>());
}

void put(ordered_json& j, const Survival::Found& found) {
  j["yield"] = {
      {"during", number(found.during)}, {"late", number(found.late)}, {"window", number(found.window)}};
  j["harvest"] = number(found.harvest);
  j["p99_ms"] = number(found.p99_ms);
  j["heal_s"] = number(found.heal_s);
  j["lost_jobs"] = number(found.lost_jobs);
  j["doubled_jobs"] = number(found.doubled_jobs);
  j["billing_error"] = number(found.billing_error);
  j["missed"] = found.missed;
}

Survival::Found found_in(const ordered_json& j) {
  Survival::Found found;
  found.during = number_in(j.at("yield"), "during");
  found.late = number_in(j.at("yield"), "late");
  found.window = number_in(j.at("yield"), "window");
  found.harvest = number_in(j, "harvest");
  found.p99_ms = number_in(j, "p99_ms");
  found.heal_s = number_in(j, "heal_s");
  found.lost_jobs = number_in(j, "lost_jobs");
  found.doubled_jobs = number_in(j, "doubled_jobs");
  found.billing_error = number_in(j, "billing_error");
  found.missed = j.at("missed").get<std::vector<std::string>>();
  return found;
}

/// Those of one thing, or of two, that fail and hold no smaller one that does.
std::vector<std::string> failing(const Survival& survival, bool pairs, bool smallest) {
  std::vector<std::string> names;
  for (const auto& thing : survival.things)
    if (thing.found && thing.fails && thing.pair() == pairs && !(smallest && thing.holds_smaller))
      names.push_back(thing.what);
  return names;
}

std::variant<Survival, Problem> parse(const std::string& text) {
  const auto j = ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (j.is_discarded()) return Problem{"not complete JSON"};
  try {
    if (!j.is_object() || j.value("schema", std::string()) != kSchema)
      return Problem{"not a survival study of this version (expected \"schema\": \"" + std::string(kSchema) +
                     "\")"};
    Survival s;
    s.scenario = j.at("scenario").get<std::string>();
    s.question = j.at("question").get<std::string>();
    s.seed = metrics::whole<std::uint64_t>(j.at("seed"));
    s.replications = metrics::whole(j.at("replications"), 0);
    s.measured_s = j.at("measured_s").get<double>();
    s.scenario_s = j.at("scenario_s").get<double>();
    s.at_s = j.at("at_s").get<double>();
    s.for_s = j.at("for_s").get<double>();
    s.hosts = metrics::whole<std::int64_t>(j.at("hosts"));
    s.background = j.at("other_faults").get<bool>();
    s.fingerprint = j.at("fingerprint").get<std::string>();
    s.needed = j.at("needed").at("yield").get<double>();
    s.needed_is_slo = j.at("needed").at("objective").get<bool>();
    s.undisturbed = found_in(j.at("undisturbed"));
    for (const auto& thing : j.at("things")) {
      auto& t = s.things.emplace_back();
      t.what = thing.at("what").get<std::string>();
      t.kind = thing.at("kind").get<std::string>();
      t.like = thing.at("like").get<std::vector<std::string>>();
      t.stands_for = thing.at("stands_for").get<std::string>();
      t.falls = thing.at("falls").get<std::string>();
      t.fails = thing.at("fails").get<bool>();
      t.holds_smaller = thing.at("holds_smaller").get<bool>();
      t.found = found_in(thing);
    }
    if (j.contains("not_run"))
      for (const auto& name : j.at("not_run")) s.things.emplace_back().what = name.get<std::string>();
    return s;
  } catch (const ordered_json::exception& e) {
    return Problem{e.what()};
  }
}

}  // namespace

std::size_t Survival::complete() const {
  return static_cast<std::size_t>(
      std::count_if(things.begin(), things.end(), [](const Thing& t) { return t.found.has_value(); }));
}

std::vector<std::string> single_points(const Survival& survival) {
  return failing(survival, /*pairs=*/false, /*smallest=*/false);
}

std::vector<std::string> fatal_pairs(const Survival& survival) {
  return failing(survival, /*pairs=*/true, /*smallest=*/true);
}

void sort_worst_first(Survival& survival) {
  const auto rank = [](const Survival::Thing& thing) {
    constexpr double kNothing = 2;  // better than every yield
    const Survival::Found found = thing.found.value_or(Survival::Found{});
    return std::tuple(!thing.found, found.during.value_or(kNothing), found.window.value_or(kNothing),
                      -found.p99_ms.value_or(0));
  };
  std::stable_sort(survival.things.begin(), survival.things.end(),
                   [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
}

std::string run_folder(const Survival::Thing& thing) {
  std::string name = "runs/";
  for (const char c : thing.what)
    name += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' ? c : '-';
  return name;
}

std::string to_json(const Survival& s) {
  ordered_json j;
  j["schema"] = kSchema;
  j["scenario"] = s.scenario;
  j["question"] = s.question;
  j["seed"] = s.seed;
  j["replications"] = s.replications;
  j["measured_s"] = s.measured_s;
  j["scenario_s"] = s.scenario_s;
  j["at_s"] = s.at_s;
  j["for_s"] = s.for_s;
  if (s.partial()) j["partial"] = true;
  j["fingerprint"] = s.fingerprint;
  j["hosts"] = s.hosts;
  j["other_faults"] = s.background;
  j["needed"] = {{"yield", s.needed}, {"objective", s.needed_is_slo}};
  j["single_points"] = single_points(s);
  if (std::any_of(s.things.begin(), s.things.end(), [](const auto& t) { return t.pair(); }))
    j["fatal_pairs"] = fatal_pairs(s);
  put(j["undisturbed"], s.undisturbed.value_or(Survival::Found{}));
  j["things"] = ordered_json::array();
  for (const auto& thing : s.things) {
    if (!thing.found) {
      j["not_run"].push_back(thing.what);
      continue;
    }
    ordered_json t = {{"what", thing.what},
                      {"kind", thing.kind},
                      {"like", thing.like},
                      {"stands_for", thing.stands_for},
                      {"falls", thing.falls},
                      {"fails", thing.fails},
                      {"holds_smaller", thing.holds_smaller}};
    put(t, *thing.found);
    t["run"] = run_folder(thing);
    j["things"].push_back(std::move(t));
  }
  return j.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string to_csv(const Survival& s) {
  std::string csv =
      "what,kind,like,falls,fails,yield.during,yield.late,yield.window,harvest,p99_ms,heal_s,lost_jobs,"
      "doubled_jobs,billing_error,missed,run\n";
  const auto joined = [](const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : "; ") + name;
    return csv_cell(text);
  };
  const auto row = [&](const std::string& head, const Survival::Found& found, const std::string& run) {
    csv += head;
    for (const auto& x : {found.during, found.late, found.window, found.harvest, found.p99_ms, found.heal_s,
                          found.lost_jobs, found.doubled_jobs, found.billing_error})
      csv += "," + csv_cell(x.value_or(std::numeric_limits<double>::quiet_NaN()));
    csv += "," + joined(found.missed) + "," + csv_cell(run) + "\n";
  };
  for (const auto& thing : s.things)
    if (thing.found)
      row(csv_cell(thing.what) + "," + csv_cell(thing.kind) + "," + joined(thing.like) + "," +
              csv_cell(thing.falls) + "," + (thing.fails ? "true" : "false"),
          *thing.found, run_folder(thing));
  if (s.undisturbed) row("nothing,,,,", *s.undisturbed, kUndisturbed);
  return csv;
}

bool is_survival(const std::filesystem::path& folder) {
  std::error_code error;
  return std::filesystem::is_regular_file(folder / "survive.json", error);
}

std::variant<Survival, Problem> load_survival(const std::filesystem::path& folder) {
  const auto text = read_file(folder / "survive.json");
  if (const auto* problem = std::get_if<Problem>(&text)) return *problem;
  auto parsed = parse(std::get<std::string>(text));
  if (const auto* problem = std::get_if<Problem>(&parsed))
    return Problem{(folder / "survive.json").string() + ": " + problem->message};
  return parsed;
}

}  // namespace headroom::report
