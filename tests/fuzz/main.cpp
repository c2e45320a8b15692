// What libFuzzer calls. The targets are one executable under several names: most of the time to build goes to
// what they share, and to linking it.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "tests/fuzz/reading.h"

namespace {

using Target = void (*)(std::string_view);

Target target_of(const std::string& name) {
  using namespace headroom;
  static const std::map<std::string, Target> targets = {
      {"fuzz_scenario", fuzz::scenario}, {"fuzz_platform", fuzz::platform},
      {"fuzz_profile", fuzz::profile},   {"fuzz_table", fuzz::table},
      {"fuzz_set", fuzz::set},           {"fuzz_replication", fuzz::replication},
      {"fuzz_result", fuzz::result}};
  const auto found = targets.find(name);
  if (found != targets.end()) return found->second;
  std::fprintf(stderr, "%s: no such target, expected", name.c_str());
  for (const auto& [known, target] : targets) std::fprintf(stderr, " %s", known.c_str());
  std::fputs("\n", stderr);
  std::exit(2);
}

Target target = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** argv) {
  target = target_of(std::filesystem::path((*argv)[0]).filename().string());
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  target({reinterpret_cast<const char*>(data), size});
  return 0;
}
