#include "sim/base/outcome.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "tests/base/aborts.h"

namespace headroom {
namespace {

TEST_CASE("an outcome is a value or the reason why there is none") {
  const Outcome<int> good = 42;
  CHECK(good.ok());
  CHECK(static_cast<bool>(good));
  CHECK(*good == 42);

  const Outcome<int> bad = Failure::timeout;
  CHECK_FALSE(bad.ok());
  CHECK_FALSE(static_cast<bool>(bad));
  CHECK(bad.failure() == Failure::timeout);
}

TEST_CASE("an outcome holds what can only be moved") {
  Outcome<std::unique_ptr<std::string>> owned = std::make_unique<std::string>("image");
  const std::unique_ptr<std::string> taken = std::move(*owned);
  CHECK(*taken == "image");
  Outcome<std::string> text = std::string("abc");
  text->push_back('d');
  CHECK(*text == "abcd");
}

TEST_CASE("using a value that is not there, or a reason that is not there, aborts in every build type") {
  const Outcome<int> bad = Failure::refused;
  const Outcome<int> good = 1;
  CHECK(aborts([&] { static_cast<void>(*bad); }));
  CHECK(aborts([&] { static_cast<void>(good.failure()); }));
  CHECK_FALSE(aborts([&] { static_cast<void>(*good); }));
}

}  // namespace
}  // namespace headroom
