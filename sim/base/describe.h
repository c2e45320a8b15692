#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <vector>

/// The vocabulary in which a config struct says what it is, once. From one field list come parsing,
/// validation, defaults, the dump into scenario.yaml, the JSON Schema and the reference text (sim/config).
/// A config struct needs nothing but this header:
///
///     struct EdgeCache {
///       Duration ttl = Duration::s(300);
///       std::int64_t entries = 100'000;
///       std::optional<Duration> serve_stale_for;      // std::optional: may be left out, has no default
///       template <class V> static void describe(V& v) {
///         v.optional("ttl", &EdgeCache::ttl, "how long an entry is believed after it was fetched",
///         positive()); v.optional("entries", &EdgeCache::entries, "capacity; the least recently used is
///         evicted", at_least(1)); v.optional("serve_stale_for", &EdgeCache::serve_stale_for, "…");
///       }
///     };
///
/// `v.required(name, member, help, limits)`  the key must be there;
/// `v.optional(name, member, help, limits)`  the member's value in a default-constructed struct is the
/// default; `v.value(member, help, limits)`           instead of keys: the struct is written as this one bare
/// value
///                                           (`{poisson: 10000/s}`; an alternative of a variant, typically);
/// `v.one_of(a, b, …)`                       exactly one of these (std::optional) keys must be given.
/// `v.alternative(member, help)`             exactly one key of the map is the tag of an alternative of this
///                                           std::variant (`{at: 30s, crash: {…}}`).
/// Members may be: bool, std::int64_t, double, std::string, Duration, Bytes, Bandwidth, Rate, Share, Power,
/// Money, Price, Drift, Distribution<Q>, Ref, an enum with `enum_names`, another described struct,
/// std::optional, std::vector or std::map<std::string, …> of these, or a std::variant of described structs
/// that each have `static constexpr std::string_view tag` (written as a map of one key, the tag; a struct
/// without any field may also be written as the bare tag). A struct may add `static void check(const T&,
/// Complaints&)` for rules that span several fields.
namespace headroom {

/// The range that a number must lie in, in SI base units (seconds, bytes, 1/s; shares 0–1).
struct Limits {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false;
  bool high_open = false;
  constexpr bool allows(double x) const {
    return (low_open ? x > low : x >= low) && (high_open ? x < high : x <= high);
  }
};
constexpr Limits positive() {
  return {.low = 0, .low_open = true};
}
constexpr Limits not_negative() {
  return {.low = 0};
}
constexpr Limits at_least(double low) {
  return {.low = low};
}
constexpr Limits between(double low, double high) {
  return {.low = low, .high = high};
}

/// The name of something declared elsewhere in the scenario (a host group, say). Existence is checked once
/// the whole scenario is known.
struct Ref {
  std::string name;
  friend auto operator<=>(const Ref&, const Ref&) = default;
};

/// Names of an enum's values, in declaration order: specialise `enum_names<E>` with
/// `static constexpr std::string_view names[] = {"fifo", "processor_sharing"};`
template <class E>
struct enum_names;

/// Where rules that span several fields put what they found.
class Complaints {
 public:
  virtual ~Complaints() = default;
  /// `path` is dotted, relative to the struct ("" is the struct itself); the message says what is wrong and
  /// what was expected.
  virtual void add(std::string_view path, std::string message) = 0;
};

}  // namespace headroom
