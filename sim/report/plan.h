#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/metrics/batch_means.h"
#include "sim/metrics/metric_info.h"
#include "sim/report/chart.h"
#include "sim/report/machine.h"
#include "sim/report/result_folder.h"
#include "sim/report/sweep.h"

namespace headroom::report {

/// The cheapest configuration that holds, how sure that is, and what was tried to find it.
struct Plan {
  enum class Told { holds, misses, undecided };

  /// What a variant of a point says about an objective.
  struct Value {
    Told told = Told::undecided;
    bool indifferent = false;  ///< told by the mean, for the bound is too near to matter
    std::optional<double> value;
    std::optional<metrics::Interval> interval;  ///< that had to clear the bound
    double margin = 0;                          ///< see study/decision.h
  };
  /// A state of a point in which the objectives have to hold.
  struct Variant {
    std::string name;  ///< "undisturbed", "rack/a1 down"
    Told told = Told::undecided;
    int replications = 0;
    std::string unsettled;          ///< why it has not settled; empty: it has
    std::string limited_by;         ///< "api: 2 of 3 servers, 100 % busy"
    std::vector<Value> objectives;  ///< in the order of the plan's
  };
  /// What comes nearest to failing, or fails most.
  struct Binding {
    std::string objective;  ///< "latency.p99_ms <= 500"; "load below capacity"
    std::string under;      ///< the variant
    std::string limited_by;
  };
  struct Point {
    std::vector<std::size_t> at;  ///< for each axis, the index of its value
    Told told = Told::undecided;
    double objective = 0;
    int replications = 0;
    std::vector<Variant> variants{};  ///< empty: arithmetic ruled it out
    Binding binding{};
  };
  struct Objective {
    std::string text;  ///< "yield >= 0.999"
    std::string metric;
    std::string of{};  ///< "images below 1MB"
    double bound = 0;
    bool at_least = false;
  };
  /// One step more or less on an axis, all else as in the answer.
  struct Neighbour {
    std::size_t axis = 0;
    bool more = true;
    std::string value;                 ///< on that axis
    std::optional<std::size_t> point;  ///< in `points`; none: it was ruled out by another that misses
  };
  /// When the load will be what the answer holds.
  struct Growth {
    double per_period = 0;  ///< 0.05: 5 %
    double period_s = 0;
    double lasts_s = 0;
  };
  /// What was found with inputs that are not known exactly, drawn anew in each world.
  struct Uncertain {
    struct Choice {
      std::vector<std::size_t> at;  ///< as of a point
      double objective = 0;
      int right_in = 0;  ///< worlds in which it is the cheapest that holds
      int holds_in = 0;
      int fails_in = 0;  ///< or cannot be told
      /// Where it holds: how much more it is than the cheapest that does, on average.
      std::optional<double> too_much;
    };
    std::vector<std::string> inputs;  ///< "arrivals.poisson={normal: …}"
    int worlds = 0;                   ///< that were planned
    int wanted = 0;
    std::vector<Choice> choices;        ///< the right ones of some world, and the answer, the cheapest first
    std::optional<std::size_t> answer;  ///< in `choices`: the cheapest that holds in enough worlds
    int replications = 0;
    /// World by world: what was drawn, and what is right there (in `choices`); none: nothing holds.
    std::vector<std::pair<std::vector<std::string>, std::optional<std::size_t>>> by_world;
  };
  enum class Ended { found, interrupted, budget, failed };

  std::string scenario;
  std::string question;  ///< may be empty
  std::uint64_t seed = 0;
  double measured_s = 0;  ///< the window of a replication
  std::vector<Sweep::Axis> axes;
  std::size_t candidates = 0;
  std::size_t impossible = 0;  ///< of them, those that arithmetic ruled out
  std::string goal;            ///< "cost.usd_per_hour", or the path that is made small or large
  bool maximize = false;
  double confidence = 0.95;
  std::vector<std::string> survive;  ///< kinds of things of which any one may be gone
  std::vector<Objective> objectives;
  std::vector<Point> points;           ///< in the order in which they were tested
  std::optional<std::size_t> answer;   ///< the cheapest that holds, in `points`
  std::optional<std::size_t> nearest;  ///< of none that holds, what comes nearest
  std::vector<std::size_t> undecided;  ///< cheaper than the answer, and not known to miss
  std::vector<Neighbour> neighbours;
  /// One that holds though one that has no less of anything misses: in `points`.
  std::optional<std::pair<std::size_t, std::size_t>> contradiction;
  Ended ended = Ended::found;
  std::optional<double> own;  ///< of `maximize`: the scenario's own value, in the goal's unit
  std::optional<Growth> growth;
  std::optional<Uncertain> uncertain;
  std::span<const metrics::MetricInfo> catalogue{};  ///< not in any file

  /// Whether there is an answer: with something uncertain, one that holds in enough worlds.
  bool found() const { return uncertain ? uncertain->answer.has_value() : answer.has_value(); }
  int replications() const;
  /// sure: it is known to hold, and all that is cheaper to miss. none: all are known to miss.
  enum class Status { sure, unsure, none };
  Status status() const;
};

/// What a plan's folder is written from.
struct PlanFiles {
  Plan plan;
  std::string scenario_yaml;  ///< of the answer (or of what comes nearest), ready to run
  Effort effort;
};

/// What `headroom plan` prints: the answer, what it costs, how far each objective is from its bound, what
/// limits, what a step more and a step less do, what was tested. `folder` is where the result was written.
std::string table(const Plan&, const std::filesystem::path& folder, bool colours);
/// "worker.count = 40 holds: 50.4 USD/h", in one line.
std::string answer_text(const Plan&);
/// "worker.count = 40, cores = 16"; `at`: for each axis, the index of its value.
std::string values_text(const std::vector<Sweep::Axis>& axes, const std::vector<std::size_t>& at);
/// "holds", "misses", "undecided"
std::string_view name_of(Plan::Told);
/// "sure", "unsure", "none"
std::string_view name_of(Plan::Status);
/// Whether what is made small or large is itself varied.
bool goal_is_varied(const Plan&);
/// "cost.usd_per_hour [USD/h]": for an axis.
std::string goal_label(const Plan&);
/// ", with any one host or rack gone"; empty if nothing need be survived.
std::string with_any_gone(const Plan&);
/// "50.4 USD/h", "180/s", "40": what is made small or large, at a point.
std::string goal_text(const Plan&, const Plan::Point&);

/// plan.json (SPEC §7).
std::string to_json(const Plan&);
/// points.csv: a row for each variant of each point.
std::string points_csv(const Plan&);
/// worlds.csv: what was drawn in each world, and what is right there.
std::string worlds_csv(const Plan&);
/// What is made small or large against each objective, and, of two numeric axes, where the edge is.
std::vector<Chart> figures(const Plan&);
std::string html(const Plan&, const std::vector<Chart>&, const std::filesystem::path& figures);

/// Adds plan.json, points.csv, scenario.yaml, machine.json, figures/ and report.html to a folder, `below` it.
void add_plan(NewFolder& fresh, const std::filesystem::path& below, const PlanFiles&, bool figures,
              Written& written);
/// A folder of these; see write_sweep.
Written write_plan(const std::filesystem::path& folder, const PlanFiles&, bool figures,
                   const std::function<std::optional<Problem>(NewFolder&)>& more = {});

}  // namespace headroom::report
