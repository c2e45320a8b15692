#include "models/processing/calibrate/corpus.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>

#include "tests/models/processing/calibrate/support.h"

namespace headroom::processing::calibrate {
namespace {

namespace fs = std::filesystem;

/// Mean squared difference of green at a horizontal distance: how rough a picture is on that scale.
double roughness(const std::vector<unsigned char>& rgb, int width, int height, int distance) {
  double sum = 0;
  std::int64_t n = 0;
  for (int y = 0; y < height; y += 7)
    for (int x = 0; x + distance < width; x += 3) {
      const auto at = [&](int column) {
        return static_cast<double>(rgb[(static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                                        static_cast<std::size_t>(column)) *
                                           3 +
                                       1]);
      };
      sum += (at(x) - at(x + distance)) * (at(x) - at(x + distance));
      ++n;
    }
  return sum / static_cast<double>(n);
}

}  // namespace

TEST_CASE(
    "a generated picture is rough on every scale, the more the larger the scale: neither flat nor white "
    "noise") {
  for (const std::uint64_t seed : {1, 2, 3, 4, 5}) {
    const auto rgb = picture(900, 600, seed);
    REQUIRE(rgb.size() == 900 * 600 * 3);
    const double near = roughness(rgb, 900, 600, 1);
    const double middle = roughness(rgb, 900, 600, 8);
    const double far = roughness(rgb, 900, 600, 64);
    CHECK(near > 1);
    CHECK(middle > 1.5 * near);  // white noise: the same at every distance
    CHECK(far > 1.5 * middle);
  }
  CHECK(picture(64, 48, 7) == picture(64, 48, 7));
  CHECK(picture(64, 48, 7) != picture(64, 48, 8));
}

TEST_CASE("a corpus spans its sizes, in every encoding, at bits per pixel as on the web") {
  const Library library;
  CorpusPlan plan;
  plan.images = 12;
  plan.least_pixels = 2e4;
  plan.most_pixels = 5e5;
  plan.encodings = {Encoding::jpeg, Encoding::png, Encoding::webp};
  auto made = generate(plan);
  REQUIRE(std::holds_alternative<std::vector<Encoded>>(made));
  const auto& images = std::get<std::vector<Encoded>>(made);
  REQUIRE(images.size() == 36);
  CHECK(images.front().pixels() == Approx(2e4).epsilon(.02));
  CHECK(images.back().pixels() == Approx(5e5).epsilon(.02));
  double bits = 0;
  double pixels = 0;
  for (const Encoded& image : images) {
    if (image.encoding != Encoding::jpeg) continue;
    bits += 8 * static_cast<double>(image.bytes.size());
    pixels += image.pixels();
  }
  CHECK(bits / pixels > .5);  // Web Almanac 2022: 2.1 on average; a quarter of all lies above 3.8
  CHECK(bits / pixels < 4.5);
  const auto again = std::get<std::vector<Encoded>>(generate(plan));
  CHECK(fingerprint(images) == fingerprint(again));
  plan.seed = 2;
  CHECK(fingerprint(std::get<std::vector<Encoded>>(generate(plan))) != fingerprint(images));

  plan.encodings = {Encoding::avif};
  plan.most_pixels = 24e6;
  if (!available(Encoding::avif)) return;
  const auto slow = std::get<std::vector<Encoded>>(generate(plan));
  REQUIRE(slow.size() == 12);
  CHECK(slow.front().pixels() == Approx(2e4).epsilon(.02));
  CHECK(slow.back().pixels() == Approx(kMostAvif).epsilon(.02));
}

TEST_CASE("own images: every file that cannot be used is named with its reason") {
  const Library library;
  const TemporaryFolder folder;
  folder.write("good.jpg", jpeg(300, 200));
  folder.write("deep/er/good.png", tiny(Encoding::png, 64, 48));
  folder.write("other-name.gif", jpeg(90, 60));  // what it is counts, not what it is called
  folder.write("empty.jpg", "");
  folder.write("text.jpg", "no image at all\n");
  folder.write("cut.jpg", jpeg(300, 200).substr(0, 2000));
  folder.write("cut.png", tiny(Encoding::png, 64, 48).substr(0, 200));
  folder.write("cut.webp", tiny(Encoding::webp, 64, 48).substr(0, 60));
  folder.write("only-magic.jpg", "\xff\xd8\xff\xe0");
  folder.write("bomb.png", png_header(60'000, 60'000));
  folder.write("huge.jpg", huge_jpeg());
  folder.write("svg.png", "<svg xmlns='http://www.w3.org/2000/svg' width='100000' height='100000'/>");
  fs::create_directories(folder.path() / "folder.jpg");
  fs::create_symlink("nowhere.jpg", folder.path() / "dangling.jpg");
  fs::create_directory_symlink(".", folder.path() / "loop");
  REQUIRE(mkfifo((folder.path() / "pipe.jpg").c_str(), 0600) == 0);
  folder.write("secret.jpg", jpeg(91, 60));
  REQUIRE(chmod((folder.path() / "secret.jpg").c_str(), 0) == 0);
  const bool root = geteuid() == 0;  // may read everything

  const OwnImages own = read_folder(folder.path().string(), {});
  CHECK(own.images.size() == (root ? 4 : 3));
  std::map<std::string, std::string> why;
  for (const Skipped& s : own.skipped) why[fs::path(s.file).filename().string()] = s.why;
  const auto says = [&](const char* file, const char* part) {
    INFO(file << ": " << why[file]);
    return why[file].find(part) != std::string::npos && why[file].find('\n') == std::string::npos;
  };
  CHECK(says("empty.jpg", "empty"));
  CHECK(says("text.jpg", "no JPEG, PNG, WebP or AVIF"));
  CHECK(says("svg.png", "no JPEG, PNG, WebP or AVIF"));
  CHECK(says("cut.jpg", "cannot be converted"));
  CHECK(says("cut.png", "cannot be"));
  CHECK(says("cut.webp", "cannot be"));
  CHECK(says("only-magic.jpg", "cannot be read"));
  CHECK(says("bomb.png", "limit"));
  CHECK(says("huge.jpg", "more than the limit"));
  CHECK(says("dangling.jpg", "No such file"));
  CHECK(says("loop", "not followed"));
  CHECK(says("pipe.jpg", "no ordinary file"));
  if (!root) CHECK(says("secret.jpg", "Permission denied"));
  CHECK(why.size() == (root ? 12 : 13));
}

TEST_CASE("own images: what is odd but an image is measured; what moves is named with its frames") {
  const Library library;
  const TemporaryFolder folder;
  folder.write("dot.png", png(1, 1, 8, 2));
  folder.write("line.jpg", jpeg(1000, 1));
  folder.write("column.jpg", jpeg(1, 1000));
  folder.write("deep.png", png(60, 40, 16, 2));
  folder.write("grey.png", png(60, 40, 8, 0));
  folder.write("grey-alpha.png", png(60, 40, 8, 4));
  folder.write("deep-alpha.png", png(60, 40, 16, 6));
  folder.write("inks.jpg", cmyk_jpeg());
  folder.write("still.webp", tiny(Encoding::webp, 60, 40));
  folder.write("moves.webp", animated_webp(12, 60, 40));
  folder.write("once.webp", animated_webp(1, 60, 40));
  folder.write("moves.png", animated_png(3));
  folder.write("moves.gif", "GIF89a");
  folder.write("cut.webp", animated_webp(12, 60, 40).substr(0, 25));
  const OwnImages own = read_folder(folder.path().string(), {});
  std::map<std::string, std::string> why;
  for (const Skipped& s : own.skipped) why[fs::path(s.file).filename().string()] = s.why;
  CHECK(own.images.size() == 9);
  CHECK(why.size() == 5);
  CHECK(why["moves.webp"] == "this is an animated WebP of 12 frames, a profile is of still images");
  CHECK(why["once.webp"] == "this is an animated WebP of 1 frame, a profile is of still images");
  CHECK(why["moves.png"] == "this is an animated PNG of 3 frames, a profile is of still images");
  CHECK(why["moves.gif"] == "this is no JPEG, PNG, WebP or AVIF image");
  CHECK(why["cut.webp"].find("animated WebP") != std::string::npos);
  // Each of them survives everything that is done to it, down to one pixel, the stages by themselves, too.
  for (const Encoded& image : own.images)
    for (const Operation operation : {Operation::thumbnail, Operation::resize, Operation::crop})
      for (const int width : {1, 2, 500})
        for (const Encoding output : {Encoding::jpeg, Encoding::png, Encoding::webp}) {
          INFO(image.name << " to " << width);
          const Task task{operation, output, 80, width};
          CHECK(std::holds_alternative<Converted>(convert(image, task)));
          CHECK(only_resize(image, task));
          CHECK(only_decode(image, task));
        }
}

TEST_CASE("AVIF is told by any of its brands, HEIC is none") {
  const Library library;
  // A first box: major brand, version, compatible brands (ISO/IEC 14496-12, 4.3).
  const auto brands = [](const std::string& major, const std::vector<std::string>& others) {
    std::string body = "ftyp" + major + std::string(4, 0);
    for (const std::string& other : others) body += other;
    return big_endian(static_cast<std::uint32_t>(body.size() + 4)) + body;
  };
  const auto is_refused = [](const std::string& bytes, const char* part) {
    const auto found = identify("x", bytes, 1e6);
    const auto* problem = std::get_if<Problem>(&found);
    INFO((problem != nullptr ? problem->why : "accepted"));
    return problem != nullptr && problem->why.find(part) != std::string::npos;
  };
  const std::string rest(64, 0);
  CHECK(is_refused(brands("heic", {"mif1", "heic"}) + rest, "no JPEG"));
  CHECK(is_refused(brands("mif1", {"heic", "miaf"}) + rest, "no JPEG"));
  CHECK(is_refused(brands("mif1", {}) + "avif" + rest, "no JPEG"));  // beyond the box
  CHECK(is_refused(brands("isom", {"mp42"}) + rest, "no JPEG"));
  CHECK(is_refused(brands("avis", {"avif", "msf1"}) + rest, "animated AVIF"));
  CHECK(is_refused(brands("mif1", {"miaf", "avif"}) + rest, "cannot be read"));  // AVIF, and broken
  if (!available(Encoding::avif)) return;
  const std::string plain = tiny(Encoding::avif, 64, 48);
  const std::size_t box = static_cast<unsigned char>(plain[3]);
  for (const char* major : {"avif", "mif1", "msf1"}) {
    const std::string renamed = brands(major, {"mif1", "avif", "miaf"});
    std::string bytes = plain;
    REQUIRE(box >= renamed.size());  // offsets in the file must stay: the rest of the box is brands, too
    bytes.replace(0, renamed.size(), renamed);
    bytes.replace(0, 4, plain, 0, 4);
    const auto found = identify("x", bytes, 1e6);
    INFO(major);
    REQUIRE(std::holds_alternative<Encoded>(found));
    CHECK(std::get<Encoded>(found).encoding == Encoding::avif);
    CHECK(std::holds_alternative<Converted>(
        convert(std::get<Encoded>(found), {Operation::thumbnail, Encoding::jpeg, 80, 20})));
  }
}

TEST_CASE("own images: more than asked for are left out, at random, and counted") {
  const Library library;
  const TemporaryFolder folder;
  for (int i = 0; i < 9; ++i) folder.write(std::to_string(i) + ".jpg", jpeg(60 + i, 40));
  OwnLimits limits;
  limits.most_images = 5;
  const OwnImages own = read_folder(folder.path().string(), limits);
  CHECK(own.images.size() == 5);
  CHECK(own.left_out == 4);
  CHECK(own.skipped.empty());
}

}  // namespace headroom::processing::calibrate
