#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

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

/// CPU time as measured on a machine: linear in the image's pixels and bytes, times a residual drawn from
/// those that the measurement left. Written as the name of a file, or as a map.
struct Profile {
  static constexpr std::string_view tag = "profile";
  std::string profile;             ///< its name
  Duration fixed;                  ///< per conversion
  Duration per_input_megapixel;    ///< decoding and shrinking
  Duration per_output_megapixel;   ///< resampling and encoding
  Duration per_input_megabyte;     ///< 10^6 bytes: entropy decoding
  std::vector<double> residuals;   ///< factors on the CPU time, each as probable as the others; empty: 1
  std::vector<double> contention;  ///< rate of each core when 1, 2, … cores are busy; empty: 1 throughout
  template <class V>
  static void describe(V& v) {
    v.required("profile", &Profile::profile, "its name");
    v.optional("fixed", &Profile::fixed, "CPU per conversion", not_negative());
    v.optional("per_input_megapixel", &Profile::per_input_megapixel, "CPU per million pixels read",
               not_negative());
    v.optional("per_output_megapixel", &Profile::per_output_megapixel, "CPU per million pixels written",
               not_negative());
    v.optional("per_input_megabyte", &Profile::per_input_megabyte, "CPU per million bytes read",
               not_negative());
    v.optional("residuals", &Profile::residuals,
               "factors on the CPU time, drawn for each conversion (default: always 1)", between(0, 1000));
    v.optional("contention", &Profile::contention,
               "relative rate of each busy core when 1, 2, … cores are busy; the last value holds beyond "
               "(default: 1)",
               Limits{.low = 0, .high = 2, .low_open = true});
  }
  static void check(const Profile& p, Complaints& complaints);
};
using Cost = std::variant<ConversionsPerCore, Profile>;

/// The worker fleet that resizes images.
struct ProcessingConfig {
  Ref hosts;
  std::optional<Cost> cost;
  std::optional<Distribution<Duration>> service_time;
  std::optional<std::int64_t> slots;
  Discipline discipline = Discipline::fifo;
  std::optional<std::int64_t> max_waiting;
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
  }
};

}  // namespace headroom::processing

namespace headroom {
template <>
struct enum_names<processing::Discipline> {
  static constexpr std::string_view names[] = {"fifo", "processor_sharing"};
};
}  // namespace headroom
