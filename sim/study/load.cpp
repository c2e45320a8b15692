#include "sim/study/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "models/client/expected_requests.h"
#include "models/processing/cost.h"
#include "sim/config/load.h"
#include "sim/config/located.h"
#include "sim/config/units.h"
#include "sim/faults/config.h"
#include "sim/study/catalogue.h"
#include "sim/study/codecs.h"
#include "sim/study/traits.h"

namespace headroom::study {
namespace {

/// Rules that span components. Every message stands where the thing was written.
class Checker {
 public:
  Checker(const ScenarioConfig& scenario, const config::Node& tree, config::Diagnostics& diagnostics)
      : scenario_(scenario), tree_(tree), diagnostics_(diagnostics) {}

  /// What can be told although other things are wrong.
  void check_names() {
    check_scenario_name();
    check_hosts();
  }

  void check() {
    check_names();
    const DeploymentConfig& d = scenario_.deployment;
    if (!d.load_balancer && !d.api && !d.auth && !d.queue && !d.processing && !d.usage)
      error("deployment", "no component: there is nothing to simulate, expected processing, for instance");
    if (d.load_balancer && !d.api && (d.queue || !d.processing))
      error("deployment.load_balancer",
            d.queue ? "nothing to balance: without an api, jobs go straight to the queue"
                    : "nothing to balance: expected api or processing");
    if (d.queue && !d.processing)
      error("deployment.queue", "nobody takes jobs from the queue: expected processing");
    const bool store_alone = d.usage && d.usage->store.probe && !d.api && !d.processing;
    if (d.usage && (!d.api || !d.processing) && !store_alone)
      error("deployment.usage", "usage is metered on API servers when conversions come back: expected " +
                                    std::string(!d.api ? "api" : "processing"));
    if (store_alone && !d.auth && !std::holds_alternative<client::NoArrivals>(scenario_.workload.arrivals))
      error("workload.arrivals", "nobody serves requests: expected none, or api and processing");
    if (d.usage) {
      check_usage(*d.usage);
      check_store(d.usage->store);
    }
    if (d.processing) check_processing(*d.processing);
    check_slo();
    check_until();
    check_trace();
    check_closed();
    check_window();
    check_faults();
    check_watch();
  }

 private:
  void error(std::string_view path, std::string message) {
    diagnostics_.error(locate(tree_, path), std::move(message));
  }

  void check_scenario_name() {
    const std::string& name = scenario_.scenario;
    const config::Node* given = tree_.find("scenario");
    if (given == nullptr || !given->is_scalar()) return;  // said by the parser
    const auto alphanumeric = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    };
    constexpr std::size_t kLongest = 100;
    const bool good = !name.empty() && name.size() <= kLongest && alphanumeric(name.front()) &&
                      std::all_of(name.begin(), name.end(), [&](char c) {
                        return alphanumeric(c) || c == '.' || c == '_' || c == '-';
                      });
    if (!good)
      error("scenario", config::quote(name) +
                            " cannot name a scenario and its result folder, expected a letter or digit, then "
                            "letters, digits, `.`, `_` and `-`, at most 100 in all");
  }

  void check_hosts() {
    if (scenario_.platform.hosts.empty() || config::platform_unread(tree_)) return;  // said by the parser
    const DeploymentConfig& d = scenario_.deployment;
    if (d.load_balancer && d.load_balancer->hosts)
      group("deployment.load_balancer.hosts", *d.load_balancer->hosts);
    if (d.api) group("deployment.api.hosts", d.api->hosts);
    if (d.auth && d.auth->data_plane.hosts)
      group("deployment.auth.data_plane.hosts", *d.auth->data_plane.hosts);
    if (d.auth && d.auth->management && d.auth->management->hosts)
      group("deployment.auth.management.hosts", *d.auth->management->hosts);
    if (d.queue) group("deployment.queue.hosts", d.queue->hosts);
    if (d.processing) group("deployment.processing.hosts", d.processing->hosts);
    if (d.usage) group("deployment.usage.store.hosts", d.usage->store.hosts);
    if (d.usage && d.usage->billing.hosts) group("deployment.usage.billing.hosts", *d.usage->billing.hosts);
    check_added_groups();
  }

