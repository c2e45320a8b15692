#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/api/config.h"
#include "models/auth/config.h"
#include "models/balancer/config.h"
#include "models/client/config.h"
#include "models/processing/config.h"
#include "models/queue/config.h"
#include "models/usage/config.h"
#include "sim/base/describe.h"
#include "sim/base/units.h"
#include "sim/faults/config.h"
#include "sim/metrics/slo.h"
#include "sim/study/availability.h"
#include "sim/study/plan_config.h"
#include "sim/study/until.h"
#include "sim/study/vary_config.h"
#include "sim/world/platform.h"

namespace headroom::study {

/// How long is simulated, and how often.
struct RunConfig {
  Duration warmup;
  Duration duration = Duration::s(60);
  Duration drain = Duration::s(60);
  std::int64_t replications = 1;
  std::optional<UntilConfig> until;
  template <class V>
  static void describe(V& v) {
    v.optional("warmup", &RunConfig::warmup, "simulated before measuring begins", not_negative());
    v.optional("duration", &RunConfig::duration, "the measured window", between(1e-6, 1e9));
    v.optional("drain", &RunConfig::drain,
               "longest wait for the outcomes of the window's requests; what is left then is unfinished",
               not_negative());
    v.optional("replications", &RunConfig::replications, "independent runs; intervals come from their spread",
               between(1, 10'000));
    v.optional("until", &RunConfig::until,
               "`headroom run` goes on replicating until a metric is as precise as that; other commands do "
               "not look at "
               "it");
  }
};

/// The components; one that is left out is absent from the request path and costs nothing.
struct DeploymentConfig {
  std::optional<balancer::BalancerConfig> load_balancer;
  std::optional<api::ApiConfig> api;
  std::optional<auth::AuthConfig> auth;
  std::optional<queue::QueueConfig> queue;
  std::optional<processing::ProcessingConfig> processing;
  std::optional<usage::UsageConfig> usage;
  template <class V>
  static void describe(V& v) {
    v.optional("load_balancer", &DeploymentConfig::load_balancer, "in front of the service");
    v.optional("api", &DeploymentConfig::api, "customer-facing API servers");
    v.optional("auth", &DeploymentConfig::auth, "identity: edge cache and data plane");
    v.optional("queue", &DeploymentConfig::queue, "between API servers and workers");
    v.optional("processing", &DeploymentConfig::processing, "the worker fleet");
    v.optional("usage", &DeploymentConfig::usage, "metering and billing");
  }
};

/// Objectives, by metric; numbers are in the metric's own unit.
struct SloConfig {
  std::vector<metrics::Objective> objectives;
  std::optional<Bytes> only_below;  ///< latency objectives look at images smaller than this
};

/// A scenario, complete: a run is a pure function of it (and the program's version).
struct ScenarioConfig {
  std::string scenario;
  std::optional<std::string> question;
  world::PlatformConfig platform;
  std::int64_t seed = 1;
  RunConfig run;
  client::WorkloadConfig workload;
  DeploymentConfig deployment;
  std::vector<faults::FaultConfig> faults;
  std::vector<WatchConfig> watch;
  SloConfig slo;
  std::optional<VaryConfig> sweep;
  std::optional<PlanConfig> plan;
  /// What other commands than `run` are told has no part in the result of a run.
  void forget_studies() {
    sweep.reset();
    plan.reset();
  }
  template <class V>
  static void describe(V& v) {
    v.required("scenario", &ScenarioConfig::scenario,
               "its name, and that of its result folder: letters, digits, `.`, `_` and `-`");
    v.optional("question", &ScenarioConfig::question, "what it is to answer");
    v.required("platform", &ScenarioConfig::platform, "the hardware: a map, or the name of a file with one");
    v.optional("seed", &ScenarioConfig::seed, "of all random streams", between(0, 9e15));
    v.optional("run", &ScenarioConfig::run, "how long, how often");
    v.required("workload", &ScenarioConfig::workload, "who asks for what");
    v.required("deployment", &ScenarioConfig::deployment, "the components");
    v.optional("faults", &ScenarioConfig::faults, "what goes wrong: a list");
    v.optional("watch", &ScenarioConfig::watch,
               "groups of which so many members are needed: a list; adds availability.GROUP");
    v.optional("slo", &ScenarioConfig::slo, "objectives by metric");
    v.optional(
        "sweep", &ScenarioConfig::sweep,
        "what `headroom sweep` varies: paths as in --set, each with a list of values, LO..HI:STEP, LO..HI "
        "(whole numbers) or log:LO..HI:N; or a name with alternatives, each a map from paths to values; "
        "`headroom run` does not look at it");
    v.optional("plan", &ScenarioConfig::plan,
               "what `headroom plan` looks for; `headroom run` does not look at it");
  }
};

}  // namespace headroom::study
