#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "sim/base/describe.h"
#include "sim/base/distribution.h"
#include "sim/base/units.h"
#include "sim/config/diagnostics.h"
#include "sim/config/node.h"

/// How descriptions (sim/base/describe.h) become behaviour: every type that a config struct may hold has one
/// `Type` object, which reads, writes, and documents its values. Templates here only bridge to it; the work
/// is done in .cpp files.
namespace headroom::config {

/// One line of the reference: a key by its dotted path, what may stand there, its default, its meaning.
struct Row {
  std::string key, type, fallback, help;
};

class Type {
 public:
  virtual ~Type() = default;
  /// Reads the node into the object at `out`, which keeps what the node does not mention. False, and errors,
  /// if the node is not a value of the type or lies outside the limits; the object is then unspecified.
  /// Quantities without a finite lower limit may not be negative; shares without a finite upper one may not
  /// exceed 100 %.
  virtual bool parse(const Node& node, void* out, const Limits& limits, Diagnostics& diagnostics) const = 0;
  /// The value with every default written out.
  virtual Node dump(const void* value) const = 0;
  /// JSON Schema of the texts; `value` is the default where there is one, else nullptr. Shared parts go to
  /// `defs`.
  virtual nlohmann::json schema(const Limits& limits, const void* value, nlohmann::json& defs) const = 0;
  /// What may stand there, in a few words: "duration > 0s".
  virtual std::string what(const Limits& limits) const = 0;
  /// What a bare value means, where the type itself knows.
  virtual std::string help() const { return ""; }
  /// Lines of the reference for the keys below `path`; none for a plain value.
  virtual void rows(const std::string& path, const void* value, std::vector<Row>& out) const;
  /// True of an std::optional without value.
  virtual bool absent(const void* value) const;
  /// May be left out of its map although it has no value (std::optional).
  virtual bool is_optional() const { return false; }
};

template <class T>
const Type& type_of();
using TypeFn = const Type& (*)();

/// A type that is not covered by describe.h brings its own codec by specialising this:
///
///     template <> struct headroom::config::Codec<Network> {
///       static bool parse(const Node&, Network& out, Diagnostics&);
///       static Node dump(const Network&);
///       static void schema(nlohmann::json& out, nlohmann::json& defs);   // see schema_part<T>(defs)
///       static std::string what();                            // "`ideal`, or a map of links"
///     };
template <class T>
struct Codec;

template <class T>
concept HasCodec = requires(const Node& node, T& out, Diagnostics& diagnostics) {
  { Codec<T>::parse(node, out, diagnostics) } -> std::same_as<bool>;
  { Codec<T>::dump(out) } -> std::same_as<Node>;
};

/// A struct: a map of keys, one bare value (`v.value`), or nothing at all (a tag alone).
class RecordType : public Type {
 public:
  enum class Role { key, value, alternative };
  struct Field {
    Role role;
    std::string name;
    std::string help;
    Limits limits;
    bool required;
    std::ptrdiff_t offset;
    TypeFn type;
  };
  void add(Field field) { fields_.push_back(std::move(field)); }
  void add_one_of(std::vector<std::string> names) { one_of_.push_back(std::move(names)); }
  /// No key has to be given, so the struct may be written as nothing (a bare tag).
  bool may_be_empty() const;
  bool has_fields() const { return !fields_.empty(); }

  bool parse(const Node& node, void* out, const Limits& limits, Diagnostics& diagnostics) const override;
  Node dump(const void* value) const override;
  nlohmann::json schema(const Limits& limits, const void* value, nlohmann::json& defs) const override;
  std::string what(const Limits& limits) const override;
  std::string help() const override;
  void rows(const std::string& path, const void* value, std::vector<Row>& out) const override;

 protected:
  virtual const void* defaults() const = 0;
  virtual void check(const void* value, Complaints& complaints) const = 0;