  void group(std::string_view path, const Ref& ref) {
    used_.insert(ref.name);
    if (ref.name.empty() || scenario_.platform.hosts.contains(ref.name)) return;
    error(path, "there is no host group " + config::quote(ref.name) + " in the platform" +
                    expected_group(ref.name));
  }

  /// A --set makes the parents that its path names, and so does what is varied: a path with a mistake in it
  /// would change nothing, silently. What a path has made has its key at the place of its value.
  void check_added_groups() {
    const config::Node* platform = tree_.find("platform");
    const config::Node* hosts = platform ? platform->find("hosts") : nullptr;
    if (hosts == nullptr) return;
    for (const config::Node::Entry& entry : hosts->entries()) {
      const bool made = entry.where.source && !entry.value.is_null() &&
                        config::same_place(entry.where, entry.value.where());
      if (!made || used_.contains(entry.key)) continue;
      diagnostics_.error(entry.value.where(), "this adds a host group " + config::quote(entry.key) +
                                                  ", which no component uses" + expected_group(entry.key));
    }
  }

  std::string expected_group(const std::string& name) const {
    std::vector<std::string_view> names;
    for (const auto& [known, group] : scenario_.platform.hosts)
      if (known != name) names.push_back(known);
    return ", expected " + config::list_of(names) + config::did_you_mean(name, names);
  }

  void check_processing(const processing::ProcessingConfig& p) {
    const auto& image = scenario_.workload.image_bytes;
    if (p.cost && !image)
      error("deployment.processing.cost",
            "the cost depends on the image's size, expected workload.image_bytes, or service_time instead");
    if (p.cost && image && !std::isfinite(law::mean(image->law)))
      error("workload.image_bytes",
            "the mean is infinite, but processing.cost relates to it; expected one with a finite mean");
    if (p.cost) check_kernel(*p.cost);
    if (p.discipline == processing::Discipline::processor_sharing && p.max_waiting)
      error("deployment.processing.max_waiting",
            "nothing waits when jobs share the cores, expected no max_waiting, or discipline: fifo");
    if (p.max_waiting && scenario_.deployment.queue)
      error("deployment.processing.max_waiting",
            "jobs wait in the queue, not on workers, expected queue.capacity instead");
    if (p.discipline == processing::Discipline::processor_sharing && scenario_.deployment.queue)
      error("deployment.processing.discipline", "workers that pull from a queue have slots: expected fifo");
  }

  void check_kernel(const processing::Cost& cost) {
    const processing::Encoding input = encoding(scenario_.workload);
    if (cost.profile() == nullptr || cost.profile()->kernels.empty()) return;
    if (processing::kernel_of(cost, input) != nullptr) return;
    const auto wanted = [&](const auto& given, auto fallback) {
      using E = decltype(fallback);
      return std::string(enum_names<E>::names[static_cast<std::size_t>(given.value_or(fallback))]);
    };
    error("deployment.processing.cost",
          "the profile " + config::quote(cost.profile()->profile) + " has no kernel for " +
              wanted(cost.operation, processing::Operation::thumbnail) + " " +
              wanted(std::optional(input), input) + " → " + wanted(cost.output, input) +
              " (cost.operation, workload.format, cost.output), expected one of " +
              processing::kernel_names(*cost.profile()));
  }

  void check_usage(const usage::UsageConfig& u) {
    if (!u.cold_storage || !u.cold_storage->replay) return;
    const auto* at = std::get_if<usage::ReplayAt>(&*u.cold_storage->replay);
    if (at != nullptr && at->date >= scenario_.run.warmup + scenario_.run.duration)
      error("deployment.usage.cold_storage.replay.at",
            "the replay is to begin after the end of the run, expected an earlier date, or replay: at_end");
  }

