#include "sim/config/reader.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>

#include "tests/config/support.h"

using namespace headroom::config;
using headroom::config::test::errors_of;
using headroom::config::test::read;

namespace {

/// Hostile input has to be refused while a person is still looking.
template <class F>
double seconds(F run) {
  const std::clock_t start = std::clock();  // of the processor: the machine may be busy
  run();
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

/// A folder that is gone with the test.
class Folder {
 public:
  Folder()
      : path_(std::filesystem::temp_directory_path() / ("headroom_reader_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return (path_ / name).string();
  }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace

TEST_CASE("the tree keeps order, quotes and places") {
  const Node root = read("b: 1\na: {x: [10, \"10\"], y: ~}\n");
  REQUIRE(root.is_map());
  REQUIRE(root.entries().size() == 2);
  CHECK(root.entries()[0].key == "b");
  CHECK(root.entries()[1].key == "a");
  const Node& list = *root.find("a")->find("x");
  CHECK(list.items()[0].text() == "10");
  CHECK_FALSE(list.items()[0].quoted());
  CHECK(list.items()[1].quoted());
  CHECK(root.find("a")->find("y")->is_null());
  CHECK(list.items()[1].where().line == 2);
  CHECK(list.items()[1].where().column == 13);
  CHECK(root.entries()[1].where.line == 2);
  CHECK(root.entries()[1].where.column == 1);
  CHECK(root.weight() == 7);
  CHECK(root.height() == 4);
}

TEST_CASE("scalars mean what the YAML 1.2 core schema says") {
  CHECK(scalar_type("null") == ScalarType::null);
  CHECK(scalar_type("true") == ScalarType::boolean);
  CHECK(scalar_type("yes") == ScalarType::text);
  CHECK(scalar_type("on") == ScalarType::text);
  CHECK(scalar_type("12") == ScalarType::integer);
  CHECK(scalar_type("0x1F") == ScalarType::integer);
  CHECK(scalar_type("1e3") == ScalarType::real);
  CHECK(scalar_type("-1.5") == ScalarType::real);
  CHECK(scalar_type(".inf") == ScalarType::real);
  CHECK(scalar_type("12ms") == ScalarType::text);
  CHECK(scalar_type("1_000") == ScalarType::text);
}

TEST_CASE("aliases share what they name") {
  const Node root = read("a: &x {k: 1}\nb: *x\nc: &n 5\nd: *n\n");
  CHECK(*root.find("a") == *root.find("b"));
  CHECK(root.find("d")->text() == "5");
}

TEST_CASE("duplicate keys are errors, all of them") {
  CHECK(errors_of("a: 1\nb: {c: 1, c: 2}\na: 3\n") ==
        "t.yaml:2:11: error: duplicate key \"c\", expected it once (it was first given in line 2)\n"
        "t.yaml:3:1: error: duplicate key \"a\", expected it once (it was first given in line 1)\n");
}

TEST_CASE("syntax errors are in plain English with their place") {
  CHECK(errors_of("a: [1, 2\nb: 3\n").find("is not closed") != std::string::npos);
  CHECK(errors_of("a:\n\tb: 1\n") == "t.yaml:2:1: error: a tab is used for indentation, expected spaces\n");
  for (const char* text :
       {"a: \"x\n", "a: 'x\nb: 1\n", "a: 'x''\n", "a: \"x\\\"\n", "a: &n 'x\n", "a: \"x"}) {
    INFO(text);
    CHECK(errors_of(text).find("a quoted text is not closed, expected the closing quote") !=
          std::string::npos);
  }
  CHECK(errors_of("a: 'it''s'\nb: \"\\\"\"\nc: |\n  \"\nd: !!str x'\n") == "");
  CHECK(errors_of("a: 1\nwarmup\n") ==
        "t.yaml:2:1: error: expected \"key: value\", got \"warmup\" without a colon\n");
  CHECK(errors_of("a: 1\n b: 2\n") ==
        "t.yaml:2:3: error: \": \" cannot stand here, expected the key in line with its neighbours, or "
        "quotes around "
        "a text that contains it\n");
  CHECK(errors_of("- a\nb\n").find("does not belong to what stands above") != std::string::npos);
  CHECK(errors_of("a: *nope\n").find("names nothing that was defined before") != std::string::npos);
  CHECK(errors_of("a: @x\n").find("cannot begin a value") != std::string::npos);
  CHECK(errors_of("a: 1\n---\nb: 2\n") ==
        "t.yaml:2:1: error: a second document starts here, expected one document per file\n");
  CHECK(errors_of("a: \"\\N\"\n").find("expected \\u0085") != std::string::npos);
  CHECK(errors_of("a: !!int 5\n").find("tag") != std::string::npos);
  CHECK(errors_of("a: !foo {}\n").find("tag") != std::string::npos);
  CHECK(errors_of("? [1]\n: 2\n") == "t.yaml:1:3: error: a key must be text, got a list\n");
  CHECK(errors_of("a: &x [*x]\n").find("inside the very value") != std::string::npos);
  CHECK(errors_of("").find("nothing in here") != std::string::npos);
  CHECK(errors_of("# only a comment\n").find("nothing in here") != std::string::npos);
  CHECK(errors_of("{a: 1} b: 2\n") != "");
}

TEST_CASE("a blank that is missing behind a colon is reported where it is missing") {
  const auto missing = [](const std::string& where, const std::string& got) {
    return "t.yaml:" + where + ": error: expected \"key: value\", got \"" + got +
           "\" without a blank behind the colon\n";
  };
  CHECK(errors_of("a:1\nb: 2\n") == missing("1:3", "a:1"));
  CHECK(errors_of("run:\n  warmup:1s\n  duration: 2s\n") == missing("2:10", "warmup:1s"));
  CHECK(errors_of("run:\n  warmup: 1s\n  duration:2s\n") == missing("3:12", "duration:2s"));
  CHECK(errors_of("run:\n  warmup: 1s\n  duration:2s\nslo: {}\n") == missing("3:12", "duration:2s"));
  // Each of them.
  CHECK(errors_of("run:\n  warmup:1s\n  drain:3s\n  duration: 2s\n") ==
        missing("2:10", "warmup:1s") + missing("3:9", "drain:3s"));
  CHECK(errors_of("a:1  # one\n# two\n\nb: 2\n") == missing("1:3", "a:1"));
  CHECK(errors_of("scenario:\"s\"\nb: 2\n") == missing("1:10", "scenario:\"s\""));
  CHECK(errors_of("faults:\n  - at:30s\n    for: 20s\n") == missing("2:8", "at:30s"));
  CHECK(errors_of("a: {count:2}\n") == missing("1:11", "count:2"));
  CHECK(errors_of("a: {count:2, cores: 4}\n") == missing("1:11", "count:2"));
  CHECK(errors_of("a: 1\r\nb:2\r\nc: 3\r\n") == missing("2:3", "b:2"));
  // These are texts, and right.
  CHECK(errors_of("a: http://x:80/y\nb: 12:30\nc: {x: a:b}\nd: [a:b]\n\"e:1\":\n") == "");
}

TEST_CASE("characters that cannot be seen are named") {
  CHECK(quote("5\u00a0s") == "\"5<no-break space>s\"");
  CHECK(quote("\u200bworker") == "\"<zero-width space>worker\"");
  CHECK(quote("\x1b[31m\n\t") == "\"\\x1b[31m\\n\\t\"");
  CHECK(quote("µs") == "\"µs\"");
  CHECK(quote(std::string(59, 'a') + "µb") == "\"" + std::string(59, 'a') + "µ…\"");
  CHECK(errors_of("a:\u00a01\nb: 2\n") ==
        "t.yaml:1:3: error: expected \"key: value\", got \"a:<no-break space>1\" without a blank behind the "
        "colon\n");
  CHECK(errors_of("a: 1\n\u200b\u00a0b\n") ==
        "t.yaml:2:1: error: expected \"key: value\", got \"<zero-width space><no-break space>b\" without a "
        "colon\n");
}

TEST_CASE("columns count characters, not bytes") {
  CHECK(errors_of("é: {a: 1, a: 2}\n").starts_with("t.yaml:1:11: error: duplicate key"));
}

TEST_CASE("what is no text is refused with the place of the first bad byte") {
  CHECK(errors_of(std::string("a: 1\nb: \0x\n", 11)) ==
        "t.yaml:2:4: error: a control character, expected a text file\n");
  CHECK(errors_of("a: 1\nb\xff: 2\n") ==
        "t.yaml:2:2: error: not valid UTF-8, expected a text file in UTF-8\n");
  CHECK(errors_of("a: \xC0\x80").find("not valid UTF-8") != std::string::npos);
  CHECK(errors_of("a: \xED\xA0\x80").find("not valid UTF-8") != std::string::npos);
  // YAML 1.2.2, section 5.2: with a byte order mark or without.
  const auto encoding = [](std::string_view text) {
    const std::string all = errors_of(std::string(text));
    const std::size_t at = all.find("this is UTF-");
    return at == std::string::npos ? all : all.substr(at + 8, 6);
  };
  using namespace std::string_view_literals;
  CHECK(encoding("\xFF\xFE"
                 "a\0:\0"sv) == "UTF-16");
  CHECK(encoding("\xFE\xFF\0a\0:"sv) == "UTF-16");
  CHECK(encoding("a\0:\0"sv) == "UTF-16");
  CHECK(encoding("\0a\0:"sv) == "UTF-16");
  CHECK(encoding("\xFF\xFE\0\0a\0\0\0"sv) == "UTF-32");
  CHECK(encoding("\0\0\xFE\xFF\0\0\0a"sv) == "UTF-32");
  CHECK(encoding("a\0\0\0:\0\0\0"sv) == "UTF-32");
  CHECK(encoding("\0\0\0a\0\0\0:"sv) == "UTF-32");
  CHECK(errors_of("\x7f"
                  "ELF\x02\x01")
            .find("control character") != std::string::npos);
}

TEST_CASE("alias bombs are refused quickly") {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j ? ", " : "") + before;
    bomb += "]\n";
  }
  std::string errors;
  CHECK(seconds([&] { errors = errors_of(bomb); }) < 2);
  CHECK(errors.find("more than 1000000 values") != std::string::npos);
}

TEST_CASE("absurd depth and size are refused quickly") {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']');
  };
  CHECK(errors_of(nested(kMaxDepth)) == "");
  CHECK(errors_of(nested(kMaxDepth + 1)).find("levels deep") != std::string::npos);
  std::string block;
  for (int i = 0; i < 70; ++i) block += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  CHECK(errors_of(block).find("levels deep") != std::string::npos);
  // Depth by aliases: each level names the one before.
  std::string chain = "a0: &a0 x\n";
  for (int i = 1; i < 80; ++i) {
    chain += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  }
  CHECK(errors_of(chain).find("levels deep") != std::string::npos);

