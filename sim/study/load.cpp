#include "sim/study/load.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "sim/config/load.h"
#include "sim/study/codecs.h"

namespace headroom::study {
namespace {

/// Rules that span components. Every message stands where the thing was written.
class Checker {
 public:
  Checker(const ScenarioConfig& scenario, const config::Node& tree, config::Diagnostics& diagnostics)
      : scenario_(scenario), tree_(tree), diagnostics_(diagnostics) {}

  void check() {
    const DeploymentConfig& d = scenario_.deployment;
    if (!d.load_balancer && !d.api && !d.auth && !d.queue && !d.processing && !d.usage)
      error("deployment", "no component: there is nothing to simulate, expected processing, for instance");
    check_hosts();
    if (d.load_balancer && !d.api && (d.queue || !d.processing))
      error("deployment.load_balancer",
            d.queue ? "nothing to balance: without an api, jobs go straight to the queue"
                    : "nothing to balance: expected api or processing");
    if (d.queue && !d.processing)
      error("deployment.queue", "nobody takes jobs from the queue: expected processing");
    if (d.usage && (!d.api || !d.processing))
      error("deployment.usage", "usage is metered on API servers when conversions come back: expected " +
                                    std::string(!d.api ? "api" : "processing"));
    if (d.processing) check_processing(*d.processing);
    check_slo();
    check_trace();
  }

 private:
  void error(std::string_view path, std::string message) {
    diagnostics_.error(locate(tree_, path), std::move(message));
  }

  void check_hosts() {
    const DeploymentConfig& d = scenario_.deployment;
    if (d.load_balancer && d.load_balancer->hosts)
      group("deployment.load_balancer.hosts", *d.load_balancer->hosts);
    if (d.api) group("deployment.api.hosts", d.api->hosts);
    if (d.auth && d.auth->data_plane.hosts)
      group("deployment.auth.data_plane.hosts", *d.auth->data_plane.hosts);
    if (d.queue) group("deployment.queue.hosts", d.queue->hosts);
    if (d.processing) group("deployment.processing.hosts", d.processing->hosts);
    if (d.usage) group("deployment.usage.store.hosts", d.usage->store.hosts);
  }

  void group(std::string_view path, const Ref& ref) {
    const auto& hosts = scenario_.platform.hosts;
    if (hosts.contains(ref.name)) return;
    std::vector<std::string_view> names;
    for (const auto& [name, group] : hosts) names.push_back(name);
    error(path, "no host group " + config::quote(ref.name) + " in the platform, expected " +
                    config::list_of(names) + config::did_you_mean(ref.name, names));
  }

  void check_processing(const processing::ProcessingConfig& p) {
    const auto& image = scenario_.workload.image_bytes;
    if (p.cost && !image)
      error("deployment.processing.cost", "a cost by image size needs workload.image_bytes");
    if (p.cost && image && !std::isfinite(law::mean(image->law)))
      error("workload.image_bytes", "the mean is infinite, but processing.cost relates to it");
    if (p.discipline == processing::Discipline::processor_sharing && p.max_waiting)
      error("deployment.processing.max_waiting",
            "nothing waits when jobs share the cores (processor_sharing)");
    if (p.max_waiting && scenario_.deployment.queue)
      error("deployment.processing.max_waiting", "jobs wait in the queue, not on workers");
    if (p.discipline == processing::Discipline::processor_sharing && scenario_.deployment.queue)
      error("deployment.processing.discipline", "workers that pull from a queue have slots: expected fifo");
  }

  void check_slo() {
    const SloConfig& slo = scenario_.slo;
    bool latency = false;
    for (const metrics::Objective& o : slo.objectives) latency = latency || o.metric.starts_with("latency.");
    if (slo.only_below && !latency) error("slo.only", "it narrows latency objectives, but there is none");
    if (slo.only_below && !scenario_.workload.image_bytes)
      error("slo.only", "it selects by image size: expected workload.image_bytes");
    const DeploymentConfig& d = scenario_.deployment;
    const auto absent = [&](const std::string& metric) -> std::string_view {
      if (metric.starts_with("queue.") && !d.queue) return "queue";
      if (metric.starts_with("processing.") && !d.processing) return "processing";
      if (metric.starts_with("api.") && !d.api) return "api";
      if (metric.starts_with("auth.") && !d.auth) return "auth";
      if (metric.starts_with("usage.") && !d.usage) return "usage";
      if (metric.starts_with("lb.") && (!d.load_balancer || !d.load_balancer->hosts))
        return "load_balancer with hosts";
      if (metric == "uptime" && !scenario_.workload.probe) return "workload.probe";
      if (metric.starts_with("only.") && !slo.only_below) return "slo.only";
      if (metric.starts_with("cost.") && !any_host([](const auto& h) { return h.price > Price{}; }))
        return "host with a price";
      if (metric.starts_with("energy.") && !any_host([](const auto& h) { return h.watts.has_value(); }))
        return "host with watts";
      return "";
    };
    for (const metrics::Objective& o : slo.objectives)
      if (const auto missing = absent(o.metric); !missing.empty())
        error("slo." + o.metric, "there will be no such metric: the scenario has no " + std::string(missing));
  }

  template <class Condition>
  bool any_host(Condition condition) const {
    const auto& groups = scenario_.platform.hosts;
    return std::any_of(groups.begin(), groups.end(),
                       [&](const auto& group) { return condition(group.second); });
  }

  void check_trace() {
    const auto* trace = std::get_if<client::Trace>(&scenario_.workload.arrivals);
    if (trace == nullptr) return;
    for (std::size_t i = 0; i < trace->rows.size(); ++i)
      if (trace->rows[i].user && *trace->rows[i].user >= scenario_.workload.users) {
        error("workload.arrivals.trace." + std::to_string(i) + ".user",
              "user " + std::to_string(*trace->rows[i].user) + " does not exist: workload.users is " +
                  std::to_string(scenario_.workload.users) + ", users count from 0");
        return;
      }
  }

  const ScenarioConfig& scenario_;
  const config::Node& tree_;
  config::Diagnostics& diagnostics_;
};

}  // namespace

void ScenarioConfig::check(const ScenarioConfig& s, Complaints& complaints) {
  bool good = !s.scenario.empty() && s.scenario.front() != '.' && s.scenario.size() <= 100;
  for (const char c : s.scenario)
    good = good && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                    c == '_' || c == '-');
  if (!good)
    complaints.add("scenario",
                   "a scenario's name is made of letters, digits, `.`, `_` and `-`, and names a folder");
}

std::optional<ScenarioConfig> load_scenario(const std::string& file, std::span<const std::string> sets,
                                            config::Diagnostics& diagnostics) {
  const auto tree = config::load_tree(file, sets, diagnostics);
  ScenarioConfig scenario;
  if (!tree || !config::parse(*tree, scenario, diagnostics)) return std::nullopt;
  Checker(scenario, *tree, diagnostics).check();
  if (!diagnostics.ok()) return std::nullopt;
  return scenario;
}

std::string resolved_yaml(const ScenarioConfig& scenario) {
  return config::emit(config::dump(scenario));
}

}  // namespace headroom::study
