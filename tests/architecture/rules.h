#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace headroom::architecture {

/// Text files by path from the root of the repository, with forward slashes.
using Tree = std::map<std::string, std::string>;

/// The sources, build files and READMEs under sim/ and models/ of the repository at `root`.
Tree read_tree(const std::filesystem::path& root);

/// Everything in the tree that breaks a rule of the layout, one sentence each; empty if the layout holds.
///
/// - Folders stand on five floors: base ← config, metrics, world ← models, faults, invariants, report ← study
/// ←
///   cli. A file includes its own folder and lower floors only; every model may also include models/calls.
/// - Files of this repository are included in quotes, by their path from its root.
/// - yaml-cpp belongs to sim/config, SimGrid to sim/world, libvips to models/processing/calibrate; <random>
/// to
///   nobody.
/// - The link lists of the targets obey the same floors, and name (directly or through others) every folder
/// that
///   is included.
/// - Each folder under sim/ and models/ has a README.md.
/// - In sim/study, the language of scenarios includes nothing of what runs them (its README.md).
std::vector<std::string> violations(const Tree& tree);

}  // namespace headroom::architecture
