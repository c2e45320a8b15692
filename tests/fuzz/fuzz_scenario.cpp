// A scenario, beside the shipped platforms.
#include "tests/fuzz/reading.h"

void headroom::fuzz::scenario(std::string_view input) {
  static Folder folder;
  read_scenario(folder.write("scenarios/input.yaml", input));
}
