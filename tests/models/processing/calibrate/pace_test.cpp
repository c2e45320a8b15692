#include "models/processing/calibrate/pace.h"

#include <catch2/catch.hpp>

namespace headroom::processing::calibrate {
namespace {

/// Images of 1, 2, … 20 ms alone, a fifth more together; all times as much slower as `pace` says.
Pass pass(double pace) {
  Pass p;
  for (const double slower : {1.0, 1.2}) {
    auto& took = p.took.emplace_back();
    for (int i = 1; i <= 20; ++i) took.push_back(i * 1e-3 * slower * pace);
  }
  return p;
}

}  // namespace

TEST_CASE("pace: how much slower the machine is, whatever images differ by, and not by one interruption") {
  CHECK(pace_of(pass(1.1).took[0], pass(1).took[0]) == Approx(1.1));
  Pass interrupted = pass(1.1);
  interrupted.took[0][3] += 0.5;
  CHECK(pace_of(interrupted.took[0], pass(1).took[0]) == Approx(1.1));
}

TEST_CASE("the reference is what images take at the usual speed, and each pass's speed relative to it") {
  // The machine was slow in one pass of five, and fast in one.
  const Reference r = reference_of({pass(1), pass(1), pass(1.5), pass(.8), pass(1)});
  REQUIRE(r.usual.size() == 2);
  for (std::size_t i = 0; i < 20; ++i) {
    CHECK(r.usual[0][i] == Approx(1e-3 * static_cast<double>(i + 1)));
    CHECK(r.usual[1][i] == Approx(1.2e-3 * static_cast<double>(i + 1)));
  }
  for (const std::size_t k : {0, 1}) {
    CHECK(r.pace[2][k] == Approx(1.5));
    CHECK(r.pace[3][k] == Approx(.8));
  }
  // An interruption is in the image's mean, shared among the passes: real requests are interrupted, too.
  Pass interrupted = pass(1);
  interrupted.took[0][4] += 5e-3;
  const Reference with = reference_of({pass(1), interrupted, pass(1), pass(1), pass(1)});
  CHECK(with.pace[1][0] == Approx(1));
  CHECK(with.usual[0][4] == Approx(6e-3));
}

TEST_CASE("a block counts if the machine was the same before and after, and ours") {
  const BlockLimits limits{.difference = .04, .steal = .01, .other_work = .03};
  const auto cause = [&](double after, Disturbance noise) {
    return refusal(pass(1), pass(after), noise, limits).cause;
  };
  CHECK(cause(1, {}) == Refused::no);
  CHECK(cause(1.039, {}) == Refused::no);
  CHECK(cause(1.041, {}) == Refused::speed);
  CHECK(cause(.95, {}) == Refused::speed);
  CHECK(cause(1, {.steal = .02}) == Refused::steal);
  CHECK(cause(1, {.other_work = .02}) == Refused::no);
  CHECK(cause(1, {.other_work = .04}) == Refused::others);
  // Of several the one furthest beyond its limit, not the largest number.
  CHECK(cause(1.1, {.steal = .05}) == Refused::steal);
  // Only all cores together were slower.
  Pass together = pass(1);
  for (double& took : together.took[1]) took *= 1.1;
  CHECK(refusal(pass(1), together, {}, limits).cause == Refused::speed);
  CHECK(text_of(refusal(pass(1), pass(1), {.other_work = .43}, limits), limits) ==
        "other programs used 43.0 % of the CPU time (limit 3 %)");
}

}  // namespace headroom::processing::calibrate