 private:
  bool parse_keys(const Node& node, void* out, Diagnostics& diagnostics) const;
  bool parse_entry(const Node::Entry& entry, void* out, Diagnostics& diagnostics) const;
  void check_missing(const Node& node, Diagnostics& diagnostics) const;
  const Field* bare_value() const;
  std::vector<std::string_view> key_names() const;

  std::vector<Field> fields_;
  std::vector<std::vector<std::string>> one_of_;
};

/// The visitor that a struct's `describe` is given. See sim/base/describe.h; in addition
/// `v.alternative(member, help)`: exactly one key of the map is the tag of an alternative of this
/// std::variant
/// (`{at: 30s, crash: {…}}`).
template <class T>
class Describer {
 public:
  Describer(RecordType& record, const T& defaults) : record_(record), defaults_(defaults) {}
  template <class M, class C>
  void required(std::string_view name, M C::* member, std::string_view help, Limits limits = {}) {
    add(RecordType::Role::key, name, member, help, limits, true);
  }
  template <class M, class C>
  void optional(std::string_view name, M C::* member, std::string_view help, Limits limits = {}) {
    add(RecordType::Role::key, name, member, help, limits, false);
  }
  template <class M, class C>
  void value(M C::* member, std::string_view help, Limits limits = {}) {
    add(RecordType::Role::value, "", member, help, limits, true);
  }
  template <class M, class C>
  void alternative(M C::* member, std::string_view help) {
    add(RecordType::Role::alternative, "", member, help, {}, true);
  }
  template <class... Names>
  void one_of(const Names&... names) {
    record_.add_one_of({std::string(names)...});
  }

 private:
  template <class M, class C>
  void add(RecordType::Role role, std::string_view name, M C::* member, std::string_view help, Limits limits,
           bool required) {
    const auto offset =
        reinterpret_cast<const char*>(&(defaults_.*member)) - reinterpret_cast<const char*>(&defaults_);
    record_.add({role, std::string(name), std::string(help), limits, required, offset, &type_of<M>});
  }
  RecordType& record_;
  const T& defaults_;
};

template <class T>
concept Described = requires(Describer<T>& v) { T::describe(v); };
template <class T>
concept Tagged = requires {
  { T::tag } -> std::convertible_to<std::string_view>;
};

template <class T>
class RecordOf final : public RecordType {
 public:
  RecordOf() {
    Describer<T> visitor(*this, defaults_);
    if constexpr (Described<T>) T::describe(visitor);
  }

 protected:
  const void* defaults() const override { return &defaults_; }
  void check([[maybe_unused]] const void* value, [[maybe_unused]] Complaints& complaints) const override {
    if constexpr (requires(const T& t) { T::check(t, complaints); }) {
      T::check(*static_cast<const T*>(value), complaints);
    }
  }

 private:
  T defaults_{};
};

class EnumType : public Type {
 public:
  explicit EnumType(std::span<const std::string_view> names) : names_(names) {}
  bool parse(const Node& node, void* out, const Limits& limits, Diagnostics& diagnostics) const override;
  Node dump(const void* value) const override;
  nlohmann::json schema(const Limits& limits, const void* value, nlohmann::json& defs) const override;
  std::string what(const Limits& limits) const override;

 protected:
  virtual std::size_t index(const void* value) const = 0;
  virtual void assign(void* out, std::size_t index) const = 0;

 private:
  std::span<const std::string_view> names_;
};

template <class E>
class EnumOf final : public EnumType {
 public:
  EnumOf() : EnumType(enum_names<E>::names) {}

