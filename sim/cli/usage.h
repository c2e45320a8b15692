#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

namespace headroom::cli {

/// What is wrong with the command line, with the nearest command or option, and where to find help.
std::string explain(const CLI::App& app, const CLI::ParseError& error, int argc, const char* const* argv);

/// Makes it an option that takes whole numbers from `low` to `high`, in decimal, leading zeros or not.
CLI::Option* whole_number(CLI::Option* option, std::int64_t low, std::int64_t high);

}  // namespace headroom::cli