  void check_faults() {
    if (scenario_.faults.empty()) return;
    const world::Topology topology(scenario_.platform);
    const config::Node* list = tree_.find("faults");
    config::Located complaints(list != nullptr ? *list : tree_, diagnostics_);
    faults::check_faults(scenario_.faults,
                         {topology, roles_of(scenario_.deployment),
                          instances_of(scenario_.deployment, scenario_.platform), workload_of(scenario_)},
                         TimePoint::at(scenario_.run.warmup + scenario_.run.duration), complaints);
  }

  void check_watch() {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < scenario_.watch.size(); ++i) {
      const WatchConfig& watch = scenario_.watch[i];
      const std::string path = "watch." + std::to_string(i);
      group(path + ".group", watch.group);
      if (!seen.insert(watch.group.name).second)
        error(path + ".group", "the group " + config::quote(watch.group.name) +
                                   " is watched already, expected each group once");
      const auto found = scenario_.platform.hosts.find(watch.group.name);
      if (found != scenario_.platform.hosts.end() && watch.need > found->second.count)
        error(path + ".need", "the group " + config::quote(watch.group.name) + " has only " +
                                  std::to_string(found->second.count) + " members, got " +
                                  std::to_string(watch.need));
    }
  }

  void check_store(const usage::StoreConfig& store) {
    const auto group = scenario_.platform.hosts.find(store.hosts.name);
    if (group == scenario_.platform.hosts.end()) return;  // said already
    const std::int64_t hosts = group->second.count;
    const std::int64_t replicas = store.replicas_of(hosts);
    if (replicas > hosts)
      error("deployment.usage.store.replicas",
            std::to_string(replicas) + " replicas need as many hosts, but host group " +
                config::quote(store.hosts.name) + " has " + std::to_string(hosts) + ", expected at most " +
                std::to_string(hosts));
    const auto quorum = [&](const char* name, std::int64_t size) {
      if (size > replicas)
        error("deployment.usage.store." + std::string(name),
              "a quorum of " + std::to_string(size) +
                  " is larger than the number of replicas, expected at most " + std::to_string(replicas));
    };
    quorum("write_quorum", store.write_quorum_of(hosts));
    quorum("read_quorum", store.read_quorum_of(hosts));
  }

  void check_slo() {
    const SloConfig& slo = scenario_.slo;
    bool latency = false;
    for (const metrics::Objective& o : slo.objectives) latency = latency || o.metric.starts_with("latency.");
    if (slo.only_below && !latency)
      error("slo.only",
            "it narrows latency objectives, but there is none, expected one such as latency.p99_ms");
    if (slo.only_below && !scenario_.workload.image_bytes)
      error("slo.only", "it selects by image size: expected workload.image_bytes");
    for (const metrics::Objective& o : slo.objectives) check_reported("slo." + o.metric, o.metric);
  }

  void check_until() {
    if (!scenario_.run.until) return;
    const std::string& metric = scenario_.run.until->metric;
    if (find_metric(metric) == nullptr)
      error("run.until.metric", "unknown metric " + config::quote(metric) +
                                    ", expected one that `headroom metrics` lists" +
                                    config::did_you_mean(metric, metric_names()));
    else
      check_reported("run.until.metric", metric);
  }

  /// Complains about a metric that this scenario will not report.
  void check_reported(const std::string& path, const std::string& metric) {
    const metrics::MetricInfo& info = *find_metric(metric);
    if (info.needs.empty()) return;
    if (!resolved_) resolved_ = config::dump(scenario_);
    if (const std::string missing = unmet(metric, info, *resolved_); !missing.empty())
      error(path, "there will be no such metric: it needs " + missing +
                      config::did_you_mean(metric, reported_names(*resolved_)));
  }

  void check_trace() {
    const auto* trace = std::get_if<client::Trace>(&scenario_.workload.arrivals);
    if (trace == nullptr) return;
    for (std::size_t i = 0; i < trace->rows.size(); ++i)
      if (trace->rows[i].user && *trace->rows[i].user >= scenario_.workload.users) {
        error("workload.arrivals.trace." + std::to_string(i) + ".user",
              "request " + std::to_string(i + 1) + " is of user " + std::to_string(*trace->rows[i].user) +
                  ", but workload.users is " + std::to_string(scenario_.workload.users) +
                  ", users count from 0");
        return;
      }
  }

