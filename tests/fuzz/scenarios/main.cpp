// headroom_fuzz_scenarios FIRST COUNT [EXECUTABLE]: see README.md beside it.
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/cli/program.h"
#include "tests/fuzz/scenarios/judge.h"
#include "tests/fuzz/scenarios/random_scenario.h"

namespace {

namespace fs = std::filesystem;
using headroom::cli_test::Finished;
using headroom::cli_test::read_file;

constexpr const char* kUsage =
    "headroom_fuzz_scenarios FIRST COUNT [EXECUTABLE]: runs COUNT random scenarios, by number, and says "
    "which fail\n"
    "headroom_fuzz_scenarios --print SEED: writes the scenario of a number\n";
/// Each so many seeds run in the other build, too, which may be much slower.
constexpr std::uint64_t kOther = 10;

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

class Trials {
 public:
  Trials(fs::path folder, std::string program, std::string other)
      : folder_(std::move(folder)), program_(std::move(program)), other_(std::move(other)) {}

  /// What is wrong with the seed; empty: nothing.
  std::vector<std::string> run(std::uint64_t seed) {
    headroom::cli_test::write_file(folder_ / "s.yaml", headroom::fuzz::random_scenario(seed));
    std::vector<std::string> wrong;
    if (!finishes(program_, "s.yaml", "a", "1", wrong)) return wrong;
    wrong = headroom::fuzz::judge(folder_ / "a");
    const std::string summary = read_file(folder_ / "a/summary.json");
    const auto same = [&](const std::string& program, const std::string& scenario, const char* jobs,
                          const char* what) {
      if (finishes(program, scenario, "b", jobs, wrong) && read_file(folder_ / "b/summary.json") != summary)
        wrong.push_back(std::string("another summary.json ") + what);
    };
    same(program_, "s.yaml", "2", "with --jobs 2");
    same(program_, "a/scenario.yaml", "1", "from the resolved scenario");
    if (!other_.empty() && seed % kOther == 0) same(other_, "s.yaml", "2", "by the other build");
    return wrong;
  }

 private:
  bool finishes(const std::string& program, const std::string& scenario, const std::string& out,
                const char* jobs, std::vector<std::string>& wrong) {
    headroom::cli_test::Options options{folder_};
    options.program = program;
    const Finished f = headroom::cli_test::run(
        {"run", scenario, "--jobs", jobs, "--out", out, "--no-figures", "--quiet"}, options);
    if (f.status == 0) return true;
    wrong.push_back(program + " run " + scenario + " --jobs " + jobs +
                    (f.status < 0 ? ": was killed, by a signal or because it took too long\n"
                                  : ": exit status " + std::to_string(f.status) + "\n") +
                    f.err);
    return false;
  }

  fs::path folder_;
  std::string program_;
  std::string other_;
};

int fuzz(std::uint64_t first, std::uint64_t count, const std::string& program) {
  std::string folder = (fs::temp_directory_path() / "headroom-fuzz-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    std::perror("no temporary folder");
    return 2;
  }
  const char* other = std::getenv("HEADROOM_OTHER_EXECUTABLE");
  Trials trials(folder, program, other != nullptr ? other : "");
  std::uint64_t failed = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const std::vector<std::string> wrong = trials.run(seed);
    if (wrong.empty()) continue;
    ++failed;
    std::printf("== seed %ju fails\n", static_cast<std::uintmax_t>(seed));
    for (const std::string& what : wrong) std::printf("%s\n", what.c_str());
    std::printf("-- its scenario:\n%s\n", headroom::fuzz::random_scenario(seed).c_str());
    std::fflush(stdout);
  }
  fs::remove_all(folder);
  std::printf("%ju of %ju seeds fail, from %ju on\n", static_cast<std::uintmax_t>(failed),
              static_cast<std::uintmax_t>(count), static_cast<std::uintmax_t>(first));
  return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() == 2 && arguments[0] == "--print" && number(arguments[1])) {
    std::fputs(headroom::fuzz::random_scenario(*number(arguments[1])).c_str(), stdout);
    return 0;
  }
  if (arguments.size() < 2 || arguments.size() > 3 || !number(arguments[0]) || !number(arguments[1])) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  const std::string program =
      arguments.size() == 3 ? fs::absolute(arguments[2]).string() : HEADROOM_EXECUTABLE;
  return fuzz(*number(arguments[0]), *number(arguments[1]), program);
}
