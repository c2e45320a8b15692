#include "models/processing/calibrate/fit.h"

#include <boost/random/normal_distribution.hpp>
#include <catch2/catch.hpp>
#include <cmath>

#include "sim/base/random.h"

namespace headroom::processing::calibrate {
namespace {

/// Images of 20 000 to 24 million pixels whose cost is known: 2 ms + 8 ms/Mpx + 30 ms/Mpx out + 15 ms/MB,
/// times a lognormal factor.
std::vector<Observation> synthetic(std::size_t images, double sigma, std::uint64_t seed) {
  std::vector<Observation> all;
  for (std::size_t i = 0; i < images; ++i) {
    Engine draw = StreamKey(seed).engine_for(i);
    Observation o;
    o.image = i;
    const double size = uniform01(draw);
    o.pixels.input = 2e4 * std::pow(1200, size);
    o.pixels.decoded = o.pixels.input;
    const double share = uniform01(draw);
    o.pixels.output = std::min(o.pixels.input, 2e4 + share * 1e6);
    const double bits = 1 + 2 * uniform01(draw);
    o.bytes = o.pixels.input * bits / 8;
    const double mean = 2e-3 + 30e-9 * o.pixels.output + 8e-9 * o.pixels.input + 15e-9 * o.bytes;
    boost::random::normal_distribution<double> normal(-sigma * sigma / 2, sigma);
    for (int run = 0; run < 4; ++run) o.runs.push_back(mean * std::exp(normal(draw)));
    for (const double run : o.runs) o.cpu += run / 4;
    all.push_back(o);
  }
  return all;
}

}  // namespace

TEST_CASE("non-negative least squares: exact where the answer is positive, 0 where it would not be") {
  const std::vector<std::vector<double>> rows = {{1, 1, 0}, {1, 2, 1}, {1, 3, 5}, {1, 4, 2}};
  const auto x = non_negative_least_squares(rows, {5, 8.5, 13.5, 15});  // 2 + 3 a + 0.5 b
  CHECK(x[0] == Approx(2));
  CHECK(x[1] == Approx(3));
  CHECK(x[2] == Approx(0.5));
  // 4 − a: the slope would be negative, so the mean is best.
  const auto flat = non_negative_least_squares({{1, 1}, {1, 2}, {1, 3}}, {3, 2, 1});
  CHECK(flat[0] == Approx(2));
  CHECK(flat[1] == 0);
  // A column twice, and one of zeros: no division by what is not there.
  const auto twice = non_negative_least_squares({{1, 1, 0}, {2, 2, 0}}, {3, 6});
  CHECK(twice[0] + twice[1] == Approx(3));
  CHECK(twice[2] == 0);
}

TEST_CASE("known coefficients are found") {
  const auto exact = fit(synthetic(50, 0, 1));
  CHECK(exact.fixed.milliseconds() == Approx(2).epsilon(.01));
  // Every pixel is decoded here, so that pixels read and pixels decoded are one regressor.
  CHECK((exact.per_input_megapixel + exact.per_decoded_megapixel).milliseconds() == Approx(8).epsilon(.01));
  CHECK(exact.per_output_megapixel.milliseconds() == Approx(30).epsilon(.01));
  CHECK(exact.per_input_megabyte.milliseconds() == Approx(15).epsilon(.01));

  // With a tenth of noise: predictions are right to a few per cent, and the noise is in the residuals.
  const auto noisy = fit(synthetic(200, .1, 2));
  for (const Observation& o : synthetic(20, 0, 3)) CHECK(predicted(noisy, o) == Approx(o.cpu).epsilon(.06));
  REQUIRE(noisy.residuals.size() == 100);
  double mean = 0;
  for (const double r : noisy.residuals) mean += r / 100;
  CHECK(mean == Approx(1).epsilon(.01));
  CHECK(noisy.residuals[50] == Approx(std::exp(-.005)).epsilon(.02));
  CHECK(noisy.residuals[97] == Approx(std::exp(-.005 + .1 * 1.96)).epsilon(.04));  // the tail survives
  CHECK(noisy.residuals[2] == Approx(std::exp(-.005 - .1 * 1.96)).epsilon(.04));
  const FitQuality quality = quality_of(noisy, synthetic(200, .1, 2));
  CHECK(quality.images == 200);
  CHECK(quality.conversions == 800);
  CHECK(quality.r_squared > .98);
  CHECK(quality.typical_error.value == Approx(.04).margin(.02));  // mean of four runs: .05 · sqrt(2/π)
}

TEST_CASE("a fit stays within what a profile can hold, whatever was measured") {
  const auto check = [](std::vector<Observation> seen) {
    const Coefficients found = fit(seen);
    CHECK(!found.free());
    for (const double r : found.residuals) CHECK((r >= 0 && r <= 1000));
    CHECK(quality_of(found, seen).typical_error.value <= 1);
    CHECK(quality_of(found, seen).typical_error.value >= 0);
    CHECK(std::isfinite(hold_out(seen).p99));
  };
  // One image, and the same one again and again.
  check(synthetic(1, 0, 1));
  auto equal = synthetic(30, 0, 1);
  for (Observation& o : equal) o = {o.image, equal[0].pixels, equal[0].bytes, equal[0].cpu, equal[0].runs};
  check(equal);
  // One pixel among photographs: what it costs has nothing to do with pixels.
  auto dot = synthetic(30, .1, 1);
  dot[0].pixels = {1, 1, 0, 1, 1};
  dot[0].bytes = 70;
  check(dot);
  // Too short for the clock; one run that took a million times as long as the others.
  for (Observation& o : equal) o.cpu = o.runs[0] = o.runs[1] = o.runs[2] = o.runs[3] = 1e-9;
  check(equal);
  auto stopped = synthetic(30, .1, 1);
  stopped[7].runs[2] *= 1e6;
  check(stopped);
}

TEST_CASE("hold-out: small errors where the model is right, large ones where it is wrong") {
  const HoldOut right = hold_out(synthetic(100, .05, 4));
  CHECK(right.images == 100);
  CHECK(right.folds == 5);
  CHECK(!right.note);
  CHECK(std::abs(right.mean) < .03);
  CHECK(std::abs(right.p99) < .1);
  CHECK(right.image_mean < .05);
  REQUIRE(right.p99_ci95.size() == 2);
  CHECK(right.p99_ci95[0] <= right.p99);
  CHECK(right.p99 <= right.p99_ci95[1]);

  // Every tenth image costs four times as much for reasons that nobody sees: the mean still fits, single
  // images do not.
  auto wrong = synthetic(100, .05, 4);
  for (std::size_t i = 0; i < wrong.size(); i += 10) {
    wrong[i].cpu *= 4;
    for (double& run : wrong[i].runs) run *= 4;
  }
  const HoldOut hidden = hold_out(wrong);
  CHECK(hidden.image_p95 > .5);
  CHECK(hidden.image_mean > right.image_mean);

  // Few images tell less of a high percentile than many.
  const auto width = [](const HoldOut& h) { return h.p99_ci95.at(1) - h.p99_ci95.at(0); };
  CHECK(width(hold_out(synthetic(30, .2, 4))) > width(hold_out(synthetic(500, .2, 4))));
}

TEST_CASE("hold-out: too few images are said") {
  CHECK(hold_out(synthetic(9, .05, 1)).folds == 0);
  CHECK(hold_out(synthetic(9, .05, 1)).note.value().find("too few") != std::string::npos);
  CHECK(hold_out(synthetic(15, .05, 1)).note.has_value());
  CHECK(hold_out(synthetic(15, .05, 1)).folds == 5);
  CHECK(!hold_out(synthetic(20, .05, 1)).note);
}

TEST_CASE("Universal Scalability Law: its parameters are found, with an interval that holds them") {
  const std::vector<std::int64_t> busy = {1, 2, 4, 8};
  std::vector<SpeedRound> rounds;
  for (std::size_t round = 0; round < 6; ++round) {
    Engine draw = StreamKey(5).engine_for(round);
    SpeedRound& speeds = rounds.emplace_back();
    for (const auto n : busy) {
      const auto x = static_cast<double>(n);
      const double noise = 1 + .01 * (uniform01(draw) - .5);
      speeds.push_back(.98 * noise / (1 + .05 * (x - 1) + .002 * x * (x - 1)));
    }
  }
  const Scaling scaling = fit_scaling(busy, rounds);
  CHECK(scaling.sigma == Approx(.05).margin(.01));
  CHECK(scaling.kappa == Approx(.002).margin(.001));
  REQUIRE(scaling.sigma_ci95.size() == 2);
  CHECK(scaling.sigma_ci95[0] < .05);
  CHECK(scaling.sigma_ci95[1] > .05);
  CHECK(scaling.speed[0] == Approx(.98).margin(.01));

  // Two numbers of cores tell one parameter.
  const Scaling two = fit_scaling({1, 2}, {{1, .8}, {1, .8}});
  CHECK(two.sigma == Approx(.25));
  CHECK(two.kappa == 0);
  // A machine that stood still for a round: what is written still fits the profile.
  const Scaling still = fit_scaling({1, 2}, {{1, 0}, {3, 1e-9}});
  CHECK(still.speed == std::vector<double>{1.5, .01});
  CHECK(still.sigma == 10);
  // One core: nothing to be told.
  const Scaling one = fit_scaling({1}, {{.99}, {.97}});
  CHECK(one.sigma == 0);
  CHECK(one.sigma_ci95.empty());
}

}  // namespace headroom::processing::calibrate
