#pragma once

#include <string>
#include <string_view>

/// The names of what can limit a service (SPEC §4, verdicts): the one place that they come from, for whoever
/// measures use against a bound and whoever computes it beforehand.
namespace headroom::metrics::resource {

// Cores of a tier's hosts; of the workers, those that have a slot.
inline constexpr std::string_view kLoadBalancer = "lb";
inline constexpr std::string_view kApi = "api";
inline constexpr std::string_view kAuth = "auth";
inline constexpr std::string_view kProcessing = "processing";
// Bounds on what waits or is under way: they hold requests, they do not serve them.
inline constexpr std::string_view kHeldSlots = "processing.slots";
inline constexpr std::string_view kMaxWaiting = "processing.max_waiting";
inline constexpr std::string_view kQueueCapacity = "queue.capacity";
inline constexpr std::string_view kMaxInFlight = "api.max_in_flight";
inline constexpr std::string_view kQuota = "api.quota_per_user";

/// `disk host/queue-1`
std::string disk(std::string_view host);
/// Of a link as the network names it, without its direction: `nic/lb-1/up` is `nic host/lb-1`, `rack/a1/down`
/// is `uplink rack/a1`, `zone/a/up` is `uplink zone/a`, `zones/b-a` is `between zone/a and zone/b`,
/// `internet/down` is `internet`.
std::string link(std::string_view network_link);

/// What the members of a tier are called: "servers"; empty for what is there but once.
std::string_view members(std::string_view name);
/// How its share is told: 93 % "busy", "full" …
std::string_view state(std::string_view name);

}  // namespace headroom::metrics::resource
