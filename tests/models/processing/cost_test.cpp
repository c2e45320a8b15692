#include "models/processing/cost.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <set>

namespace headroom::processing {
namespace {

ProcessingConfig drawn() {
  ProcessingConfig config;
  config.service_time = Distribution<Duration>::exponential(Duration::ms(100));
  return config;
}

TEST_CASE("conversions per core: an image of mean size takes 1/rate, others in proportion") {
  ProcessingConfig config;
  config.cost = Cost{ConversionsPerCore{Rate{10}}};
  const CostModel cost(config, Images{.mean = Bytes(256'000)}, StreamKey(1));
  CHECK(cost.work(1, 0, {Bytes(256'000)}) == Duration::ms(100));
  CHECK(cost.work(2, 3, {Bytes(256'000)}) == Duration::ms(100));
  CHECK(cost.work(1, 0, {Bytes(512'000)}) == Duration::ms(200));
  CHECK(cost.work(1, 0, {Bytes(0)}) == Duration());
}

TEST_CASE("a drawn cost depends on the number, not on the order in which it is asked") {
  const CostModel one(drawn(), Images{}, StreamKey(1));
  const CostModel other(drawn(), Images{}, StreamKey(1));
  std::vector<Duration> forward;
  for (std::uint64_t n = 0; n < 100; ++n) forward.push_back(one.work(n, 0, {Bytes()}));
  for (std::uint64_t n = 100; n-- > 0;) CHECK(other.work(n, 0, {Bytes()}) == forward[n]);
  CHECK(CostModel(drawn(), Images{}, StreamKey(2)).work(0, 0, {Bytes()}) != forward[0]);
}

TEST_CASE("every rendition of every request, probe or closed user draws for itself") {
  const CostModel cost(drawn(), Images{}, StreamKey(1));
  std::set<Duration> seen;
  std::size_t asked = 0;
  // Open-loop requests, the first ones of closed users, probes: as models/client numbers them.
  for (const std::uint64_t base :
       {std::uint64_t{0}, std::uint64_t{1} << 28, std::uint64_t{9'999'999} << 28, std::uint64_t{1} << 53})
    for (std::uint64_t n = 0; n < 20; ++n)
      for (const std::int64_t rendition : {0, 1, 999}) {
        seen.insert(cost.work(base + n, rendition, {Bytes()}));
        ++asked;
      }
  CHECK(seen.size() == asked);
}

TEST_CASE("the law of drawn costs is the one asked for") {
  const CostModel cost(drawn(), Images{}, StreamKey(3));
  double sum = 0;
  double squares = 0;
  constexpr int n = 100'000;
  for (int i = 0; i < n; ++i) {
    const double x = cost.work(static_cast<std::uint64_t>(i), 0, {Bytes()}).seconds();
    sum += x;
    squares += x * x;
  }
  CHECK(sum / n == Approx(.1).epsilon(.015));
  CHECK(squares / n == Approx(.02).epsilon(.04));
}

TEST_CASE("a profile: linear in pixels and bytes, residuals drawn by number") {
  Profile profile;
  profile.fixed = Duration::ms(1);
  profile.per_input_megabyte = Duration::ms(100);
  ProcessingConfig config;
  config.cost = Cost{profile};
  const Images images{.mean = Bytes(250'000), .bits_per_pixel = 2, .rendition_share = 0.25};
  // Bytes alone: nothing is drawn.
  CHECK(CostModel(config, images, StreamKey(1)).work(7, 0, {Bytes(500'000)}) == Duration::ms(51));
  CHECK(CostModel(config, images, StreamKey(1)).mean_seconds() == Approx(.026));

  // Pixels: 250 KB at 2 bits are a million on average; each image has its own, the same for all its
  // renditions.
  profile.per_input_megabyte = Duration();
  profile.per_input_megapixel = Duration::ms(40);
  profile.per_output_megapixel = Duration::ms(40);
  config.cost = Cost{profile};
  const CostModel pixels(config, images, StreamKey(1));
  CHECK(pixels.mean_seconds() == Approx(.051));
  CHECK(pixels.work(1, 0, {Bytes(250'000)}) == pixels.work(1, 3, {Bytes(250'000)}));
  CHECK(pixels.work(1, 0, {Bytes(250'000)}) != pixels.work(2, 0, {Bytes(250'000)}));
  double sum = 0;
  constexpr std::uint64_t n =
      40'000;  // the relative error of the mean is sqrt(e^.25 - 1)/200 = .0027: 4 of them
  for (std::uint64_t i = 0; i < n; ++i) sum += pixels.work(i, 0, {Bytes(250'000)}).seconds();
  CHECK(sum / n == Approx(.051).epsilon(.011));

  // Residuals: factors, each as probable as the others.
  profile = Profile{};
  profile.fixed = Duration::ms(10);
  profile.residuals = {.5, 1.5};
  config.cost = Cost{profile};
  const CostModel noisy(config, images, StreamKey(1));
  int low = 0;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const Duration work = noisy.work(i, 0, {Bytes(1)});
    CHECK((work == Duration::ms(5) || work == Duration::ms(15)));
    low += work == Duration::ms(5);
  }
  CHECK(std::abs(low - 5000) < 200);  // 4 standard deviations
}

}  // namespace
}  // namespace headroom::processing