  const std::size_t most = kMaxFileBytes;
  const auto repeated = [&](const std::string& piece) {
    std::string text;
    while (text.size() + piece.size() <= most) text += piece;
    return text;
  };
  for (const char* piece : {"[",   "{",   "- ",  "? ",  "a: ", "[],", "1,", "-\n",  "k:\n", "\"",
                            "&a ", "*a ", "!x ", "|\n", "#",   "%",   "\n", "- - ", "{a: ", "--- "}) {
    std::string errors;
    const double taken = seconds([&] { errors = errors_of(repeated(piece)); });
    INFO("16 MiB of " << piece << " took " << taken << " s: " << errors.substr(0, 200));
    CHECK(taken < 20);  // with sanitizers; a few seconds without
    CHECK(errors != "");
  }
  CHECK(errors_of(std::string(most + 1, ' ')).find("larger than 16 MiB") != std::string::npos);
}

TEST_CASE("places far down in a text are found once, not from its begin each time") {
  // The key of every other line is an alias of the first: its place is there, and that of the next one below.
  std::string text = "&k a:\n";
  constexpr int kKeys = 100'000;
  for (int i = 0; i < kKeys; ++i) text += "b" + std::to_string(i) + ":\n*k :\n";
  std::string errors;
  CHECK(seconds([&] { errors = errors_of(text); }) < 20);  // with sanitizers; it was minutes
  CHECK(errors.starts_with("t.yaml:1:1: error: duplicate key"));
  // A thousand errors behind many lines, and in one long line, whose columns count characters.
  text.clear();
  for (int i = 0; i < 300'000; ++i) text += "a" + std::to_string(i) + ": 1\n";
  text += "é: {";
  for (int i = 0; i < 100'000; ++i) text += "é" + std::to_string(i) + ": 1, ";
  for (int i = 0; i < 1000; ++i) text += "é7: 2, ";
  CHECK(seconds([&] { errors = errors_of(text + "é: 3}\n"); }) < 20);
  const std::size_t column = 5 + 6 * 100'000 + 10 * 1 + 90 * 2 + 900 * 3 + 9000 * 4 + 90'000 * 5;
  CHECK(errors.starts_with("t.yaml:300001:" + std::to_string(column) + ": error: duplicate key \"é7\""));
}

TEST_CASE("unreadable files say why") {
  const Folder folder;
  Diagnostics diagnostics;
  const std::string missing = folder.path() + "/missing.yaml";
  CHECK_FALSE(read_file(missing, diagnostics));
  CHECK_FALSE(read_file(folder.path(), diagnostics));
  CHECK(diagnostics.text() == missing + ": error: cannot read the file: there is no such file\n" +
                                  folder.path() +
                                  ": error: cannot read the file: it is a folder, expected a file\n");
  Diagnostics fine;
  const auto root = read_file(folder.file("bom.yaml",
                                          "\xEF\xBB\xBF"
                                          "a: 1\r\nb: 2\r\n"),
                              fine);
  REQUIRE(root);
  CHECK(root->find("b")->text() == "2");
}

TEST_CASE("names are relative to the file that they stand in") {
  const auto source = std::make_shared<Source>(Source{"x/s.yaml", "x", ""});
  CHECK(resolve_path("../p.yaml", {source, 1, 1}) == "p.yaml");
  CHECK(resolve_path("p.yaml", {source, 1, 1}) == "x/p.yaml");
  CHECK(resolve_path("/p.yaml", {source, 1, 1}) == "/p.yaml");
  CHECK(resolve_path("p.yaml", {}) == "p.yaml");
}
