#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/base/describe.h"
#include "sim/base/distribution.h"
#include "sim/base/units.h"
#include "sim/config/config.h"

/// A small scenario that uses everything that a description can say.
namespace headroom::config::test {

enum class Discipline { fifo, processor_sharing };

struct EdgeCache {
  Duration ttl = Duration::s(300);
  std::int64_t entries = 100'000;
  std::optional<Duration> serve_stale_for;
  template <class V>
  static void describe(V& v) {
    v.optional("ttl", &EdgeCache::ttl, "how long an entry is believed", positive());
    v.optional("entries", &EdgeCache::entries, "capacity", at_least(1));
    v.optional("serve_stale_for", &EdgeCache::serve_stale_for, "how long a stale entry may be served");
  }
  static void check(const EdgeCache& cache, Complaints& complaints) {
    if (cache.serve_stale_for && *cache.serve_stale_for < cache.ttl) {
      complaints.add("serve_stale_for", "shorter than ttl, expected at least as long");
    }
  }
};

struct Poisson {
  static constexpr std::string_view tag = "poisson";
  Rate rate{1};
  template <class V>
  static void describe(V& v) {
    v.value(&Poisson::rate, "mean rate", positive());
  }
};
struct Closed {
  static constexpr std::string_view tag = "closed";
  std::int64_t users = 1;
  Distribution<Duration> think_time;
  template <class V>
  static void describe(V& v) {
    v.required("users", &Closed::users, "how many", at_least(1));
    v.optional("think_time", &Closed::think_time, "between answer and next request");
  }
};
struct Silent {
  static constexpr std::string_view tag = "silent";
  template <class V>
  static void describe(V&) {}
};
struct Steady {
  static constexpr std::string_view tag = "steady";
  Duration every = Duration::s(1);
  template <class V>
  static void describe(V& v) {
    v.optional("every", &Steady::every, "interval", positive());
  }
};
using Arrivals = std::variant<Silent, Poisson, Closed, Steady>;

struct Crash {
  static constexpr std::string_view tag = "crash";
  Ref target;
  template <class V>
  static void describe(V& v) {
    v.required("target", &Crash::target, "what dies");
  }
};
struct Flush {
  static constexpr std::string_view tag = "flush";
  template <class V>
  static void describe(V&) {}
};
struct Fault {
  std::optional<Duration> at;
  std::optional<Duration> every;
  std::variant<Crash, Flush> kind;
  template <class V>
  static void describe(V& v) {
    v.optional("at", &Fault::at, "when");
    v.optional("every", &Fault::every, "how often", positive());
    v.alternative(&Fault::kind, "what");
    v.one_of("at", "every");
  }
};

/// A type with its own way of being written: `ideal`, or a bandwidth.
struct Network {
  std::optional<Bandwidth> limit;
};

struct Example {
  std::string name;
  bool trace = false;
  double speed = 1;
  Discipline discipline = Discipline::fifo;
  Bytes size{1000};
  Share share{0.5};
  Price price;
  Power power;
  Money budget;
  Network network;
  Duration offset;
  std::optional<Duration> deadline = Duration::s(2);
  EdgeCache cache{.ttl = Duration::s(60), .entries = 5, .serve_stale_for = {}};
  std::optional<EdgeCache> second_cache;
  Distribution<Duration> latency = Distribution<Duration>::constant(Duration::ms(1));
  Distribution<Bytes> image_bytes = Distribution<Bytes>::exponential(Bytes(256'000));
  Arrivals arrivals = Poisson{Rate{10}};
  std::vector<Fault> faults;
  std::vector<Duration> steps;
  std::map<std::string, EdgeCache> caches;
  template <class V>
  static void describe(V& v) {
    v.required("name", &Example::name, "what it is called");
    v.optional("trace", &Example::trace, "whether to write a trace");
    v.optional("speed", &Example::speed, "relative to the reference core", positive());
    v.optional("discipline", &Example::discipline, "who is served next");
    v.optional("size", &Example::size, "of a record");
    v.optional("share", &Example::share, "of the whole");
    v.optional("price", &Example::price, "of a host");
    v.optional("power", &Example::power, "drawn");
    v.optional("budget", &Example::budget, "to spend");
    v.optional("network", &Example::network, "how fast");
    v.optional("offset", &Example::offset, "of a clock", between(-3600, 3600));
    v.optional("deadline", &Example::deadline, "for the whole request", positive());
    v.optional("cache", &Example::cache, "at the edge");
    v.optional("second_cache", &Example::second_cache, "behind it");
    v.optional("latency", &Example::latency, "one way", positive());
    v.optional("image_bytes", &Example::image_bytes, "of an image");
    v.optional("arrivals", &Example::arrivals, "when requests come");
    v.optional("faults", &Example::faults, "what breaks");
    v.optional("steps", &Example::steps, "one after the other", positive());
    v.optional("caches", &Example::caches, "by name");
  }
};

}  // namespace headroom::config::test

template <>
struct headroom::enum_names<headroom::config::test::Discipline> {
  static constexpr std::string_view names[] = {"fifo", "processor_sharing"};
};

template <>
struct headroom::config::Codec<headroom::config::test::Network> {
  using Network = headroom::config::test::Network;
  static bool parse(const Node& node, Network& out, Diagnostics& diagnostics) {
    out.limit.reset();
    if (node.is_scalar() && node.text() == "ideal") return true;
    return config::parse(node, out.limit.emplace(), diagnostics);
  }
  static Node dump(const Network& network) {
    return network.limit ? config::dump(*network.limit) : Node::scalar("ideal");
  }
  static void schema(nlohmann::json& out, nlohmann::json& defs) {
    out = {{"anyOf", {{{"const", "ideal"}}, schema_part<Bandwidth>(defs)}}};
  }
  static std::string what() { return "`ideal` or bandwidth"; }
};
