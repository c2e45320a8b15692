#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sim/base/units.h"

namespace headroom::cli {

/// What is wrong with the command line, with the nearest command or option, and where to find help.
std::string explain(const CLI::App& app, const CLI::ParseError& error, int argc, const char* const* argv);

/// Makes it an option that takes whole numbers from `low` to `high`, in decimal, leading zeros or not.
CLI::Option* whole_number(CLI::Option* option, std::int64_t low, std::int64_t high);

/// Makes it an option that takes numbers from `low` to `high`, whole or not.
CLI::Option* number(CLI::Option* option, double low, double high);

/// Makes it an option that takes one of these names (of lists: each of them is one); `what` they are the
/// names of, for messages.
CLI::Option* one_of(CLI::Option* option, std::string_view what, std::span<const std::string_view> names);

/// Makes it an option that takes a duration with its unit; `zero`: also none at all. `duration_of` reads what
/// such an option was given.
CLI::Option* duration(CLI::Option* option, bool zero);
Duration duration_of(const std::string& text);

/// Makes it an option that takes a share from `low` to `high`, such as 95%. `share_of` reads what such an
/// option was given.
CLI::Option* share(CLI::Option* option, double low, double high);
Share share_of(const std::string& text);

}  // namespace headroom::cli
