#include "models/processing/profile.h"

#include <catch2/catch.hpp>

#include "models/processing/cost.h"

namespace headroom::processing {
namespace {

Kernel kernel(Operation operation, Encoding input, Encoding output) {
  Kernel k;
  k.operation = operation;
  k.input = input;
  k.output = output;
  k.fixed = Duration::ms(1);
  return k;
}

}  // namespace

TEST_CASE("a JPEG thumbnail is decoded at 1/2, 1/4, 1/8 such that a factor of two is left") {
  const auto linear = [](double shrink) {  // linear shrink of the decoder
    return std::sqrt(24e6 /
                     pixels_of(Operation::thumbnail, Encoding::jpeg, 24e6, 24e6 / (shrink * shrink)).decoded);
  };
  CHECK(linear(3.9) == Approx(1));
  CHECK(linear(4.1) == Approx(2));
  CHECK(linear(8.1) == Approx(4));
  CHECK(linear(16.1) == Approx(8));
  CHECK(linear(100) == Approx(8));
  CHECK(pixels_of(Operation::thumbnail, Encoding::png, 24e6, 1e5).decoded == 24e6);
  CHECK(pixels_of(Operation::resize, Encoding::jpeg, 24e6, 1e5).decoded == 24e6);
  CHECK(pixels_of(Operation::crop, Encoding::jpeg, 4e6, 1e6).decoded ==
        Approx(3e6));  // half of the rows, and half of half
  // 1600 x 1600 to 100 x 100: boxes of 8 x 8, so that Lanczos3 halves what is left.
  const Pixels boxes = pixels_of(Operation::resize, Encoding::png, 2.56e6, 1e4);
  CHECK(boxes.boxed == Approx(2.56e6 / 8));
  CHECK(boxes.resampled == Approx(4e4));
  const Pixels plain = pixels_of(Operation::resize, Encoding::png, 2.56e6, 2.56e6 / 9);
  CHECK(plain.boxed == 0);
  CHECK(plain.resampled == 2.56e6);
  CHECK(output_pixels(600, 1e9) == 240000);
  CHECK(output_pixels(600, 1e4) == 1e4);
}

TEST_CASE("the kernel follows from operation, input and output") {
  Profile profile;
  profile.kernels = {kernel(Operation::thumbnail, Encoding::jpeg, Encoding::jpeg),
                     kernel(Operation::thumbnail, Encoding::jpeg, Encoding::webp),
                     kernel(Operation::crop, Encoding::png, Encoding::webp)};
  CHECK(find_kernel(profile, Encoding::jpeg, {}, {}) == &profile.kernels[0]);
  CHECK(find_kernel(profile, Encoding::jpeg, {}, Encoding::webp) == &profile.kernels[1]);
  CHECK(find_kernel(profile, Encoding::png, Operation::crop, {}) ==
        &profile.kernels[2]);  // the only output there is
  CHECK(find_kernel(profile, Encoding::png, Operation::crop, Encoding::png) == nullptr);
  CHECK(find_kernel(profile, Encoding::png, {}, {}) == nullptr);
  CHECK(kernel_names(profile) == "thumbnail jpeg → jpeg, thumbnail jpeg → webp, crop png → webp");
}

TEST_CASE("speeds: as measured, linear between, by the law beyond, without a jump") {
  Scaling s;
  s.busy = {1, 4};
  s.speed = {1, .7};
  s.sigma = .1;
  const auto all = speeds(s, 8);
  REQUIRE(all.size() == 8);
  CHECK(all[0] == 1);
  CHECK(all[1] == Approx(.9));
  CHECK(all[3] == Approx(.7));
  CHECK(all[4] == Approx(.7 * 1.3 / 1.4));
  CHECK(all[7] == Approx(.7 * 1.3 / 1.7));
}

TEST_CASE("cost by kernel: pixels that are known, width or share of the renditions") {
  Profile profile;
  profile.kernels = {kernel(Operation::resize, Encoding::png, Encoding::png)};
  profile.kernels[0].per_input_megapixel = Duration::ms(10);
  profile.kernels[0].per_output_megapixel = Duration::ms(100);
  ProcessingConfig config;
  config.cost = Cost{profile, Operation::resize, Encoding::png, 600};
  const Images images{
      .mean = Bytes(500'000), .bits_per_pixel = 4, .rendition_share = .5, .format = Encoding::png};
  const CostModel wide(config, images, StreamKey(1));
  CHECK(wide.work(1, 0, {Bytes(500'000), 2'000'000}) == Duration::ms(1 + 20 + 24));
  CHECK(wide.work(1, 0, {Bytes(500'000), 100'000}) == Duration::ms(1 + 1 + 10));  // never enlarged
  config.cost->width.reset();
  const CostModel share(config, images, StreamKey(1));
  CHECK(share.work(1, 0, {Bytes(500'000), 2'000'000}) == Duration::ms(1 + 20 + 100));
  CHECK(share.mean_seconds() == Approx(.001 + .010 + .050));
}

}  // namespace headroom::processing
