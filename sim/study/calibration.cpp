#include "sim/study/calibration.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "models/processing/calibrate/fit.h"
#include "models/processing/calibrate/in_hand.h"
#include "sim/base/check.h"
#include "sim/base/random.h"
#include "sim/config/reader.h"
#include "sim/metrics/statistics.h"
#include "sim/study/codecs.h"
#include "sim/study/pool.h"
#include "sim/study/simulate.h"

namespace headroom::study {
namespace {

namespace calibrate_ = processing::calibrate;
using Json = nlohmann::json;

// What crosses from the measuring process to this one.

Json to_json(const std::vector<calibrate_::Skipped>& skipped) {
  Json list = Json::array();
  for (const auto& s : skipped) list.push_back({s.file, s.why});
  return list;
}

std::vector<calibrate_::Skipped> skipped_from(const Json& list) {
  std::vector<calibrate_::Skipped> skipped;
  for (const Json& s : list) skipped.push_back({s[0], s[1]});
  return skipped;
}

Json to_json(const calibrate_::ServiceRun& service) {
  Json blocks = Json::array();
  for (const auto& block : service.blocks) {
    Json requests = Json::array();
    for (const auto& r : block.requests) requests.push_back({r.at, r.image, r.rejected, r.latency});
    blocks.push_back({{"load", block.load},
                      {"rate", block.rate},
                      {"late", block.late},
                      {"pass", block.pass},
                      {"refused", {static_cast<int>(block.refused.cause), block.refused.value}},
                      {"requests", std::move(requests)}});
  }
  Json passes = Json::array();
  for (const auto& pass : service.passes) passes.push_back(pass.took);
  const auto& plan = service.plan;
  return {{"images", plan.images},
          {"task",
           {static_cast<int>(plan.task.operation), static_cast<int>(plan.task.output), plan.task.quality,
            plan.task.width}},
          {"cores", plan.cores},
          {"places", plan.places},
          {"loads", plan.loads},
          {"wanted", plan.blocks},
          {"block_seconds", plan.block_seconds},
          {"longest_seconds", plan.longest_seconds},
          {"limits", {plan.limits.difference, plan.limits.steal, plan.limits.other_work}},
          {"seed", plan.seed},
          {"busy", service.busy},
          {"seconds", service.seconds},
          {"passes", std::move(passes)},
          {"blocks", std::move(blocks)}};
}

calibrate_::ServiceRun service_from(const Json& json) {
  calibrate_::ServiceRun service;
  calibrate_::ServicePlan& plan = service.plan;
  plan.images = json["images"].get<std::vector<std::size_t>>();
  const Json& task = json["task"];
  plan.task = {static_cast<processing::Operation>(task[0].get<int>()),
               static_cast<processing::Encoding>(task[1].get<int>()), task[2], task[3]};
  plan.cores = json["cores"];
  plan.places = json["places"];
  plan.loads = json["loads"].get<std::vector<double>>();
  plan.blocks = json["wanted"];
  plan.block_seconds = json["block_seconds"];
  plan.longest_seconds = json["longest_seconds"];
  plan.limits = {json["limits"][0], json["limits"][1], json["limits"][2]};
  plan.seed = json["seed"];
  service.busy = json["busy"].get<std::vector<std::int64_t>>();
  service.seconds = json["seconds"];
  for (const Json& took : json["passes"])
    service.passes.push_back({took.get<std::vector<std::vector<double>>>()});
  for (const Json& b : json["blocks"]) {
    auto& block = service.blocks.emplace_back();
    block.load = b["load"];
    block.rate = b["rate"];
    block.late = b["late"];
    block.pass = b["pass"];
    block.refused = {static_cast<calibrate_::Refused>(b["refused"][0].get<int>()), b["refused"][1]};
    for (const Json& r : b["requests"]) block.requests.push_back({r[0], r[1], r[2], r[3]});
  }
  return service;
}

Json to_json(calibrate_::Outcome& outcome) {
  std::vector<std::string> notes = keep_what_can_be_read(outcome.profile);
  notes.insert(notes.begin(), outcome.notes.begin(), outcome.notes.end());
  if (outcome.profile.kernels.empty()) {
    std::string why = "nothing that was measured can be written as a profile";
    for (const std::string& note : notes) why += "; " + note;
    return {{"why", why}, {"skipped", to_json(outcome.skipped)}};
  }
  Json missing = Json::array();
  for (const auto encoding : outcome.missing) missing.push_back(static_cast<int>(encoding));
  Json images = Json::array();
  for (const auto& image : outcome.images) images.push_back({image.bytes.size(), image.width * image.height});
  Json json = {{"profile", profile_yaml(outcome.profile)},
               {"skipped", to_json(outcome.skipped)},
               {"left_out", outcome.left_out},
               {"unmeasured", outcome.unmeasured},
               {"missing", std::move(missing)},
               {"notes", std::move(notes)},
               {"no_service", outcome.no_service ? outcome.no_service->why : ""},
               {"images", std::move(images)}};
  if (outcome.service) json["service"] = to_json(*outcome.service);
  return json;
}

std::shared_ptr<const config::Source> source_of(std::string text) {
  return std::make_shared<const config::Source>(config::Source{"profile", "", std::move(text)});
}

std::optional<processing::Profile> read_profile(const std::shared_ptr<const config::Source>& source,
                                                config::Diagnostics& diagnostics) {
  processing::Profile profile;
  const auto tree = config::read_text(source, diagnostics);
  if (!tree || !tree->is_map() || !config::parse(*tree, profile, diagnostics) || !diagnostics.ok())
    return std::nullopt;
  return profile;
}

/// Why this profile could not be read again if it were written; empty if it could.
std::string unreadable(const processing::Profile& profile) {
  config::Diagnostics diagnostics;
  if (read_profile(source_of(profile_yaml(profile)), diagnostics)) return "";
  const auto errors = diagnostics.sorted();
  return errors.empty() ? "it cannot be read" : errors.front().message;
}

Calibration calibration_from(const Json& json) {
  Calibration c;
  config::Diagnostics diagnostics;
  auto profile = read_profile(source_of(json["profile"].get<std::string>()), diagnostics);
  HEADROOM_CHECK(profile.has_value(), "a measured profile that cannot be read");
  c.profile = std::move(*profile);
  c.skipped = skipped_from(json["skipped"]);
  c.left_out = json["left_out"];
  c.unmeasured = json["unmeasured"];
  for (const Json& encoding : json["missing"])
    c.missing.push_back(static_cast<processing::Encoding>(encoding.get<int>()));
  c.no_service = json["no_service"];
  for (const Json& note : json["notes"]) c.notes.push_back(note);
  for (const Json& image : json["images"])
    c.images.push_back({Bytes(image[0].get<std::int64_t>()), image[1]});
  if (json.contains("service")) c.service = service_from(json["service"]);
  return c;
}

}  // namespace

std::variant<Calibration, CalibrationFailure> calibrate(const calibrate_::Plan& plan,
                                                        const std::function<void(double)>& progress) {
  Survived survived = survive_images(
      [&plan](const std::map<std::string, std::string>& deadly, const std::function<void(double)>& tell) {
        calibrate_::Plan without = plan;
        without.deadly = deadly;
        auto result = calibrate_::calibrate(without, tell);
        const auto* failure = std::get_if<calibrate_::Failure>(&result);
        const Json json = failure != nullptr
                              ? Json{{"why", failure->why}, {"skipped", to_json(failure->skipped)}}
                              : to_json(std::get<calibrate_::Outcome>(result));
        // File names may be anything but UTF-8.
        return json.dump(-1, ' ', false, Json::error_handler_t::replace);
      },
      progress);
  if (survived.interrupted) return CalibrationFailure{"interrupted", {}, false, true};
  if (!survived.result) {
    CalibrationFailure failure{"the process that converted images " + survived.died.back(), {}, false, false};
    for (const auto& [name, how] : survived.deadly) failure.skipped.push_back({name, how});
    return failure;
  }
  const Json json = Json::parse(*survived.result);
  if (json.contains("why"))
    return CalibrationFailure{json["why"], skipped_from(json["skipped"]), true, false};
  Calibration calibration = calibration_from(json);
  calibration.died = std::move(survived.died);
  return calibration;
}

Survived survive_images(const std::function<std::string(const std::map<std::string, std::string>& deadly,
                                                        const std::function<void(double)>& tell)>& measure,
                        const std::function<void(double)>& progress) {
  constexpr std::size_t kAttempts = 3;  // at what no image is to blame for
  calibrate_::InHand in_hand;
  Survived survived;
  while (survived.died.size() < kAttempts) {
    PoolResult pool = run_pool(
        1, 1, [&](int, const std::function<void(double)>& tell) { return measure(survived.deadly, tell); },
        progress);
    survived.interrupted = pool.interrupted;
    survived.result = std::move(pool.results[0]);
    if (survived.interrupted || survived.result) break;
    const std::string how = pool.failures.empty() ? "ended" : pool.failures[0].reason;
    const std::vector<std::string> names = in_hand.names();
    in_hand.clear();
    const std::string together =
        names.size() > 1 ? ", and " + std::to_string(names.size() - 1) + " more at the same time," : "";
    std::size_t before = survived.deadly.size();
    for (const std::string& name : names)
      survived.deadly.emplace(name, "the process that was converting it" + together + " " + how);
    if (survived.deadly.size() == before) survived.died.push_back(how);
  }
  return survived;
}

std::vector<std::string> keep_what_can_be_read(processing::Profile& profile) {
  std::vector<std::string> taken;
  std::vector<processing::Kernel> kept;
  for (processing::Kernel& kernel : profile.kernels) {
    processing::Profile alone;
    alone.profile = "one";
    alone.kernels = {kernel};
    const std::string why = unreadable(alone);
    if (why.empty())
      kept.push_back(std::move(kernel));
    else
      taken.push_back(processing::name_of(kernel) + " is left out of the profile: " + why);
  }
  profile.kernels = std::move(kept);
  if (profile.kernels.empty()) return taken;
  processing::Profile unnamed = profile;
  unnamed.profile = "unnamed";
  if (const std::string why = unreadable(unnamed); !why.empty() && profile.provenance) {
    taken.push_back("what was seen of the machine is left out of the profile: " + why);
    profile.provenance.emplace().noise = "what was seen of the machine cannot be written";
  }
  if (const std::string why = unreadable(profile); !why.empty()) {
    taken.push_back("the profile is called \"profile\", because its name cannot be written: " + why);
    profile.profile = "profile";
  }
  return taken;
}

std::string profile_yaml(const processing::Profile& profile) {
  config::Node tree = config::dump(profile);
  if (!profile.kernels.empty())  // what stands beside kernels has no meaning
    for (const char* key :
         {"fixed", "per_input_megapixel", "per_decoded_megapixel", "per_boxed_megapixel",
          "per_resampled_megapixel", "per_output_megapixel", "per_input_megabyte", "residuals", "contention"})
      tree = tree.without(key);
  return config::emit(tree);
}

bool is_profile(const std::string& file) {
  config::Diagnostics diagnostics;
  const auto source = config::load_source(file, {}, diagnostics);
  return source && read_profile(source, diagnostics).has_value();
}

Pair pair_of(const std::vector<BlockLatencies>& blocks,
             const std::function<double(const std::vector<double>&)>& statistic) {
  HEADROOM_CHECK(blocks.size() >= 2, "an interval over blocks needs two of them");
  const auto without = [&](std::size_t left_out) {
    BlockLatencies all;
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      if (b == left_out) continue;
      all.measured.insert(all.measured.end(), blocks[b].measured.begin(), blocks[b].measured.end());
      all.simulated.insert(all.simulated.end(), blocks[b].simulated.begin(), blocks[b].simulated.end());
    }
    return std::pair{statistic(all.measured), statistic(all.simulated)};
  };
  Pair pair;
  std::tie(pair.measured, pair.simulated) = without(blocks.size());
  metrics::Moments measured;
  metrics::Moments simulated;
  metrics::Moments error;
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const auto [m, s] = without(b);
    measured.add(m);
    simulated.add(s);
    error.add(s / m);
  }
  const auto n = static_cast<double>(blocks.size());
  const double t = metrics::student_t_quantile(n - 1, 0.975);
  const auto half = [&](const metrics::Moments& m) { return t * (n - 1) * std::sqrt(m.variance() / n); };
  pair.measured_half = half(measured);
  pair.simulated_half = half(simulated);
  pair.error_half = half(error);
  return pair;
}

