// A scenario, beside the shipped platforms.
#include "tests/fuzz/reading.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headroom::fuzz;
  static Folder folder;
  read_scenario(folder.write("scenarios/input.yaml", text_of(data, size)));
  return 0;
}
