#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/describe.h"
#include "sim/faults/hardware.h"
#include "sim/faults/target.h"

namespace headroom::faults {

enum class Cache { auth };

/// Caches are emptied, all of that name at the same instant. Nothing is left to be undone.
struct Flush {
  static constexpr std::string_view tag = "flush";
  static constexpr bool momentary = true;
  Cache cache = Cache::auth;
  template <class V>
  static void describe(V& v) {
    v.required("cache", &Flush::cache, "auth: the edge caches of credentials");
  }

  void check_targets(const std::string& path, const Names& names, Complaints& complaints) const;
  std::string subject() const;
  std::vector<Flush> parts(const world::Topology&) const { return {*this}; }
  Duration recovery() const { return {}; }
  std::unique_ptr<Effect> strike(Hardware& hardware, Engine& draw) const;
};

}  // namespace headroom::faults

template <>
struct headroom::enum_names<headroom::faults::Cache> {
  static constexpr std::string_view names[] = {"auth"};
};
