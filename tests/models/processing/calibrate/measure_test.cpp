#include "models/processing/calibrate/measure.h"

#include <catch2/catch.hpp>

#include "models/processing/calibrate/calibrate.h"
#include "models/processing/calibrate/contention.h"
#include "models/processing/calibrate/service.h"
#include "tests/models/processing/calibrate/support.h"

// How long anything takes is not asserted: other work on the machine must not fail a test.
namespace headroom::processing::calibrate {
namespace {

std::vector<Encoded> some_images() {
  return {encoded(Encoding::jpeg, 120, 80), encoded(Encoding::jpeg, 240, 160),
          encoded(Encoding::png, 120, 80)};
}

}  // namespace

TEST_CASE("every trial is timed often enough, with what its cost is predicted from") {
  const Library library;
  const auto images = some_images();
  std::vector<Trial> trials;
  for (std::size_t i = 0; i < images.size(); ++i)
    trials.push_back({i, {Operation::thumbnail, Encoding::jpeg, 80, 60}});
  MeasurePlan plan;
  plan.seconds = 60;  // far more than it takes, whatever else the machine does
  plan.least_runs = 4;
  plan.most_runs = 6;
  Watch watch;
  double told = 0;
  const auto [timed, failed, no_time, waiting] =
      measure(images, trials, plan, watch, [&](double share) { told = share; });
  CHECK(failed.empty());
  CHECK(no_time == 0);
  REQUIRE(timed.size() == 3);
  for (const Timed& t : timed) {
    CHECK(t.seen.runs.size() >= 4);
    CHECK(t.seen.runs.size() <= 6);
    CHECK(t.seen.cpu > 0);
    CHECK(t.seen.pixels.input == images[t.trial.image].pixels());
    CHECK(t.seen.pixels.output == 60 * 40);
    CHECK(t.seen.bytes == static_cast<double>(images[t.trial.image].bytes.size()));
    CHECK(t.decode > 0);
  }
  CHECK(waiting >= 0);
  CHECK(waiting <= 1);
  CHECK(told <= 1);

  const Scaling scaling = measure_contention(images, {timed.data(), &timed[1]}, {2, 2, 0.05});
  CHECK(scaling.busy == std::vector<std::int64_t>{1, 2});
  CHECK(scaling.speed.size() == 2);
  CHECK(busy_counts(1) == std::vector<std::int64_t>{1});
  CHECK(busy_counts(6) == std::vector<std::int64_t>{1, 2, 4, 6});
}

TEST_CASE("when there is no time, some trials are left out, and none is half done") {
  const Library library;
  const auto images = some_images();
  std::vector<Trial> trials;
  for (int width = 10; width < 110; ++width)
    for (std::size_t i = 0; i < images.size(); ++i)
      trials.push_back({i, {Operation::resize, Encoding::png, 80, width}});
  MeasurePlan plan;
  plan.seconds = 0.02;
  Watch watch;
  const Measured measured = measure(images, trials, plan, watch);
  CHECK(!measured.timed.empty());
  CHECK(measured.timed.size() < trials.size());
  CHECK(measured.no_time == static_cast<std::int64_t>(trials.size() - measured.timed.size()));
  for (const Timed& t : measured.timed) CHECK(!t.seen.runs.empty());
}

TEST_CASE("a conversion that cannot be done is named, and is not said to have lacked time") {
  const Library library;
  auto images = some_images();
  images[1].name = "cut";
  images[1].bytes.resize(images[1].bytes.size() / 2);
  std::vector<Trial> trials;
  for (std::size_t i = 0; i < images.size(); ++i)
    trials.push_back({i, {Operation::resize, Encoding::jpeg, 80, 60}});
  MeasurePlan plan;
  plan.seconds = 20;
  Watch watch;
  const Measured measured = measure(images, trials, plan, watch);
  CHECK(measured.timed.size() == 2);
  REQUIRE(measured.failed.size() == 1);
  CHECK(measured.failed[0].file == "cut");
  CHECK(measured.failed[0].why.find("it cannot be converted: ") == 0);
  CHECK(measured.no_time == 0);
}

TEST_CASE("blocks of service: requests in order of arrival, answered or rejected, between passes") {
  const Library library;
  const auto images = some_images();
  ServicePlan plan;
  plan.images = {0, 1};
  plan.task = {Operation::thumbnail, Encoding::jpeg, 80, 60};
  plan.cores = 2;
  plan.loads = {0.2, 3};
  plan.blocks = 2;
  plan.block_seconds = 0.2;
  plan.places = 3;
  plan.limits = {1e9, 1, 1};  // whatever the machine does, each block counts
  plan.longest_seconds = 600;
  const ServiceRun run = run_service(images, plan);
  CHECK(run.busy == std::vector<std::int64_t>{1, 2});
  REQUIRE(run.blocks.size() == 4);
  REQUIRE(run.passes.size() == 5);
  CHECK(run.counted(0) == 2);
  CHECK(run.counted(1) == 2);
  for (const Pass& pass : run.passes) {
    REQUIRE(pass.took.size() == 2);
    for (const auto& took : pass.took) {
      REQUIRE(took.size() == 2);
      for (const double seconds : took) CHECK(seconds > 0);
    }
  }
  bool rejected = false;
  for (std::size_t b = 0; b < run.blocks.size(); ++b) {
    const Block& block = run.blocks[b];
    CHECK(block.pass == b);
    REQUIRE(!block.requests.empty());
    double last = 0;
    for (const Served& request : block.requests) {
      CHECK(request.at >= last);
      CHECK(request.at < plan.block_seconds);
      last = request.at;
      CHECK((request.rejected ? request.latency == 0 : request.latency > 0));
      CHECK((request.image == 0 || request.image == 1));
      rejected = rejected || (block.load == 1 && request.rejected);
    }
  }
  CHECK(rejected);  // three times what it can do: a short queue cannot take it all
  // The same seed, the same requests (their times scale with the speed of the machine).
  CHECK(run_service(images, plan).blocks[0].requests[0].image == run.blocks[0].requests[0].image);
}

TEST_CASE("blocks that do not count are repeated, but not for ever") {
  const Library library;
  ServicePlan plan;
  plan.images = {0, 1};
  plan.task = {Operation::thumbnail, Encoding::jpeg, 80, 60};
  plan.loads = {0.5};
  plan.blocks = 2;
  plan.block_seconds = 0.05;
  plan.limits = {0, 1, 1};  // no two passes are alike enough
  plan.longest_seconds = 1;
  const ServiceRun run = run_service(some_images(), plan);
  CHECK(run.blocks.size() >= 1);
  CHECK(run.counted(0) == 0);
  CHECK(run.seconds >= 1);
  for (const Block& block : run.blocks) CHECK(block.refused.cause == Refused::speed);
}

TEST_CASE("noise: what was measured under it is not to be trusted") {
  CHECK(Disturbance{}.verdict().empty());
  CHECK(Disturbance{.steal = .02}.verdict().find("2.0 % of the CPU time was stolen") != std::string::npos);
  CHECK(Disturbance{.other_work = .3}.verdict().find("other programs") != std::string::npos);
  CHECK(Disturbance{.waiting = .1}.verdict().find("waiting") != std::string::npos);
  CHECK(Disturbance{.change = .05}.verdict().empty());
  CHECK(Disturbance{.change = .2}.verdict().find("the same conversions") != std::string::npos);
  CHECK(Disturbance{.drift = .2}.verdict().find("speed") != std::string::npos);
  Watch watch;
  watch.probe();
  const Disturbance d = watch.so_far();
  CHECK(d.drift >= 0);
  CHECK(d.steal >= 0);
  CHECK(d.other_work <= 1);
}

TEST_CASE("the whole calibration of a few tiny pictures") {
  Plan plan;
  plan.pictures = 3;
  plan.most_pixels = 4e4;
  plan.seconds = 0.5;
  plan.quick = true;
  plan.outputs = {Encoding::webp};
  auto result = calibrate(plan);
  const auto has = [&](Encoding from, Operation operation, Encoding to) {
    REQUIRE(std::holds_alternative<Outcome>(result));
    return find_kernel(std::get<Outcome>(result).profile, from, operation, to) != nullptr;
  };
  const auto complete = [&] {
    return has(Encoding::jpeg, Operation::thumbnail, Encoding::webp) &&
           has(Encoding::png, Operation::crop, Encoding::png);
  };
  // A machine may be too busy to measure any picture of a kernel in so little time.
  for (; !complete() && plan.seconds < 10; result = calibrate(plan)) plan.seconds *= 2;
  CHECK(complete());
  const auto& outcome = std::get<Outcome>(result);
  const Profile& profile = outcome.profile;
  REQUIRE(profile.provenance);
  // A busy machine has no time for some trials, and so, perhaps, for some images.
  const auto all = static_cast<std::int64_t>(outcome.images.size());
  CHECK((profile.provenance->images == all || (outcome.unmeasured > 0 && profile.provenance->images < all)));
  CHECK(profile.provenance->corpus_fingerprint.size() == 16);
  CHECK(!profile.provenance->libvips.empty());
  for (const Kernel& kernel : profile.kernels) {
    CHECK(!kernel.free());
    CHECK(kernel.residuals.size() == 100);
    CHECK(kernel.hold_out->note.has_value());  // three images are too few, and that is said
    CHECK(kernel.scaling.has_value());
  }
}

}  // namespace headroom::processing::calibrate
