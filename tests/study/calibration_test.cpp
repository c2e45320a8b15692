#include "sim/study/calibration.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <csignal>
#include <map>
#include <string>
#include <thread>

#include "models/processing/calibrate/in_hand.h"

namespace headroom::study {
namespace {

using processing::calibrate::Holding;
using Deadly = std::map<std::string, std::string>;
using Tell = std::function<void(double)>;

/// Converts these, but for those that are left out; some kill the process.
std::string converted(const std::vector<std::string>& names, const Deadly& left_out) {
  std::string done;
  for (const std::string& name : names) {
    if (left_out.contains(name)) continue;
    const Holding holding(name);
    if (name.starts_with("bad")) raise(SIGKILL);
    done += name + ";";
  }
  return done;
}

processing::Kernel kernel(processing::Operation operation) {
  processing::Kernel k;
  k.operation = operation;
  k.fixed = Duration::ms(1);
  k.scaling.emplace();
  k.scaling->busy = {1};
  k.scaling->speed = {1};
  return k;
}

}  // namespace

TEST_CASE("images that kill the process that converts them are named and left out; the others are measured") {
  const Survived survived = survive_images([](const Deadly& left_out, const Tell&) {
    return converted({"a.jpg", "bad 1.jpg", "b.jpg", "bad 2.jpg", "bad 3.jpg", "bad 4.jpg"}, left_out);
  });
  REQUIRE(survived.result);
  CHECK(*survived.result == "a.jpg;b.jpg;");
  CHECK(survived.died.empty());
  REQUIRE(survived.deadly.size() == 4);
  CHECK(survived.deadly.at("bad 1.jpg")
            .starts_with("the process that was converting it was killed by signal 9 (Killed)"));
}

TEST_CASE("of two that were being converted when the process died, both are left out, and that is said") {
  const Survived both = survive_images([](const Deadly& left_out, const Tell&) {
    const Holding here("here.jpg");
    std::thread other([&] { converted({"bad.jpg"}, left_out); });
    other.join();
    return converted({"here.jpg", "a.jpg"}, left_out);
  });
  REQUIRE(both.result);
  CHECK(*both.result == "a.jpg;");
  CHECK(both.deadly.size() == 2);
  CHECK(both.deadly.at("here.jpg").find("and 1 more at the same time") != std::string::npos);
}

TEST_CASE("a process that dies of no image is begun again at most twice") {
  const Survived survived = survive_images([](const Deadly&, const Tell&) {
    raise(SIGKILL);
    return std::string();
  });
  CHECK(!survived.result);
  CHECK(survived.deadly.empty());
  CHECK(survived.died.size() == 3);
  for (const std::string& how : survived.died) CHECK(how.starts_with("was killed by signal 9 (Killed)"));
}

TEST_CASE("what is written of a measurement can always be read again; what cannot is left out and said") {
  using processing::Operation;
  processing::Profile profile;
  profile.profile = "mine: {odd\n- name\x01";
  profile.provenance.emplace().drift = Share{4.2};  // 420 %, which a profile cannot hold
  for (const Operation operation : {Operation::thumbnail, Operation::resize, Operation::crop})
    profile.kernels.push_back(kernel(operation));
  profile.kernels[1].scaling->sigma = 1e9;
  profile.kernels[2].residuals = {2000};
  const std::vector<std::string> notes = keep_what_can_be_read(profile);
  REQUIRE(profile.kernels.size() == 1);
  CHECK(profile.kernels[0].operation == Operation::thumbnail);
  REQUIRE(notes.size() >= 3);
  CHECK(notes[0].find("resize jpeg → jpeg is left out of the profile: ") == 0);
  CHECK(notes[1].find("crop jpeg → jpeg is left out of the profile: ") == 0);
  CHECK(notes[2].find("what was seen of the machine is left out of the profile: ") == 0);
  REQUIRE(profile.provenance);
  CHECK(profile.provenance->noise.has_value());
  processing::Profile again = profile;
  CHECK(keep_what_can_be_read(again).empty());
}

namespace {

using processing::calibrate::Block;
using processing::calibrate::Pass;
using processing::calibrate::Served;

/// A machine of two cores whose behaviour is known exactly: image 0 takes 10 ms alone, image 1 takes 30 ms;
/// two busy cores have 0.8 of the speed each. `pace`: how much slower everything is than usual.
Pass pass(double pace) {
  return {{{10e-3 * pace, 30e-3 * pace}, {12.5e-3 * pace, 37.5e-3 * pace}}};
}

Calibration known_machine() {
  Calibration c;
  c.profile.kernels = {kernel(processing::Operation::thumbnail)};
  c.profile.kernels[0].fixed = Duration::ms(22);
  c.images = {{Bytes(1000), 1000}, {Bytes(3000), 3000}};
  auto& service = c.service.emplace();
  service.plan.images = {0, 1};
  service.plan.cores = 2;
  service.plan.loads = {.5};
  service.plan.blocks = 3;
  service.plan.block_seconds = 1;
  service.busy = {1, 2};
  // Requests at 0 ms (30 ms of work), 10 ms (10 ms of work), 500 ms (10 ms of work). The first is alone for
  // 10 ms; then both run at 0.8 until the second is done, at 22.5 ms; the first has done 20 ms by then, alone
  // again it ends at 32.5 ms. At the usual speed: 32.5, 12.5, 10 ms. Everything scales with the pace.
  for (const double pace : {1.0, 1.5, 1.0}) {
    Block& block = service.blocks.emplace_back();
    block.pass = service.passes.size();
    service.passes.push_back(pass(pace));
    block.requests = {Served{0, 1, false, 32.5e-3 * pace}, Served{10e-3 * pace, 0, false, 12.5e-3 * pace},
                      Served{0.5, 0, false, 10e-3 * pace}};
    service.passes.push_back(pass(pace));
  }
  return c;
}

}  // namespace

TEST_CASE("reality check: a service that behaves as simulated is found to, at any speed of the machine") {
  const auto reality = compare_with_reality(known_machine());
  REQUIRE(reality);
  CHECK(reality->alone == Approx(20e-3));
  CHECK(reality->together == Approx(25e-3));
  CHECK(reality->capacity == Approx(80));
  CHECK(reality->profile_error == Approx(.1));  // 22 ms for what takes 20
  REQUIRE(reality->loads.size() == 1);
  const Comparison& c = reality->loads[0];
  CHECK(c.blocks == 3);
  CHECK(c.requests == 9);
  CHECK(c.mean.measured == Approx(55e-3 / 3));
  CHECK(c.mean.error() == Approx(0).margin(1e-4));
  CHECK(c.p99.measured == Approx(32.5e-3));
  CHECK(c.p99.error() == Approx(0).margin(1e-4));
  CHECK(c.mean.error_half == Approx(0).margin(1e-4));
}

TEST_CASE("reality check: blocks that do not count are not compared, and too few are no answer") {
  Calibration c = known_machine();
  c.service->blocks[1].refused.cause = processing::calibrate::Refused::others;
  const auto reality = compare_with_reality(c);
  REQUIRE(reality);
  CHECK(reality->loads.empty());
}

TEST_CASE("reality check: what the service did otherwise is seen") {
  Calibration c = known_machine();
  for (Block& block : c.service->blocks) block.requests[1].latency *= 2;
  const auto reality = compare_with_reality(c);
  REQUIRE(reality);
  CHECK(reality->loads.at(0).mean.error() == Approx(55.0 / 67.5 - 1).margin(1e-4));
}

TEST_CASE("intervals over blocks: for means of equal blocks the jackknife is Student's interval") {
  // Blocks of means 1, 2, 3 against 2, 4, 6: t(2, 97.5 %) = 4.3027, s = 1, half = 4.3027 / sqrt(3).
  const auto mean = [](const std::vector<double>& all) {
    double sum = 0;
    for (const double x : all) sum += x;
    return sum / static_cast<double>(all.size());
  };
  const Pair pair = pair_of({{{.5, 1.5}, {2, 2}}, {{2, 2}, {4, 4}}, {{3, 3}, {5, 7}}}, mean);
  CHECK(pair.measured == Approx(2));
  CHECK(pair.simulated == Approx(4));
  CHECK(pair.error() == Approx(1));
  CHECK(pair.measured_half == Approx(4.3027 / std::sqrt(3)).epsilon(1e-4));
  CHECK(pair.simulated_half == Approx(2 * 4.3027 / std::sqrt(3)).epsilon(1e-4));
  CHECK(pair.error_half == Approx(0).margin(1e-9));  // the same in every block
}

}  // namespace headroom::study
