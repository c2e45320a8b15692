// headroom calibrate as a person uses it, on images so small that it takes seconds.
#include <signal.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <map>
#include <thread>

#include "tests/cli/program.h"
#include "tests/models/processing/calibrate/support.h"

namespace headroom::cli_test {
namespace {

namespace fs = std::filesystem;
using processing::Encoding;
using processing::calibrate::TemporaryFolder;

/// A folder `images` with ten small JPEGs.
void add_images(const TemporaryFolder& folder) {
  const processing::calibrate::Library library;
  for (int i = 0; i < 10; ++i)
    folder.write("images/" + std::to_string(i) + ".jpg",
                 processing::calibrate::jpeg(60 + 20 * i, 50 + 10 * i));
}

Finished calibrate(const TemporaryFolder& folder, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {"calibrate", "--quick",     "--images",  "images",  "--out",
                                        "mine.yaml", "--operation", "thumbnail", "--width", "40"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run(arguments, {folder.path()});
}

std::string scenario_with(const std::string& cost) {
  return "scenario: t\nplatform: {network: ideal, hosts: {worker: {count: 2, cores: 64}}}\n"
         "workload: {arrivals: {poisson: 200/s}, image_bytes: 100KB}\n"
         "deployment: {processing: {hosts: worker, cost: " +
         cost + "}}\nrun: {duration: 2s}\n";
}

}  // namespace

TEST_CASE("calibrate: own images to a profile, and the profile into a simulation") {
  const TemporaryFolder folder;
  add_images(folder);
  folder.write("images/broken.jpg", "\xff\xd8\xff\xe0 not really");
  folder.write("images/notes.txt", "none of these\n");
  const Finished measured = calibrate(folder);
  INFO(measured.err);
  REQUIRE(measured.status == 0);
  CHECK(measured.out.find("thumbnail jpeg → jpeg") != std::string::npos);
  CHECK(measured.out.find("profile: mine.yaml") != std::string::npos);
  CHECK(measured.err.find("skipped \"images/broken.jpg\": ") != std::string::npos);
  CHECK(measured.err.find("skipped \"images/notes.txt\": this is no JPEG") != std::string::npos);
  CHECK(measured.err.find("VIPS") == std::string::npos);
  const std::string profile = read_file(folder.path() / "mine.yaml");
  for (const char* part :
       {"provenance:", "libvips:", "corpus_fingerprint:", "hold_out:", "residuals:", "sigma:", "stages:"})
    CHECK(profile.find(part) != std::string::npos);

  // It is used, extrapolated with a warning, inlined, and runs again to the same summary without its file.
  folder.write("s.yaml", scenario_with("{profile: mine.yaml, width: 40}"));
  const Finished first = run({"run", "s.yaml", "--out", "first", "--no-figures"}, {folder.path()});
  INFO(first.err);
  REQUIRE(first.status == 0);
  CHECK(first.err.find("Universal Scalability Law") != std::string::npos);
  fs::remove(folder.path() / "mine.yaml");
  const Finished again =
      run({"run", "first/scenario.yaml", "--out", "again", "--no-figures"}, {folder.path()});
  REQUIRE(again.status == 0);
  CHECK(read_file(folder.path() / "again/summary.json") == read_file(folder.path() / "first/summary.json"));

  // What was not measured is not guessed.
  folder.write("s.yaml", scenario_with("{profile: first/p.yaml}"));
  CHECK(run({"check", "s.yaml"}, {folder.path()}).status == 2);
}

TEST_CASE("calibrate: whatever images there are, the profile can be read, and what is left out is counted") {
  const TemporaryFolder folder;
  const processing::calibrate::Library library;
  using processing::calibrate::png;
  const auto measured_with = [&](const std::map<std::string, std::string>& images,
                                 const std::string& counted) {
    fs::remove_all(folder.path() / "images");
    for (const auto& [name, bytes] : images) folder.write("images/" + name, bytes);
    const Finished finished =
        run({"calibrate", "--quick", "--images", "images", "--out", "mine.yaml"}, {folder.path()});
    INFO(finished.err);
    REQUIRE(finished.status == 0);
    CHECK(finished.err.find(counted) != std::string::npos);
    folder.write("s.yaml", scenario_with("{profile: mine.yaml, width: 40}"));
    const Finished checked = run({"check", "s.yaml"}, {folder.path()});
    INFO(checked.err);
    CHECK(checked.err.find("mine.yaml:") == std::string::npos);  // no error in the profile
  };
  const std::string one = processing::calibrate::jpeg(300, 200);
  // A dot, a line, a column among others.
  measured_with({{"dot.png", png(1, 1, 8, 2)},
                 {"dot.jpg", processing::calibrate::jpeg(1, 1)},
                 {"line.jpg", processing::calibrate::jpeg(1000, 1)},
                 {"column.jpg", processing::calibrate::jpeg(1, 1000)},
                 {"plain.jpg", one},
                 {"moves.webp", processing::calibrate::animated_webp(4, 60, 40)},
                 {"empty.jpg", ""}},
                "2 files were left out, 5 measured");
  // One image only, and it again and again.
  measured_with({{"a.jpg", one}, {"b.jpg", one}, {"c.jpg", one}}, "2 files were left out, 1 measured");
}

TEST_CASE("calibrate: a profile is replaced, anything else is left alone") {
  const TemporaryFolder folder;
  add_images(folder);
  folder.write("mine.yaml", "profile: old\nfixed: 1ms\n");
  CHECK(calibrate(folder, {"--quiet"}).status == 0);
  CHECK(read_file(folder.path() / "mine.yaml").find("kernels:") != std::string::npos);
  for (const std::string precious : {"scenario: mine\n", "", "- a\n- b\n", "profile: {\n"}) {
    folder.write("mine.yaml", precious);
    const Finished refused = calibrate(folder);
    CHECK(refused.status == 2);
    CHECK(refused.err.find("is no profile, so it is left alone") != std::string::npos);
    CHECK(read_file(folder.path() / "mine.yaml") == precious);
  }
  const auto refused = [&](const std::string& out) {
    return run({"calibrate", "--quick", "--images", "images", "--out", out}, {folder.path()});
  };
  CHECK(refused("images").err.find("is a folder, expected a file name") != std::string::npos);
  CHECK(refused("nowhere/mine.yaml").err.find("there is no folder nowhere") != std::string::npos);
  CHECK(refused("nowhere/mine.yaml").status == 2);

  // A link is followed, as by `run`.
  folder.write("disk/profile.yaml", "profile: old\nfixed: 1ms\n");
  fs::remove(folder.path() / "mine.yaml");
  fs::create_symlink("disk/profile.yaml", folder.path() / "mine.yaml");
  CHECK(calibrate(folder, {"--quiet"}).status == 0);
  CHECK(fs::is_symlink(folder.path() / "mine.yaml"));
  CHECK(read_file(folder.path() / "disk/profile.yaml").find("kernels:") != std::string::npos);
}

TEST_CASE("calibrate: nothing usable is an error that names every file") {
  const TemporaryFolder folder;
  folder.write("images/empty.png", "");
  folder.write("images/text.jpg", "hello");
  const Finished finished = calibrate(folder);
  CHECK(finished.status == 2);
  CHECK(finished.out == "");
  CHECK(finished.err ==
        "headroom: skipped \"images/empty.png\": the file is empty\n"
        "headroom: skipped \"images/text.jpg\": this is no JPEG, PNG, WebP or AVIF image\n"
        "headroom: error: there is no usable image in images\n");
  CHECK(!fs::exists(folder.path() / "mine.yaml"));
  const Finished missing = run({"calibrate", "--images", "nowhere"}, {folder.path()});
  CHECK(missing.status == 2);
  CHECK(missing.err.find("nowhere is no folder that can be read") != std::string::npos);
  const Finished odd = run({"calibrate", "--operation", "blur"}, {folder.path()});
  CHECK(odd.status == 2);
}

TEST_CASE("calibrate: Ctrl-C leaves nothing behind") {
  const TemporaryFolder folder;
  Program program({"calibrate", "--out", "mine.yaml"}, {folder.path()});
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  kill(program.pid(), SIGINT);
  const Finished finished = program.wait();
  CHECK(finished.status == 4);
  CHECK(finished.err.find("interrupted; nothing was written") != std::string::npos);
  CHECK(folder.entries() == 0);
}

TEST_CASE("calibrate --validate: one verdict with its reason, and a figure if there is something to draw") {
  const TemporaryFolder folder;
  add_images(folder);
  const Finished finished = calibrate(folder, {"--validate"});
  INFO(finished.err);
  INFO(finished.out);
  REQUIRE(finished.status == 0);
  for (const char* part :
       {"Reality check", "blocks of service", "measured          simulated", "conversions/s"})
    CHECK(finished.out.find(part) != std::string::npos);
  // Whatever the machine is doing, there is exactly one of three verdicts.
  int verdicts = 0;
  for (const char* verdict : {"  good: ", "  MISSED: ", "  no verdict: "})
    verdicts += finished.out.find(verdict) != std::string::npos;
  CHECK(verdicts == 1);
  const bool drawn = finished.out.find("figure: ") != std::string::npos;
  CHECK(drawn == fs::exists(folder.path() / "mine-reality.png"));
  CHECK(drawn == (finished.out.find(" %   mean") != std::string::npos));
}

}  // namespace headroom::cli_test