 protected:
  std::size_t index(const void* value) const override {
    return static_cast<std::size_t>(*static_cast<const E*>(value));
  }
  void assign(void* out, std::size_t index) const override { *static_cast<E*>(out) = static_cast<E>(index); }
};

class OptionalType : public Type {
 public:
  explicit OptionalType(TypeFn inner) : inner_(inner) {}
  bool parse(const Node& node, void* out, const Limits& limits, Diagnostics& diagnostics) const override;
  Node dump(const void* value) const override;
  nlohmann::json schema(const Limits& limits, const void* value, nlohmann::json& defs) const override;
  std::string what(const Limits& limits) const override;
  void rows(const std::string& path, const void* value, std::vector<Row>& out) const override;
  bool absent(const void* value) const override { return get(value) == nullptr; }
  bool is_optional() const override { return true; }

 protected:
  virtual const void* get(const void* value) const = 0;
  virtual void* make(void* out) const = 0;
  virtual void reset(void* out) const = 0;

 private:
  TypeFn inner_;
};

template <class T>
class OptionalOf final : public OptionalType {
 public:
  OptionalOf() : OptionalType(&type_of<T>) {}

 protected:
  const void* get(const void* value) const override {
    const auto& optional = *static_cast<const std::optional<T>*>(value);
    return optional ? &*optional : nullptr;
  }
  void* make(void* out) const override {
    auto& optional = *static_cast<std::optional<T>*>(out);
    if (!optional) optional.emplace();
    return &*optional;
  }
  void reset(void* out) const override { static_cast<std::optional<T>*>(out)->reset(); }
};

class ListType : public Type {
 public:
  explicit ListType(TypeFn item) : item_(item) {}
  bool parse(const Node& node, void* out, const Limits& limits, Diagnostics& diagnostics) const override;
  Node dump(const void* value) const override;
  nlohmann::json schema(const Limits& limits, const void* value, nlohmann::json& defs) const override;
  std::string what(const Limits& limits) const override;
  void rows(const std::string& path, const void* value, std::vector<Row>& out) const override;

 protected:
  virtual std::size_t size(const void* value) const = 0;
  virtual const void* get(const void* value, std::size_t index) const = 0;
  virtual void clear(void* out) const = 0;
  virtual void* append(void* out) const = 0;

 private:
  TypeFn item_;
};

template <class T>
class ListOf final : public ListType {
 public:
  static_assert(!std::is_same_v<T, bool>, "std::vector<bool> has no addressable elements");
  ListOf() : ListType(&type_of<T>) {}

 protected:
  std::size_t size(const void* value) const override { return list(value).size(); }
  const void* get(const void* value, std::size_t index) const override { return &list(value)[index]; }
  void clear(void* out) const override { static_cast<std::vector<T>*>(out)->clear(); }
  void* append(void* out) const override { return &static_cast<std::vector<T>*>(out)->emplace_back(); }

 private:
  static const std::vector<T>& list(const void* value) { return *static_cast<const std::vector<T>*>(value); }
};

class MapType : public Type {
 public:
  explicit MapType(TypeFn item) : item_(item) {}
  bool parse(const Node& node, void* out, const Limits& limits, Diagnostics& diagnostics) const override;
  Node dump(const void* value) const override;
  nlohmann::json schema(const Limits& limits, const void* value, nlohmann::json& defs) const override;
  std::string what(const Limits& limits) const override;
  void rows(const std::string& path, const void* value, std::vector<Row>& out) const override;

 protected:
  virtual std::vector<std::pair<std::string_view, const void*>> get(const void* value) const = 0;
  virtual void clear(void* out) const = 0;
  virtual void* make(void* out, const std::string& key) const = 0;

 private:
  TypeFn item_;
};

template <class T>
class MapOf final : public MapType {
 public:
  MapOf() : MapType(&type_of<T>) {}

