#include "sim/base/printable.h"

#include <catch2/catch.hpp>

namespace headroom {

TEST_CASE("text from outside cannot steer a terminal") {
  CHECK(printable("10 000 µs – 日本 👩‍💻") == "10 000 µs – 日本 👩‍💻");
  CHECK(printable("a\nb\tc") == "a\nb\tc");
  CHECK(printable_line("a\nb\tc") == "a b c");
  CHECK(printable("\x1b[31mred\x1b]0;title\x07") == "\\x1b[31mred\\x1b]0;title\\x07");
  CHECK(printable("over\rwritten\b\x7f") == "over\\x0dwritten\\x08\\x7f");
  CHECK(printable(std::string_view("\0", 1)) == "\\x00");
  // One character that terminals take for ESC [.
  CHECK(printable("\xc2\x9b"
                  "31m") == "\\x9b31m");
  // Right-to-left override, isolate, line separator.
  CHECK(printable("a\u202eb\u2066c\u2028d") == "a\\u202eb\\u2066c\\u2028d");
  CHECK(printable("\xff\xc3(\xe2\x82") == "\\xff\\xc3(\\xe2\\x82");
}

TEST_CASE("characters that cannot be seen have names") {
  CHECK(invisible_name("\u00a0") == "no-break space");
  CHECK(invisible_name("\u200b") == "zero-width space");
  CHECK(invisible_name("\u200d") == "zero-width joiner");
  CHECK(invisible_name("\ufeff") == "zero-width no-break space");
  CHECK(invisible_name("\u202f") == "narrow no-break space");
  CHECK(invisible_name("\u2060") == "word joiner");
  CHECK(invisible_name(" ").empty());
  CHECK(invisible_name("µ").empty());
  CHECK(invisible_name("\xc2").empty());
}

}  // namespace headroom
