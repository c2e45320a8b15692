#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/report/files.h"

namespace headroom::report {

/// What breaking one thing after another did to a scenario.
struct Survival {
  /// What was found of a run; of what the scenario does not have, nothing.
  struct Found {
    std::optional<double> during;  ///< yield of requests sent while it was broken, until it was up again
    std::optional<double> late;    ///< of those in the second half of that time: what takes over has done so
    std::optional<double> window;  ///< yield of the whole window
    std::optional<double> harvest, p99_ms;
    std::optional<double> heal_s;  ///< from its being up again; none: not within the window
    std::optional<double> lost_jobs, doubled_jobs, billing_error;
    std::vector<std::string> missed;  ///< "yield >= 0.999"
  };
  struct Thing {
    std::string what;               ///< "host/lb-1"
    std::string kind;               ///< "host"; "pair": two at once
    std::vector<std::string> like;  ///< the others that it stands for
    std::string stands_for;         ///< all of them for people: "2 hosts, 2 processes"
    std::string falls;              ///< "1 of 2 lb"
    std::optional<Found> found;     ///< none: its runs are not complete
    /// The service still fails when what takes over has done so. Of one thing: a single point of failure.
    bool fails = false;
    bool holds_smaller = false;  ///< something falls with it that fails the service by itself
    bool pair() const { return kind == "pair"; }
  };
  std::string scenario;
  std::string question;  ///< may be empty
  std::uint64_t seed = 0;
  int replications = 0;
  double measured_s = 0;    ///< the window
  double scenario_s = 0;    ///< the scenario's own: shorter if it was lengthened
  double at_s = 0;          ///< since the start of the simulation
  double for_s = 0;         ///< then things come up again
  bool background = false;  ///< the scenario has faults of its own
  std::string fingerprint;
  double needed = 0;          ///< yield below which the service has failed
  bool needed_is_slo = true;  ///< false: there is no objective for it
  std::optional<Found> undisturbed;
  std::vector<Thing> things;  ///< the worst first
  std::int64_t hosts = 0;     ///< that the things are of
  std::int64_t checked = 0;   ///< invariants
  std::vector<std::string> violated{};

  std::size_t complete() const;
  bool partial() const { return complete() < things.size(); }
};

/// What is a single point of failure, in the order of the things.
std::vector<std::string> single_points(const Survival&);
/// Two things that only together fail the service.
std::vector<std::string> fatal_pairs(const Survival&);

/// Puts the worst first: the lowest yield while it was broken, then in the window, then the highest p99.
/// What is not complete comes last.
void sort_worst_first(Survival&);

/// The folder of a run: "runs/host-lb-1"; "runs/undisturbed" of the one in which nothing breaks.
std::string run_folder(const Survival::Thing&);
inline constexpr const char* kUndisturbed = "runs/undisturbed";

/// survive.json, survive.csv
std::string to_json(const Survival&);
std::string to_csv(const Survival&);

bool is_survival(const std::filesystem::path& folder);
/// Reads survive.json.
std::variant<Survival, Problem> load_survival(const std::filesystem::path& folder);

}  // namespace headroom::report
