#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/report/chart.h"

/// What the pages of all reports have in common.
namespace headroom::report {

/// Text as it stands in HTML.
std::string escaped(std::string_view text);
/// All up to the begin of the body, style included.
std::string page_begin(std::string_view title);
std::string page_end();

/// The figures FOLDER/FILE.svg with their captions; those that are missing are left out.
std::string figures_section(const std::vector<Chart>&, const std::filesystem::path& folder);
/// The same page with other figures; nothing if it is not a page of ours.
std::optional<std::string> with_figures(const std::string& page, const std::vector<Chart>&,
                                        const std::filesystem::path& figures);

}  // namespace headroom::report
