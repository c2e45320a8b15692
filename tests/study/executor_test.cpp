#include "sim/study/executor.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "sim/study/slurm.h"

namespace headroom::study {
namespace {

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("a part is I of N, from 1 to N") {
  const auto shard = parse_shard("2/8");
  REQUIRE(shard);
  CHECK(shard->part == 2);
  CHECK(shard->of == 8);
  CHECK(shard->name() == "2/8");
  CHECK(parse_shard("1/1"));
  CHECK(parse_shard("100000/100000"));
  for (const char* wrong : {"", "/", "1", "1/", "/1", "0/4", "5/4", "1/0", "a/b", "1/2/3", "-1/2", "1/-2",
                            "1/100001", "1.5/2", "1 /2", "99999999999999999999/99999999999999999999"})
    CHECK_FALSE(parse_shard(wrong));
}

TEST_CASE("every replication is in exactly one part, and parts differ by one at most") {
  for (const int of : {1, 2, 3, 7, 20}) {
    std::vector<int> sizes(static_cast<std::size_t>(of));
    for (std::size_t n = 0; n < 13; ++n) {
      int owners = 0;
      for (int part = 1; part <= of; ++part) {
        if (!Shard{part, of}.has(n)) continue;
        ++owners;
        ++sizes[static_cast<std::size_t>(part - 1)];
      }
      CHECK(owners == 1);
    }
    CHECK(sizes.front() - sizes.back() <= 1);
  }
}

TEST_CASE("words of sbatch's options are split as a shell does, and nothing else is done to them") {
  CHECK(split_words("") == Words{});
  CHECK(split_words("  --partition=long \t -t 1:00:00\n") == Words{"--partition=long", "-t", "1:00:00"});
  CHECK(split_words("--comment='two words' \"--comment=a 'b'\" a\\ b '' x'y'\"z\"") ==
        Words{"--comment=two words", "--comment=a 'b'", "a b", "", "xyz"});
  CHECK(split_words("--constraint=[a|b]&c* $HOME `x`") == Words{"--constraint=[a|b]&c*", "$HOME", "`x`"});
  CHECK(split_words("'a\\b' \"a\\\"b\"") == Words{"a\\b", "a\"b"});
  CHECK_FALSE(split_words("--comment='open"));
  CHECK_FALSE(split_words("\"open"));
}

TEST_CASE("options that only headroom may give to sbatch are refused") {
  for (const char* wrong : {"--array=1-5", "-a", "-a1-5", "--output=x", "-o", "--error=x", "-efile", "--wait",
                            "-W", "--wrap=true", "--test-only", "--help"}) {
    INFO(wrong);
    CHECK(wrong_sbatch_options({"--partition=long", wrong}));
  }
  CHECK_FALSE(
      wrong_sbatch_options({"--partition=long", "-p", "long", "--account=me", "-A", "me", "--exclusive",
                            "--time=1:00:00", "--export=ALL", "--cpus-per-task=4", "--mem=2G", "-n1"}));
}

}  // namespace headroom::study
