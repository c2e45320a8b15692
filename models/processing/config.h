#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "models/processing/profile.h"
#include "sim/base/describe.h"
#include "sim/base/distribution.h"
#include "sim/base/units.h"

namespace headroom::processing {

enum class Discipline { fifo, processor_sharing };

/// An image of the workload's mean size takes 1/rate on one core, others in proportion to their bytes.
struct ConversionsPerCore {
  static constexpr std::string_view tag = "conversions_per_core";
  Rate rate;
  template <class V>
  static void describe(V& v) {
    v.value(&ConversionsPerCore::rate, "images of mean size that one core converts per unit of time",
            positive());
  }
};

/// How fast cores are when more of them are busy than the profile was measured with: by the Universal
/// Scalability Law, or as with the most that were measured.
enum class Beyond { usl, hold };

/// What a conversion costs; with a profile that has kernels, also which of them is meant.
struct Cost {
  std::variant<ConversionsPerCore, Profile> by;
  std::optional<Operation> operation = std::nullopt;
  std::optional<Encoding> output = std::nullopt;
  std::optional<std::int64_t> width = std::nullopt;
  std::optional<Beyond> beyond_measured = std::nullopt;
  template <class V>
  static void describe(V& v) {
    v.alternative(&Cost::by, "where the cost comes from");
    v.optional("operation", &Cost::operation, "which of the profile's kernels (default: thumbnail)");
    v.optional("output", &Cost::output,
               "encoding of the renditions (default: that of the images, workload.format)");
    v.optional("width", &Cost::width,
               "side of the square that a rendition is fitted into (default: workload.rendition_bytes is the "
               "renditions' share of the pixels, too)",
               between(1, 1e6));
    v.optional("beyond_measured", &Cost::beyond_measured,
               "speed of cores when more are busy than were measured: by the Universal Scalability Law "
               "(default), or "
               "hold the last speed measured");
  }
  static void check(const Cost& c, Complaints& complaints);
  const Profile* profile() const { return std::get_if<Profile>(&by); }
};

/// How a worker fetches the image of a job that a queue gave it, from the server that asked.
struct FetchConfig {
  Duration timeout = Duration::s(1);
  template <class V>
  static void describe(V& v) {
    v.optional("timeout", &FetchConfig::timeout,
               "no byte of an image for so long, and the worker lets go of it; the queue gives the job to "
               "another worker, unless nobody waits for it any more",
               positive());
  }
};

/// The worker fleet that resizes images.
struct ProcessingConfig {
  Ref hosts;
  std::optional<Cost> cost;
  std::optional<Distribution<Duration>> service_time;
  std::optional<std::int64_t> slots;
  Discipline discipline = Discipline::fifo;
  std::optional<std::int64_t> max_waiting;
  FetchConfig fetch;
  template <class V>
  static void describe(V& v) {
    v.required("hosts", &ProcessingConfig::hosts, "host group of the workers");
    v.optional("cost", &ProcessingConfig::cost, "CPU of a conversion from the image's size");
    v.optional("service_time", &ProcessingConfig::service_time,
               "CPU of a conversion drawn from a distribution");
    v.one_of("cost", "service_time");
    v.optional("slots", &ProcessingConfig::slots, "jobs that a host works on at once (default: its cores)",
               between(1, 1e6));
    v.optional("discipline", &ProcessingConfig::discipline,
               "fifo: jobs wait for a free slot; processor_sharing: all jobs share the cores");
    v.optional("max_waiting", &ProcessingConfig::max_waiting,
               "jobs that may wait on a host; more are rejected (default: no limit)", not_negative());
    v.optional("fetch", &ProcessingConfig::fetch,
               "how images are fetched (with a queue and payload: reference)");
  }
};

}  // namespace headroom::processing

namespace headroom {
template <>
struct enum_names<processing::Beyond> {
  static constexpr std::string_view names[] = {"usl", "hold"};
};
template <>
struct enum_names<processing::Discipline> {
  static constexpr std::string_view names[] = {"fifo", "processor_sharing"};
};
}  // namespace headroom
