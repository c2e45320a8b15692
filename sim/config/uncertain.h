#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sim/base/distribution.h"
#include "sim/base/random.h"
#include "sim/config/diagnostics.h"
#include "sim/config/node.h"

namespace headroom::config {

/// A value of a scenario that is not known exactly: a rate, a share, a duration or a size, and how likely
/// which one is.
struct Uncertain {
  std::string path;  ///< as in `--set`
  Mark where;        ///< of the path
  std::string text;  ///< the distribution, as it was written
  Node law_node;
  law::Any law{};
  std::string (*print)(double raw) = nullptr;  ///< of what is drawn

  /// One draw, to six digits, as it would be written.
  std::string draw(Engine& engine) const;
};

/// `PATH=DISTRIBUTION`: the law is YAML as everywhere in the language. Errors read
/// `--uncertain PATH:1:col: error: …`.
std::optional<Uncertain> parse_uncertain(std::string_view assignment, Diagnostics& diagnostics);

/// Reads its law as one of quantities such as `like`, the scenario's own value there. False, and an error, if
/// that is no rate, share, duration or size, or the law is none of such.
bool read_law(Uncertain& uncertain, const std::string& like, Diagnostics& diagnostics);

}  // namespace headroom::config
