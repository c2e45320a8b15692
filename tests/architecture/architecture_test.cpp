#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/architecture/rules.h"

namespace headroom::architecture {
namespace {

using Sentences = std::vector<std::string>;

/// A small tree that breaks no rule.
Tree sound() {
  return {
      {"sim/base/README.md", ""},
      {"sim/config/README.md", ""},
      {"sim/world/README.md", ""},
      {"sim/faults/README.md", ""},
      {"sim/study/README.md", ""},
      {"sim/cli/README.md", ""},
      {"sim/base/units.h", "#include <cstdint>\n"},
      {"sim/base/CMakeLists.txt", "headroom_library(headroom_base)"},
      {"sim/config/parse.cpp", "#include <yaml-cpp/yaml.h>\n#include \"sim/base/units.h\"\n"},
      {"sim/config/CMakeLists.txt",
       "headroom_library(headroom_config parse.cpp DEPENDS headroom_base yaml-cpp)"},
      {"sim/world/host.h", "#include <simgrid/s4u.hpp>\n#include \"sim/base/units.h\"\n"},
      {"sim/world/CMakeLists.txt",
       "headroom_library(headroom_world DEPENDS headroom_base)\n"
       "target_link_libraries(headroom_world INTERFACE SimGrid::SimGrid)"},
      {"models/calls/retry.h", "#include \"sim/world/host.h\"\n"},
      {"models/calls/README.md", ""},
      {"models/calls/CMakeLists.txt", "headroom_library(headroom_calls DEPENDS headroom_world)"},
      {"models/queue/raft.h", "#include \"models/calls/retry.h\"\n#include \"sim/base/units.h\"\n"},
      {"models/queue/README.md", ""},
      // sim/base comes through models/calls and sim/world
      {"models/queue/CMakeLists.txt", "headroom_library(headroom_queue DEPENDS headroom_calls)"},
      {"models/processing/calibrate/kernel.cpp", "#include <vips/vips8>\n"},
      {"models/processing/calibrate/CMakeLists.txt",
       "headroom_library(headroom_calibrate kernel.cpp DEPENDS PkgConfig::vips)"},
      {"models/processing/README.md", ""},
      {"sim/faults/crash.h", "#include \"sim/world/host.h\"\n"},
      {"sim/faults/CMakeLists.txt", "headroom_library(headroom_faults DEPENDS headroom_world)"},
      {"sim/study/run.h", "#include \"models/queue/raft.h\"\n#include \"sim/faults/crash.h\"\n"},
      {"sim/study/CMakeLists.txt", "headroom_library(headroom_study DEPENDS headroom_queue headroom_faults)"},
      {"sim/cli/main.cpp", "#include <CLI/CLI.hpp>\n\n#include \"sim/study/run.h\"\n"},
      {"sim/cli/CMakeLists.txt",
       "add_executable(headroom main.cpp)\ntarget_link_libraries(headroom PRIVATE headroom_study)"},
  };
}

/// What is found when `text` is added to a file of the sound tree.
Sentences planted(const std::string& path, const std::string& text) {
  Tree tree = sound();
  tree[path] += text;
  return violations(tree);
}

std::string joined(const Sentences& sentences) {
  std::string text;
  for (const std::string& sentence : sentences) text += "\n  " + sentence;
  return text;
}

TEST_CASE("this repository keeps its layout") {
  const Tree tree = read_tree(HEADROOM_SOURCE_DIR);
  REQUIRE(tree.contains("sim/base/units.h"));
  REQUIRE(tree.contains("sim/base/CMakeLists.txt"));
  const Sentences found = violations(tree);
  INFO(joined(found));
  CHECK(found.empty());
}

TEST_CASE("a sound tree has no violations") {
  const Sentences found = violations(sound());
  INFO(joined(found));
  CHECK(found.empty());
}

TEST_CASE("an include that points up is found") {
  CHECK(planted("sim/base/units.h", "#include \"sim/world/host.h\"\n").front() ==
        "sim/base/units.h includes sim/world/host.h: sim/base may not use sim/world");
  CHECK_FALSE(planted("sim/world/host.h", "#include \"sim/study/run.h\"\n").empty());
  CHECK_FALSE(planted("models/queue/raft.h", "#include \"sim/study/run.h\"\n").empty());
  CHECK_FALSE(planted("models/calls/retry.h", "  #  include  \"sim/study/run.h\"\n").empty());
}

TEST_CASE("an include of another folder on the same floor is found") {
  const std::string link = "target_link_libraries(headroom_faults PUBLIC headroom_queue)";
  Tree tree = sound();
  tree["sim/faults/crash.h"] += "#include \"models/queue/raft.h\"\n";
  tree["sim/faults/CMakeLists.txt"] += link;
  CHECK(violations(tree) ==
        Sentences{"sim/faults/crash.h includes models/queue/raft.h: sim/faults may not use models/queue",
                  "sim/faults/CMakeLists.txt links headroom_queue: sim/faults may not use models/queue"});
  CHECK_FALSE(planted("sim/config/parse.cpp", "#include \"sim/world/host.h\"\n").empty());
  // models/calls is for models, and uses none of them
  CHECK_FALSE(planted("sim/faults/crash.h", "#include \"models/calls/retry.h\"\n").empty());
  CHECK_FALSE(planted("models/calls/retry.h", "#include \"models/queue/raft.h\"\n").empty());
}

TEST_CASE("a library used outside of its place is found") {
  CHECK(planted("models/queue/raft.h", "#include <simgrid/s4u.hpp>\n") ==
        Sentences{"models/queue/raft.h includes simgrid/s4u.hpp: that is for sim/world/ only"});
  CHECK(planted("sim/study/run.h", "#include <yaml-cpp/yaml.h>\n").size() == 1);
  CHECK(planted("sim/study/run.h", "#include <xbt/log.h>\n").size() == 1);
  CHECK(planted("models/processing/cost.h", "#include <vips/vips8>\n").size() == 1);
  CHECK(planted("models/queue/raft.h", "#include <random>\n").size() == 1);
  CHECK(planted("sim/study/CMakeLists.txt", "\ntarget_link_libraries(headroom_study PUBLIC yaml-cpp)\n")
            .size() == 1);
  CHECK(planted("models/processing/CMakeLists.txt", "headroom_library(p cost.cpp DEPENDS PkgConfig::VIPS)") ==
        Sentences{"models/processing/CMakeLists.txt links PkgConfig::VIPS: that is for "
                  "models/processing/calibrate/ only"});
}

TEST_CASE("a command that prints past the output is found") {
  for (const char* header : {"cstdio", "iostream"})
    CHECK(planted("sim/cli/run.cpp", "#include <" + std::string(header) + ">\n") ==
          Sentences{"sim/cli/run.cpp includes <" + std::string(header) +
                    ">: all that is said goes through sim/cli/output.h, which makes it printable"});
  CHECK(planted("sim/cli/output.cpp", "#include <cstdio>\n").empty());
}

TEST_CASE("an include without its link, or of nothing, or not from the root is found") {
  CHECK(planted("sim/world/host.h", "#include \"sim/base/absent.h\"\n").size() == 1);
  CHECK(planted("sim/world/host.h", "#include \"disk.h\"\n").size() == 1);
  CHECK(planted("sim/world/host.h", "#include <sim/base/units.h>\n").size() == 1);
  Tree tree = sound();
  tree["sim/faults/CMakeLists.txt"] = "headroom_library(headroom_faults)";
  CHECK(violations(tree) ==
        Sentences{"sim/faults/CMakeLists.txt does not link sim/world, which is included"});
}

TEST_CASE("a link that points up is found, and a comment is not a link") {
  CHECK(planted("sim/base/CMakeLists.txt", "\ntarget_link_libraries(headroom_base PUBLIC headroom_study)")
            .size() == 1);
  CHECK(planted("sim/base/CMakeLists.txt", "\n# target_link_libraries(headroom_base PUBLIC headroom_study)")
            .empty());
}

TEST_CASE("the language of scenarios that includes what runs them is found") {
  CHECK(
      planted("sim/study/scenario.h", "#include \"sim/study/run.h\"\n") ==
      Sentences{"sim/study/scenario.h includes sim/study/run.h: the language of scenarios needs nothing that "
                "runs them"});
  CHECK(planted("sim/study/run.h", "#include \"sim/study/load.h\"\n") ==
        Sentences{"sim/study/run.h includes sim/study/load.h: there is no such file"});
}

TEST_CASE("a folder without a floor, and one without a README, are found") {
  CHECK(planted("sim/extras/thing.h", "") ==
        Sentences{"'sim/extras' stands on no floor", "sim/extras has no README.md"});
  CHECK(planted("sim/metrics/series.h", "") == Sentences{"sim/metrics has no README.md"});
  CHECK(planted("models/storage/disk.h", "") == Sentences{"models/storage has no README.md"});
}

}  // namespace
}  // namespace headroom::architecture
