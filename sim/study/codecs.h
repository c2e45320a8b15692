#pragma once

#include "sim/config/config.h"
#include "sim/study/scenario.h"

/// Types of the language that are not just a list of fields.
namespace headroom::config {

/// `ideal`, or the links.
template <>
struct Codec<world::NetworkConfig> {
  static bool parse(const Node&, world::NetworkConfig& out, Diagnostics&);
  static Node dump(const world::NetworkConfig&);
  static void schema(nlohmann::json& out, nlohmann::json& defs);
  static std::string what();
};

/// The name of a CSV file (`at_s,image_bytes,user,pixels`; only the first column is required), or the rows.
template <>
struct Codec<client::Trace> {
  static bool parse(const Node&, client::Trace& out, Diagnostics&);
  static Node dump(const client::Trace&);
  static void schema(nlohmann::json& out, nlohmann::json& defs);
  static std::string what();
};

/// The name of a profile file, or what would stand in it.
template <>
struct Codec<processing::Profile> {
  static bool parse(const Node&, processing::Profile& out, Diagnostics&);
  static Node dump(const processing::Profile&);
  static void schema(nlohmann::json& out, nlohmann::json& defs);
  static std::string what();
};

/// A map from metrics to bounds, and `only`.
template <>
struct Codec<study::SloConfig> {
  static bool parse(const Node&, study::SloConfig& out, Diagnostics&);
  static Node dump(const study::SloConfig&);
  static void schema(nlohmann::json& out, nlohmann::json& defs);
  static std::string what();
};

/// A name, a list of targets, or `{pick: N, of: TARGET}`.
template <>
struct Codec<faults::Target> {
  static bool parse(const Node&, faults::Target& out, Diagnostics&);
  static Node dump(const faults::Target&);
  static void schema(nlohmann::json& out, nlohmann::json& defs);
  static std::string what();
};

/// A number of instances, or a share of them.
template <>
struct Codec<faults::Wave> {
  static bool parse(const Node&, faults::Wave& out, Diagnostics&);
  static Node dump(const faults::Wave&);
  static void schema(nlohmann::json& out, nlohmann::json& defs);
  static std::string what();
};

/// A map from paths to the values that they take, and from names to alternatives (config/vary.h).
template <>
struct Codec<study::VaryConfig> {
  static bool parse(const Node&, study::VaryConfig& out, Diagnostics&);
  static Node dump(const study::VaryConfig&);
  static void schema(nlohmann::json& out, nlohmann::json& defs);
  static std::string what();
};

/// The whole language is instantiated once, in language.cpp.
extern template const Type& type_of<study::ScenarioConfig>();
extern template const Type& type_of<world::PlatformConfig>();

}  // namespace headroom::config