  /// Users who do not think, and whose requests may end without taking time, would send the next one at the
  /// same instant for ever. Here as far as it is certain; what chance or a fault brings about ends the run
  /// (study/standstill.h).
  void check_closed() {
    const auto* closed = std::get_if<client::Closed>(&scenario_.workload.arrivals);
    if (closed == nullptr || !takes_no_time(closed->think_time) || !scenario_.platform.network.ideal) return;
    const auto& w = scenario_.workload;
    const DeploymentConfig& d = scenario_.deployment;
    const bool balanced = d.load_balancer && d.load_balancer->hosts && d.load_balancer->cpu > Duration();
    const bool handshakes =
        w.connections && w.connections->reuse.value < 1 && w.connections->tls_cpu > Duration();
    const bool backs_off = w.retry && !std::holds_alternative<calls::NoBackoff>(w.retry->backoff);
    if (balanced || handshakes || d.auth) return;
    const auto hosts = [&](const Ref& group) {
      const auto found = scenario_.platform.hosts.find(group.name);
      return found == scenario_.platform.hosts.end() ? world::HostGroupConfig{} : found->second;
    };
    const auto complain = [&](const std::string& what) {
      error("workload.arrivals.closed.think_time",
            what +
                ", and the next request would follow at the same instant for ever, expected more than 0s, "
                "or a network with latencies");
    };
    const bool works = d.api && d.api->cpu > Duration();
    if (d.api && d.api->max_in_flight && !backs_off) {
      const auto places = *d.api->max_in_flight * hosts(d.api->hosts).count;
      if (closed->users > places)
        return complain(
            fmt::format("{} users find {} places (api.max_in_flight): who is rejected waits for "
                        "nothing",
                        closed->users, places));
    }
    if (works) return;
    if (!d.queue && d.processing && d.processing->max_waiting && !backs_off) {
      const world::HostGroupConfig group = hosts(d.processing->hosts);
      const auto places =
          (d.processing->slots.value_or(group.cores) + *d.processing->max_waiting) * group.count;
      if (closed->users > places)
        return complain(
            fmt::format("{} users find {} places (processing.slots and max_waiting): who is "
                        "rejected waits for nothing",
                        closed->users, places));
    }
    if (!d.queue &&
        (!d.processing || (d.processing->service_time && takes_no_time(*d.processing->service_time))))
      complain("no request takes any time");
  }
  static bool takes_no_time(const Distribution<Duration>& time) {
    return std::holds_alternative<law::Constant>(time.law) && time.mean() == Duration();
  }

  /// A run in which nobody asks for anything answers nothing.
  void check_window() {
    const client::Arrivals& arrivals = scenario_.workload.arrivals;
    if (std::holds_alternative<client::NoArrivals>(arrivals)) return;
    const Duration from = scenario_.run.warmup;
    const Duration to = from + scenario_.run.duration;
    const auto count = client::requests_between(arrivals, TimePoint::at(from), TimePoint::at(to));
    const auto first = client::earliest_request(arrivals);
    if (!count || *count > 0 || !first) return;
    const std::string window =
        "in the window from " + config::print(from) + " to " + config::print(to) + " there is no request: ";
    if (const auto* trace = std::get_if<client::Trace>(&arrivals)) {
      constexpr Duration kNoOffset = Duration::s(100'000'000);  // three years: a date since 1970
      const Duration begin = trace->rows.front().at;
      const bool dates = begin > kNoOffset;
      error("workload.arrivals",
            window + "the first of " + std::to_string(trace->rows.size()) + " is at " + config::print(begin) +
                ", the last at " + config::print(trace->rows.back().at) + ", expected " +
                (dates ? "times since the start of the simulation, not dates"
                       : "some in the window, which begins after run.warmup and lasts for run.duration"));
      return;
    }
    const bool others = std::any_of(scenario_.faults.begin(), scenario_.faults.end(), [](const auto& fault) {
      return faults::more_load(fault.kind).per_second > 0;
    });
    if (!others)
      error("workload.arrivals", window + "the first comes at " + config::print(first->since_start()) +
                                     (first->since_start() < from ? ", then the rate is 0" : "") +
                                     ", expected a longer run, or a rate above 0 in the window");
  }

