#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sim/config/codec.h"
#include "sim/config/diagnostics.h"
#include "sim/config/node.h"

/// The way from text to a config struct and back. For a struct T that describes itself (sim/base/describe.h):
///
///     Diagnostics diagnostics;
///     std::optional<Node> tree = load_tree("scenario.yaml", sets, diagnostics);   // load.h
///     T value;
///     if (!tree || !parse(*tree, value, diagnostics)) std::cerr << diagnostics.text();
///     // rules across the whole:
///     diagnostics.error(locate(*tree, "deployment.api.hosts"), "no such host group");
///     std::cout << emit(dump(value));  // every default written out
namespace headroom::config {

/// Reads a tree into a struct; what it does not mention keeps its value in `out`. False, and every error in
/// the tree, if it is not valid; `out` is then unspecified.
template <class T>
bool parse(const Node& node, T& out, Diagnostics& diagnostics) {
  return type_of<T>().parse(node, &out, Limits{}, diagnostics);
}

/// The struct with every default written out, keys in the order of description. An std::optional without
/// value is left out.
template <class T>
Node dump(const T& value) {
  return type_of<T>().dump(&value);
}

nlohmann::json schema_of(const Type& type);
std::string reference_of(const Type& type);

/// JSON Schema, draft 2020-12. (To use it, include <nlohmann/json.hpp>; the parameter Json only keeps that
/// header out of this one.)
template <class T, class Json = nlohmann::json>
Json schema() {
  return schema_of(type_of<T>());
}

/// The part of a schema that stands for one type: for codecs that are built from others.
template <class T, class Json = nlohmann::json>
Json schema_part(Json& defs) {
  return type_of<T>().schema(Limits{}, nullptr, defs);
}

/// A Markdown table of every key: what may stand there, its default, its meaning.
template <class T>
std::string reference() {
  return reference_of(type_of<T>());
}

}  // namespace headroom::config
