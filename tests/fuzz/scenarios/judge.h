#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace headroom::fuzz {

/// What is wrong with the result in this folder, whatever its scenario: numbers that are none, shares outside
/// of 0–1, intervals that do not hold their mean or leave the possible, negative counts and times, outcomes
/// and attempts that do not sum up, percentiles that fall, violated invariants. Empty: nothing.
std::vector<std::string> judge(const std::filesystem::path& result);

}  // namespace headroom::fuzz