 protected:
  std::vector<std::pair<std::string_view, const void*>> get(const void* value) const override {
    std::vector<std::pair<std::string_view, const void*>> entries;
    for (const auto& [key, item] : *static_cast<const std::map<std::string, T>*>(value)) {
      entries.emplace_back(key, &item);
    }
    return entries;
  }
  void clear(void* out) const override { static_cast<std::map<std::string, T>*>(out)->clear(); }
  void* make(void* out, const std::string& key) const override {
    return &(*static_cast<std::map<std::string, T>*>(out))[key];
  }
};

/// Alternatives, written as a map of one key, the tag; or as the bare tag where nothing has to be said.
class VariantType : public Type {
 public:
  struct Alternative {
    std::string_view tag;
    TypeFn type;
    bool bare;   ///< nothing has to be said
    bool empty;  ///< nothing can be said
  };
  bool parse(const Node& node, void* out, const Limits& limits, Diagnostics& diagnostics) const override;
  Node dump(const void* value) const override;
  nlohmann::json schema(const Limits& limits, const void* value, nlohmann::json& defs) const override;
  std::string what(const Limits& limits) const override;
  void rows(const std::string& path, const void* value, std::vector<Row>& out) const override;

  std::vector<std::string_view> tags() const;
  /// Reads what stands behind the tag.
  bool parse_tagged(std::size_t index, const Node& node, void* out, Diagnostics& diagnostics) const;
  /// The tag in use and what stands behind it.
  Node::Entry dump_tagged(const void* value) const;
  nlohmann::json schema_tagged(std::size_t index, nlohmann::json& defs) const;

 protected:
  virtual const std::vector<Alternative>& alternatives() const = 0;
  virtual std::size_t index(const void* value) const = 0;
  virtual const void* get(const void* value) const = 0;
  virtual void* make(void* out, std::size_t index) const = 0;
};

template <class... Ts>
class VariantOf final : public VariantType {
 public:
  static_assert((Tagged<Ts> && ...), "every alternative needs `static constexpr std::string_view tag`");

 protected:
  const std::vector<Alternative>& alternatives() const override {
    static const std::vector<Alternative> list = {alternative<Ts>()...};
    return list;
  }
  std::size_t index(const void* value) const override { return static_cast<const V*>(value)->index(); }
  const void* get(const void* value) const override {
    return std::visit([](const auto& held) -> const void* { return &held; }, *static_cast<const V*>(value));
  }
  void* make(void* out, std::size_t index) const override {
    using Make = void* (*)(V&);
    static constexpr Make makers[] = {+[](V& v) -> void* { return &v.template emplace<Ts>(); }...};
    return makers[index](*static_cast<V*>(out));
  }

 private:
  using V = std::variant<Ts...>;
  template <class T>
  static Alternative alternative() {
    bool bare = false;
    bool empty = false;
    if constexpr (!HasCodec<T>) {
      const auto& record = static_cast<const RecordType&>(type_of<T>());
      bare = record.may_be_empty();
      empty = !record.has_fields();
    }
    return {T::tag, &type_of<T>, bare, empty};
  }
};

/// Distributions (SPEC §3). Limits apply to the mean. `empirical` may name a CSV file: one value with its
/// unit per line, or bare numbers below a header line that ends in the unit (`latency_ms`, `bytes`). A
/// lognormal may also be given by `{mean, sigma}`, sigma of ln X: the dump does so, because it must read back
/// exactly.
class DistributionType : public Type {
 public:
  bool parse(const Node& node, void* out, const Limits& limits, Diagnostics& diagnostics) const override;
  Node dump(const void* value) const override;
  nlohmann::json schema(const Limits& limits, const void* value, nlohmann::json& defs) const override;
  std::string what(const Limits& limits) const override;

  /// What the law's raw numbers mean.
  struct Unit {
    std::string_view name;  ///< "duration", "size"
    std::optional<double> (*parse)(std::string_view, std::string& why);
    std::string (*print)(double raw);
    std::optional<double> (*of)(std::string_view unit);
    std::string_view (*examples)();
    std::string (*print_si)(double si);
    double per_si;  ///< raw units in an SI unit
  };

 protected:
  explicit DistributionType(const Unit& unit) : unit_(unit) {}
  virtual law::Any& law(void* out) const = 0;
  virtual const law::Any& law(const void* value) const = 0;
  virtual nlohmann::json quantity_schema(nlohmann::json& defs) const = 0;