namespace {

/// How much slower the machine was in a block than usual, for each number of busy cores.
std::vector<double> pace_in(const calibrate_::Reference& reference, const calibrate_::Block& block) {
  std::vector<double> pace = reference.pace[block.pass];
  for (std::size_t k = 0; k < pace.size(); ++k) pace[k] = (pace[k] + reference.pace[block.pass + 1][k]) / 2;
  return pace;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

/// Simulates one block: what each request took, s, in the order of their arrivals; 0: it was rejected.
std::vector<double> simulated_latencies(const ScenarioConfig& scenario) {
  struct Watch final : client::RequestWatch {
    void offered(std::uint64_t number) override {
      open.emplace(number, latencies.size());
      begun.push_back(world->now());
      latencies.push_back(0);
    }
    void ended(std::uint64_t number) override {
      const std::size_t i = open.at(number);
      latencies[i] = (world->now() - begun[i]).seconds();
    }
    world::World* world = nullptr;
    std::unordered_map<std::uint64_t, std::size_t> open;
    std::vector<TimePoint> begun;
    std::vector<double> latencies;
  };
  Watch watch;
  {
    Replication replication(scenario, 0, &watch);
    watch.world = &replication.world();
    replication.finish();
  }
  return watch.latencies;
}

}  // namespace

ScenarioConfig reality_scenario(const calibrate_::ServiceRun& service, const calibrate_::Reference& reference,
                                const calibrate_::Block& block, std::uint64_t seed) {
  const calibrate_::ServicePlan& plan = service.plan;
  const std::vector<double> pace = pace_in(reference, block);
  ScenarioConfig scenario;
  scenario.scenario = "reality-check";
  world::HostGroupConfig worker;
  worker.count = 1;
  worker.cores = plan.cores;
  scenario.platform.network.ideal = true;
  scenario.platform.hosts.emplace("worker", worker);
  scenario.run.duration = Duration::from_seconds(plan.block_seconds);
  scenario.workload.format = client::Format::jpeg;
  scenario.workload.image_bytes = Distribution<Bytes>::constant(Bytes(1));

  // A million pixels take a second, so that a request's pixels are its time alone in microseconds.
  processing::Kernel kernel;
  kernel.operation = processing::Operation::resize;
  kernel.per_input_megapixel = Duration::s(1);
  processing::Scaling& scaling = kernel.scaling.emplace();
  scaling.busy = service.busy;
  for (std::size_t k = 0; k < pace.size(); ++k)
    scaling.speed.push_back(mean_of(reference.usual[0]) * pace[0] / (mean_of(reference.usual[k]) * pace[k]));
  processing::Profile profile;
  profile.profile = "reality-check";
  profile.kernels = {kernel};
  processing::ProcessingConfig workers;
  workers.hosts = Ref{"worker"};
  workers.cost = processing::Cost{profile, kernel.operation, kernel.output, {}};
  workers.max_waiting = static_cast<std::int64_t>(plan.places);
  scenario.deployment.processing = std::move(workers);

  Engine draw = (StreamKey(seed) / "time of an image").engine();
  client::Trace trace;
  for (const calibrate_::Served& request : block.requests) {
    const auto pass = static_cast<std::size_t>(uniform_below(draw, service.passes.size()));
    const double alone = service.passes[pass].took[0][request.image] / reference.pace[pass][0] * pace[0];
    client::TraceRow& row = trace.rows.emplace_back();
    row.at = Duration::from_seconds(request.at);
    row.image_bytes = Bytes(1);
    row.pixels = std::max<std::int64_t>(1, std::llround(alone * 1e6));
  }
  scenario.workload.arrivals = std::move(trace);
  return scenario;
}

std::optional<Reality> compare_with_reality(const Calibration& calibration) {
  constexpr std::uint64_t kDraws = 4;  // of the time that each request's image takes
  const calibrate_::ServiceRun& service = *calibration.service;
  const calibrate_::Reference reference = calibrate_::reference_of(service.passes);
  std::vector<const calibrate_::Block*> blocks;
  for (const calibrate_::Block& block : service.blocks)
    if (block.refused.cause == calibrate_::Refused::no && !block.requests.empty()) blocks.push_back(&block);
  const PoolResult pool = run_pool(
      static_cast<int>(blocks.size()), service.plan.cores, [&](int task, const std::function<void(double)>&) {
        Json latencies = Json::array();
        for (std::uint64_t seed = 0; seed < kDraws; ++seed)
          latencies.push_back(simulated_latencies(
              reality_scenario(service, reference, *blocks[static_cast<std::size_t>(task)], seed)));
        return latencies.dump();
      });
  if (pool.interrupted) return std::nullopt;

  Reality reality;
  reality.alone = mean_of(reference.usual.front());
  reality.together = mean_of(reference.usual.back());
  reality.capacity = service.plan.cores / reality.together;
  double predicted = 0;
  const processing::Kernel* kernel = processing::find_kernel(
      calibration.profile, processing::Encoding::jpeg, service.plan.task.operation, service.plan.task.output);
  for (const std::size_t i : service.plan.images) {
    const processing::Image& image = calibration.images[i];
    const auto pixels = static_cast<double>(image.pixels);
    const double output = processing::output_pixels(service.plan.task.width, pixels);
    if (kernel != nullptr)
      predicted += processing::cpu_seconds(
          *kernel, processing::pixels_of(kernel->operation, kernel->input, pixels, output),
          static_cast<double>(image.bytes.count()));
  }
  reality.profile_error = predicted / static_cast<double>(service.plan.images.size()) / reality.alone - 1;

  for (std::size_t load = 0; load < service.plan.loads.size(); ++load) {
    Comparison c;
    c.load = service.plan.loads[load];
    std::vector<BlockLatencies> answered;
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      const calibrate_::Block& block = *blocks[b];
      if (block.load != load) continue;
      if (!pool.results[b]) return std::nullopt;
      // Both sides at the usual speed of the machine, all cores busy, so that blocks are alike.
      const double pace = pace_in(reference, block).back();
      BlockLatencies both;
      for (const calibrate_::Served& request : block.requests) {
        ++c.requests;
        c.measured_rejected += request.rejected;
        if (!request.rejected) both.measured.push_back(request.latency / pace);
      }
      const auto draws = Json::parse(*pool.results[b]).get<std::vector<std::vector<double>>>();
      for (const std::vector<double>& draw : draws)
        for (const double latency : draw) {
          if (latency > 0)
            both.simulated.push_back(latency / pace);
          else
            c.simulated_rejected += 1.0 / static_cast<double>(kDraws);
        }
      if (both.measured.empty() || both.simulated.empty()) continue;
      ++c.blocks;
      answered.push_back(std::move(both));
    }
    if (c.blocks < std::min(kLeastBlocks, service.plan.blocks) || c.blocks < 2) continue;
    const auto percentile = [&](double p) {
      return pair_of(answered, [p](const std::vector<double>& all) { return calibrate_::quantile(all, p); });
    };
    c.mean = pair_of(answered, mean_of);
    c.p50 = percentile(0.5);
    c.p95 = percentile(0.95);
    c.p99 = percentile(0.99);
    reality.loads.push_back(std::move(c));
  }
  return reality;
}

}  // namespace headroom::study
