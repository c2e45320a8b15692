#include "sim/study/outline.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <vector>

#include "sim/config/units.h"
#include "sim/report/numbers.h"
#include "sim/study/traits.h"

namespace headroom::study {
namespace {

/// Mean rate of requests, where it is known beforehand.
struct MeanRate {
  std::optional<double> operator()(const client::Poisson& a) const { return a.rate.per_second; }
  std::optional<double> operator()(const client::Constant& a) const { return a.rate.per_second; }
  std::optional<double> operator()(const client::Bursts& a) const {
    const double calm = a.mean_calm.seconds();
    const double burst = a.mean_burst.seconds();
    return (a.calm.per_second * calm + a.burst.per_second * burst) / (calm + burst);
  }
  std::optional<double> operator()(const client::Profile& a) const {
    return a.diurnal ? std::optional(a.diurnal->mean.per_second) : std::nullopt;
  }
  std::optional<double> operator()(const client::Closed&) const { return std::nullopt; }
  std::optional<double> operator()(const client::NoArrivals&) const { return std::nullopt; }
  std::optional<double> operator()(const client::Trace& a) const {
    const double length = a.rows.back().at.seconds();
    return length > 0 ? std::optional(static_cast<double>(a.rows.size()) / length) : std::nullopt;
  }
};

std::optional<double> mean_cpu_s(const ScenarioConfig& s) {
  const double mean = cost_model(s, StreamKey(0)).mean_seconds();
  return std::isfinite(mean) ? std::optional(mean) : std::nullopt;
}

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

}  // namespace

std::string outline(const ScenarioConfig& s) {
  std::string text = fmt::format("{} is valid\n", s.scenario);
  if (s.question) text += fmt::format("  question     {}\n", *s.question);
  text += fmt::format("  path         {}\n", path_of(s.deployment));
  for (const auto& [name, group] : s.platform.hosts)
    text += fmt::format("  hosts        {} × {} ({} {})\n", group.count, name, group.cores,
                        group.cores == 1 ? "core" : "cores");
  const auto rate = std::visit(MeanRate{}, s.workload.arrivals);
  if (rate) text += fmt::format("  load         {} requests/s\n", report::significant(*rate));
  if (rate && s.deployment.processing)
    if (const auto cpu = mean_cpu_s(s)) {
      const auto& p = *s.deployment.processing;
      const auto& group = s.platform.hosts.at(p.hosts.name);
      const double slots = static_cast<double>(group.count * p.slots.value_or(group.cores));
      const double jobs = *rate * static_cast<double>(s.workload.renditions);
      const double needed = jobs * *cpu / group.speed;
      text += fmt::format("  processing   {} jobs/s × {} ms need {} of {} slots ({:.0f} %)\n",
                          report::significant(jobs), report::significant(*cpu * 1e3),
                          report::significant(needed), report::significant(slots), needed / slots * 100);
    }
  for (const faults::FaultConfig& fault : s.faults)
    text += fmt::format("  fault        {}\n", faults::describe_fault(fault));
  text += fmt::format("  run          {} × ({} warm-up + {} measured)", s.run.replications,
                      config::print(s.run.warmup), config::print(s.run.duration));
  if (rate) {
    const double simulated =
        (s.run.warmup + s.run.duration).seconds() * static_cast<double>(s.run.replications);
    text += fmt::format(", about {} requests", report::significant(*rate * simulated, 2));
  }
  return text + "\n";
}

}  // namespace headroom::study