  const ScenarioConfig& scenario_;
  std::optional<config::Node> resolved_;  ///< dumped for the first who asks
  const config::Node& tree_;
  config::Diagnostics& diagnostics_;
  std::set<std::string> used_;  ///< host groups on which components run
};

/// So that the parser has nothing to say about a platform that could not be read.
config::Node with_some_platform(const config::Node& tree) {
  if (!config::platform_unread(tree)) return tree;
  return tree.with(
      "platform",
      config::Node::map({{"hosts", {}, config::Node::map({{"unknown", {}, config::Node::map({})}})}}));
}

}  // namespace

std::optional<ScenarioConfig> load_scenario(const std::string& file, std::span<const std::string> sets,
                                            config::Diagnostics& diagnostics) {
  const auto tree = config::load_tree(file, sets, diagnostics);
  return tree ? scenario_from(*tree, diagnostics) : std::nullopt;
}

std::optional<ScenarioConfig> scenario_from(const config::Node& tree, config::Diagnostics& diagnostics) {
  ScenarioConfig scenario;
  const bool parsed = config::parse(with_some_platform(tree), scenario, diagnostics);
  Checker checker(scenario, tree, diagnostics);
  if (parsed && diagnostics.ok()) {
    checker.check();
  } else {
    checker.check_names();
  }
  if (!diagnostics.ok()) return std::nullopt;
  return scenario;
}

std::vector<std::string> warnings(const ScenarioConfig& scenario) {
  const auto& processing = scenario.deployment.processing;
  if (!processing || !processing->cost) return {};
  const processing::Kernel* kernel = processing::kernel_of(*processing->cost, encoding(scenario.workload));
  const world::HostGroupConfig& group = scenario.platform.hosts.at(processing->hosts.name);
  std::vector<std::string> found;
  if (kernel == nullptr) return found;
  if (const auto& origin = processing->cost->profile()->provenance; origin && origin->noise)
    found.push_back("the profile was measured on a noisy machine: " + *origin->noise);
  if (!kernel->scaling || kernel->scaling->busy.back() >= group.cores) return found;
  const processing::Scaling& scaling = *kernel->scaling;
  if (processing->cost->beyond_measured == processing::Beyond::hold) {
    found.push_back(fmt::format(
        "the profile was measured with up to {} busy cores, but hosts of {} have {}: beyond, each "
        "keeps {:.0f} % of its speed, as asked for (beyond_measured: hold)",
        scaling.busy.back(), config::quote(processing->hosts.name), group.cores, scaling.speed.back() * 100));
    return found;
  }
  const auto last = [&](double sigma, double kappa) {
    processing::Scaling other = scaling;
    other.sigma = sigma;
    other.kappa = kappa;
    return processing::speeds(other, group.cores).back() * 100;
  };
  const auto bound = [&](std::size_t i) {
    return last(scaling.sigma_ci95.empty() ? scaling.sigma : scaling.sigma_ci95[1 - i],
                scaling.kappa_ci95.empty() ? scaling.kappa : scaling.kappa_ci95[1 - i]);
  };
  found.push_back(fmt::format(
      "the profile was measured with up to {} busy {}, but hosts of {} have {}: beyond, the Universal "
      "Scalability Law is assumed, by which {} busy cores run at {:.0f} % of their speed each (95 % interval "
      "of the fit: {:.0f} to {:.0f} %)",
      scaling.busy.back(), scaling.busy.back() == 1 ? "core" : "cores", config::quote(processing->hosts.name),
      group.cores, group.cores, last(scaling.sigma, scaling.kappa), bound(0), bound(1)));
  return found;
}

std::string resolved_yaml(const ScenarioConfig& scenario) {
  return config::emit(config::dump(scenario));
}

}  // namespace headroom::study
