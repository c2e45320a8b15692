#include "sim/study/calibration.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <limits>
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
    if (name.starts_with("bad")) std::abort();
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
  CHECK(survived.deadly.at("bad 1.jpg") ==
        "the process that was converting it was killed by signal 6 (Aborted)");
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
  const Survived survived = survive_images([](const Deadly&, const Tell&) -> std::string { std::abort(); });
  CHECK(!survived.result);
  CHECK(survived.deadly.empty());
  CHECK(survived.died == std::vector<std::string>(3, "was killed by signal 6 (Aborted)"));
}

TEST_CASE("what is written of a measurement can always be read again; what cannot is left out and said") {
  using processing::Operation;
  processing::Profile profile;
  profile.profile = "mine: {odd\n- name\x01";
  profile.provenance.emplace().drift = Share{4.2};  // 420 %, which a profile cannot hold
  for (const Operation operation : {Operation::thumbnail, Operation::resize, Operation::crop})
    profile.kernels.push_back(kernel(operation));
  profile.kernels[1].scaling->sigma = 1e9;
  profile.kernels[2].residuals = {std::numeric_limits<double>::quiet_NaN()};
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

}  // namespace headroom::study
