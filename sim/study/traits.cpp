#include "sim/study/traits.h"

#include <algorithm>
#include <variant>

namespace headroom::study {
namespace {

/// Web Almanac 2022, media: bits per pixel of images on the web.
double bits_per_pixel(client::Format format) {
  switch (format) {
    case client::Format::jpeg:
    case client::Format::progressive_jpeg:
      return 2.1;
    case client::Format::png:
      return 4.2;
    case client::Format::webp:
      return 1.4;
    case client::Format::avif:
      return 1.0;
  }
  return 0;
}

}  // namespace

processing::Encoding encoding(const client::WorkloadConfig& workload) {
  switch (workload.format.value_or(client::Format::jpeg)) {
    case client::Format::jpeg:
      return processing::Encoding::jpeg;
    case client::Format::png:
      return processing::Encoding::png;
    case client::Format::webp:
      return processing::Encoding::webp;
    case client::Format::avif:
      return processing::Encoding::avif;
    case client::Format::progressive_jpeg:
      return processing::Encoding::progressive_jpeg;
  }
  return processing::Encoding::jpeg;
}

processing::CostModel cost_model(const ScenarioConfig& scenario, StreamKey key) {
  const client::WorkloadConfig& w = scenario.workload;
  processing::Images images;
  if (w.image_bytes) images.mean = w.image_bytes->mean();
  images.bits_per_pixel = bits_per_pixel(w.format.value_or(client::Format::jpeg));
  images.rendition_share = w.rendition_bytes.value;
  images.format = encoding(w);
  return {*scenario.deployment.processing, images, key};
}

bool reports_others(const ScenarioConfig& scenario) {
  const auto& objectives = scenario.slo.objectives;
  return std::any_of(scenario.faults.begin(), scenario.faults.end(),
                     [](const auto& fault) { return faults::more_load(fault.kind).users > 0; }) ||
         std::any_of(objectives.begin(), objectives.end(),
                     [](const auto& objective) { return objective.metric.starts_with("others."); });
}

faults::Workload workload_of(const ScenarioConfig& scenario) {
  const client::WorkloadConfig& w = scenario.workload;
  const auto& auth = scenario.deployment.auth;
  return {.users = w.users,
          .has_rate = client::has_rate(w.arrivals),
          .connects = w.connections.has_value(),
          .auth_cache = auth && auth->edge_cache};
}

std::vector<std::string> roles_of(const DeploymentConfig& d) {
  std::vector<std::string> roles;
  if (d.queue) roles.insert(roles.end(), {"queue.leader", "queue.followers"});
  return roles;
}

std::map<faults::Component, std::int64_t> instances_of(const DeploymentConfig& d,
                                                       const world::PlatformConfig& platform) {
  std::map<faults::Component, std::int64_t> instances;
  const auto add = [&](faults::Component component, const std::optional<Ref>& hosts) {
    if (!hosts) return;
    const auto group = platform.hosts.find(hosts->name);
    if (group != platform.hosts.end()) instances[component] = group->second.count;
  };
  if (d.load_balancer) add(faults::Component::load_balancer, d.load_balancer->hosts);
  if (d.api) add(faults::Component::api, d.api->hosts);
  if (d.auth) add(faults::Component::auth, d.auth->data_plane.hosts);
  if (d.queue) add(faults::Component::queue, d.queue->hosts);
  if (d.processing) add(faults::Component::processing, d.processing->hosts);
  if (d.usage) add(faults::Component::usage_store, d.usage->store.hosts);
  return instances;
}

}  // namespace headroom::study
