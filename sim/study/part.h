#pragma once

#include <concepts>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/calls/members.h"
#include "sim/faults/component.h"
#include "sim/metrics/result.h"
#include "sim/world/caches.h"
#include "sim/world/traffic.h"
#include "sim/world/world.h"

namespace headroom::study {

/// A component of a deployment, as far as all of them are alike: its name, its processes, and its life. The
/// words are those of the models, too:
///
///     start        begins what it does by itself
///     idle         nothing waits or is worked on in it
///     wind_down    no more requests will come: ships what is left, and ends what would go on for ever
///     wound_down   that is done
///     tear_down    the run is over: what is open has no outcome; the world may be destroyed after it
///     report       what it counted, and what its checkers found
///
/// What a component lacks it does not need: that is empty.
struct Part {
  using Slots = std::vector<world::ProcessSlot*>;
  std::string name;
  std::function<void()> start;
  std::function<bool()> idle;
  std::function<void()> wind_down;
  std::function<bool()> wound_down;
  std::function<void()> tear_down;
  std::function<void(metrics::ResultBuilder&)> report;
  /// As faults know it, and its instances, in the order of their hosts; null: it has none.
  std::optional<faults::Component> component;
  const calls::Members* members = nullptr;
  /// Who plays a role in it now, by the role's name: "queue.leader".
  std::map<std::string, std::function<Slots()>, std::less<>> roles;
  // What faults can change in it, beside its hardware and software; null: nothing of the kind.
  world::Traffic* traffic = nullptr;
  world::Caches* caches = nullptr;
};

/// The life of a component that calls it so, which outlives the part.
template <class T>
Part part_of(std::string name, T& of) {
  Part part;
  part.name = std::move(name);
  if constexpr (requires { of.start(); }) part.start = [&of] { of.start(); };
  if constexpr (requires { of.idle(); }) part.idle = [&of] { return of.idle(); };
  if constexpr (requires { of.wind_down(); }) part.wind_down = [&of] { of.wind_down(); };
  if constexpr (requires { of.wound_down(); }) part.wound_down = [&of] { return of.wound_down(); };
  if constexpr (requires { of.tear_down(); }) part.tear_down = [&of] { of.tear_down(); };
  if constexpr (requires(metrics::ResultBuilder& results) { of.report(results); })
    part.report = [&of](metrics::ResultBuilder& results) { of.report(results); };
  if constexpr (std::derived_from<T, world::Traffic>) part.traffic = &of;
  if constexpr (std::derived_from<T, world::Caches>) part.caches = &of;
  return part;
}

}  // namespace headroom::study