 private:
  const Unit& unit_;
};

/// Checks a number in SI units against limits; false and an error that says what was expected if it is
/// outside. `shown` is the value as written, `print` writes a bound.
bool check_limits(double si, const Limits& limits, std::string_view shown, std::string (*print)(double),
                  const Mark& where, Diagnostics& diagnostics);
/// " > 0s", " ≥ 1 and ≤ 5", or nothing.
std::string limits_text(const Limits& limits, std::string (*print)(double));

/// For types with their own codec.
class CustomType : public Type {
 public:
  nlohmann::json schema(const Limits& limits, const void* value, nlohmann::json& defs) const override;

 protected:
  virtual void fill_schema(nlohmann::json& out, nlohmann::json& defs) const = 0;
};

template <class T>
class CustomOf final : public CustomType {
 public:
  bool parse(const Node& node, void* out, const Limits&, Diagnostics& diagnostics) const override {
    return Codec<T>::parse(node, *static_cast<T*>(out), diagnostics);
  }
  Node dump(const void* value) const override { return Codec<T>::dump(*static_cast<const T*>(value)); }
  std::string what(const Limits&) const override { return Codec<T>::what(); }

 protected:
  void fill_schema(nlohmann::json& out, nlohmann::json& defs) const override { Codec<T>::schema(out, defs); }
};

/// The types that are not built from others.
template <class T>
struct IsPlain : std::bool_constant<false> {};
template <class T>
const Type& plain_type();
#define HEADROOM_PLAIN_TYPE(T)                     \
  template <>                                      \
  struct IsPlain<T> : std::bool_constant<true> {}; \
  template <>                                      \
  const Type& plain_type<T>();
HEADROOM_PLAIN_TYPE(bool)
HEADROOM_PLAIN_TYPE(std::int64_t)
HEADROOM_PLAIN_TYPE(double)
HEADROOM_PLAIN_TYPE(std::string)
HEADROOM_PLAIN_TYPE(Ref)
HEADROOM_PLAIN_TYPE(Duration)
HEADROOM_PLAIN_TYPE(Bytes)
HEADROOM_PLAIN_TYPE(Bandwidth)
HEADROOM_PLAIN_TYPE(Rate)
HEADROOM_PLAIN_TYPE(Share)
HEADROOM_PLAIN_TYPE(Power)
HEADROOM_PLAIN_TYPE(Money)
HEADROOM_PLAIN_TYPE(Price)
HEADROOM_PLAIN_TYPE(Drift)
HEADROOM_PLAIN_TYPE(Distribution<Duration>)
HEADROOM_PLAIN_TYPE(Distribution<Bytes>)
#undef HEADROOM_PLAIN_TYPE

template <class T>
struct Composite {};  // not built from other types
template <class T>
struct Composite<std::optional<T>> {
  using type = OptionalOf<T>;
};
template <class T>
struct Composite<std::vector<T>> {
  using type = ListOf<T>;
};
template <class T>
struct Composite<std::map<std::string, T>> {
  using type = MapOf<T>;
};
template <class... Ts>
struct Composite<std::variant<Ts...>> {
  using type = VariantOf<Ts...>;
};

template <class T>
const Type& type_of() {
  if constexpr (HasCodec<T>) {
    static const CustomOf<T> type;
    return type;
  } else if constexpr (IsPlain<T>::value) {
    return plain_type<T>();
  } else if constexpr (requires { typename Composite<T>::type; }) {
    static const typename Composite<T>::type type;
    return type;
  } else if constexpr (std::is_enum_v<T>) {
    static const EnumOf<T> type;
    return type;
  } else {
    static_assert(Described<T> || Tagged<T>, "a config type describes itself, or has a Codec");
    static const RecordOf<T> type;
    return type;
  }
}

}  // namespace headroom::config
