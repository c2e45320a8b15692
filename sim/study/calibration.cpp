#include "sim/study/calibration.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "models/processing/calibrate/fit.h"
#include "models/processing/calibrate/in_hand.h"
#include "sim/base/check.h"
#include "sim/config/reader.h"
#include "sim/metrics/result.h"
#include "sim/study/codecs.h"
#include "sim/study/pool.h"
#include "sim/study/run.h"

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
  Json loads = Json::array();
  for (const auto& load : service.loads) {
    Json requests = Json::array();
    for (const auto& r : load.requests) requests.push_back({r.at, r.image, r.rejected, r.latency});
    loads.push_back(
        {{"load", load.load},
         {"rate", load.rate},
         {"late", load.late},
         {"noise", {load.noise.steal, load.noise.other_work, load.noise.waiting, load.noise.drift}},
         {"requests", std::move(requests)}});
  }
  const auto& task = service.plan.task;
  return {
      {"task", {static_cast<int>(task.operation), static_cast<int>(task.output), task.quality, task.width}},
      {"cores", service.plan.cores},
      {"places", service.plan.places},
      {"seconds", service.plan.seconds},
      {"warmup", service.plan.warmup},
      {"capacity", service.capacity},
      {"loads", std::move(loads)}};
}

calibrate_::ServiceRun service_from(const Json& json) {
  calibrate_::ServiceRun service;
  const Json& task = json["task"];
  service.plan.task = {static_cast<processing::Operation>(task[0].get<int>()),
                       static_cast<processing::Encoding>(task[1].get<int>()), task[2], task[3]};
  service.plan.cores = json["cores"];
  service.plan.places = json["places"];
  service.plan.seconds = json["seconds"];
  service.plan.warmup = json["warmup"];
  service.capacity = json["capacity"];
  for (const Json& l : json["loads"]) {
    auto& load = service.loads.emplace_back();
    load.load = l["load"];
    load.rate = l["rate"];
    load.late = l["late"];
    load.noise = {l["noise"][0], l["noise"][1], l["noise"][2], l["noise"][3]};
    for (const Json& r : l["requests"]) load.requests.push_back({r[0], r[1], r[2], r[3]});
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

ScenarioConfig reality_scenario(const Calibration& calibration, const calibrate_::LoadRun& load) {
  const calibrate_::ServicePlan& plan = calibration.service->plan;
  ScenarioConfig scenario;
  scenario.scenario = "reality-check";
  world::HostGroupConfig worker;
  worker.count = 1;
  worker.cores = plan.cores;
  scenario.platform.network.ideal = true;
  scenario.platform.hosts.emplace("worker", worker);
  scenario.run.warmup = Duration::from_seconds(plan.warmup);
  scenario.run.duration = Duration::from_seconds(plan.seconds - plan.warmup);
  scenario.run.replications = 5;  // of the residuals: arrivals and images are the same

  client::Trace trace;
  double bytes = 0;
  for (const calibrate_::Served& request : load.requests) {
    const processing::Image& image = calibration.images[request.image];
    client::TraceRow& row = trace.rows.emplace_back();
    row.at = Duration::from_seconds(request.at);
    row.image_bytes = image.bytes;
    row.pixels = image.pixels;
    bytes += static_cast<double>(image.bytes.count()) / static_cast<double>(load.requests.size());
  }
  scenario.workload.arrivals = std::move(trace);
  scenario.workload.image_bytes = Distribution<Bytes>::constant(Bytes::from_double(bytes));
  scenario.workload.format = client::Format::jpeg;
  processing::ProcessingConfig workers;
  workers.hosts = Ref{"worker"};
  workers.cost =
      processing::Cost{calibration.profile, plan.task.operation, plan.task.output, plan.task.width};
  workers.max_waiting = static_cast<std::int64_t>(plan.places);
  scenario.deployment.processing = std::move(workers);
  return scenario;
}

std::optional<Comparison> compare_with_reality(const Calibration& calibration,
                                               const calibrate_::LoadRun& load) {
  const calibrate_::ServicePlan& plan = calibration.service->plan;
  Comparison c;
  c.load = load.load;
  c.rate = load.rate;
  c.noise = load.noise.verdict();
  std::vector<double> latencies;
  for (const calibrate_::Served& request : load.requests) {
    if (request.at < plan.warmup) continue;
    ++c.requests;
    c.rejected += request.rejected;
    if (request.rejected) continue;
    latencies.push_back(request.latency);
    c.mean.measured += request.latency;
  }
  if (latencies.empty()) return std::nullopt;
  c.mean.measured /= static_cast<double>(latencies.size());
  c.throughput.measured = static_cast<double>(latencies.size()) / (plan.seconds - plan.warmup);
  c.p50.measured = calibrate_::quantile(latencies, 0.5);
  c.p95.measured = calibrate_::quantile(latencies, 0.95);
  c.p99.measured = calibrate_::quantile(latencies, 0.99);

  const RunOutcome outcome = run_scenario(reality_scenario(calibration, load), plan.cores);
  if (!outcome.run) return std::nullopt;
  const auto simulated = [&](const char* metric) {
    const metrics::StudyMetric* found = outcome.run->result.find(metric);
    return found != nullptr ? found->mean.value_or(0) : 0;
  };
  c.throughput.simulated = simulated("throughput_rps");
  c.mean.simulated = simulated("latency.mean_ms") / 1e3;
  c.p50.simulated = simulated("latency.p50_ms") / 1e3;
  c.p95.simulated = simulated("latency.p95_ms") / 1e3;
  c.p99.simulated = simulated("latency.p99_ms") / 1e3;
  return c;
}

}  // namespace headroom::study
