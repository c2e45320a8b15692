#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sim/base/units.h"

namespace headroom::metrics {

/// A named detail of an event: `{"term", 3}`, `{"reason", "timeout"}`.
struct Field {
  using Value = std::variant<bool, std::int64_t, double, std::string>;
  Field(std::string n, bool v) : name(std::move(n)), value(v) {}
  Field(std::string n, std::integral auto v) : name(std::move(n)), value(static_cast<std::int64_t>(v)) {}
  Field(std::string n, double v) : name(std::move(n)), value(v) {}
  Field(std::string n, std::string v) : name(std::move(n)), value(std::move(v)) {}
  Field(std::string n, const char* v) : name(std::move(n)), value(std::string(v)) {}
  friend bool operator==(const Field&, const Field&) = default;

  std::string name;
  Value value;
};

/// Something rare that explains what the figures show: a fault, an election, an ejection, a crash.
struct Event {
  TimePoint at;
  std::string kind;     ///< "election", "crash", "ejected" …
  std::string subject;  ///< what it happened to: "host/worker-7", "queue" …
  std::vector<Field> details;
  friend bool operator==(const Event&, const Event&) = default;
};

/// Events in the order in which they happened. Bounded: of more than `capacity` events, the first half and
/// the last half are kept, and how many are missing between them is known.
class Journal {
 public:
  explicit Journal(std::size_t capacity = 10'000) : half_(capacity / 2) {}

  void record(TimePoint at, std::string kind, std::string subject, std::vector<Field> details = {});

  std::int64_t recorded() const { return recorded_; }
  std::int64_t left_out() const {
    return recorded_ - static_cast<std::int64_t>(first_.size() + last_.size());
  }
  /// The events kept, in order.
  std::vector<Event> events() const;

 private:
  std::size_t half_;
  std::int64_t recorded_ = 0;
  std::vector<Event> first_;
  std::deque<Event> last_;
};

}  // namespace headroom::metrics
