#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sim/config/diagnostics.h"
#include "sim/config/node.h"

namespace headroom::config {

/// Limits that keep hostile or broken input from costing time or memory.
inline constexpr std::size_t kMaxFileBytes = 16u << 20;
inline constexpr std::uint64_t kMaxNodes = 1'000'000;  ///< aliases counted as often as they are used
inline constexpr int kMaxDepth = 64;

/// One YAML 1.2 document (core schema) as a tree; nothing, and an error, if it is not that: syntax errors,
/// several documents, tags other than !!str, invalid UTF-8, no content, or beyond the limits. Duplicate keys
/// and lines without a colon are errors, too, but leave a tree in which what else is wrong can be found.
std::optional<Node> read_text(const std::shared_ptr<const Source>& source, Diagnostics& diagnostics);
std::optional<Node> read_file(const std::string& path, Diagnostics& diagnostics);

/// The file's content, or nothing and an error at `named_at` (or `FILE: error: cannot read …` if that is no
/// place). Not larger than kMaxFileBytes, valid UTF-8 without binary junk; a byte order mark is taken off.
std::shared_ptr<const Source> load_source(const std::string& path, const Mark& named_at,
                                          Diagnostics& diagnostics);

/// `file` as seen from where it is named: relative names are relative to the folder of the source that they
/// stand in, in --set to the current folder.
std::string resolve_path(const std::string& file, const Mark& named_at);

}  // namespace headroom::config
