#include "sim/study/outline.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "sim/config/units.h"
#include "sim/report/numbers.h"
#include "sim/study/estimate.h"
#include "sim/study/offered_load.h"

namespace headroom::study {
namespace {

std::string path_of(const DeploymentConfig& d) {
  std::vector<std::string> stops = {"clients"};
  if (d.load_balancer) stops.push_back("load_balancer");
  if (d.api) stops.push_back(d.auth ? "api (auth)" : "api");
  if (!d.api && d.auth) stops.push_back("auth");
  if (d.queue) stops.push_back("queue");
  if (d.processing) stops.push_back("processing");
  if (d.usage) stops.push_back("usage");
  return fmt::format("{}", fmt::join(stops, " → "));
}

std::string number(double x) {
  return report::significant(x, 3);
}
std::string percent(double share) {
  return share < 9.995 ? fmt::format("{:.0f} %", share * 100) : number(share * 100) + " %";
}

/// "1,000 of 1,280 slots"
std::string amount(const ResourceLoad& load) {
  const auto of = [](double offered, double capacity, const char* unit, bool counted = false) {
    return fmt::format("{} of {} {}{}", number(offered), number(capacity), unit,
                       counted && capacity != 1 ? "s" : "");
  };
  switch (load.unit) {
    case ResourceLoad::Unit::cores:
      return of(load.offered, load.capacity, "core", true);
    case ResourceLoad::Unit::slots:
      return of(load.offered, load.capacity, "slot", true);
    case ResourceLoad::Unit::jobs_per_s:
      return of(load.offered, load.capacity, "jobs/s");
    case ResourceLoad::Unit::bytes_per_s:
      return load.capacity >= 1e9 ? of(load.offered / 1e9, load.capacity / 1e9, "GB/s")
                                  : of(load.offered / 1e6, load.capacity / 1e6, "MB/s");
  }
  return {};
}

bool is_tier(const ResourceLoad& load) {
  return load.unit != ResourceLoad::Unit::bytes_per_s;
}

/// Links and disks that are alike: `nic host/worker-7` and `nic host/worker-8`.
std::string kind_of(const ResourceLoad& load) {
  if (is_tier(load)) return load.name;
  if (load.name.find("host/") != std::string::npos) return load.name.substr(0, load.name.find_last_of('-'));
  return load.name.substr(0, load.name.find('/'));
}

/// Of what is alike the fullest; in the given order.
std::vector<ResourceLoad> fullest_of_each(const std::vector<ResourceLoad>& loads) {
  std::set<std::string> seen;
  std::vector<ResourceLoad> found;
  for (const ResourceLoad& load : loads)
    if (seen.insert(kind_of(load)).second) found.push_back(load);
  return found;
}

std::string hosts_left(const ResourceLoad& load) {
  return load.alive < load.members ? fmt::format("{} of {} hosts", load.alive, load.members) : "";
}

constexpr double kTight = 0.7;          // of a share
constexpr double kFull = 1 - 1e-9;      // of a share: rounding does not make it less than full
constexpr double kWorthSaying = 0.005;  // of a share of a link

/// "crash rack/a1 (at 30s)", with those that still last from earlier.
std::string condition(const ScenarioConfig& s, const Phase& phase) {
  std::string text;
  for (const std::size_t f : phase.faults) {
    const faults::FaultConfig& fault = s.faults[f];
    if (!text.empty()) text += " and ";
    text +=
        fmt::format("{} (at {})", faults::name_of(fault.kind), config::print(fault.first().since_start()));
  }
  return text;
}

/// "processing", or "processing on host/worker-1"
std::string member_of(const ResourceLoad& load) {
  return load.where.empty() ? load.name : load.name + " on " + load.where;
}

/// "processing needs 1,200 of 1,040 slots (115 %, 26 of 40 hosts)"
std::string need(const ResourceLoad& load) {
  const std::string left = hosts_left(load);
  if (!std::isfinite(load.share())) {
    if (load.name == "queue")
      return fmt::format("the queue has no leader that a majority of its {} members follows", load.members);
    return is_tier(load) ? fmt::format("nothing is left of {}", load.name)
                         : fmt::format("{} passes nothing", load.name);
  }
  return fmt::format("{} needs {} ({}{})", member_of(load), amount(load), percent(load.share()),
                     left.empty() ? "" : ", " + left);
}

bool varies(const client::Arrivals& arrivals) {
  return std::holds_alternative<client::Bursts>(arrivals) ||
         std::holds_alternative<client::Profile>(arrivals) || std::holds_alternative<client::Trace>(arrivals);
}

/// "at the peak of 3,000 requests/s"
std::string at_rate(const ScenarioConfig& s, double rate) {
  if (const auto* closed = std::get_if<client::Closed>(&s.workload.arrivals))
    return fmt::format("at {} requests/s, which {} users could ask for if they never waited", number(rate),
                       number(static_cast<double>(closed->users)));
  return fmt::format("{} {} requests/s", varies(s.workload.arrivals) ? "at the peak of" : "at", number(rate));
}

/// "3,000 requests/s at the peak"
std::string load_of(const ScenarioConfig& s, double rate) {
  if (std::holds_alternative<client::Closed>(s.workload.arrivals)) return at_rate(s, rate).substr(3);
  return number(rate) + (varies(s.workload.arrivals) ? " requests/s at the peak" : " requests/s");
}

/// Nothing keeps what waits from growing: no deadline, and no bound on what is taken in.
bool unbounded(const ScenarioConfig& s) {
  const DeploymentConfig& d = s.deployment;
  if (s.workload.deadline || !client::has_rate(s.workload.arrivals)) return false;
  if (d.api && (d.api->max_in_flight || d.api->deadline)) return false;
  if (d.queue) return !d.queue->capacity;
  return d.processing ? !d.processing->max_waiting : d.api.has_value();
}

std::string missing_bounds(const DeploymentConfig& d) {
  std::vector<std::string> keys = {"no workload.deadline"};
  if (d.api) keys.emplace_back("no api.max_in_flight");
  if (d.queue)
    keys.emplace_back("no queue.capacity");
  else if (d.processing)
    keys.emplace_back("no processing.max_waiting");
  return fmt::format("{}", fmt::join(keys, ", "));
}

std::string consequence(const ScenarioConfig& s) {
  if (std::holds_alternative<client::Closed>(s.workload.arrivals)) return "they will wait, and ask for less";
  if (unbounded(s))
    return "nothing bounds what waits (" + missing_bounds(s.deployment) +
           "), so it grows as long as that lasts";
  return "what is more than that is rejected, or too late";
}

std::string memory(double bytes) {
  return bytes >= 1e9 ? number(bytes / 1e9) + " GB" : report::significant(bytes / 1e6, 2) + " MB";
}

/// A time that is only about right.
std::string about(double seconds) {
  if (seconds < 1) return "less than a second";
  if (seconds < 100) return fmt::format("{} s", report::significant(seconds, 2));
  if (seconds < 2 * 3600) return fmt::format("{} min", report::significant(seconds / 60, 2));
  return fmt::format("{} h", report::significant(seconds / 3600, 2));
}

/// A table of what is needed; with a fault only what is tight, or the tightest.
std::string table(const std::vector<ResourceLoad>& loads) {
  std::vector<ResourceLoad> rows;
  for (const ResourceLoad& load : fullest_of_each(loads))
    if (is_tier(load) || load.share() >= kWorthSaying) rows.push_back(load);
  std::size_t wide = 10;
  for (const ResourceLoad& row : rows) wide = std::max(wide, row.name.size());
  std::string text;
  for (const ResourceLoad& row : rows)
    text += fmt::format("  {:<11}  {:<{}}  {:>5}  {}\n", text.empty() ? "needed" : "", row.name, wide,
                        percent(row.share()), amount(row));
  return text;
}

std::string tightest(const std::vector<ResourceLoad>& loads) {
  std::vector<std::string> said;
  for (const ResourceLoad& load : fullest_of_each(loads)) {
    if (!said.empty() && load.share() < kTight) break;
    const std::string left = hosts_left(load);
    if (!std::isfinite(load.share()))
      said.push_back(need(load));
    else
      said.push_back(member_of(load) + " " + percent(load.share()) + (left.empty() ? "" : " (" + left + ")"));
  }
  return fmt::format("{}", fmt::join(said, ", "));
}

}  // namespace

std::string outline(const ScenarioConfig& s) {
  std::string text = fmt::format("{} is valid\n", s.scenario);
  if (s.question) text += fmt::format("  question     {}\n", *s.question);
  text += fmt::format("  path         {}\n", path_of(s.deployment));
  for (const auto& [name, group] : s.platform.hosts)
    text += fmt::format("  hosts        {} × {} ({} {})\n", group.count, name, group.cores,
                        group.cores == 1 ? "core" : "cores");
  const std::vector<PhaseLoad> load = offered_load(s);
  const PhaseLoad& usual = load.front();
  if (usual.requests_per_s > 0) text += "  load         " + load_of(s, usual.requests_per_s) + "\n";
  text += table(usual.resources);
  if (unbounded(s)) text += "  waiting      without a bound: " + missing_bounds(s.deployment) + "\n";
  for (std::size_t f = 0; f < s.faults.size(); ++f) {
    text += fmt::format("  fault        {}\n", faults::describe_fault(s.faults[f]));
    const auto phase = std::find_if(load.begin() + 1, load.end(),
                                    [&](const PhaseLoad& p) { return p.phase.faults.back() == f; });
    if (phase != load.end() && !phase->resources.empty())
      text += fmt::format("    then       {}\n", tightest(phase->resources));
  }
  const RunEstimate about_run = estimate(s);
  text += fmt::format("  run          {} × ({} warm-up + {} measured)", s.run.replications,
                      config::print(s.run.warmup), config::print(s.run.duration));
  if (const auto& until = s.run.until)
    text += fmt::format(", more until {} ± {} ({} at most)", until->metric, config::print(until->relative_ci),
                        config::print(until->at_most));
  if (about_run.requests > 0)
    text += fmt::format(": about {} requests", report::significant(about_run.requests, 2));
  return text + fmt::format("; {} of CPU time, {} of memory per replication\n", about(about_run.cpu_s),
                            memory(about_run.memory_bytes));
}

std::vector<std::string> load_warnings(const ScenarioConfig& s) {
  std::vector<std::string> found;
  std::set<std::string> full;  // as configured: it is so with any fault, too
  double fullest = 0;
  for (const PhaseLoad& load : offered_load(s)) {
    if (!load.resources.empty()) fullest = std::max(fullest, load.resources.front().share());
    std::vector<std::string> needs;
    std::size_t more = 0;
    bool too_much = false;  // of something that is left
    constexpr std::size_t kMost = 3;
    for (const ResourceLoad& resource : fullest_of_each(load.resources)) {
      if (resource.share() < kFull || full.contains(kind_of(resource))) continue;
      if (load.phase.faults.empty()) full.insert(kind_of(resource));
      too_much = too_much || std::isfinite(resource.share());
      if (needs.size() < kMost)
        needs.push_back(need(resource));
      else
        ++more;
    }
    if (needs.empty()) continue;
    std::string text = load.phase.faults.empty() ? "" : "with " + condition(s, load.phase) + ": ";
    text += fmt::format("{}", fmt::join(needs, "; "));
    if (more > 0) text += fmt::format("; and {} more", more);
    if (too_much) text += " " + at_rate(s, load.requests_per_s) + "; " + consequence(s);
    found.push_back(std::move(text));
  }
  if (fullest < kFull && fullest >= kTight && s.deployment.queue && unbounded(s))
    found.push_back("nothing bounds what waits in the queue (" + missing_bounds(s.deployment) +
                    "): whenever the load exceeds what is alive, it grows");
  return found;
}

}  // namespace headroom::study
