#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "sim/config/config.h"
#include "sim/config/reader.h"

namespace headroom::config::test {

inline std::shared_ptr<const Source> source_of(std::string text) {
  return std::make_shared<Source>(Source{"t.yaml", "", std::move(text)});
}

/// The tree of valid YAML.
inline Node read(std::string text) {
  Diagnostics diagnostics;
  const std::optional<Node> root = read_text(source_of(std::move(text)), diagnostics);
  INFO(diagnostics.text());
  REQUIRE(root.has_value());
  return *root;
}

/// What the reader has to say; "" if the text is valid YAML. There may be a tree in spite of errors.
inline std::string errors_of(std::string text) {
  Diagnostics diagnostics;
  const std::optional<Node> root = read_text(source_of(std::move(text)), diagnostics);
  CHECK((root || !diagnostics.ok()));
  return diagnostics.text();
}

/// The value of a valid document.
template <class T>
T value_of(const std::string& text) {
  Diagnostics diagnostics;
  T value{};
  const bool ok = parse(read(text), value, diagnostics);
  INFO(text << "\n" << diagnostics.text());
  REQUIRE(ok);
  CHECK(diagnostics.ok());
  return value;
}

/// The errors of an invalid one.
template <class T>
std::string refusal_of(const std::string& text) {
  Diagnostics diagnostics;
  T value{};
  CHECK_FALSE(parse(read(text), value, diagnostics));
  return diagnostics.text();
}

}  // namespace headroom::config::test
