#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "sim/report/files.h"

namespace headroom::report {

/// Runs gnuplot on a script, in a folder, without a shell and without the user's settings; kills it after
/// `seconds`. The problem says what to do: install it, or what it complained about.
std::optional<Problem> run_gnuplot(std::string_view script, const std::filesystem::path& folder, int seconds);

}  // namespace headroom::report
